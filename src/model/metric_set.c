#include "model/metric_set.h"

const char *
set_label_key(enum set_label label)
{
    static const char *const keys[SET_LABEL_COUNT] = {
#define SET_LABEL(id, key) [SET_LABEL_##id] = key,
        SET_LABELS(SET_LABEL)
#undef SET_LABEL
    };
    return keys[label];
}

bool
metric_set_next(const struct metric_set *set, unsigned *at, struct set_point *point)
{
    for (; *at < METRIC_COUNT; (*at)++) {
        if (set->present[*at]) {
            enum metric metric = (enum metric)(*at)++;
            *point = (struct set_point){
                .metric = metric,
                .name = text_of(metric_info(metric)->name),
                .value = set->value[metric],
            };
            return true;
        }
    }
    unsigned number = *at - METRIC_COUNT;
    if (number >= set->labelled_count) {
        return false;
    }
    const struct labelled_value *labelled = &set->labelled[number];
    (*at)++;
    *point = (struct set_point){labelled->metric, labelled->name, labelled->resource_id,
                                labelled->value};
    return true;
}
