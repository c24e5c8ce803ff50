// Events of the live table as readers see them; see reader.h for what is promised.
#ifndef SKERRY_TABLE_EVENT_VIEW_H
#define SKERRY_TABLE_EVENT_VIEW_H

#include "table/reader.h"

struct event_view {
    struct event_row row;
    struct text text[EVENT_TEXT_COUNT];  // within the row
};

// Rows are found by table_next_row(reader, POOL_EVENTS, ...), in no order. False: the
// row is free, or could not be read consistently.
bool table_read_event(const struct table_reader *reader, row_index index,
                      struct event_view *view);

// The event before (`before_s`, `before`) in the order of last times, then rows:
// begin with (UINT32_MAX, 0). 0: none. One whose time changes meanwhile may be missed.
row_index table_older_event(const struct table_reader *reader, uint32_t before_s,
                            row_index before, uint32_t *last_s);

// In the order of changes: the first row whose serial is larger than `after` and at
// most `newest`, which is table_event_serial() of before. 0: none. What changes
// meanwhile may be passed over; it comes later, with a larger serial.
uint64_t table_event_serial(const struct table_reader *reader);
row_index table_next_event(const struct table_reader *reader, uint64_t after, uint64_t newest,
                           uint64_t *serial);

// How many rows made room, or left with their source; the largest serial among them.
uint64_t table_events_evicted(const struct table_reader *reader, uint64_t *serial_max);
// The serial of the one that did so as number `number`, from 0; false: that is too long
// ago to be known.
bool table_evicted_event(const struct table_reader *reader, uint64_t number, uint64_t *serial);

// Another number for another table: serials and rows are of this one.
uint64_t table_identity(const struct table_reader *reader);

// The minutes of the last hour in which there were events, in no order; false when
// they could not be read consistently. Empty ones have minute 0; older ones may be
// among them.
bool table_read_event_minutes(const struct table_reader *reader,
                              struct event_minute minutes[EVENT_MINUTES]);

#endif
