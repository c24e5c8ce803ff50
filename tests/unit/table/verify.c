#include "verify.h"

#include <stdlib.h>
#include <string.h>

#include "table/writer_state.h"

// One pass over the table: what was met, and the first thing that was wrong.
struct pass {
    const struct table_header *header;
    uint8_t *met[POOL_COUNT];    // rows that hang on something, or are free
    uint32_t *references;        // to each text
    const char *wrong;
};

static void
expect(struct pass *pass, bool holds, const char *what)
{
    if (!holds && pass->wrong == NULL) {
        pass->wrong = what;
    }
}

static bool
has_head(enum table_pool pool)
{
    return pool <= POOL_CONTAINERS;
}

// The row, noted as met; NULL when the link is broken or it was met before.
static const void *
meet(struct pass *pass, enum table_pool pool, row_index index, const char *what)
{
    const struct pool_use *use = &pass->header->pool[pool];
    if (index == 0 || index >= use->fresh || index > use->limit || pass->met[pool][index]) {
        expect(pass, false, what);
        return NULL;
    }
    pass->met[pool][index] = 1;
    return pool_row_const(pass->header, pool, index);
}

static void
refer(struct pass *pass, string_ref ref)
{
    if (ref != 0 && ref < pass->header->pool[POOL_STRINGS].fresh) {
        pass->references[ref]++;
    } else {
        expect(pass, ref == 0, "a text reference lies outside the pool");
    }
}

static bool
is_taken(const struct table_header *header, enum table_pool pool, row_index index)
{
    const void *words = (const unsigned char *)header + header->pool[pool].taken_offset;
    return ((const uint64_t *)words)[index / 64] >> index % 64 & 1U;
}

static void
check_pool(struct pass *pass, enum table_pool pool)
{
    const struct pool_use *use = &pass->header->pool[pool];
    uint32_t taken_count = 0;
    expect(pass, use->fresh >= 1 && use->fresh <= use->limit + 1, "fresh is out of range");
    for (row_index i = 1; i <= use->limit; i++) {
        bool taken = is_taken(pass->header, pool, i);
        taken_count += taken;
        expect(pass, taken || i >= use->free_from, "a free row lies below the first free one");
        expect(pass, !taken || i < use->fresh, "a row is taken that was never used");
        pass->met[pool][i] = !taken;
    }
    expect(pass, use->used == taken_count, "used does not match the map of taken rows");
    expect(pass, use->used <= use->peak && use->peak <= use->limit, "peak is out of range");
    for (row_index i = 1; has_head(pool) && i < use->fresh; i++) {
        const struct row_head *head = pool_row_const(pass->header, pool, i);
        expect(pass, (head->seq & 1U) == 0, "a row is left under writing");
        expect(pass, head->newest < SAMPLES_PER_ROW, "newest is out of range");
        expect(pass, head->state == ROW_FREE || head->state == ROW_LIVE || head->state == ROW_GONE,
               "a row has no state");
        expect(pass, (head->state == ROW_FREE) == (pass->met[pool][i] != 0),
               "the map says that a free row is taken, or a taken one free");
    }
}

static uint64_t
hash_of_name(const struct table_header *header, const struct row_head *head, row_index parent)
{
    char name[NAME_BYTES_MAX + 1];
    size_t size = string_copy(header, head->name, name, sizeof name);
    return hash_mix(hash_bytes(header->hash_key, name, size), parent);
}

static void
check_index(struct pass *pass, enum table_pool pool)
{
    const struct table_header *header = pass->header;
    uint32_t found = 0;
    for (uint32_t b = 0; b < header->bucket_count[pool]; b++) {
        const row_index *buckets =
            (const void *)((const unsigned char *)header + header->bucket_offset[pool]);
        for (row_index at = buckets[b]; at != 0; found++) {
            if (at >= header->pool[pool].fresh || found > header->pool[pool].used) {
                expect(pass, false, "a name index is broken");
                return;
            }
            const struct row_head *head = pool_row_const(header, pool, at);
            const struct pod_row *pod = (const void *)head;
            row_index parent = pool == POOL_PODS ? pod->namespace_index : 0;
            uint64_t hash = hash_of_name(header, head, parent);
            expect(pass, head->state != ROW_FREE, "a free row is in a name index");
            expect(pass, (hash & (header->bucket_count[pool] - 1)) == b,
                   "a row lies in another bucket");
            at = head->hash_next;
        }
    }
    expect(pass, found == header->pool[pool].used, "a row is missing in its name index");
}

