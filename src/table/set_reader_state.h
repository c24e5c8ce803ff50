// What the files of the set reader share; for them only.
#ifndef SKERRY_TABLE_SET_READER_STATE_H
#define SKERRY_TABLE_SET_READER_STATE_H

#include "table/reader_state.h"
#include "table/set_reader.h"

// Names of labelled values: those of a node's or pod's longest lists with the
// longest names; shorter ones leave room for extras.
#define SET_TEXT_BYTES (POD_VOLUMES_MAX * SHORT_NAME_BYTES_MAX + 4096)
#define SET_UID_BYTES 40

enum set_stage { STAGE_CLUSTER, STAGE_NAMESPACES, STAGE_NODES, STAGE_PODS, STAGE_END };

struct set_reader {
    const struct table_reader *table;
    uint32_t cycle_s;
    uint32_t count, left_out, late;
    // The walk: the row whose containers are being read, or was the last.
    enum set_stage stage;
    row_index at;
    row_index container_at;  // the next of its containers; 0: on to the next row
    uint32_t hops;           // containers of it so far
    // Rows as last read; index 0 = none. Parents serve many sets.
    struct node_view node;
    struct namespace_view space;
    struct pod_view pod;
    bool with_texts;  // labels are wanted
    bool node_has_texts, space_has_texts, pod_has_texts;
    uint64_t node_identity, space_identity, pod_identity;
    struct container_view container;
    struct metric_set set;
    struct labelled_value labelled[SET_LABELLED_MAX];
    struct out texts;
    char text_room[SET_TEXT_BYTES];
    char pod_id[SET_UID_BYTES], space_id[SET_UID_BYTES];
};

// The values of the row in sets->node, pod, container or space. Those that
// hang on the row in lists count only if the row has not changed meanwhile.
void set_values_of_totals(struct set_reader *sets, const struct totals *totals);
void set_values_of_node(struct set_reader *sets);
void set_values_of_pod(struct set_reader *sets);
void set_values_of_container(struct set_reader *sets);

// The lists: file systems, disks and extras that hang on a row; 0 = none.
struct set_lists {
    row_index filesystems, disk, extras;
};
void set_labelled_lists(struct set_reader *sets, struct set_lists lists);
// The root file system and the logs of sets->container.
void set_labelled_storage(struct set_reader *sets);

static inline void
set_put_whole(struct metric_set *set, enum metric metric, uint64_t number)
{
    set->present[metric] = true;
    set->value[metric] = (struct metric_value){.u64 = number};
}

static inline void
set_put_real(struct metric_set *set, enum metric metric, double number)
{
    set->present[metric] = true;
    set->value[metric] = (struct metric_value){.is_double = true, .real = number};
}

#endif
