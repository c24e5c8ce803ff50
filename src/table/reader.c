#include "table/reader_state.h"

#include <string.h>

#include "base/check.h"

int
table_reader_init(struct table_reader *reader, const void *memory, size_t size)
{
    struct capacity capacity;
    int error = table_check(memory, size, &capacity);
    if (error != 0) {
        return error;
    }
    *reader = (struct table_reader){.header = memory, .memory = memory, .size = size};
    (void)table_places(&capacity, reader->place);
    return 0;
}

const void *
reader_row(const struct table_reader *reader, enum table_pool pool, row_index index)
{
    const struct pool_place *place = &reader->place[pool];
    if (index == 0 || index > place->limit) {
        return NULL;
    }
    return reader->memory + place->offset + (size_t)index * place->row_bytes;
}

struct string_cells
reader_cells(const struct table_reader *reader)
{
    const struct pool_place *place = &reader->place[POOL_STRINGS];
    const void *cells = reader->memory + place->offset;
    return (struct string_cells){cells, place->limit};
}

// Copies a row with a head; *seq is what it had. False while it is written.
static bool
copy_row(const void *row, void *to, size_t size, uint32_t *seq)
{
    *seq = reader_seq(row);
    if (*seq & 1U) {
        return false;
    }
    memcpy(to, row, size);
    struct row_head *head = to;
    head->newest &= 1U;  // callers use it as an index
    return reader_is_same(row, *seq);
}

bool
table_is_unchanged(const struct table_reader *reader, enum table_pool pool, row_index index,
                   uint32_t seq)
{
    const void *row = reader_row(reader, pool, index);
    return row != NULL && reader_is_same(row, seq);
}

// Texts of a view, one after the other in its buffer.
struct filler {
    const struct table_reader *reader;
    struct out out;
};

static struct text
fill(struct filler *filler, string_ref ref, size_t size_max)
{
    size_t room = filler->out.size - filler->out.used;
    char *to = filler->out.at + filler->out.used;
    size_t size =
        string_cells_copy(reader_cells(filler->reader), ref, to, room < size_max ? room : size_max);
    filler->out.used += size;
    return (struct text){to, size};
}

static struct text
fill_details(struct filler *filler, string_ref ref, unsigned want)
{
    return (want & VIEW_DETAILS) ? fill(filler, ref, SHORT_NAME_BYTES_MAX) : TEXT("");
}

static struct text
fill_labels(struct filler *filler, string_ref ref, unsigned want)
{
    return (want & VIEW_LABELS) ? fill(filler, ref, LABELS_BYTES_MAX) : TEXT("");
}

static void
fill_node(struct filler *filler, unsigned want, struct node_view *view)
{
    view->name = fill(filler, view->row.head.name, NAME_BYTES_MAX);
    view->hostname = fill(filler, view->row.hostname, NAME_BYTES_MAX);
    view->address = fill(filler, view->row.address, NAME_BYTES_MAX);
    view->host_id = fill_details(filler, view->row.host_id, want);
    view->kubelet_version = fill_details(filler, view->row.kubelet_version, want);
    view->os_image = fill_details(filler, view->row.os_image, want);
    view->labels = fill_labels(filler, view->row.labels, want);
}

bool
table_read_node(const struct table_reader *reader, row_index index, unsigned want,
                struct node_view *view)
{
    const struct node_row *row = reader_row(reader, POOL_NODES, index);
    for (unsigned i = 0; row != NULL && i < READ_TRIES; i++) {
        uint32_t seq;
        if (!copy_row(row, &view->row, sizeof view->row, &seq)) {
            continue;
        }
        struct filler filler = {reader, out_of(view->buffer, sizeof view->buffer)};
        view->index = index;
        fill_node(&filler, want, view);
        if (reader_is_same(&row->head, seq)) {
            return view->row.head.state == ROW_LIVE;
        }
    }
    return false;
}

