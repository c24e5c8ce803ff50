#include "table/writer.h"

#include <string.h>

#include "base/check.h"
#include "table/writer_state.h"

size_t
table_writer_footprint(const struct capacity *capacity)
{
    size_t namespaces = (size_t)capacity->namespaces + 1;
    return arena_bytes(sizeof(struct table_writer)) +
           arena_bytes(namespaces * sizeof(struct overflow)) +
           arena_bytes(namespaces * sizeof(struct totals)) +
           arena_bytes(((size_t)capacity->nodes + 1) * sizeof(struct node_sums)) +
           arena_bytes(overflow_set_bytes(capacity));
}

// A table that its writer left in the middle of a change cannot be gone on
// with: its lists may be broken.
static bool
is_consistent(const struct table_header *header)
{
    if (atomic_load_explicit(&header->structure_seq, memory_order_acquire) & 1U) {
        return false;
    }
    static const enum table_pool pools[] = {POOL_NODES, POOL_NAMESPACES, POOL_PODS,
                                            POOL_CONTAINERS};
    for (size_t i = 0; i < ARRAY_COUNT(pools); i++) {
        for (row_index row = 1; row < header->pool[pools[i]].fresh; row++) {
            const struct row_head *head = pool_row_const(header, pools[i], row);
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
    return table_check(memory, size) == 0 &&
           header->layout_hash == table_layout_hash(capacity) &&
           header->resolution_ms == resolution_ms && is_consistent(header);
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
    size_t namespaces = (size_t)capacity->namespaces + 1;
    size_t set_bytes = overflow_set_bytes(capacity);
    writer->header = memory;
    writer->overflow = arena_take_array(arena, namespaces, sizeof(struct overflow));
    writer->sums = arena_take_array(arena, namespaces, sizeof(struct totals));
    writer->node_sums =
        arena_take_array(arena, (size_t)capacity->nodes + 1, sizeof(struct node_sums));
    writer->overflow_set.entries = arena_take(arena, set_bytes);
    writer->overflow_set.mask = (uint32_t)(set_bytes / sizeof(uint64_t)) - 1;
    writer->overflow_set.limit = capacity->overflow_pods;
    atomic_store_explicit(&writer->header->writer_birth_ms, (uint64_t)birth.ms,
                          memory_order_release);
    return writer;
}

struct table_header *
table_writer_header(struct table_writer *writer)
{
    return writer->header;
}

void
table_count(struct table_writer *writer, enum counter counter, uint64_t by)
{
    ASSERT(counter < COUNTER_COUNT);
    atomic_fetch_add_explicit(&writer->header->counter[counter], by, memory_order_relaxed);
}

void
table_count_error(struct table_writer *writer, int error, uint64_t by)
{
    int code = error < 0 ? -error : error;
    ASSERT(code < ERR_COUNT);
    atomic_fetch_add_explicit(&writer->header->error_total[code], by, memory_order_relaxed);
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

void
table_put_source(struct table_writer *writer, unsigned source, enum source_kind kind,
                 struct text name, bool insecure, bool proxy)
{
    struct source_row *row = source_at(writer, source);
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
    if (kind == OBJECT_POD) {
        overflow_clear(writer);
    }
}

void
table_list_end(struct table_writer *writer, unsigned source, enum object_kind kind)
{
    struct list_sync *list = &writer->lists[source][kind];
    ASSERT(list->running);
    list->running = false;
    enum table_pool pool = pool_of(kind);
    for (row_index i = 1; i < writer->header->pool[pool].fresh; i++) {
        struct row_head *head = writer_head(writer, pool, i);
        bool listed = head->list_generation == list->generation;
        bool ours = head->source == source && (head->flags & ROW_FROM_API) != 0;
        if (head->state == ROW_LIVE && ours && !listed) {
            writer_mark_gone(writer, head);
        }
    }
    struct source_row *row = source_at(writer, source);
    source_write_begin(row);
    row->synced = (uint8_t)(row->synced | (1U << kind));
    row->list_total++;
    source_write_end(row);
    table_count(writer, COUNTER_LISTS, 1);
}


struct row_head *
writer_head(struct table_writer *writer, enum table_pool pool, row_index index)
{
    return pool_row(writer->header, pool, index);
}

static row_index
parent_of(const struct table_header *header, enum table_pool pool, row_index index)
{
    if (pool != POOL_PODS) {
        return 0;
    }
    const struct pod_row *pod = pool_row_const(header, POOL_PODS, index);
    return pod->namespace_index;
}

static uint64_t
name_hash(const struct table_header *header, row_index parent, struct text name)
{
    return hash_mix(hash_bytes(header->hash_key, name.at, name.size), parent);
}

row_index
writer_find(const struct table_writer *writer, enum table_pool pool, row_index parent,
            struct text name)
{
    struct table_header *header = writer->header;
    row_index index = *pool_bucket(header, pool, name_hash(header, parent, name));
    while (index != 0) {
        const struct row_head *head = pool_row_const(header, pool, index);
        if (string_equals(header, head->name, name) && parent_of(header, pool, index) == parent) {
            return index;
        }
        index = head->hash_next;
    }
    return 0;
}

row_index
writer_find_container(const struct table_writer *writer, row_index first, struct text name)
{
    row_index index = first;
    while (index != 0) {
        const struct container_row *row = container_row_at(writer->header, index);
        if (string_equals(writer->header, row->head.name, name)) {
            return index;
        }
        index = row->next;
    }
    return 0;
}

void
writer_set_text(struct table_writer *writer, string_ref *ref, struct text text)
{
    if (string_equals(writer->header, *ref, text)) {
        return;
    }
    bool full = false;
    string_drop(writer->header, *ref);
    *ref = string_take(writer->header, text, &full);
    if (full) {
        table_count_error(writer, ERR_STRINGS_FULL, 1);
    }
}

row_index
writer_take_named(struct table_writer *writer, enum table_pool pool, row_index parent,
                  struct text name, int full)
{
    struct table_header *header = writer->header;
    bool strings_full = false;
    string_ref ref = string_take(header, text_sub(name, 0, NAME_BYTES_MAX), &strings_full);
    if (ref == 0) {
        table_count_error(writer, strings_full ? ERR_STRINGS_FULL : ERR_MISSING, 1);
        return 0;
    }
    row_index index = pool_take(header, pool);
    if (index == 0) {
        string_drop(header, ref);
        table_count_error(writer, full, 1);
        return 0;
    }
    row_index *bucket = pool_bucket(header, pool, name_hash(header, parent, name));
    struct row_head *head = writer_head(writer, pool, index);
    head->name = ref;
    head->hash_next = *bucket;
    *bucket = index;
    return index;
}

static void
forget_name(struct table_writer *writer, enum table_pool pool, row_index parent, row_index index)
{
    struct table_header *header = writer->header;
    struct row_head *head = writer_head(writer, pool, index);
    char name[NAME_BYTES_MAX];
    size_t size = string_copy(header, head->name, name, sizeof name);
    row_index *link = pool_bucket(header, pool, name_hash(header, parent, (struct text){name, size}));
    while (*link != index) {
        ASSERT(*link != 0);
        link = &writer_head(writer, pool, *link)->hash_next;
    }
    *link = head->hash_next;
    string_drop(header, head->name);
    head->name = 0;
}

void
writer_mark_gone(struct table_writer *writer, struct row_head *head)
{
    row_write_begin(head);
    head->state = ROW_GONE;
    head->gone_cycle_s = atomic_load_explicit(&writer->header->cycle_done_s, memory_order_relaxed);
    row_write_end(head);
}


static void
free_row(struct table_writer *writer, enum table_pool pool, row_index parent, row_index index)
{
    struct row_head *head = writer_head(writer, pool, index);
    if (pool != POOL_CONTAINERS) {
        forget_name(writer, pool, parent, index);
    }
    row_write_begin(head);
    head->state = ROW_FREE;
    row_write_end(head);
    pool_give(writer->header, pool, index);
}

void
writer_drop_container(struct table_writer *writer, row_index *link)
{
    struct table_header *header = writer->header;
    row_index index = *link;
    struct container_row *row = container_row_at(header, index);
    *link = row->next;
    writer_drop_extras(writer, &row->extras, UINT32_MAX);
    writer_drop_disks(writer, &row->disk, UINT32_MAX);
    writer_drop_pressure(writer, &row->pressure);
    string_drop(header, row->head.name);
    string_drop(header, row->image);
    string_drop(header, row->last_reason);
    string_drop(header, row->waiting_reason);
    row->head.name = row->image = row->last_reason = row->waiting_reason = 0;
    free_row(writer, POOL_CONTAINERS, 0, index);
}

void
writer_free_container_list(struct table_writer *writer, row_index *first)
{
    while (*first != 0) {
        writer_drop_container(writer, first);
    }
}

void
writer_free_pod(struct table_writer *writer, row_index index)
{
    struct table_header *header = writer->header;
    struct pod_row *row = pod_row_at(header, index);
    writer_attach_pod_to_node(writer, index, 0);
    writer_free_container_list(writer, &row->first_container);
    writer_drop_filesystems(writer, &row->filesystems, UINT32_MAX);
    writer_drop_extras(writer, &row->extras, UINT32_MAX);
    writer_drop_pressure(writer, &row->pressure);
    string_drop(header, row->labels);
    string_drop(header, row->reason);
    string_drop(header, row->owner);
    if (row->namespace_previous != 0) {
        pod_row_at(header, row->namespace_previous)->namespace_next = row->namespace_next;
    } else {
        namespace_row_at(header, row->namespace_index)->first_pod = row->namespace_next;
    }
    if (row->namespace_next != 0) {
        pod_row_at(header, row->namespace_next)->namespace_previous = row->namespace_previous;
    }
    free_row(writer, POOL_PODS, row->namespace_index, index);
}

void
writer_free_node(struct table_writer *writer, row_index index)
{
    struct table_header *header = writer->header;
    struct node_row *row = node_row_at(header, index);
    while (row->first_pod != 0) {
        writer_attach_pod_to_node(writer, row->first_pod, 0);
    }
    writer_free_container_list(writer, &row->first_container);
    writer_drop_filesystems(writer, &row->filesystems, UINT32_MAX);
    writer_drop_disks(writer, &row->disks, UINT32_MAX);
    writer_drop_extras(writer, &row->extras, UINT32_MAX);
    writer_drop_pressure(writer, &row->pressure);
    const string_ref texts[] = {row->hostname, row->host_id,         row->address,
                                row->labels,   row->kubelet_version, row->os_image};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        string_drop(header, texts[i]);
    }
    free_row(writer, POOL_NODES, 0, index);
}

void
writer_free_namespace(struct table_writer *writer, row_index index)
{
    struct namespace_row *row = namespace_row_at(writer->header, index);
    ASSERT(row->first_pod == 0);
    string_drop(writer->header, row->labels);
    writer->overflow[index] = (struct overflow){0};
    free_row(writer, POOL_NAMESPACES, 0, index);
}
