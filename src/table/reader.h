// The reading side of the live table: consistent copies of rows.
//
// Every read copies a row and its texts into a view of the caller's and checks
// the row's sequence number before and after; a row under writing is tried
// again a bounded number of times. Nothing read here is trusted for memory
// safety: places come from the capacity found at init, indexes and sizes are
// checked against them, so that a table damaged by a dying writer can give
// wrong values but no crash. Readers never write.
//
// Lists change while they are read: a walk may leave its list when a row is
// given back meanwhile, and a damaged table may lead it in circles. So callers
// stop after the pool's limit of rows and check that a row names the parent
// they came from; table_is_unchanged tells whether labelled values were the row's.
#ifndef SKERRY_TABLE_READER_H
#define SKERRY_TABLE_READER_H

#include <stdbool.h>

#include "table/table.h"

struct table_reader {
    const struct table_header *header;
    const unsigned char *memory;
    size_t size;
    struct pool_place place[POOL_COUNT];
};

// -ERR_LAYOUT when this is no table of our layout.
int table_reader_init(struct table_reader *reader, const void *memory, size_t size) MUST_USE;

#define VIEW_NAMES 0u         // name and the names of its parents, always given
#define VIEW_LABELS (1u << 0)
#define VIEW_DETAILS (1u << 1)  // image, reasons, owner, host_id, versions...
#define VIEW_ROW (1u << 2)      // the row alone: no text is given, names neither

struct node_view {
    struct node_row row;
    row_index index;
    struct text name, hostname, address, host_id, labels, kubelet_version, os_image;
    char buffer[NAME_BYTES_MAX * 3 + SHORT_NAME_BYTES_MAX * 3 + LABELS_BYTES_MAX];
};

struct namespace_view {
    struct namespace_row row;
    row_index index;
    struct text name, labels;
    char buffer[NAME_BYTES_MAX + LABELS_BYTES_MAX];
};

struct pod_view {
    struct pod_row row;
    row_index index;
    struct text name, namespace_name, node_name, hostname, labels, owner, reason;
    char buffer[NAME_BYTES_MAX * 4 + SHORT_NAME_BYTES_MAX * 2 + LABELS_BYTES_MAX];
};

struct container_view {
    struct container_row row;
    row_index index;
    struct text name, image, last_reason, waiting_reason;
    char buffer[NAME_BYTES_MAX + IMAGE_BYTES_MAX + SHORT_NAME_BYTES_MAX * 2];
};

// Next live row after `after` (0 to begin); 0 at the end. Scans the pool, so
// rows that come and go meanwhile may or may not be seen.
row_index table_next_row(const struct table_reader *reader, enum table_pool pool, row_index after);
// Rows of a list: the pods of a namespace or node, the containers of a pod or
// node; 0 at the end.
row_index table_next_pod_of_namespace(const struct table_reader *reader, row_index pod);
row_index table_next_pod_of_node(const struct table_reader *reader, row_index pod);
row_index table_next_container(const struct table_reader *reader, row_index container);

// False: the row is free or gone, or could not be read consistently.
bool table_read_node(const struct table_reader *reader, row_index index, unsigned want, struct node_view *view);
bool table_read_namespace(const struct table_reader *reader, row_index index, unsigned want, struct namespace_view *view);
bool table_read_pod(const struct table_reader *reader, row_index index, unsigned want, struct pod_view *view);
bool table_read_container(const struct table_reader *reader, row_index index, unsigned want, struct container_view *view);

// Whether the row is still as it was when it was copied: a view's own row is
// view.row.head.seq. Says for lists of labelled values that they were its own.
bool table_is_unchanged(const struct table_reader *reader, enum table_pool pool, row_index index, uint32_t seq);

row_index table_lookup_node(const struct table_reader *reader, struct text name);
row_index table_lookup_namespace(const struct table_reader *reader, struct text name);
row_index table_lookup_pod(const struct table_reader *reader, row_index namespace_index, struct text name);
row_index table_lookup_container(const struct table_reader *reader, const struct pod_view *pod, struct text name);
row_index table_lookup_system_container(const struct table_reader *reader, const struct node_view *node, struct text name);

// Labelled values of a node or pod (first = row.filesystems ...). Each call
// copies one and gives the next index in *at; false at the end.
struct labelled_view {
    union {
        row_index next;  // of all three
        struct filesystem_row filesystem;
        struct disk_row disk;
        struct extra_row extra;
    };
    struct text name;    // resource_id, or the extra's label
    struct text metric;  // extras only
    char buffer[SHORT_NAME_BYTES_MAX * 2];
};
bool table_read_filesystem(const struct table_reader *reader, row_index *at, struct labelled_view *view);
bool table_read_disk(const struct table_reader *reader, row_index *at, struct labelled_view *view);
bool table_read_extra(const struct table_reader *reader, row_index *at, struct labelled_view *view);
bool table_read_pressure(const struct table_reader *reader, row_index index, struct pressure_row *row);

// Totals of the cluster; `sample` 0 = newest, 1 = the one before.
bool table_read_totals(const struct table_reader *reader, unsigned sample, struct totals *totals);
bool table_read_source(const struct table_reader *reader, unsigned source, struct source_row *row);
struct pool_use table_read_pool(const struct table_reader *reader, enum table_pool pool);

// Any metric of any level by its catalogue entry, derived ones (uptime,
// utilization, requests, filesystem of a container) included. `sample` 0 =
// newest. *time is the nominal time of the cycle. False: absent. Labelled
// metrics take `resource_id`; others ignore it.
bool table_node_metric(const struct table_reader *reader, const struct node_view *view, enum metric metric, struct text resource_id, unsigned sample, struct metric_value *value, struct wall_ms *time);
bool table_pod_metric(const struct table_reader *reader, const struct pod_view *view, enum metric metric, struct text resource_id, unsigned sample, struct metric_value *value, struct wall_ms *time);
bool table_container_metric(const struct table_reader *reader, const struct container_view *view, enum metric metric, struct text resource_id, unsigned sample, struct metric_value *value, struct wall_ms *time);
bool table_totals_metric(const struct totals *totals, enum metric metric, struct metric_value *value, struct wall_ms *time);

// Another number for another text (by its keyed hash and size), 0 for none.
uint64_t table_text_stamp(const struct table_reader *reader, string_ref ref);
// Text form of a uid, "" when unknown. Returns `out`'s view.
struct text table_uid_text(const uint8_t uid[16], uint8_t form, struct out *out);

#endif