bool
table_read_namespace(const struct table_reader *reader, row_index index, unsigned want,
                     struct namespace_view *view)
{
    const struct namespace_row *row = reader_row(reader, POOL_NAMESPACES, index);
    for (unsigned i = 0; row != NULL && i < READ_TRIES; i++) {
        uint32_t seq;
        if (!copy_row(row, &view->row, sizeof view->row, &seq)) {
            continue;
        }
        struct filler filler = {reader, out_of(view->buffer, sizeof view->buffer)};
        view->index = index;
        view->name = fill(&filler, view->row.head.name, NAME_BYTES_MAX);
        view->labels = fill_labels(&filler, view->row.labels, want);
        if (reader_is_same(&row->head, seq)) {
            return view->row.head.state == ROW_LIVE;
        }
    }
    return false;
}

// A row from which another row's view takes texts: what it refers to may be
// given back, so that its sequence number counts too.
struct parent {
    const void *row;  // NULL: none
    uint32_t seq;
};

static struct parent
parent_at(const struct table_reader *reader, enum table_pool pool, row_index index)
{
    const void *row = reader_row(reader, pool, index);
    return (struct parent){row, row != NULL ? reader_seq(row) : 0};
}

static void
fill_pod(struct filler *filler, unsigned want, const struct namespace_row *space,
         const struct node_row *node, struct pod_view *view)
{
    view->name = fill(filler, view->row.head.name, NAME_BYTES_MAX);
    view->namespace_name = fill(filler, space != NULL ? space->head.name : 0, NAME_BYTES_MAX);
    view->node_name = fill(filler, node != NULL ? node->head.name : 0, NAME_BYTES_MAX);
    view->hostname = fill(filler, node != NULL ? node->hostname : 0, NAME_BYTES_MAX);
    view->owner = fill_details(filler, view->row.owner, want);
    view->reason = fill_details(filler, view->row.reason, want);
    view->labels = fill_labels(filler, view->row.labels, want);
}

bool
table_read_pod(const struct table_reader *reader, row_index index, unsigned want,
               struct pod_view *view)
{
    const struct pod_row *row = reader_row(reader, POOL_PODS, index);
    for (unsigned i = 0; row != NULL && i < READ_TRIES; i++) {
        uint32_t seq;
        if (!copy_row(row, &view->row, sizeof view->row, &seq)) {
            continue;
        }
        struct filler filler = {reader, out_of(view->buffer, sizeof view->buffer)};
        struct parent space = parent_at(reader, POOL_NAMESPACES, view->row.namespace_index);
        struct parent node = parent_at(reader, POOL_NODES, view->row.node_index);
        view->index = index;
        fill_pod(&filler, want, space.row, node.row, view);
        bool node_same = node.row == NULL || reader_is_same(node.row, node.seq);
        if (reader_is_same(&row->head, seq) && node_same) {
            return view->row.head.state == ROW_LIVE;
        }
    }
    return false;
}

bool
table_read_container(const struct table_reader *reader, row_index index, unsigned want,
                     struct container_view *view)
{
    const struct container_row *row = reader_row(reader, POOL_CONTAINERS, index);
    for (unsigned i = 0; row != NULL && i < READ_TRIES; i++) {
        uint32_t seq;
        if (!copy_row(row, &view->row, sizeof view->row, &seq)) {
            continue;
        }
        struct filler filler = {reader, out_of(view->buffer, sizeof view->buffer)};
        view->index = index;
        view->name = fill(&filler, view->row.head.name, NAME_BYTES_MAX);
        view->image = (want & VIEW_DETAILS) ? fill(&filler, view->row.image, IMAGE_BYTES_MAX)
                                            : TEXT("");
        view->last_reason = fill_details(&filler, view->row.last_reason, want);
        view->waiting_reason = fill_details(&filler, view->row.waiting_reason, want);
        if (reader_is_same(&row->head, seq)) {
            return view->row.head.state == ROW_LIVE;
        }
    }
    return false;
}

row_index
table_next_row(const struct table_reader *reader, enum table_pool pool, row_index after)
{
    uint32_t limit = reader->place[pool].limit;
    uint32_t fresh = reader->header->pool[pool].fresh;
    for (row_index i = after; i < limit && i + 1 < fresh; i++) {
        const struct row_head *head = reader_row(reader, pool, i + 1);
        if (head->state == ROW_LIVE) {
            return i + 1;
        }
    }
    return 0;
}

