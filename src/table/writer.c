#include "table/writer.h"

#include <string.h>

#include "base/check.h"
#include "table/writer_state.h"

size_t
table_writer_footprint(const struct capacity *capacity)
{
    size_t namespaces = (size_t)capacity->namespaces + 1;
    return arena_bytes(sizeof(struct table_writer)) + overflow_footprint(capacity) +
           event_ring_footprint(capacity) +
           arena_bytes(namespaces * sizeof(struct totals)) +
           arena_bytes(((size_t)capacity->nodes + 1) * sizeof(struct node_sums)) +
           arena_bytes(((size_t)capacity->pods + 1) * sizeof(row_index));
}

static const enum table_pool headed_pools[] = {POOL_NODES, POOL_NAMESPACES, POOL_PODS,
                                               POOL_CONTAINERS};

// A table that its writer left in the middle of a change cannot be gone on
// with: its lists may be broken.
static bool
is_consistent(const struct table_header *header)
{
    if (atomic_load_explicit(&header->structure_seq, memory_order_acquire) & 1U) {
        return false;
    }
    for (size_t i = 0; i < POOL_COUNT; i++) {
        if (!pool_is_sound(header, (enum table_pool)i)) {
            return false;
        }
    }
    for (size_t i = 0; i < ARRAY_COUNT(headed_pools); i++) {
        enum table_pool pool = headed_pools[i];
        for (row_index row = 1; row < header->pool[pool].fresh; row++) {
            const struct row_head *head = pool_row_const(header, pool, row);
            if (atomic_load_explicit(&head->seq, memory_order_acquire) & 1U) {
                return false;
            }
        }
    }
    return true;
}

static bool
may_keep(const void *memory, size_t size, const struct capacity *capacity, uint32_t resolution_ms)
{
    const struct table_header *header = memory;
    struct capacity found;
    return table_check(memory, size, &found) == 0 &&
           header->layout_hash == table_layout_hash(capacity) &&
           header->resolution_ms == resolution_ms && is_consistent(header);
}

// What the writer before left behind: generations of its lists mean nothing to
// ours, and what it was publishing when it died is published anew.
static void
adopt(struct table_writer *writer, const struct capacity *capacity)
{
    struct table_header *header = writer->header;
    header->capacity = *capacity;
    for (size_t i = 0; i < ARRAY_COUNT(headed_pools); i++) {
        for (row_index row = 1; row < header->pool[headed_pools[i]].fresh; row++) {
            writer_head(writer, headed_pools[i], row)->list_generation = 0;
        }
    }
    for (unsigned i = 1; i <= SOURCES_MAX; i++) {
        struct source_row *row = &header->source[i];
        uint32_t seq = atomic_load_explicit(&row->seq, memory_order_relaxed);
        row->name[SOURCE_TEXT_BYTES - 1] = '\0';
        atomic_store_explicit(&row->seq, seq + (seq & 1U), memory_order_release);
    }
    uint32_t seq = atomic_load_explicit(&header->totals_seq, memory_order_relaxed);
    if (seq & 1U) {
        memset(header->totals, 0, sizeof header->totals);
        header->totals_newest = 0;
        atomic_store_explicit(&header->totals_seq, seq + 1, memory_order_release);
    }
    writer->adopted_source_count = header->source_count;
    header->source_count = 0;
}

struct table_writer *
table_writer_init(struct arena *arena, void *memory, size_t size, const struct capacity *capacity,
                  struct hash_key key, uint32_t resolution_ms, struct wall_ms birth, bool *kept)
{
    ASSERT(memory != NULL);
    ASSERT(size >= table_bytes(capacity));
    *kept = may_keep(memory, size, capacity, resolution_ms);
    if (!*kept) {
        table_format(memory, size, capacity, key, resolution_ms);
    }
    struct table_writer *writer = arena_take(arena, sizeof *writer);
    writer->header = memory;
    writer->owner_pool = POOL_NODES;
    overflow_init(&writer->overflow, arena, capacity);
    event_ring_init(&writer->events, arena, writer->header);
    writer->sums =
        arena_take_array(arena, (size_t)capacity->namespaces + 1, sizeof(struct totals));
    writer->node_sums =
        arena_take_array(arena, (size_t)capacity->nodes + 1, sizeof(struct node_sums));
    writer->pod_after = arena_take_array(arena, (size_t)capacity->pods + 1, sizeof(row_index));
    if (*kept) {
        adopt(writer, capacity);
    }
    writer_publish_overflow(writer);
    atomic_store_explicit(&writer->header->writer_birth_ms, (uint64_t)birth.ms,
                          memory_order_release);
    return writer;
}

struct table_header *
table_writer_header(struct table_writer *writer)
{
    return writer->header;
}

// There is one writer: a load and a store count as well as a locked addition.
static void
add(_Atomic uint64_t *to, uint64_t by)
{
    uint64_t now = atomic_load_explicit(to, memory_order_relaxed);
    atomic_store_explicit(to, now + by, memory_order_relaxed);
}

void
table_count(struct table_writer *writer, enum counter counter, uint64_t by)
{
    ASSERT(counter < COUNTER_COUNT);
    add(&writer->header->counter[counter], by);
}

void
table_count_error(struct table_writer *writer, int error, uint64_t by)
{
    int code = error < 0 ? -error : error;
    ASSERT(code < ERR_COUNT);
    add(&writer->header->error_total[code], by);
}

static struct source_row *
source_at(struct table_writer *writer, unsigned source)
{
    ASSERT(source >= 1);
    ASSERT(source <= SOURCES_MAX);
    return &writer->header->source[source];
}

