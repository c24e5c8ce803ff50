#include "table/event_view.h"

#include <string.h>

#include "table/reader_state.h"

// Sizes are not trusted: what lies beyond the row is empty.
static void
find_texts(struct event_view *view)
{
    size_t at = 0;
    for (unsigned i = 0; i < EVENT_TEXT_COUNT; i++) {
        size_t left = sizeof view->row.texts - at;
        size_t size = view->row.size[i] < left ? view->row.size[i] : left;
        view->text[i] = (struct text){view->row.texts + at, size};
        at += size;
    }
}

bool
table_read_event(const struct table_reader *reader, row_index index, struct event_view *view)
{
    const struct event_row *row = reader_row(reader, POOL_EVENTS, index);
    for (unsigned i = 0; row != NULL && i < READ_TRIES; i++) {
        uint32_t seq = reader_seq(&row->head);
        memcpy(&view->row, row, sizeof view->row);
        if (reader_is_same(&row->head, seq)) {
            find_texts(view);
            return view->row.head.state == ROW_LIVE;
        }
    }
    return false;
}

row_index
table_older_event(const struct table_reader *reader, uint32_t before_s, row_index before,
                  uint32_t *last_s)
{
    row_index found = 0;
    *last_s = 0;
    for (row_index i = 1; i <= reader->place[POOL_EVENTS].limit; i++) {
        const struct event_row *row = reader_row(reader, POOL_EVENTS, i);
        uint32_t at_s = __atomic_load_n(&row->last_s, __ATOMIC_RELAXED);
        bool older = at_s < before_s || (at_s == before_s && i < before);
        if (row->head.state == ROW_LIVE && older && at_s >= *last_s) {
            found = i;
            *last_s = at_s;
        }
    }
    return found;
}

uint64_t
table_event_serial(const struct table_reader *reader)
{
    return atomic_load_explicit(&reader->header->event_serial, memory_order_acquire);
}

row_index
table_next_event(const struct table_reader *reader, uint64_t after, uint64_t newest,
                 uint64_t *serial)
{
    row_index found = 0;
    *serial = newest;
    for (row_index i = 1; after < newest && i <= reader->place[POOL_EVENTS].limit; i++) {
        const struct event_row *row = reader_row(reader, POOL_EVENTS, i);
        uint64_t own = __atomic_load_n(&row->serial, __ATOMIC_RELAXED);
        if (row->head.state == ROW_LIVE && own > after && own <= *serial) {
            found = i;
            *serial = own;
        }
    }
    return found;
}

uint64_t
table_events_evicted(const struct table_reader *reader, uint64_t *serial_max)
{
    const struct table_header *header = reader->header;
    uint64_t total = atomic_load_explicit(&header->events_evicted, memory_order_acquire);
    *serial_max = atomic_load_explicit(&header->event_evicted_max, memory_order_relaxed);
    return total;
}

bool
table_evicted_event(const struct table_reader *reader, uint64_t number, uint64_t *serial)
{
    const struct table_header *header = reader->header;
    *serial = atomic_load_explicit(&header->event_evicted[number % EVENT_EVICTIONS],
                                   memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    // The writer may be at the next one already.
    uint64_t total = atomic_load_explicit(&header->events_evicted, memory_order_relaxed);
    return number < total && total - number < EVENT_EVICTIONS;
}

uint64_t
table_identity(const struct table_reader *reader)
{
    static const char what[] = "identity";
    return hash_bytes(reader->header->hash_key, what, sizeof what - 1);
}

bool
table_read_event_minutes(const struct table_reader *reader,
                         struct event_minute minutes[EVENT_MINUTES])
{
    const struct table_header *header = reader->header;
    for (unsigned i = 0; i < READ_TRIES; i++) {
        uint32_t seq = atomic_load_explicit(&header->event_minutes_seq, memory_order_acquire);
        memcpy(minutes, header->event_minute, sizeof header->event_minute);
        atomic_thread_fence(memory_order_acquire);
        if ((seq & 1U) == 0
            && atomic_load_explicit(&header->event_minutes_seq, memory_order_relaxed) == seq) {
            return true;
        }
    }
    return false;
}
