// What a person sees and does in `skerry top`: keys change it, and it draws
// itself. Pure: the caller reads keys, scans rows and writes bytes.
//
// Lines from the top: the cluster, its sums, what is wrong (only then), titles, rows,
// and at the bottom the keys or the filter that is being typed.
#ifndef SKERRY_TERMINAL_TOP_VIEW_H
#define SKERRY_TERMINAL_TOP_VIEW_H

#include "limits.h"
#include "terminal/top_line.h"

// Lines of what is wrong.
#define TOP_NOTICES_MAX 4
#define TOP_NOTICE_BYTES 256

// What the caller knows of the cluster and of collect.
struct top_cluster {
    struct wall_ms now;
    struct totals totals;    // cycle_s 0: there are none yet
    double cpu, cpu_whole;   // sums of the nodes
    double memory, memory_whole;
    unsigned notice_count;
    struct out notice[TOP_NOTICES_MAX];
    char notice_buffer[TOP_NOTICES_MAX][TOP_NOTICE_BYTES];
};

struct top_view {
    struct top_ask ask;  // ask.filter lies in `filter`
    uint32_t first;      // row at the top
    unsigned page;       // rows that were drawn last
    bool paused;
    bool help;
    bool typing;
    size_t filter_bytes;
    char filter[TOP_FILTER_BYTES_MAX];
};

enum top_change {
    TOP_SAME,
    TOP_REDRAW,
    TOP_RESCAN,  // other rows, or in another order
    TOP_ANEW,    // the terminal shows something else: draw all of it
    TOP_QUIT,
};

void top_view_init(struct top_view *view, const struct top_ask *ask);

// A key of key.h.
enum top_change top_view_key(struct top_view *view, int key, const struct top_rows *rows);

// Another sentence about what is wrong, NULL when there is no room for it.
struct out *top_cluster_notice(struct top_cluster *cluster);

// Draws into the screen; `table` NULL: there is none, the notices say why. Selects
// the rows that it shows.
void top_view_draw(struct top_view *view, struct screen *screen, struct top_rows *rows,
                   const struct table_reader *table, const struct top_cluster *cluster);

#endif