static void
check_filesystems(struct pass *pass, row_index first)
{
    for (row_index at = first; at != 0;) {
        const struct filesystem_row *row =
            meet(pass, POOL_FILESYSTEMS, at, "a list of file systems is broken");
        if (row == NULL) {
            return;
        }
        refer(pass, row->name);
        at = row->next;
    }
}

static void
check_disks(struct pass *pass, row_index first)
{
    for (row_index at = first; at != 0;) {
        const struct disk_row *row = meet(pass, POOL_DISKS, at, "a list of disks is broken");
        if (row == NULL) {
            return;
        }
        refer(pass, row->name);
        at = row->next;
    }
}

static void
check_extras(struct pass *pass, row_index first)
{
    for (row_index at = first; at != 0;) {
        const struct extra_row *row = meet(pass, POOL_EXTRAS, at, "a list of extras is broken");
        if (row == NULL) {
            return;
        }
        refer(pass, row->metric);
        refer(pass, row->label);
        at = row->next;
    }
}

static void
check_pressure(struct pass *pass, row_index index)
{
    if (index != 0) {
        (void)meet(pass, POOL_PRESSURES, index, "a row of pressure is shared or broken");
    }
}

static void
check_containers(struct pass *pass, row_index first, row_index pod, row_index node)
{
    for (row_index at = first; at != 0;) {
        const struct container_row *row =
            meet(pass, POOL_CONTAINERS, at, "a list of containers is broken");
        if (row == NULL) {
            return;
        }
        expect(pass, row->pod == pod && row->node == node, "a container has another parent");
        expect(pass, row->head.state == ROW_LIVE, "a container of a list is not live");
        refer(pass, row->head.name);
        refer(pass, row->image);
        refer(pass, row->last_reason);
        refer(pass, row->waiting_reason);
        check_extras(pass, row->extras);
        check_disks(pass, row->disk);
        check_pressure(pass, row->pressure);
        at = row->next;
    }
}

static void
check_nodes(struct pass *pass, uint8_t *attached)
{
    const struct table_header *header = pass->header;
    for (row_index i = 1; i < header->pool[POOL_NODES].fresh; i++) {
        const struct node_row *row = pool_row_const(header, POOL_NODES, i);
        if (row->head.state == ROW_FREE) {
            continue;
        }
        const string_ref texts[] = {row->head.name, row->hostname,        row->host_id,
                                    row->address,   row->labels,          row->kubelet_version,
                                    row->os_image};
        for (size_t k = 0; k < ARRAY_COUNT(texts); k++) {
            refer(pass, texts[k]);
        }
        check_containers(pass, row->first_container, 0, i);
        check_filesystems(pass, row->filesystems);
        check_disks(pass, row->disks);
        check_extras(pass, row->extras);
        check_pressure(pass, row->pressure);
        expect(pass, row->backing_count <= NODE_BACKINGS_MAX, "too many backings");
        row_index previous = 0;
        for (row_index at = row->first_pod; at != 0;) {
            if (at >= header->pool[POOL_PODS].fresh || attached[at]) {
                expect(pass, false, "a node's list of pods is broken");
                break;
            }
            attached[at] = 1;
            const struct pod_row *pod = pool_row_const(header, POOL_PODS, at);
            expect(pass, pod->node_index == i, "a pod is in another node's list");
            expect(pass, pod->node_previous == previous, "node_previous is wrong");
            previous = at;
            at = pod->node_next;
        }
    }
}

