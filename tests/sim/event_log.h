/* The bounded window of watch events: a ring of ready-made lines.
 *
 * Full: the oldest event goes; a watch that would need it is "too old". */
#ifndef SIM_EVENT_LOG_H
#define SIM_EVENT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "collection.h"

struct logged_event {
    uint64_t version;
    uint64_t sequence;
    enum object_kind kind;
    char *key;
    char *line; /* {"type":...} and a newline */
    uint32_t line_len;
};

struct event_log {
    struct logged_event *ring;
    uint32_t cap;
    uint64_t next;          /* sequence of the next event */
    uint64_t first;         /* oldest sequence held */
    uint64_t floor_version; /* a watch from before this is too old */
};

void event_log_init(struct event_log *log, uint32_t cap, uint64_t version);
/* Takes copies of key and line. */
void event_log_append(struct event_log *log, const struct logged_event *event);
/* Sequence of the first event after `version`. */
uint64_t event_log_seek(const struct event_log *log, uint64_t version);
const struct logged_event *event_log_at(const struct event_log *log, uint64_t sequence);
/* Forgets every event: all versions before `version` are too old. */
void event_log_drop(struct event_log *log, uint64_t version);

#endif