row_index
table_next_pod_of_namespace(const struct table_reader *reader, row_index pod)
{
    const struct pod_row *row = reader_row(reader, POOL_PODS, pod);
    return row != NULL ? reader_link(&row->namespace_next) : 0;
}

row_index
table_next_pod_of_node(const struct table_reader *reader, row_index pod)
{
    const struct pod_row *row = reader_row(reader, POOL_PODS, pod);
    return row != NULL ? reader_link(&row->node_next) : 0;
}

row_index
table_next_container(const struct table_reader *reader, row_index container)
{
    const struct container_row *row = reader_row(reader, POOL_CONTAINERS, container);
    return row != NULL ? reader_link(&row->next) : 0;
}

static row_index
bucket_of(const struct table_reader *reader, enum table_pool pool, row_index parent,
          struct text name)
{
    struct hash_key key = reader->header->hash_key;
    uint64_t hash = hash_mix(hash_bytes(key, name.at, name.size), parent);
    const struct pool_place *place = &reader->place[pool];
    size_t offset = place->bucket_offset + (hash & (place->bucket_count - 1)) * sizeof(row_index);
    return reader_link((const row_index *)(const void *)(reader->memory + offset));
}

static bool
is_named(const struct table_reader *reader, enum table_pool pool, const struct row_head *head,
         row_index parent, struct text name)
{
    if (head->state != ROW_LIVE || !string_cells_equal(reader_cells(reader), head->name, name)) {
        return false;
    }
    const struct pod_row *pod = (const struct pod_row *)(const void *)head;
    return pool != POOL_PODS || pod->namespace_index == parent;
}

// Bounded by the pool's size, so that a chain that changes meanwhile cannot
// hold the reader; a miss is believed only if no chain changed meanwhile.
static row_index
lookup(const struct table_reader *reader, enum table_pool pool, row_index parent, struct text name)
{
    const struct table_header *header = reader->header;
    name = string_cut(name, NAME_BYTES_MAX);
    for (unsigned i = 0; i < READ_TRIES; i++) {
        uint32_t seq = atomic_load_explicit(&header->structure_seq, memory_order_acquire);
        row_index index = bucket_of(reader, pool, parent, name);
        for (uint32_t hops = 0; hops <= reader->place[pool].limit; hops++) {
            const struct row_head *head = reader_row(reader, pool, index);
            if (head == NULL) {
                break;
            }
            if (is_named(reader, pool, head, parent, name)) {
                return index;
            }
            index = reader_link(&head->hash_next);
        }
        atomic_thread_fence(memory_order_acquire);
        uint32_t now = atomic_load_explicit(&header->structure_seq, memory_order_acquire);
        if (now == seq && (seq & 1U) == 0) {
            break;
        }
    }
    return 0;
}

row_index
table_lookup_node(const struct table_reader *reader, struct text name)
{
    return lookup(reader, POOL_NODES, 0, name);
}

row_index
table_lookup_namespace(const struct table_reader *reader, struct text name)
{
    return lookup(reader, POOL_NAMESPACES, 0, name);
}

row_index
table_lookup_pod(const struct table_reader *reader, row_index namespace_index, struct text name)
{
    return lookup(reader, POOL_PODS, namespace_index, name);
}

static row_index
lookup_in_list(const struct table_reader *reader, row_index first, struct text name)
{
    name = string_cut(name, NAME_BYTES_MAX);
    row_index index = first;
    for (uint32_t hops = 0; hops <= reader->place[POOL_CONTAINERS].limit; hops++) {
        const struct row_head *head = reader_row(reader, POOL_CONTAINERS, index);
        if (head == NULL) {
            return 0;
        }
        if (is_named(reader, POOL_CONTAINERS, head, 0, name)) {
            return index;
        }
        index = table_next_container(reader, index);
    }
    return 0;
}

row_index
table_lookup_container(const struct table_reader *reader, const struct pod_view *pod,
                       struct text name)
{
    return lookup_in_list(reader, pod->row.first_container, name);
}

row_index
table_lookup_system_container(const struct table_reader *reader, const struct node_view *node,
                              struct text name)
{
    return lookup_in_list(reader, node->row.first_container, name);
}

