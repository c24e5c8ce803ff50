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
    unsigned want;
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
fill_details(struct filler *filler, string_ref ref)
{
    return (filler->want & VIEW_DETAILS) ? fill(filler, ref, SHORT_NAME_BYTES_MAX) : TEXT("");
}

static struct text
fill_labels(struct filler *filler, string_ref ref)
{
    return (filler->want & VIEW_LABELS) ? fill(filler, ref, LABELS_BYTES_MAX) : TEXT("");
}

static bool
fill_node(struct filler *filler, void *to)
{
    struct node_view *view = to;
    view->name = fill(filler, view->row.head.name, NAME_BYTES_MAX);
    view->hostname = fill(filler, view->row.hostname, NAME_BYTES_MAX);
    view->address = fill(filler, view->row.address, NAME_BYTES_MAX);
    view->host_id = fill_details(filler, view->row.host_id);
    view->kubelet_version = fill_details(filler, view->row.kubelet_version);
    view->os_image = fill_details(filler, view->row.os_image);
    view->labels = fill_labels(filler, view->row.labels);
    return true;
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
copying_of(const struct table_reader *reader, enum table_pool pool, row_index index, unsigned want,
           char *buffer, size_t size)
{
    return (struct copying){
        .row = reader_row(reader, pool, index),
        .filler = {reader, want, out_of(buffer, size)},
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

// Copies a row to where the view has its own, and its texts by `fill_texts`, which says
// whether those belong together. False too for a row that is not live.
static bool
copy_view(struct copying *copying, void *row, size_t row_bytes,
          bool (*fill_texts)(struct filler *filler, void *view), void *view)
{
    const struct row_head *head = row;
    while (copying_begin(copying, row, row_bytes)) {
        bool same = (copying->filler.want & VIEW_ROW) != 0 || fill_texts(&copying->filler, view);
        if (same && reader_is_same(copying->row, copying->seq)) {
            return head->state == ROW_LIVE;
        }
    }
    return false;
}

bool
table_read_node(const struct table_reader *reader, row_index index, unsigned want,
                struct node_view *view)
{
    struct copying copying =
        copying_of(reader, POOL_NODES, index, want, view->buffer, sizeof view->buffer);
    view->index = index;
    return copy_view(&copying, &view->row, sizeof view->row, fill_node, view);
}

static bool
fill_namespace(struct filler *filler, void *to)
{
    struct namespace_view *view = to;
    view->name = fill(filler, view->row.head.name, NAME_BYTES_MAX);
    view->labels = fill_labels(filler, view->row.labels);
    return true;
}

bool
table_read_namespace(const struct table_reader *reader, row_index index, unsigned want,
                     struct namespace_view *view)
{
    struct copying copying =
        copying_of(reader, POOL_NAMESPACES, index, want, view->buffer, sizeof view->buffer);
    view->index = index;
    return copy_view(&copying, &view->row, sizeof view->row, fill_namespace, view);
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

static bool
fill_pod(struct filler *filler, void *to)
{
    struct pod_view *view = to;
    struct parent space = parent_at(filler->reader, POOL_NAMESPACES, view->row.namespace_index);
    struct parent at = parent_at(filler->reader, POOL_NODES, view->row.node_index);
    const struct row_head *space_head = space.row;
    const struct node_row *node = at.row;
    view->name = fill(filler, view->row.head.name, NAME_BYTES_MAX);
    view->namespace_name =
        fill(filler, space_head != NULL ? space_head->name : 0, NAME_BYTES_MAX);
    view->node_name = fill(filler, node != NULL ? node->head.name : 0, NAME_BYTES_MAX);
    view->hostname = fill(filler, node != NULL ? node->hostname : 0, NAME_BYTES_MAX);
    view->owner = fill_details(filler, view->row.owner);
    view->reason = fill_details(filler, view->row.reason);
    view->labels = fill_labels(filler, view->row.labels);
    return node == NULL || reader_is_same(&node->head, at.seq);
}

bool
table_read_pod(const struct table_reader *reader, row_index index, unsigned want,
               struct pod_view *view)
{
    struct copying copying =
        copying_of(reader, POOL_PODS, index, want, view->buffer, sizeof view->buffer);
    view->index = index;
    return copy_view(&copying, &view->row, sizeof view->row, fill_pod, view);
}

static bool
fill_container(struct filler *filler, void *to)
{
    struct container_view *view = to;
    view->name = fill(filler, view->row.head.name, NAME_BYTES_MAX);
    view->image =
        (filler->want & VIEW_DETAILS) ? fill(filler, view->row.image, IMAGE_BYTES_MAX) : TEXT("");
    view->last_reason = fill_details(filler, view->row.last_reason);
    view->waiting_reason = fill_details(filler, view->row.waiting_reason);
    return true;
}

bool
table_read_container(const struct table_reader *reader, row_index index, unsigned want,
                     struct container_view *view)
{
    struct copying copying =
        copying_of(reader, POOL_CONTAINERS, index, want, view->buffer, sizeof view->buffer);
    view->index = index;
    return copy_view(&copying, &view->row, sizeof view->row, fill_container, view);
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
    return (struct filler){reader, VIEW_NAMES, out_of(view->buffer, sizeof view->buffer)};
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
