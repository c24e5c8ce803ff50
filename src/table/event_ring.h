// Kubernetes events in the live table: the newest ones, and counts of the last hour.
//
// A pool of fixed size. An event that is seen again (same uid) updates its row. Full:
// the event that happened longest ago makes room; one that is older than all that are
// kept is refused. Both are counted. Deleted events stay: a cluster forgets its events
// after an hour, which says nothing about them.
//
// Counts per minute are of sightings: an event that is new counts one at its last
// time; one whose count grew counts the difference. What was evicted stays counted.
//
// For the writer alone. Nothing here fails. Memory: 8 bytes a row beside the table.
#ifndef SKERRY_TABLE_EVENT_RING_H
#define SKERRY_TABLE_EVENT_RING_H

#include "table/writer.h"

struct event_ring {
    struct table_header *header;
    uint32_t limit;
    uint32_t *tag;     // [limit + 1], low half of the row's uid_hash
    uint32_t *last_s;  // [limit + 1], of the row; 0 = the row is free
};

size_t event_ring_footprint(const struct capacity *capacity);
// Goes on with what is in the table; a row that a dying writer was changing is freed.
void event_ring_init(struct event_ring *ring, struct arena *arena, struct table_header *header);
// The rows of the source leave.
void event_ring_forget_source(struct event_ring *ring, unsigned source);

// `listed`: by a list, else by a watch.
void table_put_event(struct table_writer *writer, unsigned source,
                     const struct event_object *event, bool listed);
// A list of the source's events is complete.
void table_events_listed(struct table_writer *writer, unsigned source);
// How the source's last request for events ended; 0: well.
void table_note_events(struct table_writer *writer, unsigned source, int error);

#endif
