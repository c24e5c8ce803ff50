// Guesses, so that an answer finds its rows without waiting for memory: what an
// answer will need is fetched ahead, and what follows a row in one answer
// probably follows it in the next.
//
// A guess is only where to look first: nothing is taken for a row's before all
// of its names were compared.
#include "base/check.h"
#include "table/writer_state.h"

// The kubelet's default is at most 110 pods a node, most with few containers;
// the rest of a larger node is fetched when it is needed.
#define FETCH_PODS 128
#define FETCH_CONTAINERS 4

#define CACHE_LINE 64

static void
fetch(const void *at, size_t size)
{
    const char *from = at;
    for (size_t i = 0; i < size; i += CACHE_LINE) {
        __builtin_prefetch(from + i, 1);
    }
    __builtin_prefetch(from + size - 1, 1);
}

static void
fetch_text(const struct table_header *header, string_ref ref)
{
    if (ref != 0) {
        fetch(pool_row_const(header, POOL_STRINGS, ref), sizeof(struct string_cell));
    }
}

// The second cell of a text; most names fit into two.
static void
fetch_text_more(const struct table_header *header, string_ref ref)
{
    if (ref != 0) {
        const struct string_cell *cell = pool_row_const(header, POOL_STRINGS, ref);
        fetch_text(header, cell->next);
    }
}

static void
fetch_container(const struct table_header *header, row_index index)
{
    if (index != 0) {
        fetch(pool_row_const(header, POOL_CONTAINERS, index), sizeof(struct container_row));
    }
}

// Each step reads what the one before has fetched and fetches what that names,
// for all pods, so that the memory works on all of them at once.
struct fetch_ahead {
    const struct table_header *header;
    uint32_t count;
    row_index pod[FETCH_PODS];
    row_index container[FETCH_PODS];
};

static void
fetch_pod(struct fetch_ahead *ahead, row_index pod)
{
    fetch(pool_row_const(ahead->header, POOL_PODS, pod), sizeof(struct pod_row));
    ahead->pod[ahead->count++] = pod;
}

// Where the copy led astray: along the rows.
static void
fetch_pods_slowly(struct fetch_ahead *ahead, row_index *after, row_index pod)
{
    while (pod != 0 && ahead->count < FETCH_PODS) {
        fetch_pod(ahead, pod);
        const struct pod_row *row = pool_row_const(ahead->header, POOL_PODS, pod);
        after[pod] = row->node_next;
        pod = row->node_next;
    }
}

// The pods of a node, in their list's order. The list through the rows would wait
// for each row before it fetches the next, so a copy of it is followed, which is
// dense enough to stay in the cache; then the rows that came tell whether the copy
// was right, and correct it.
static void
fetch_pods(struct fetch_ahead *ahead, row_index *after, row_index first)
{
    for (row_index at = first; at != 0 && ahead->count < FETCH_PODS; at = after[at]) {
        fetch_pod(ahead, at);
    }
    for (uint32_t i = 0; i < ahead->count; i++) {
        row_index pod = ahead->pod[i];
        const struct pod_row *row = pool_row_const(ahead->header, POOL_PODS, pod);
        if (after[pod] != row->node_next) {
            after[pod] = row->node_next;
            ahead->count = i + 1;
            fetch_pods_slowly(ahead, after, row->node_next);
            return;
        }
    }
}

static void
fetch_names(struct fetch_ahead *ahead)
{
    const struct table_header *header = ahead->header;
    for (uint32_t i = 0; i < ahead->count; i++) {
        const struct pod_row *row = pool_row_const(header, POOL_PODS, ahead->pod[i]);
        ahead->container[i] = row->first_container;
        fetch_container(header, row->first_container);
        fetch_text(header, row->head.name);
        fetch(pool_row_const(header, POOL_NAMESPACES, row->namespace_index),
              sizeof(struct row_head));
        if (row->filesystems != 0) {
            fetch(pool_row_const(header, POOL_FILESYSTEMS, row->filesystems),
                  sizeof(struct filesystem_row));
        }
    }
}

