// One sample of a cAdvisor container (info/v1 ContainerStats). For cadvisor.c.
#ifndef SKERRY_PARSE_CADVISOR_STATS_H
#define SKERRY_PARSE_CADVISOR_STATS_H

#include "model/observation.h"
#include "parse/cursor.h"
#include "parse/decoder.h"

struct cadvisor_stats {
    struct cpu_seen cpu;
    struct memory_seen memory;
    struct network_seen network;
    struct pressure_seen pressure;
    uint32_t filesystem_count;
    uint32_t disk_count;
    struct filesystem_seen filesystems[NODE_FILESYSTEMS_MAX];
    struct disk_seen disks[NODE_DISKS_MAX];
};

extern const struct shape cadvisor_stats_shape;

// Zeroes `stats` but for unused file systems and disks, and fills it; every
// part carries the sample's time.
int cadvisor_stats_read(struct cursor *cursor, struct cadvisor_stats *stats,
                        struct parse_counters *counters) MUST_USE;

#endif
