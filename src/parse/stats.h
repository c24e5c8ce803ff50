// The parts that nodes, pods and containers have in common in a kubelet's
// summary: CPU, memory, swap, network, file systems, pressure. For summary.c.
#ifndef SKERRY_PARSE_STATS_H
#define SKERRY_PARSE_STATS_H

#include "model/observation.h"
#include "parse/cursor.h"
#include "parse/decoder.h"

extern const struct shape stats_cpu_shape;
extern const struct shape stats_memory_shape;
extern const struct shape stats_swap_shape;
extern const struct shape stats_network_shape;
extern const struct shape stats_filesystem_shape;
extern const struct shape stats_io_shape;
extern const struct shape stats_container_shape;

// Each fills its struct, which must be zeroed; 0 or -ERR_....
int stats_cpu(struct cursor *cursor, struct cpu_seen *cpu, struct pressure_seen *pressure) MUST_USE;
int stats_memory(struct cursor *cursor, struct memory_seen *memory,
                 struct pressure_seen *pressure) MUST_USE;
int stats_swap(struct cursor *cursor, struct memory_seen *memory) MUST_USE;
int stats_network(struct cursor *cursor, struct network_seen *network) MUST_USE;
int stats_filesystem(struct cursor *cursor, struct filesystem_seen *filesystem) MUST_USE;
int stats_io(struct cursor *cursor, struct pressure_seen *pressure) MUST_USE;

// Zeroes and fills `container`, all but unused extras.
int stats_container(struct cursor *cursor, struct container_seen *container,
                    struct parse_counters *counters) MUST_USE;

// Appends what `cursor` stands on, an array of containers, to `containers`. Of
// two with the same name the one that started later stays.
int stats_containers(struct cursor *cursor, struct container_seen *containers, uint32_t *count,
                     uint32_t count_max, struct parse_counters *counters) MUST_USE;

#endif
