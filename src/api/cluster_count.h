// How many nodes, pods and containers are in which state: one pass over the rows
// of the live table, some rows a call, so that other clients are served between.
//
// Of what has a row; pods and nodes beyond the plan are only in the totals that
// the table keeps. Rows that come or go meanwhile may or may not be counted.
#ifndef SKERRY_API_CLUSTER_COUNT_H
#define SKERRY_API_CLUSTER_COUNT_H

#include <stdbool.h>

#include "table/reader.h"

#define CLUSTER_POD_PHASES 5         // enum pod_phase
#define CLUSTER_CONTAINER_STATES 4   // enum container_state

// All zero to begin.
struct cluster_counts {
    unsigned stage;  // which pool
    row_index row;
    uint32_t nodes, nodes_ready, nodes_failing;
    uint32_t pods[CLUSTER_POD_PHASES];
    uint32_t pods_deleting;
    uint32_t containers[CLUSTER_CONTAINER_STATES];
    uint32_t oom_killed;      // containers whose last end was OOMKilled
    uint32_t crash_looping;   // containers that wait in CrashLoopBackOff
    uint64_t restarts;        // of all containers of all pods
};

// Looks at no more than `rows` rows. True: it has seen all of them.
bool cluster_count(struct cluster_counts *counts, const struct table_reader *table,
                   unsigned rows) MUST_USE;

// "running"; a word for numbers out of range too.
const char *cluster_phase_name(unsigned phase);
const char *cluster_container_state_name(unsigned state);

#endif
