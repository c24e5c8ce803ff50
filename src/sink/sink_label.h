// The labels of a set as sinks write them: `type` among the others, --ignore-label,
// --store-label and --label-separator applied, sorted by key, empty ones left out.
//
// Texts point into the set, the rules, or the struct itself, which therefore is
// not copied.
#ifndef SKERRY_SINK_SINK_LABEL_H
#define SKERRY_SINK_SINK_LABEL_H

#include "limits.h"
#include "model/metric_set.h"
#include "sink/sink.h"

// Those of a set, `type`, stored ones, and what a kind adds (cluster_name,
// resource_id).
#define SINK_LABELS_MAX (SET_LABEL_COUNT + 1 + SINK_LABEL_RULES_MAX + 3)
// The joined labels with another separator; pairs that do not fit are left out.
#define SINK_LABELS_JOINED_MAX 2048

struct sink_label_rules {
    unsigned ignore_count;
    struct text ignore[SINK_LABEL_RULES_MAX];  // keys left out of `labels`
    unsigned store_count;
    struct {
        struct text key;  // of the object's label
        struct text as;   // the set's label that it becomes
    } store[SINK_LABEL_RULES_MAX];
};

struct sink_label {
    struct text key;
    struct text value;
};

struct sink_labels {
    unsigned count;
    struct sink_label label[SINK_LABELS_MAX];
    char joined[SINK_LABELS_JOINED_MAX];
};

void sink_labels_collect(struct sink_labels *labels, const struct sink *sink,
                         const struct metric_set *set);
// Puts it where it belongs, or in the place of the one with that key; empty
// values and those beyond SINK_LABELS_MAX are left out.
void sink_labels_put(struct sink_labels *labels, struct text key, struct text value);
void sink_labels_drop(struct sink_labels *labels, struct text key);
// Empty: there is none.
struct text sink_labels_value(const struct sink_labels *labels, struct text key);

// The object's own labels one by one, in the order of their keys, without the
// ignored ones. False: there are no more.
struct sink_pairs {
    struct text rest;
    const struct sink_label_rules *rules;
};
struct sink_pairs sink_pairs_of(const struct sink *sink, const struct metric_set *set);
bool sink_pairs_next(struct sink_pairs *pairs, struct sink_label *pair);

// What graphs call the machine: the hostname, or the node's name; empty for sets
// that lie on none.
struct text sink_set_host(const struct metric_set *set);

// Heapster's key of a set: "namespace:NS/pod:P/container:C", "node:N", "cluster".
void sink_set_key(struct out *out, const struct metric_set *set);

#endif
