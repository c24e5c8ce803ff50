// One sample of a row, and how an observation becomes one.
//
// A sample belongs to one cycle (nominal time, Unix seconds) and holds integers
// and rates in the slots of sample.tbl.h. Kubelets refresh CPU, memory, network
// and storage at different moments, so each part keeps its own time. A rate is
// the difference of a counter between two samples divided by the difference of
// that part's own times; it is carried over while the part brings nothing new,
// and absent for one cycle when the counter went back or the start changed.
//
// Pure functions over memory that the caller owns.
#ifndef SKERRY_MODEL_SAMPLE_H
#define SKERRY_MODEL_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/metric.h"
#include "model/observation.h"
#include "model/slot.h"

// Storage has no rates and so no time of its own.
enum sample_part { PART_CPU, PART_MEMORY, PART_NETWORK, PART_STORAGE };
#define PART_TIMED_COUNT PART_STORAGE

struct sample_head {
    uint32_t cycle_s;  // nominal time, Unix seconds; 0 = empty
    uint32_t present;  // a bit per slot: integers first, then rates
    int32_t offset_ms[PART_TIMED_COUNT];  // the part's own time - cycle_s * 1000
};

// The head and the rates are counted in 4 bytes and the values in 8: in this
// order no kind has padding.
struct node_sample {
    struct sample_head head;
    float rate[NODE_RATE_COUNT];
    uint64_t value[NODE_VALUE_COUNT];
};

struct pod_sample {
    struct sample_head head;
    float rate[POD_RATE_COUNT];
    uint64_t value[POD_VALUE_COUNT];
};

struct container_sample {
    struct sample_head head;
    float rate[CONTAINER_RATE_COUNT];
    uint64_t value[CONTAINER_VALUE_COUNT];
};

// A sample of any kind, for code that works on all of them.
struct sample {
    enum slot_kind kind;
    struct sample_head *head;
    uint64_t *value;
    float *rate;
};

struct sample sample_of_node(struct node_sample *node);
struct sample sample_of_pod(struct pod_sample *pod);
struct sample sample_of_container(struct container_sample *container);

// Empties `sample` and gives it to the cycle.
void sample_begin(struct sample sample, uint32_t cycle_s);

// Fold a part into `now`. `before` is the sample of the same row in an earlier
// cycle, or one with head->cycle_s == 0 when there is none or the row began
// anew since. A part without a time is taken to be from `arrival`. A part
// whose time is not newer than the one in `before` keeps what `before` had; if
// it is half a minute older, its clock was set back: its values are new, and
// rates are absent for one cycle.
void sample_fold_cpu(struct sample now, struct sample before, const struct cpu_seen *cpu,
                     struct wall_ms arrival);
void sample_fold_memory(struct sample now, struct sample before, const struct memory_seen *memory,
                        struct wall_ms arrival);
void sample_fold_network(struct sample now, struct sample before,
                         const struct network_seen *network, struct wall_ms arrival);
// Sets one integer of the storage part (no rate).
void sample_set(struct sample sample, enum metric metric, uint64_t value);
void sample_set_rate(struct sample sample, enum metric metric, double rate);
void sample_unset(struct sample sample, enum metric metric);

// Reads a stored metric. False: not stored for this kind, or absent.
bool sample_get(struct sample sample, enum metric metric, struct metric_value *value);
// The part's own time; 0 when the sample has nothing of it, and for storage.
struct wall_ms sample_part_time(struct sample sample, enum sample_part part);
// The part to which a metric belongs.
enum sample_part sample_part_of(enum metric metric);

#endif