static void
check_namespaces(struct pass *pass, uint8_t *attached)
{
    const struct table_header *header = pass->header;
    for (row_index i = 1; i < header->pool[POOL_NAMESPACES].fresh; i++) {
        const struct namespace_row *row = pool_row_const(header, POOL_NAMESPACES, i);
        if (row->head.state == ROW_FREE) {
            continue;
        }
        refer(pass, row->head.name);
        refer(pass, row->labels);
        row_index previous = 0;
        for (row_index at = row->first_pod; at != 0;) {
            if (at >= header->pool[POOL_PODS].fresh || attached[at]) {
                expect(pass, false, "a namespace's list of pods is broken");
                break;
            }
            attached[at] = 1;
            const struct pod_row *pod = pool_row_const(header, POOL_PODS, at);
            expect(pass, pod->namespace_index == i, "a pod is in another namespace's list");
            expect(pass, pod->namespace_previous == previous, "namespace_previous is wrong");
            previous = at;
            at = pod->namespace_next;
        }
    }
}

static void
check_pods(struct pass *pass, const uint8_t *of_node, const uint8_t *of_namespace)
{
    const struct table_header *header = pass->header;
    for (row_index i = 1; i < header->pool[POOL_PODS].fresh; i++) {
        const struct pod_row *row = pool_row_const(header, POOL_PODS, i);
        if (row->head.state == ROW_FREE) {
            expect(pass, !of_node[i] && !of_namespace[i], "a free pod is in a list");
            continue;
        }
        expect(pass, of_namespace[i], "a pod is in no namespace's list");
        expect(pass, (row->node_index != 0) == (of_node[i] != 0), "a pod is in no node's list");
        refer(pass, row->head.name);
        refer(pass, row->labels);
        refer(pass, row->reason);
        refer(pass, row->owner);
        check_containers(pass, row->first_container, i, 0);
        check_filesystems(pass, row->filesystems);
        check_extras(pass, row->extras);
        check_pressure(pass, row->pressure);
    }
}

// Every row in use was met by way of its owner.
static void
check_owned(struct pass *pass, enum table_pool pool)
{
    for (row_index i = 1; i < pass->header->pool[pool].fresh; i++) {
        expect(pass, pass->met[pool][i], "a row in use hangs on nothing");
    }
}

static void
check_string(struct pass *pass, string_ref ref, uint32_t bucket)
{
    const struct table_header *header = pass->header;
    const struct string_cell *first = meet(pass, POOL_STRINGS, ref, "a text's bucket is broken");
    if (first == NULL) {
        return;
    }
    size_t rest = first->first.size;
    expect(pass, rest != 0, "an empty text is kept");
    expect(pass, (first->first.hash & (header->bucket_count[POOL_STRINGS] - 1)) == bucket,
           "a text lies in another bucket");
    expect(pass, first->first.references == UINT16_MAX ||
                     first->first.references == pass->references[ref],
           "a text's references are miscounted");
    expect(pass, first->first.references != 0, "a text without references is kept");
    rest -= rest < STRING_HEAD_BYTES ? rest : STRING_HEAD_BYTES;
    uint32_t next = first->next;
    while (rest != 0) {
        const struct string_cell *cell = meet(pass, POOL_STRINGS, next, "a text's chain is broken");
        if (cell == NULL) {
            return;
        }
        rest -= rest < STRING_CELL_BYTES ? rest : STRING_CELL_BYTES;
        next = cell->next;
    }
    expect(pass, next == 0, "a text's chain goes on behind its end");
}

static void
check_strings(struct pass *pass)
{
    const struct table_header *header = pass->header;
    const row_index *buckets =
        (const void *)((const unsigned char *)header + header->bucket_offset[POOL_STRINGS]);
    for (uint32_t b = 0; b < header->bucket_count[POOL_STRINGS]; b++) {
        for (string_ref at = buckets[b]; at != 0 && pass->wrong == NULL;) {
            check_string(pass, at, b);
            const struct string_cell *cell = pool_row_const(header, POOL_STRINGS, at);
            at = cell->first.chain;
        }
    }
    check_owned(pass, POOL_STRINGS);
    for (row_index i = 1; i < header->pool[POOL_STRINGS].fresh && pass->wrong == NULL; i++) {
        bool referred = pass->references[i] != 0;
        const struct string_cell *cell = pool_row_const(header, POOL_STRINGS, i);
        expect(pass, !referred || cell->first.references != 0, "a row refers to no text");
    }
}

