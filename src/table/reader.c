#include "table/reader.h"

#include <string.h>

#include "base/check.h"
#include "table/string_store.h"

// A row is copied again when the writer was inside; the writer holds a row for
// microseconds, so that a few tries are plenty. A writer that died inside
// leaves the row unreadable until its successor comes.
#define READ_TRIES 64

int
table_reader_init(struct table_reader *reader, const void *memory, size_t size)
{
    int error = table_check(memory, size);
    if (error != 0) {
        return error;
    }
    *reader = (struct table_reader){memory, memory, size};
    return 0;
}

// NULL for an index outside the pool: links are not trusted.
static const void *
row_at(const struct table_reader *reader, enum table_pool pool, row_index index)
{
    const struct pool_use *use = &reader->header->pool[pool];
    if (index == 0 || index > use->limit) {
        return NULL;
    }
    size_t offset = use->offset + (size_t)index * use->row_bytes;
    if (offset + use->row_bytes > reader->size) {
        return NULL;
    }
    return reader->memory + offset;
}

static uint32_t
seq_of(const struct row_head *head)
{
    return atomic_load_explicit(&head->seq, memory_order_acquire);
}

// Copies a row with a head; *seq is what it had. False while it is written.
static bool
copy_row(const void *row, void *to, size_t size, uint32_t *seq)
{
    *seq = seq_of(row);
    if (*seq & 1U) {
        return false;
    }
    memcpy(to, row, size);
    atomic_thread_fence(memory_order_acquire);
    return seq_of(row) == *seq;
}

static bool
is_unchanged(const void *row, uint32_t seq)
{
    atomic_thread_fence(memory_order_acquire);
    return seq_of(row) == seq;
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
    size_t size = string_copy(filler->reader->header, ref, to, room < size_max ? room : size_max);
    filler->out.used += size;
    return (struct text){to, size};
}

static string_ref
name_of(const struct table_reader *reader, enum table_pool pool, row_index index)
{
    const struct row_head *head = row_at(reader, pool, index);
    return head != NULL ? head->name : 0;
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
    const struct node_row *row = row_at(reader, POOL_NODES, index);
    for (unsigned i = 0; row != NULL && i < READ_TRIES; i++) {
        uint32_t seq;
        if (!copy_row(row, &view->row, sizeof view->row, &seq)) {
            continue;
        }
        struct filler filler = {reader, out_of(view->buffer, sizeof view->buffer)};
        view->index = index;
        fill_node(&filler, want, view);
        if (is_unchanged(row, seq)) {
            return view->row.head.state == ROW_LIVE;
        }
    }
    return false;
}

bool
table_read_namespace(const struct table_reader *reader, row_index index, unsigned want,
                     struct namespace_view *view)
{
    const struct namespace_row *row = row_at(reader, POOL_NAMESPACES, index);
    for (unsigned i = 0; row != NULL && i < READ_TRIES; i++) {
        uint32_t seq;
        if (!copy_row(row, &view->row, sizeof view->row, &seq)) {
            continue;
        }
        struct filler filler = {reader, out_of(view->buffer, sizeof view->buffer)};
        view->index = index;
        view->name = fill(&filler, view->row.head.name, NAME_BYTES_MAX);
        view->labels = fill_labels(&filler, view->row.labels, want);
        if (is_unchanged(row, seq)) {
            return view->row.head.state == ROW_LIVE;
        }
    }
    return false;
}

static void
fill_pod(struct filler *filler, unsigned want, struct pod_view *view)
{
    const struct table_reader *reader = filler->reader;
    const struct node_row *node = row_at(reader, POOL_NODES, view->row.node_index);
    view->name = fill(filler, view->row.head.name, NAME_BYTES_MAX);
    view->namespace_name =
        fill(filler, name_of(reader, POOL_NAMESPACES, view->row.namespace_index), NAME_BYTES_MAX);
    view->node_name =
        fill(filler, name_of(reader, POOL_NODES, view->row.node_index), NAME_BYTES_MAX);
    view->hostname = fill(filler, node != NULL ? node->hostname : 0, NAME_BYTES_MAX);
    view->owner = fill_details(filler, view->row.owner, want);
    view->reason = fill_details(filler, view->row.reason, want);
    view->labels = fill_labels(filler, view->row.labels, want);
}

