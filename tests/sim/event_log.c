#include "event_log.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"

void
event_log_init(struct event_log *log, uint32_t cap, uint64_t version)
{
    log->ring = xcalloc(cap, sizeof(*log->ring));
    log->cap = cap;
    log->next = 0;
    log->first = 0;
    log->floor_version = version;
}

static struct logged_event *
slot_of(const struct event_log *log, uint64_t sequence)
{
    return &log->ring[sequence % log->cap];
}

static void
evict_oldest(struct event_log *log)
{
    struct logged_event *oldest = slot_of(log, log->first);
    log->floor_version = oldest->version;
    free(oldest->key);
    free(oldest->line);
    *oldest = (struct logged_event){0};
    log->first++;
}

void
event_log_append(struct event_log *log, const struct logged_event *event)
{
    if (log->next - log->first == log->cap) {
        evict_oldest(log);
    }
    struct logged_event *slot = slot_of(log, log->next);
    *slot = *event;
    slot->sequence = log->next;
    slot->key = xstrdup(event->key);
    slot->line = xcalloc(1, event->line_len);
    memcpy(slot->line, event->line, event->line_len);
    log->next++;
}

uint64_t
event_log_seek(const struct event_log *log, uint64_t version)
{
    uint64_t low = log->first;
    uint64_t high = log->next;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (slot_of(log, middle)->version <= version) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct logged_event *
event_log_at(const struct event_log *log, uint64_t sequence)
{
    if (sequence < log->first || sequence >= log->next) {
        return NULL;
    }
    return slot_of(log, sequence);
}

void
event_log_drop(struct event_log *log, uint64_t version)
{
    while (log->first < log->next) {
        evict_oldest(log);
    }
    log->floor_version = version;
}