// They are found by looking at all: no list, no index.
static void
check_events(struct pass *pass)
{
    const struct pool_use *use = &pass->header->pool[POOL_EVENTS];
    uint32_t live = 0;
    expect(pass, use->fresh >= 1 && use->fresh <= use->limit + 1, "events lie outside the pool");
    for (row_index i = 1; i < use->fresh && i <= use->limit; i++) {
        const struct event_row *row = pool_row_const(pass->header, POOL_EVENTS, i);
        live += row->head.state == ROW_LIVE;
        expect(pass, (row->head.seq & 1U) == 0, "an event is left under change");
    }
    expect(pass, live == use->used && use->used <= use->peak, "events are counted wrongly");
}

static void
check_all(struct pass *pass, uint8_t *of_node, uint8_t *of_namespace)
{
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        if (i != POOL_EVENTS) {
            check_pool(pass, (enum table_pool)i);
        }
    }
    check_events(pass);
    expect(pass, (pass->header->structure_seq & 1U) == 0, "the structure is left under change");
    expect(pass, (pass->header->totals_seq & 1U) == 0, "the totals are left under change");
    if (pass->wrong != NULL) {
        return;
    }
    check_index(pass, POOL_NODES);
    check_index(pass, POOL_NAMESPACES);
    check_index(pass, POOL_PODS);
    check_nodes(pass, of_node);
    check_namespaces(pass, of_namespace);
    check_pods(pass, of_node, of_namespace);
    for (unsigned i = POOL_CONTAINERS; i < POOL_EVENTS; i++) {
        check_owned(pass, (enum table_pool)i);
    }
    if (pass->wrong == NULL) {
        check_strings(pass);
    }
}

const char *
table_verify(const struct table_header *header)
{
    struct pass pass = {.header = header};
    size_t pods = (size_t)header->pool[POOL_PODS].limit + 1;
    uint8_t *of_node = calloc(pods, 1);
    uint8_t *of_namespace = calloc(pods, 1);
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        pass.met[i] = calloc((size_t)header->pool[i].limit + 1, 1);
    }
    pass.references = calloc((size_t)header->pool[POOL_STRINGS].limit + 1, sizeof(uint32_t));
    check_all(&pass, of_node, of_namespace);
    free(pass.references);
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        free(pass.met[i]);
    }
    free(of_namespace);
    free(of_node);
    return pass.wrong;
}

static const char *
verify_records(const struct overflow *overflow)
{
    uint32_t found = 0;
    uint32_t gone = 0;
    uint32_t with_row = 0;
    for (uint32_t b = 0; b < overflow->bucket_count; b++) {
        for (uint32_t at = overflow->buckets[b]; at != 0; at = overflow->records[at].next) {
            if (at >= overflow->fresh || !overflow->records[at].live ||
                ++found > overflow->used) {
                return "a bucket of pods without rows is broken";
            }
            gone += overflow->records[at].gone;
            with_row += overflow->records[at].has_row;
        }
    }
    uint32_t free_count = 0;
    for (uint32_t at = overflow->free_list; at != 0; at = overflow->records[at].next) {
        if (at >= overflow->fresh || overflow->records[at].live ||
            ++free_count >= overflow->fresh) {
            return "the free list of pods without rows is broken";
        }
    }
    if (found != overflow->used || found + free_count + 1 != overflow->fresh ||
        gone != overflow->gone || with_row != overflow->with_row) {
        return "pods without rows are miscounted";
    }
    return NULL;
}

const char *
table_verify_writer(const struct table_writer *writer)
{
    const char *wrong = table_verify(writer->header);
    return wrong != NULL ? wrong : verify_records(&writer->overflow);
}