bool
table_read_filesystem(const struct table_reader *reader, row_index *at, struct labelled_view *view)
{
    const struct filesystem_row *row = reader_row(reader, POOL_FILESYSTEMS, *at);
    if (row == NULL) {
        return false;
    }
    view->filesystem = *row;
    struct filler filler = {reader, out_of(view->buffer, sizeof view->buffer)};
    view->name = fill(&filler, view->filesystem.name, SHORT_NAME_BYTES_MAX);
    *at = view->filesystem.next;
    return true;
}

bool
table_read_disk(const struct table_reader *reader, row_index *at, struct labelled_view *view)
{
    const struct disk_row *row = reader_row(reader, POOL_DISKS, *at);
    if (row == NULL) {
        return false;
    }
    view->disk = *row;
    struct filler filler = {reader, out_of(view->buffer, sizeof view->buffer)};
    view->name = fill(&filler, view->disk.name, SHORT_NAME_BYTES_MAX);
    *at = view->disk.next;
    return true;
}

bool
table_read_extra(const struct table_reader *reader, row_index *at, struct labelled_view *view)
{
    const struct extra_row *row = reader_row(reader, POOL_EXTRAS, *at);
    if (row == NULL) {
        return false;
    }
    view->extra = *row;
    struct filler filler = {reader, out_of(view->buffer, sizeof view->buffer)};
    view->name = fill(&filler, view->extra.label, SHORT_NAME_BYTES_MAX);
    view->metric = fill(&filler, view->extra.metric, SHORT_NAME_BYTES_MAX);
    *at = view->extra.next;
    return true;
}

bool
table_read_pressure(const struct table_reader *reader, row_index index, struct pressure_row *to)
{
    const struct pressure_row *row = reader_row(reader, POOL_PRESSURES, index);
    if (row == NULL) {
        return false;
    }
    *to = *row;
    return true;
}

bool
table_read_totals(const struct table_reader *reader, unsigned sample, struct totals *totals)
{
    const struct table_header *header = reader->header;
    for (unsigned i = 0; i < READ_TRIES; i++) {
        uint32_t seq = atomic_load_explicit(&header->totals_seq, memory_order_acquire);
        *totals = header->totals[((header->totals_newest & 1U) + sample) % SAMPLES_PER_ROW];
        atomic_thread_fence(memory_order_acquire);
        if ((seq & 1U) == 0 &&
            atomic_load_explicit(&header->totals_seq, memory_order_acquire) == seq) {
            return totals->cycle_s != 0;
        }
    }
    return false;
}

bool
table_read_source(const struct table_reader *reader, unsigned source, struct source_row *to)
{
    if (source == 0 || source > SOURCES_MAX || source > reader->header->source_count) {
        return false;
    }
    const struct source_row *row = &reader->header->source[source];
    for (unsigned i = 0; i < READ_TRIES; i++) {
        uint32_t seq = atomic_load_explicit(&row->seq, memory_order_acquire);
        memcpy(to, row, sizeof *to);
        to->name[SOURCE_TEXT_BYTES - 1] = '\0';
        to->last_error[SOURCE_TEXT_BYTES - 1] = '\0';
        atomic_thread_fence(memory_order_acquire);
        if ((seq & 1U) == 0 && atomic_load_explicit(&row->seq, memory_order_acquire) == seq) {
            return true;
        }
    }
    return false;
}

struct pool_use
table_read_pool(const struct table_reader *reader, enum table_pool pool)
{
    ASSERT(pool < POOL_COUNT);
    return reader->header->pool[pool];
}

struct text
table_uid_text(const uint8_t uid[16], uint8_t form, struct out *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t begin = out->used;
    for (size_t i = 0; i < 16 && form != UID_NONE; i++) {
        bool dash = form == UID_UUID && (i == 4 || i == 6 || i == 8 || i == 10);
        if (dash) {
            out_byte(out, '-');
        }
        out_byte(out, digits[uid[i] >> 4]);
        out_byte(out, digits[uid[i] & 15]);
    }
    return (struct text){out->at + begin, out->used - begin};
}