bool
table_read_pod(const struct table_reader *reader, row_index index, unsigned want,
               struct pod_view *view)
{
    const struct pod_row *row = row_at(reader, POOL_PODS, index);
    for (unsigned i = 0; row != NULL && i < READ_TRIES; i++) {
        uint32_t seq;
        if (!copy_row(row, &view->row, sizeof view->row, &seq)) {
            continue;
        }
        struct filler filler = {reader, out_of(view->buffer, sizeof view->buffer)};
        view->index = index;
        fill_pod(&filler, want, view);
        if (is_unchanged(row, seq)) {
            return view->row.head.state == ROW_LIVE;
        }
    }
    return false;
}

bool
table_read_container(const struct table_reader *reader, row_index index, unsigned want,
                     struct container_view *view)
{
    const struct container_row *row = row_at(reader, POOL_CONTAINERS, index);
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
        if (is_unchanged(row, seq)) {
            return view->row.head.state == ROW_LIVE;
        }
    }
    return false;
}

row_index
table_next_row(const struct table_reader *reader, enum table_pool pool, row_index after)
{
    const struct pool_use *use = &reader->header->pool[pool];
    for (row_index i = after + 1; i < use->fresh && i <= use->limit; i++) {
        const struct row_head *head = row_at(reader, pool, i);
        if (head != NULL && head->state == ROW_LIVE) {
            return i;
        }
    }
    return 0;
}

row_index
table_next_pod_of_namespace(const struct table_reader *reader, row_index pod)
{
    const struct pod_row *row = row_at(reader, POOL_PODS, pod);
    return row != NULL ? row->namespace_next : 0;
}

row_index
table_next_pod_of_node(const struct table_reader *reader, row_index pod)
{
    const struct pod_row *row = row_at(reader, POOL_PODS, pod);
    return row != NULL ? row->node_next : 0;
}

row_index
table_next_container(const struct table_reader *reader, row_index container)
{
    const struct container_row *row = row_at(reader, POOL_CONTAINERS, container);
    return row != NULL ? row->next : 0;
}

static row_index
bucket_of(const struct table_reader *reader, enum table_pool pool, row_index parent,
          struct text name)
{
    const struct table_header *header = reader->header;
    uint64_t hash = hash_mix(hash_bytes(header->hash_key, name.at, name.size), parent);
    uint32_t count = header->bucket_count[pool];
    size_t offset = header->bucket_offset[pool] + (hash & (count - 1)) * sizeof(row_index);
    row_index index;
    memcpy(&index, reader->memory + offset, sizeof index);
    return index;
}

static bool
is_named(const struct table_reader *reader, enum table_pool pool, const struct row_head *head,
         row_index parent, struct text name)
{
    if (head->state != ROW_LIVE || !string_equals(reader->header, head->name, name)) {
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
    for (unsigned i = 0; i < READ_TRIES; i++) {
        uint32_t seq = atomic_load_explicit(&header->structure_seq, memory_order_acquire);
        row_index index = bucket_of(reader, pool, parent, name);
        for (uint32_t hops = 0; hops <= header->pool[pool].limit; hops++) {
            const struct row_head *head = row_at(reader, pool, index);
            if (head == NULL) {
                break;
            }
            if (is_named(reader, pool, head, parent, name)) {
                return index;
            }
            index = head->hash_next;
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
    row_index index = first;
    for (uint32_t hops = 0; hops <= reader->header->pool[POOL_CONTAINERS].limit; hops++) {
        const struct row_head *head = row_at(reader, POOL_CONTAINERS, index);
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
    const struct filesystem_row *row = row_at(reader, POOL_FILESYSTEMS, *at);
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
    const struct disk_row *row = row_at(reader, POOL_DISKS, *at);
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
    const struct extra_row *row = row_at(reader, POOL_EXTRAS, *at);
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
    const struct pressure_row *row = row_at(reader, POOL_PRESSURES, index);
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
        *totals = header->totals[(header->totals_newest + sample) % SAMPLES_PER_ROW];
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
