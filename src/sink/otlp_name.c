#include "sink/otlp_name.h"

#include <math.h>
#include <string.h>

#include "sink/base_unit.h"

static const struct row {
    enum metric metric;
    const char *entities;
    const char *name;
    const char *key, *value;
} rows[] = {
#define OTLP_ROW(metric, entities, name, key, value) {METRIC_##metric, entities, name, key, value},
#define OTLP(...) OTLP_ROW(__VA_ARGS__)
#include "sink/otlp_name.tbl.h"
#undef OTLP
#undef OTLP_ROW
};

static const struct row *
find_row(enum metric metric, enum entity entity)
{
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (rows[i].metric == metric &&
            strchr(rows[i].entities, base_unit_letter(entity)) != NULL) {
            return &rows[i];
        }
    }
    return NULL;
}

static const char *
prefix_of(enum entity entity)
{
    switch (entity) {
    case ENTITY_NODE:
        return "k8s.node";
    case ENTITY_POD:
        return "k8s.pod";
    default:
        return "container";
    }
}

static const char *
level_of(enum entity entity)
{
    static const char *const levels[ENTITY_COUNT] = {
        [ENTITY_NODE] = "node",           [ENTITY_POD] = "pod",
        [ENTITY_CONTAINER] = "container", [ENTITY_SYSTEM_CONTAINER] = "system_container",
        [ENTITY_NAMESPACE] = "namespace", [ENTITY_CLUSTER] = "cluster",
    };
    return levels[entity];
}

static void
write_row_name(struct out *out, const struct row *row, enum entity entity)
{
    const char *name = row->name;
    if (name[0] == '*') {
        out_string(out, prefix_of(entity));
        name++;
    }
    out_string(out, name);
}

// Letters, digits and "_.-/" are what names may have.
static void
write_own_name(struct out *out, struct text name, enum entity entity)
{
    out_string(out, "skerry.");
    out_string(out, level_of(entity));
    out_byte(out, '.');
    for (size_t i = 0; i < name.size; i++) {
        char byte = name.at[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                      (byte >= '0' && byte <= '9') || byte == '.' || byte == '-';
        out_byte(out, letter ? byte : byte == '/' ? '.' : '_');
    }
}

static struct otlp_attribute
resource_attribute(const struct metric_set *set, const struct set_point *point)
{
    static const struct text volume = TEXT("Volume:");
    if (set->entity == ENTITY_POD && text_starts(point->resource_id, volume)) {
        return (struct otlp_attribute){TEXT("k8s.volume.name"),
                                       text_sub(point->resource_id, volume.size, SIZE_MAX)};
    }
    return (struct otlp_attribute){TEXT("device"), point->resource_id};
}

static bool
set_value(const struct set_point *point, double divisor, struct otlp_point *named)
{
    const struct metric_value *value = &point->value;
    named->is_integer = !value->is_double && divisor == 1 && value->u64 <= INT64_MAX;
    if (named->is_integer) {
        named->integer = (int64_t)value->u64;
        return true;
    }
    named->real = (value->is_double ? value->real : (double)value->u64) / divisor;
    return isfinite(named->real) != 0;
}

// The cluster receiver gives restarts as a gauge: they do not begin with the
// container that counts now.
static bool
is_sum(enum metric metric)
{
    return metric < METRIC_COUNT && metric != METRIC_RESTART_COUNT &&
           metric_info(metric)->type == METRIC_CUMULATIVE;
}

bool
otlp_name(const struct metric_set *set, const struct set_point *point, struct otlp_point *named)
{
    const struct row *row = find_row(point->metric, set->entity);
    struct base_unit unit = {"", "1", 1};
    struct out name = out_of(named->buffer, sizeof named->buffer);
    if (point->name.size == 0 || point->name.size > OTLP_NAME_BYTES_MAX) {
        return false;
    }
    if (point->metric < METRIC_COUNT) {
        unit = base_unit_of(point->metric);
    }
    named->attribute[0] = (struct otlp_attribute){0};
    if (row != NULL) {
        write_row_name(&name, row, set->entity);
        named->attribute[0] = (struct otlp_attribute){text_of(row->key), text_of(row->value)};
    } else {
        write_own_name(&name, point->name, set->entity);
    }
    ASSERT(!name.full);
    named->name = out_view(&name);
    named->unit = text_of(unit.symbol);
    named->is_sum = is_sum(point->metric);
    named->attribute[1] = resource_attribute(set, point);
    return set_value(point, unit.divisor, named);
}
