// A Kubernetes event in the live table, and how many there were a minute.
//
// Rows are of one size and hold their texts themselves, one after the other, so that
// events cost the same whatever they say and never the names of pods their cells.
#ifndef SKERRY_TABLE_EVENT_ROW_H
#define SKERRY_TABLE_EVENT_ROW_H

#include <stddef.h>

#include "table/row.h"

// What is needed to find what an event is about comes first, what may be cut last.
enum event_text {
    EVENT_TEXT_NAMESPACE,
    EVENT_TEXT_KIND,
    EVENT_TEXT_NAME,
    EVENT_TEXT_REASON,
    EVENT_TEXT_COMPONENT,
    EVENT_TEXT_NODE,
    EVENT_TEXT_MESSAGE,
    EVENT_TEXT_COUNT
};

// Names of usual length leave 250 bytes of message.
#define EVENT_TEXTS_BYTES 394

// From `first_s` on it is what the cluster says; the same bytes mean the same event.
struct event_row {
    struct row_head head;  // seq, state and source; nothing else of it is used
    uint64_t uid_hash;     // keyed
    uint64_t serial;       // of its last change, from 1: those of later changes are larger
    uint32_t first_s;
    uint32_t last_s;
    uint32_t count;        // stops at the largest number
    uint8_t warning;
    uint8_t uid_form;         // enum uid_form
    uint8_t object_uid_form;  // of what it is about
    uint8_t spare;
    uint8_t uid[16];
    uint8_t object_uid[16];
    uint16_t size[EVENT_TEXT_COUNT];
    char texts[EVENT_TEXTS_BYTES];
};
_Static_assert(sizeof(struct event_row) == 496, "events are planned with 496 bytes");
_Static_assert(offsetof(struct event_row, texts) + EVENT_TEXTS_BYTES == 496,
               "no bytes between members, nor behind them: rows are compared and hashed");

// The serials of the rows that made room, or left with their source, last: who reads
// events in their order finds out what it came too late for.
#define EVENT_EVICTIONS 64

// The last hour, and what is under way of this minute.
#define EVENT_MINUTES 64

struct event_minute {
    uint32_t minute;  // since 1970; 0 = none
    uint32_t normal;  // events of this minute, those of rows that were evicted too
    uint32_t warning;
};

#endif
