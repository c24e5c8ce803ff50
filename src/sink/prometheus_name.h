// What Prometheus users call a point: the name and labels that kubelet, cAdvisor
// and kube-state-metrics give it (prometheus_name.tbl.h), with its value in base
// units, or, where none of them has it, skerry_<metric>_<unit> with the level as
// label `type`.
//
// A node's own values under a container_... name carry id="/", as cAdvisor's
// root does; system containers id="/NAME". Pod values under such a name have no
// `container`, as those of kubelet's pod cgroups. Pure.
#ifndef SKERRY_SINK_PROMETHEUS_NAME_H
#define SKERRY_SINK_PROMETHEUS_NAME_H

#include "model/metric_set.h"

// name, 2 of the row, device or volume, type or id.
#define PROMETHEUS_OWN_LABELS_MAX 4
#define PROMETHEUS_NAME_BYTES_MAX 256

struct prometheus_label {
    struct text key;    // [a-z_][a-z0-9_]*
    struct text value;  // as it came, perhaps no UTF-8
};

struct prometheus_point {
    struct text name;
    unsigned label_count;
    struct prometheus_label label[PROMETHEUS_OWN_LABELS_MAX];
    double value;
    char buffer[2 * PROMETHEUS_NAME_BYTES_MAX];  // of made names
};

// Whether the point is derived from counters that are sent as well.
bool prometheus_is_rate(const struct set_point *point);

// Labels that tell the set's entity are not in it. False: this cannot be said (a
// value that is not finite, a name too long or empty). `named` is not copied.
bool prometheus_name(const struct metric_set *set, const struct set_point *point,
                     struct prometheus_point *named);

// Names of metrics and labels: what is not allowed becomes '_'.
void prometheus_write_name(struct out *out, struct text name);

#endif
