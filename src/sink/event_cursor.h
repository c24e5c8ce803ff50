// How far an event sink has come: one small file a sink, below the state directory,
// replaced as a whole.
//
// Events have serials that belong to one table (table/event_view.h). What the server has
// besides is remembered by what it says, the newest EVENT_CURSOR_KNOWN events: after a
// table was made anew, which lists events of the last hour again, those are not sent a
// second time.
#ifndef SKERRY_SINK_EVENT_CURSOR_H
#define SKERRY_SINK_EVENT_CURSOR_H

#include "limits.h"
#include "platform/platform.h"

// As many as a table keeps; 8 bytes each.
#define EVENT_CURSOR_KNOWN EVENTS_KEPT_MAX
#define EVENT_CURSOR_PATH_BYTES_MAX 512

// What the file holds of it.
struct event_position {
    uint64_t identity;      // of the table; 0: of none yet
    uint64_t serial;        // up to here the server has them, or they were given up
    uint64_t evicted;       // of the table, that are accounted for
    uint64_t missed_total;  // evicted before they were sent, at most
    uint32_t known_count;
    uint32_t known_next;
    uint64_t known[EVENT_CURSOR_KNOWN];  // hashes
};

struct event_cursor_file {
    uint64_t magic;
    uint64_t checksum;  // of all that follows
    struct event_position at;
    char beyond[8];  // not written: reading finds out that there is more
};

struct event_cursor {
    const struct platform *platform;
    char path[EVENT_CURSOR_PATH_BYTES_MAX];
    struct event_cursor_file file;
    bool changed;
    int last_error;  // of the last event_cursor_store
    struct mono_ns store_after;
};

// `path` is copied.
void event_cursor_init(struct event_cursor *cursor, const struct platform *platform,
                       const char *path);
// 0; -ERR_NO_FILE: this sink was never sent to; -ERR_MALFORMED: the file is damaged;
// other errors of the file. Without 0 the cursor is as after init.
int event_cursor_load(struct event_cursor *cursor) MUST_USE;
// Writes what has changed, at most once a second; after a failure 5 seconds later.
int event_cursor_store(struct event_cursor *cursor, struct mono_ns now, bool at_once);

// The server has it.
void event_cursor_know(struct event_cursor *cursor, uint64_t hash);
bool event_cursor_knows(const struct event_cursor *cursor, uint64_t hash);

#endif
