#include "table/event_ring.h"

#include <string.h>

#include "base/check.h"
#include "table/writer_state.h"

static const struct text cut_mark = {"\xe2\x80\xa6", 3};

// The most that is kept of each text; the message has what is left.
static const uint16_t text_bytes_max[EVENT_TEXT_COUNT] = {
    [EVENT_TEXT_NAMESPACE] = 63,    // as long as any
    [EVENT_TEXT_KIND] = 40,         // the longest of Kubernetes' own has 32
    [EVENT_TEXT_NAME] = NAME_BYTES_MAX,
    [EVENT_TEXT_REASON] = 48,
    [EVENT_TEXT_COMPONENT] = 40,
    [EVENT_TEXT_NODE] = NAME_BYTES_MAX,
    [EVENT_TEXT_MESSAGE] = EVENT_TEXTS_BYTES,
};

size_t
event_ring_footprint(const struct capacity *capacity)
{
    return 2 * arena_bytes(((size_t)capacity->events + 1) * sizeof(uint32_t));
}

static struct event_row *
row_at(const struct event_ring *ring, row_index index)
{
    return pool_row(ring->header, POOL_EVENTS, index);
}

static void
write_begin(struct event_ring *ring)
{
    uint32_t seq = atomic_load_explicit(&ring->header->event_minutes_seq, memory_order_relaxed);
    atomic_store_explicit(&ring->header->event_minutes_seq, seq | 1U, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

static void
write_end(struct event_ring *ring)
{
    uint32_t seq = atomic_load_explicit(&ring->header->event_minutes_seq, memory_order_relaxed);
    atomic_store_explicit(&ring->header->event_minutes_seq, (seq | 1U) + 1, memory_order_release);
}

// Before the row is used for something else.
static void
note_eviction(struct event_ring *ring, row_index index)
{
    struct table_header *header = ring->header;
    uint64_t serial = row_at(ring, index)->serial;
    uint64_t number = atomic_load_explicit(&header->events_evicted, memory_order_relaxed);
    uint64_t most = atomic_load_explicit(&header->event_evicted_max, memory_order_relaxed);
    atomic_store_explicit(&header->event_evicted[number % EVENT_EVICTIONS], serial,
                          memory_order_relaxed);
    atomic_store_explicit(&header->event_evicted_max, serial > most ? serial : most,
                          memory_order_relaxed);
    atomic_store_explicit(&header->events_evicted, number + 1, memory_order_release);
}

static void
free_row(struct event_ring *ring, row_index index)
{
    struct event_row *row = row_at(ring, index);
    note_eviction(ring, index);
    row_write_begin(&row->head);
    row->head.state = ROW_FREE;
    row_write_end(&row->head);
    ring->last_s[index] = 0;
    ring->tag[index] = 0;
    pool_give(ring->header, POOL_EVENTS, index);
}

static void
adopt_row(struct event_ring *ring, row_index index)
{
    struct event_row *row = row_at(ring, index);
    uint32_t seq = atomic_load_explicit(&row->head.seq, memory_order_relaxed);
    bool whole = (seq & 1U) == 0;
    bool live = row->head.state == ROW_LIVE && row->last_s != 0 && row->head.source >= 1
                && row->head.source <= SOURCES_MAX;
    atomic_store_explicit(&row->head.seq, seq + (seq & 1U), memory_order_relaxed);
    if (!whole || !live) {
        free_row(ring, index);
        return;
    }
    ring->last_s[index] = row->last_s;
    ring->tag[index] = (uint32_t)row->uid_hash;
    // The last change may not have been told any more.
    if (row->serial > atomic_load_explicit(&ring->header->event_serial, memory_order_relaxed)) {
        atomic_store_explicit(&ring->header->event_serial, row->serial, memory_order_release);
    }
}

void
event_ring_init(struct event_ring *ring, struct arena *arena, struct table_header *header)
{
    uint32_t limit = header->pool[POOL_EVENTS].limit;
    size_t count = (size_t)limit + 1;
    *ring = (struct event_ring){.header = header, .limit = limit};
    ring->tag = arena_take_array(arena, count, sizeof(uint32_t));
    ring->last_s = arena_take_array(arena, count, sizeof(uint32_t));
    for (row_index i = 0; (i = pool_next(header, POOL_EVENTS, i)) != 0;) {
        adopt_row(ring, i);
    }
    write_begin(ring);
    write_end(ring);
}

void
event_ring_forget_source(struct event_ring *ring, unsigned source)
{
    for (row_index i = 1; i <= ring->limit; i++) {
        if (ring->last_s[i] != 0 && row_at(ring, i)->head.source == source) {
            free_row(ring, i);
        }
    }
    ring->header->source[source].events_listed = 0;
}

// Minutes

static void
count_minute(struct event_ring *ring, uint32_t last_s, bool warning, uint32_t by)
{
    uint32_t number = last_s / 60;
    struct event_minute *minute = &ring->header->event_minute[number % EVENT_MINUTES];
    if (minute->minute > number) {
        return;  // longer ago than is counted
    }
    write_begin(ring);
    if (minute->minute != number) {
        *minute = (struct event_minute){.minute = number};
    }
    uint32_t *count = warning ? &minute->warning : &minute->normal;
    *count = UINT32_MAX - *count < by ? UINT32_MAX : *count + by;
    write_end(ring);
}

// Rows

static row_index
find(const struct event_ring *ring, uint64_t uid_hash)
{
    uint32_t tag = (uint32_t)uid_hash;
    for (row_index i = 1; i <= ring->limit; i++) {
        if (ring->tag[i] == tag && ring->last_s[i] != 0 && row_at(ring, i)->uid_hash == uid_hash) {
            return i;
        }
    }
    return 0;
}

// A free row, else the one that happened longest ago.
static row_index
oldest(const struct event_ring *ring)
{
    row_index found = 1;
    for (row_index i = 2; i <= ring->limit; i++) {
        if (ring->last_s[i] < ring->last_s[found]) {
            found = i;
        }
    }
    return found;
}

// At most `size` bytes in whole characters, the mark included.
static struct text
cut_text(struct text text, size_t size)
{
    size_t kept = 0;
    size_t next = 0;
    while (next < text.size) {
        size_t length = text_utf8_length(text, next);
        next += length != 0 ? length : 1;
        if (next + cut_mark.size > size) {
            break;
        }
        kept = next;
    }
    return text_sub(text, 0, kept);
}

static void
put_texts(struct event_row *row, const struct event_object *event)
{
    const struct text texts[EVENT_TEXT_COUNT] = {
        [EVENT_TEXT_NAMESPACE] = event->namespace_name, [EVENT_TEXT_KIND] = event->kind,
        [EVENT_TEXT_NAME] = event->name,                [EVENT_TEXT_REASON] = event->reason,
        [EVENT_TEXT_COMPONENT] = event->component,      [EVENT_TEXT_NODE] = event->node,
        [EVENT_TEXT_MESSAGE] = event->message,
    };
    struct out out = out_of(row->texts, sizeof row->texts);
    for (unsigned i = 0; i < EVENT_TEXT_COUNT; i++) {
        size_t begin = out.used;
        size_t room = out.size - out.used;
        size_t size = text_bytes_max[i] < room ? text_bytes_max[i] : room;
        if (texts[i].size <= size) {
            out_text(&out, texts[i]);
        } else if (size >= cut_mark.size) {
            out_text(&out, cut_text(texts[i], size));
            out_text(&out, cut_mark);
        }
        row->size[i] = (uint16_t)(out.used - begin);
    }
    ASSERT(!out.full);
}

static struct event_row
row_of(uint64_t uid_hash, const struct event_object *event)
{
    struct event_row row;
    memset(&row, 0, sizeof row);  // the rest of the texts, too: rows are compared
    row.uid_hash = uid_hash;
    row.first_s = writer_seconds(event->first);
    row.last_s = writer_seconds(event->last);
    row.count = event->count < UINT32_MAX ? (uint32_t)event->count : UINT32_MAX;
    row.warning = event->warning;
    row.uid_form = writer_pack_uid(event->uid, row.uid);
    row.object_uid_form = writer_pack_uid(event->object_uid, row.object_uid);
    put_texts(&row, event);
    return row;
}

// A row that says the same already stays as it is.
static void
fill_row(struct event_ring *ring, row_index index, unsigned source, uint64_t uid_hash,
         const struct event_object *event)
{
    const size_t begin = offsetof(struct event_row, uid_hash);
    struct event_row *row = row_at(ring, index);
    struct event_row fresh = row_of(uid_hash, event);
    uint64_t serial = atomic_load_explicit(&ring->header->event_serial, memory_order_relaxed) + 1;
    fresh.serial = row->serial;
    if (ring->last_s[index] != 0 && row->head.source == source
        && memcmp((char *)&fresh + begin, (char *)row + begin, sizeof fresh - begin) == 0) {
        return;
    }
    fresh.serial = serial;
    row_write_begin(&row->head);
    row->head.state = ROW_LIVE;
    row->head.source = (uint8_t)source;
    memcpy((char *)row + begin, (char *)&fresh + begin, sizeof fresh - begin);
    row_write_end(&row->head);
    // After the row: who knows of the serial finds it.
    atomic_store_explicit(&ring->header->event_serial, serial, memory_order_release);
    ring->last_s[index] = row->last_s;
    ring->tag[index] = (uint32_t)uid_hash;
}

// True: it has a row now.
static bool
add(struct table_writer *writer, unsigned source, uint64_t uid_hash,
    const struct event_object *event, bool listed)
{
    struct event_ring *ring = &writer->events;
    row_index index = oldest(ring);
    uint32_t last_s = writer_seconds(event->last);
    uint32_t floor_s = ring->last_s[index];
    // Those of the oldest second that were evicted come again with every list.
    if (last_s < floor_s || (listed && last_s == floor_s)) {
        table_count(writer, COUNTER_EVENTS_REFUSED, 1);
        return false;
    }
    if (floor_s == 0) {
        index = pool_take(ring->header, POOL_EVENTS);
        ASSERT(index != 0);
    } else {
        table_count(writer, COUNTER_EVENTS_EVICTED, 1);
        note_eviction(ring, index);
    }
    fill_row(ring, index, source, uid_hash, event);
    return true;
}

static uint64_t
hash_of(const struct event_ring *ring, unsigned source, const struct event_object *event)
{
    return hash_mix(hash_bytes(ring->header->hash_key, event->uid.at, event->uid.size), source);
}

void
table_put_event(struct table_writer *writer, unsigned source, const struct event_object *event,
                bool listed)
{
    struct event_ring *ring = &writer->events;
    ASSERT(source >= 1);
    ASSERT(source <= SOURCES_MAX);
    uint32_t last_s = writer_seconds(event->last);
    if (last_s == 0 || ring->limit == 0) {
        return;
    }
    uint64_t uid_hash = hash_of(ring, source, event);
    row_index index = find(ring, uid_hash);
    uint64_t seen = 1;
    if (index != 0) {
        uint32_t before = row_at(ring, index)->count;
        seen = event->count > before ? event->count - before : 0;
        fill_row(ring, index, source, uid_hash, event);
    } else if (!add(writer, source, uid_hash, event, listed) && listed
               && ring->header->source[source].events_listed) {
        return;  // it was counted before it was evicted
    }
    if (seen != 0) {
        uint32_t by = seen < UINT32_MAX ? (uint32_t)seen : UINT32_MAX;
        table_count(writer, COUNTER_EVENTS, by);
        count_minute(ring, last_s, event->warning, by);
    }
}

static void
change_source(struct source_row *row, int error, bool listed)
{
    atomic_fetch_add_explicit(&row->seq, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    row->events_error = (uint16_t)(error < 0 ? -error : error);
    row->events_listed = listed;
    atomic_fetch_add_explicit(&row->seq, 1, memory_order_release);
}

void
table_events_listed(struct table_writer *writer, unsigned source)
{
    ASSERT(source >= 1);
    ASSERT(source <= SOURCES_MAX);
    change_source(&writer->header->source[source], 0, true);
    table_count(writer, COUNTER_LISTS, 1);
}

void
table_note_events(struct table_writer *writer, unsigned source, int error)
{
    ASSERT(source >= 1);
    ASSERT(source <= SOURCES_MAX);
    struct source_row *row = &writer->header->source[source];
    int code = error < 0 ? -error : error;
    if (row->events_error != code) {
        change_source(row, code, row->events_listed);
    }
}