static void
fetch_more_of_names(struct fetch_ahead *ahead)
{
    const struct table_header *header = ahead->header;
    for (uint32_t i = 0; i < ahead->count; i++) {
        const struct pod_row *row = pool_row_const(header, POOL_PODS, ahead->pod[i]);
        const struct row_head *space =
            pool_row_const(header, POOL_NAMESPACES, row->namespace_index);
        fetch_text_more(header, row->head.name);
        fetch_text(header, space->name);
    }
}

// One container of each pod.
static void
fetch_containers(struct fetch_ahead *ahead)
{
    const struct table_header *header = ahead->header;
    for (uint32_t i = 0; i < ahead->count; i++) {
        if (ahead->container[i] == 0) {
            continue;
        }
        const struct container_row *row =
            pool_row_const(header, POOL_CONTAINERS, ahead->container[i]);
        fetch_text(header, row->head.name);
        fetch_container(header, row->next);
        ahead->container[i] = row->next;
    }
}

void
writer_hint_begin(struct table_writer *writer)
{
    if (writer->fetched_node == writer->node) {
        return;
    }
    writer->fetched_node = writer->node;
    struct fetch_ahead ahead;
    ahead.header = writer->header;
    ahead.count = 0;
    const struct node_row *node = pool_row_const(writer->header, POOL_NODES, writer->node);
    fetch_pods(&ahead, writer->pod_after, node->first_pod);
    fetch_names(&ahead);
    for (unsigned i = 0; i < FETCH_CONTAINERS; i++) {
        fetch_containers(&ahead);
        if (i == 0) {
            fetch_more_of_names(&ahead);
        }
    }
}

void
writer_hint_reset(struct table_writer *writer)
{
    writer->fetched_node = 0;
    writer->last_pod = 0;
    writer->last_container = 0;
}

static bool
is_pod(const struct table_writer *writer, row_index pod, struct text namespace_name,
       struct text name)
{
    if (!writer_is_named(writer, POOL_PODS, pod, name)) {
        return false;
    }
    const struct pod_row *row = pool_row_const(writer->header, POOL_PODS, pod);
    return writer_is_named(writer, POOL_NAMESPACES, row->namespace_index, namespace_name);
}

row_index
writer_hint_container(const struct table_writer *writer, struct text namespace_name,
                      struct text pod, struct text name)
{
    struct table_header *header = writer->header;
    if (writer->last_container == 0) {
        return 0;
    }
    row_index index = container_row_at(header, writer->last_container)->line_next;
    // The writer before this one may have left anything there.
    if (index == 0 || index >= header->pool[POOL_CONTAINERS].fresh ||
        !writer_is_named(writer, POOL_CONTAINERS, index, name)) {
        return 0;
    }
    row_index of = container_row_at(header, index)->pod;
    return of != 0 && is_pod(writer, of, namespace_name, pod) ? index : 0;
}

void
writer_hint_note_container(struct table_writer *writer, row_index index)
{
    if (writer->last_container != 0) {
        struct container_row *last = container_row_at(writer->header, writer->last_container);
        if (last->line_next != index) {
            row_write_begin(&last->head);
            last->line_next = index;
            row_write_end(&last->head);
        }
    }
    writer->last_container = index;
}

// The pod told last, while it is this node's.
static row_index
last_pod(const struct table_writer *writer)
{
    row_index last = writer->last_pod;
    if (last == 0 || pod_row_at(writer->header, last)->node_index != writer->node) {
        return 0;
    }
    return last;
}

row_index
writer_hint_pod(const struct table_writer *writer, struct text namespace_name, struct text name)
{
    if (writer->node == 0) {
        return 0;
    }
    row_index last = last_pod(writer);
    row_index next = last != 0 ? pod_row_at(writer->header, last)->node_next
                               : node_row_at(writer->header, writer->node)->first_pod;
    return next != 0 && is_pod(writer, next, namespace_name, name) ? next : 0;
}

void
writer_hint_note_pod(struct table_writer *writer, row_index pod)
{
    if (pod_row_at(writer->header, pod)->node_index == writer->node && writer->node != 0) {
        writer_follow_pod(writer, last_pod(writer), pod);
        writer->last_pod = pod;
    }
}
