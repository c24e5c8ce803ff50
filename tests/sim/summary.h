/* The kubelet's /stats/summary and /metrics/resource, byte for byte in its
 * shape: the summary indented by one space. Written with a bare cursor into
 * space reserved once per pod; 100 KB must cost well below 0.15 ms. */
#ifndef SIM_SUMMARY_H
#define SIM_SUMMARY_H

#include "stats.h"

struct summary_writer {
    struct time_cache times;
};

void summary_write(struct summary_writer *writer, struct buf *out, const struct stats_view *view,
                   bool cpu_and_memory_only);

void resource_write(struct buf *out, const struct stats_view *view);

#endif