static void
source_write_begin(struct source_row *row)
{
    atomic_fetch_add_explicit(&row->seq, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

static void
source_write_end(struct source_row *row)
{
    atomic_fetch_add_explicit(&row->seq, 1, memory_order_release);
}

static void
set_source_text(char to[SOURCE_TEXT_BYTES], struct text text)
{
    struct out out = out_of(to, SOURCE_TEXT_BYTES);
    out_text(&out, text_sub(text, 0, SOURCE_TEXT_BYTES - 1));
    (void)out_c_string(&out);
}

static const enum table_pool source_pools[] = {POOL_NODES, POOL_NAMESPACES, POOL_PODS};

static void
forget_source(struct table_writer *writer, unsigned source)
{
    for (size_t i = 0; i < ARRAY_COUNT(source_pools); i++) {
        enum table_pool pool = source_pools[i];
        for (row_index row = 0; (row = pool_next(writer->header, pool, row)) != 0;) {
            struct row_head *head = writer_head(writer, pool, row);
            if (head->state == ROW_LIVE && head->source == source) {
                writer_mark_gone(writer, head);
            }
        }
    }
    overflow_forget_source(&writer->overflow, source);
    event_ring_forget_source(&writer->events, source);
}

void
writer_forget_lost_sources(struct table_writer *writer)
{
    for (unsigned i = writer->header->source_count + 1; i <= writer->adopted_source_count; i++) {
        forget_source(writer, i);
    }
    writer->adopted_source_count = 0;
}

void
table_put_source(struct table_writer *writer, unsigned source, enum source_kind kind,
                 struct text name, bool insecure, bool proxy)
{
    struct source_row *row = source_at(writer, source);
    struct text shown = text_sub(name, 0, SOURCE_TEXT_BYTES - 1);
    bool known = row->kind != SOURCE_NONE;
    if (known && (row->kind != kind || !text_equal(text_of(row->name), shown))) {
        forget_source(writer, source);  // the number was another source's
    }
    source_write_begin(row);
    row->kind = (uint8_t)kind;
    row->insecure = insecure;
    row->proxy = proxy;
    row->synced = 0;
    row->api_last_error = ERR_OK;
    set_source_text(row->name, name);
    set_source_text(row->last_error, TEXT(""));
    source_write_end(row);
    if (source > writer->header->source_count) {
        writer->header->source_count = source;
    }
}

void
table_note_source(struct table_writer *writer, unsigned source, int error, struct text sentence,
                  struct wall_ms now)
{
    struct source_row *row = source_at(writer, source);
    source_write_begin(row);
    if (error == 0) {
        row->api_last_success_ms = now.ms;
        row->api_last_error = ERR_OK;
    } else {
        row->api_last_failure_ms = now.ms;
        row->api_last_error = (uint32_t)(error < 0 ? -error : error);
        set_source_text(row->last_error, sentence);
    }
    source_write_end(row);
}

void
table_note_overflow_nodes(struct table_writer *writer, unsigned source, uint32_t count,
                          uint32_t ready)
{
    ASSERT(source <= SOURCES_MAX);
    writer->overflow_nodes[source] = count;
    writer->overflow_nodes_ready[source] = ready;
}

bool
table_has_room_for_refused_pods(const struct table_writer *writer)
{
    const struct pool_use *use = &writer->header->pool[POOL_PODS];
    return overflow_waiting_count(&writer->overflow) != 0 && use->limit - use->used > use->limit / 16;
}

static enum table_pool
pool_of(enum object_kind kind)
{
    switch (kind) {
    case OBJECT_NODE:
        return POOL_NODES;
    case OBJECT_POD:
        return POOL_PODS;
    case OBJECT_NAMESPACE:
        return POOL_NAMESPACES;
    case OBJECT_EVENT:  // has a ring of its own: event_ring.h
    case OBJECT_KIND_COUNT:
        break;
    }
    ASSERT(kind < OBJECT_KIND_COUNT);
    return POOL_COUNT;
}

void
table_list_begin(struct table_writer *writer, unsigned source, enum object_kind kind)
{
    ASSERT(source >= 1);
    ASSERT(source <= SOURCES_MAX);
    ASSERT(kind < OBJECT_KIND_COUNT);
    struct list_sync *list = &writer->lists[source][kind];
    list->generation++;
    list->running = true;
}

void
table_list_end(struct table_writer *writer, unsigned source, enum object_kind kind)
{
    ASSERT(source >= 1);
    ASSERT(source <= SOURCES_MAX);
    ASSERT(kind < OBJECT_KIND_COUNT);
    struct list_sync *list = &writer->lists[source][kind];
    ASSERT(list->running);
    list->running = false;
    enum table_pool pool = pool_of(kind);
    for (row_index i = 0; (i = pool_next(writer->header, pool, i)) != 0;) {
        struct row_head *head = writer_head(writer, pool, i);
        bool listed = head->list_generation == list->generation;
        bool ours = head->source == source && (head->flags & ROW_FROM_API) != 0;
        if (head->state == ROW_LIVE && ours && !listed) {
            writer_mark_gone(writer, head);
        }
    }
    if (kind == OBJECT_POD) {
        overflow_list_end(&writer->overflow, source, list->generation);
    }
    struct source_row *row = source_at(writer, source);
    source_write_begin(row);
    row->synced = (uint8_t)(row->synced | (1U << kind));
    row->list_total++;
    source_write_end(row);
    table_count(writer, COUNTER_LISTS, 1);
}
