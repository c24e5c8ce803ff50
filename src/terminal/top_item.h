// One row of `skerry top`: what the live table says of a node, pod or container,
// in the figures that are shown.
//
// CPU in millicores, memory (working set) in bytes, traffic in bytes per second;
// negative: unknown. The whole of a node is what is allocatable (of a machine
// without an API server its capacity), of a pod or container its limit; a pod has
// one when all of its containers have. A pod on its node's network has no traffic
// of its own.
#ifndef SKERRY_TERMINAL_TOP_ITEM_H
#define SKERRY_TERMINAL_TOP_ITEM_H

#include <stdbool.h>

#include "base/times.h"
#include "table/reader.h"
#include "terminal/screen.h"

enum top_kind { TOP_NODES, TOP_PODS, TOP_CONTAINERS, TOP_KIND_COUNT };

enum top_sort {
#define SORT(id, name, key, help) TOP_SORT_##id,
#include "terminal/top_sort.tbl.h"
#undef SORT
    TOP_SORT_COUNT
};

struct top_item {
    enum top_kind kind;
    row_index row;
    struct text space;  // empty: of a node or system container
    struct text pod;    // of a container
    struct text name;
    struct text node;
    double cpu, cpu_whole;
    double memory, memory_whole;
    double receive, transmit;
    double restarts;
    double pods;        // of a node
    uint32_t start_s;   // Unix seconds; 0: unknown
    uint32_t sample_s;  // nominal time of the newest sample; 0: none
    // Filled by top_item_describe only.
    struct text status;
    enum style status_style;
    char status_buffer[160];
    // What was read; texts above point into it.
    struct node_view node_view;
    struct pod_view pod_view;
    struct container_view container_view;
};

const char *top_kind_name(enum top_kind kind);  // "pods"
enum table_pool top_kind_pool(enum top_kind kind);
const char *top_sort_name(enum top_sort sort);  // "cpu"

// All zero before the first call. False: the row is free, gone, or cannot be read
// now.
bool top_item_read(struct top_item *item, const struct table_reader *table, enum top_kind kind,
                   row_index row);
// How it is doing, of an item that was just read; an age of the data when they
// are older than STALE_CYCLES. `now` in Unix time.
void top_item_describe(struct top_item *item, const struct table_reader *table,
                       struct wall_ms now);

// Used of the whole; negative: unknown.
double top_share(double used, double whole);
// What the row is sorted by; larger comes first, unknown is below all. 0 for NAME.
double top_item_value(const struct top_item *item, enum top_sort sort);

#endif
