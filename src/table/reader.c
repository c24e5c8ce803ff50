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
    if (want & VIEW_ROW) {
        return;
    }
    view->name = fill(filler, view->row.head.name, NAME_BYTES_MAX);
    view->hostname = fill(filler, view->row.hostname, NAME_BYTES_MAX);
    view->address = fill(filler, view->row.address, NAME_BYTES_MAX);
    view->host_id = fill_details(filler, view->row.host_id, want);
    view->kubelet_version = fill_details(filler, view->row.kubelet_version, want);
    view->os_image = fill_details(filler, view->row.os_image, want);
    view->labels = fill_labels(filler, view->row.labels, want);
}

// One copying of a row and its texts into a view: begun again until it is whole
// or the tries are used up.
struct copying {
    const struct row_head *row;  // NULL: no such row
    uint32_t seq;                // what the row had when the copying began
    unsigned tries;
    struct filler filler;
};

static struct copying
copying_of(const struct table_reader *reader, enum table_pool pool, row_index index, char *buffer,
           size_t size)
{
    return (struct copying){
        .row = reader_row(reader, pool, index),
        .filler = {reader, out_of(buffer, size)},
    };
}

// Copies the row to where the view has its own. False: there is none, or it is
// being written all the time.
static bool
copying_begin(struct copying *copying, void *to, size_t row_bytes)
{
    while (copying->row != NULL && copying->tries < READ_TRIES) {
        copying->tries++;
        copying->seq = reader_seq(copying->row);
        if (copying->seq & 1U) {
            continue;
        }
        memcpy(to, copying->row, row_bytes);
        struct row_head *head = to;
        head->newest &= 1U;  // callers use it as an index
        copying->filler.out.used = 0;
        if (reader_is_same(copying->row, copying->seq)) {
            return true;
        }
    }
    return false;
}

static bool
copying_is_whole(const struct copying *copying)
{
    return reader_is_same(copying->row, copying->seq);
}

bool
table_read_node(const struct table_reader *reader, row_index index, unsigned want,
                struct node_view *view)
{
    struct copying copying =
        copying_of(reader, POOL_NODES, index, view->buffer, sizeof view->buffer);
    view->index = index;
    while (copying_begin(&copying, &view->row, sizeof view->row)) {
        fill_node(&copying.filler, want, view);
        if (copying_is_whole(&copying)) {
            return view->row.head.state == ROW_LIVE;
        }
    }
    return false;
}

static void
fill_namespace(struct filler *filler, unsigned want, struct namespace_view *view)
{
    if (want & VIEW_ROW) {
        return;
    }
    view->name = fill(filler, view->row.head.name, NAME_BYTES_MAX);
    view->labels = fill_labels(filler, view->row.labels, want);
}

bool
table_read_namespace(const struct table_reader *reader, row_index index, unsigned want,
                     struct namespace_view *view)
{
    struct copying copying =
        copying_of(reader, POOL_NAMESPACES, index, view->buffer, sizeof view->buffer);
    view->index = index;
    while (copying_begin(&copying, &view->row, sizeof view->row)) {
        fill_namespace(&copying.filler, want, view);
        if (copying_is_whole(&copying)) {
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
    if (want & VIEW_ROW) {
        return;
    }
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
    struct copying copying =
        copying_of(reader, POOL_PODS, index, view->buffer, sizeof view->buffer);
    view->index = index;
    while (copying_begin(&copying, &view->row, sizeof view->row)) {
        struct parent space = parent_at(reader, POOL_NAMESPACES, view->row.namespace_index);
        struct parent node = parent_at(reader, POOL_NODES, view->row.node_index);
        fill_pod(&copying.filler, want, space.row, node.row, view);
        bool node_same = node.row == NULL || reader_is_same(node.row, node.seq);
        if (copying_is_whole(&copying) && node_same) {
            return view->row.head.state == ROW_LIVE;
        }
    }
    return false;
}

static void
fill_container(struct filler *filler, unsigned want, struct container_view *view)
{
    if (want & VIEW_ROW) {
        return;
    }
    view->name = fill(filler, view->row.head.name, NAME_BYTES_MAX);
    view->image =
        (want & VIEW_DETAILS) ? fill(filler, view->row.image, IMAGE_BYTES_MAX) : TEXT("");
    view->last_reason = fill_details(filler, view->row.last_reason, want);
    view->waiting_reason = fill_details(filler, view->row.waiting_reason, want);
}

bool
table_read_container(const struct table_reader *reader, row_index index, unsigned want,
                     struct container_view *view)
{
    struct copying copying =
        copying_of(reader, POOL_CONTAINERS, index, view->buffer, sizeof view->buffer);
    view->index = index;
    while (copying_begin(&copying, &view->row, sizeof view->row)) {
        fill_container(&copying.filler, want, view);
        if (copying_is_whole(&copying)) {
            return view->row.head.state == ROW_LIVE;
        }
    }
    return false;
}

// Copies the row at *at, whatever its kind, and goes on to the next.
static bool
copy_labelled(const struct table_reader *reader, enum table_pool pool, row_index *at,
              struct labelled_view *view)
{
    const void *row = reader_row(reader, pool, *at);
    if (row == NULL) {
        return false;
    }
    memcpy(view, row, reader->place[pool].row_bytes);  // the union stands first
    *at = view->next;
    return true;
}

static struct filler
filler_of(const struct table_reader *reader, struct labelled_view *view)
{
    return (struct filler){reader, out_of(view->buffer, sizeof view->buffer)};
}

bool
table_read_filesystem(const struct table_reader *reader, row_index *at, struct labelled_view *view)
{
    struct filler filler = filler_of(reader, view);
    bool there = copy_labelled(reader, POOL_FILESYSTEMS, at, view);
    view->name = there ? fill(&filler, view->filesystem.name, SHORT_NAME_BYTES_MAX) : TEXT("");
    return there;
}

bool
table_read_disk(const struct table_reader *reader, row_index *at, struct labelled_view *view)
{
    struct filler filler = filler_of(reader, view);
    bool there = copy_labelled(reader, POOL_DISKS, at, view);
    view->name = there ? fill(&filler, view->disk.name, SHORT_NAME_BYTES_MAX) : TEXT("");
    return there;
}

bool
table_read_extra(const struct table_reader *reader, row_index *at, struct labelled_view *view)
{
    if (!copy_labelled(reader, POOL_EXTRAS, at, view)) {
        return false;
    }
    struct filler filler = filler_of(reader, view);
    view->name = fill(&filler, view->extra.label, SHORT_NAME_BYTES_MAX);
    view->metric = fill(&filler, view->extra.metric, SHORT_NAME_BYTES_MAX);
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
    ASSERT(pool < POOL_SHOWN_COUNT);
    return pool == POOL_REFUSED_PODS ? reader->header->refused_pods : reader->header->pool[pool];
}

uint64_t
table_text_stamp(const struct table_reader *reader, string_ref ref)
{
    return string_cells_stamp(reader_cells(reader), ref);
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
