#include "api/cluster_family.h"

#include "sink/prometheus_name.h"

// A set is large: a frame of its own.
#define APART __attribute__((noinline))

const char cluster_family_requests[] = "kube_pod_container_resource_requests";

static bool
is_told(unsigned pair)
{
    enum metric metric = cluster_pair_metric(pair);
    enum entity entity = cluster_pair_entity(pair);
    struct text name = text_of(metric_info(metric)->name);
    struct set_point point = {.metric = metric, .name = name};
    enum metric counter;
    if (!metric_has_entity(metric, entity)) {
        return false;
    }
    // "cpu/usage_rate" of "cpu/usage".
    return !prometheus_is_rate(&point) ||
           !metric_find(text_sub(name, 0, name.size - (sizeof "_rate" - 1)), &counter) ||
           !metric_has_entity(counter, entity);
}

static APART bool
name_of(unsigned pair, struct prometheus_point *named)
{
    struct metric_set set = {.entity = cluster_pair_entity(pair), .start_s = 1};
    enum metric metric = cluster_pair_metric(pair);
    struct set_point point = {.metric = metric, .name = text_of(metric_info(metric)->name)};
    return is_told(pair) && prometheus_name(&set, &point, named);
}

static unsigned
next_with_name(unsigned from, unsigned end, struct text name)
{
    struct prometheus_point named;
    for (unsigned pair = from; pair < end; pair++) {
        if (name_of(pair, &named) && text_equal(named.name, name)) {
            return pair;
        }
    }
    return end;
}

unsigned
cluster_family_next(unsigned pair)
{
    struct prometheus_point named;
    for (; pair < CLUSTER_PAIR_END; pair++) {
        if (name_of(pair, &named) && next_with_name(0, pair, named.name) == pair) {
            return pair;
        }
    }
    return CLUSTER_PAIR_END;
}

unsigned
cluster_family_member(unsigned family, unsigned pair)
{
    struct prometheus_point named;
    if (!name_of(family, &named)) {
        return CLUSTER_PAIR_END;
    }
    return next_with_name(pair + 1, CLUSTER_PAIR_END, named.name);
}

bool
cluster_family_is_known(struct text name)
{
    return text_equal(name, text_of(cluster_family_requests)) ||
           next_with_name(0, CLUSTER_PAIR_END, name) != CLUSTER_PAIR_END;
}

bool
cluster_family_is_requests(unsigned family)
{
    struct prometheus_point named;
    return name_of(family, &named) && text_equal(named.name, text_of(cluster_family_requests));
}

// A gauge may not be called as a counter or a part of a histogram is; those that
// kubelets and this catalogue call so all the same go without a type.
static const char *
type_of(enum metric metric, struct text name)
{
    bool total = text_ends(name, TEXT("_total"));
    if (total && metric_info(metric)->type == METRIC_CUMULATIVE) {
        return "counter";
    }
    return total || text_ends(name, TEXT("_count")) ? "untyped" : "gauge";
}

void
cluster_family_head(struct out *out, unsigned family)
{
    struct prometheus_point named;
    enum metric metric = cluster_pair_metric(family);
    if (!name_of(family, &named)) {
        return;
    }
    bool many = named.label_count > 0 && text_equal(named.label[0].key, TEXT("resource"));
    out_string(out, "# HELP ");
    out_text(out, named.name);
    out_byte(out, ' ');
    out_string(out, many ? "Quantities by resource" : metric_info(metric)->name);
    out_string(out, ", in base units\n# TYPE ");
    out_text(out, named.name);
    out_byte(out, ' ');
    out_string(out, type_of(metric, named.name));
    out_byte(out, '\n');
}
