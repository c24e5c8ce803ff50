#include "model/metric.h"

#include <stddef.h>

#include "base/check.h"

#define NONE METRIC_UNIT_NONE
#define BYTES METRIC_UNIT_BYTES
#define MS METRIC_UNIT_MS
#define NS METRIC_UNIT_NS
#define CUMULATIVE METRIC_CUMULATIVE
#define GAUGE METRIC_GAUGE
#define INT64 METRIC_INT64
#define DOUBLE METRIC_DOUBLE

static const struct {
    struct metric_info info;
    const char *entities;
} rows[] = {
#define METRIC(id, name, type, value, unit, entities, description) \
    {{name, type, value, unit, description}, entities},
#include "model/metric.tbl.h"
#undef METRIC
};

_Static_assert(ARRAY_COUNT(rows) == METRIC_COUNT, "one row for each metric");

// In the order of enum entity.
static const char entity_letters[ENTITY_COUNT + 1] = "NPCSAT";

static const struct {
    struct text old;
    enum metric metric;
} deprecated[] = {
    {{"cpu-usage", 9}, METRIC_CPU_USAGE_RATE},
    {{"cpu-limit", 9}, METRIC_CPU_LIMIT},
    {{"memory-limit", 12}, METRIC_MEMORY_LIMIT},
    {{"memory-usage", 12}, METRIC_MEMORY_USAGE},
    {{"memory-working", 14}, METRIC_MEMORY_WORKING_SET},
};

const struct metric_info *
metric_info(enum metric metric)
{
    ASSERT(metric < METRIC_COUNT);
    return &rows[metric].info;
}

static bool
has_letter(enum metric metric, char letter)
{
    ASSERT(metric < METRIC_COUNT);
    for (const char *at = rows[metric].entities; *at != '\0'; at++) {
        if (*at == letter) {
            return true;
        }
    }
    return false;
}

bool
metric_has_entity(enum metric metric, enum entity entity)
{
    ASSERT(entity < ENTITY_COUNT);
    return has_letter(metric, entity_letters[entity]);
}

bool
metric_is_recorded(enum metric metric, enum entity entity)
{
    return metric_has_entity(metric, entity) ||
           (entity == ENTITY_CLUSTER && has_letter(metric, 't'));
}

bool
metric_is_labelled(enum metric metric)
{
    return metric >= METRIC_FILESYSTEM_USAGE && metric <= METRIC_DISK_IO_WRITE_BYTES_RATE;
}

bool
metric_find(struct text name, enum metric *metric)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        if (text_equal(name, text_of(rows[i].info.name))) {
            *metric = (enum metric)i;
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_COUNT(deprecated); i++) {
        if (text_equal(name, deprecated[i].old)) {
            *metric = deprecated[i].metric;
            return true;
        }
    }
    return false;
}

const char *
entity_type_label(enum entity entity)
{
    static const char *const labels[ENTITY_COUNT] = {
        "node", "pod", "pod_container", "sys_container", "ns", "cluster",
    };
    ASSERT(entity < ENTITY_COUNT);
    return labels[entity];
}

const char *
metric_unit_text(enum metric_unit unit)
{
    static const char *const texts[] = {"", "bytes", "ms", "ns"};
    ASSERT((size_t)unit < ARRAY_COUNT(texts));
    return texts[unit];
}
