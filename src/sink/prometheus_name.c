#include "sink/prometheus_name.h"

#include <math.h>
#include <string.h>

#include "sink/base_unit.h"

struct row {
    enum metric metric;
    const char *entities;
    const char *name;
    struct {
        const char *key, *value;
    } label[2];
};

static const struct row rows[] = {
#define PROMETHEUS_ROW(metric, entities, name, key, value, key2, value2)                           \
    {METRIC_##metric, entities, name, {{key, value}, {key2, value2}}},
#define PROMETHEUS(...) PROMETHEUS_ROW(__VA_ARGS__)
#include "sink/prometheus_name.tbl.h"
#undef PROMETHEUS
#undef PROMETHEUS_ROW
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

bool
prometheus_is_rate(const struct set_point *point)
{
    return text_ends(point->name, TEXT("_rate"));
}

void
prometheus_write_name(struct out *out, struct text name)
{
    if (name.size != 0 && name.at[0] >= '0' && name.at[0] <= '9') {
        out_byte(out, '_');
    }
    for (size_t i = 0; i < name.size; i++) {
        char byte = name.at[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        out_byte(out, letter || (byte >= '0' && byte <= '9') ? byte : '_');
    }
}

static void
put(struct prometheus_point *named, struct text key, struct text value)
{
    if (value.size != 0) {
        ASSERT(named->label_count < PROMETHEUS_OWN_LABELS_MAX);
        named->label[named->label_count++] = (struct prometheus_label){key, value};
    }
}

static void
put_resource_id(struct prometheus_point *named, const struct metric_set *set,
                const struct set_point *point)
{
    static const struct text volume = TEXT("Volume:");
    bool is_catalogued = point->metric < METRIC_COUNT;
    if (set->entity == ENTITY_POD && text_starts(point->resource_id, volume)) {
        put(named, TEXT("volume"), text_sub(point->resource_id, volume.size, SIZE_MAX));
    } else {
        put(named, is_catalogued ? TEXT("device") : TEXT("resource_id"), point->resource_id);
    }
}

// A start does not change from one sample to the next, as now - uptime does.
static double
start_s(const struct metric_set *set, double uptime_s)
{
    return set->start_s != 0 ? (double)set->start_s : (double)set->time.ms / 1e3 - uptime_s;
}

static void
use_row(const struct row *row, const struct metric_set *set, struct prometheus_point *named)
{
    bool is_root =
        set->entity == ENTITY_NODE && text_starts(text_of(row->name), TEXT("container_"));
    named->name = text_of(row->name);
    for (size_t i = 0; i < ARRAY_COUNT(row->label); i++) {
        put(named, text_of(row->label[i].key), text_of(row->label[i].value));
    }
    put(named, TEXT("id"), is_root ? TEXT("/") : (struct text){0});
    if (row->metric == METRIC_UPTIME) {
        named->value = start_s(set, named->value);
    }
}

// "nvidia.com/gpu/request" of a container: what it asked for of an extended
// resource.
static bool
use_extended(const struct metric_set *set, const struct set_point *point, struct out *room,
             struct prometheus_point *named)
{
    static const struct text request = TEXT("/request");
    if (set->entity != ENTITY_CONTAINER || !text_ends(point->name, request)) {
        return false;
    }
    prometheus_write_name(room, text_sub(point->name, 0, point->name.size - request.size));
    named->name = TEXT("kube_pod_container_resource_requests");
    put(named, TEXT("resource"), out_view(room));
    put(named, TEXT("unit"), TEXT("integer"));
    return true;
}

static void
use_own(const struct metric_set *set, const struct set_point *point, struct out *room,
        struct prometheus_point *named)
{
    out_string(room, "skerry_");
    prometheus_write_name(room, point->name);
    if (point->metric < METRIC_COUNT) {
        bool counts = metric_info(point->metric)->type == METRIC_CUMULATIVE;
        out_string(room, base_unit_of(point->metric).suffix);
        out_string(room, counts ? "_total" : "");
    }
    named->name = out_view(room);
    put(named, TEXT("type"), text_of(entity_type_label(set->entity)));
}

bool
prometheus_name(const struct metric_set *set, const struct set_point *point,
                struct prometheus_point *named)
{
    const struct row *row = find_row(point->metric, set->entity);
    struct out room = out_of(named->buffer, sizeof named->buffer);
    named->label_count = 0;
    named->value = point->value.is_double ? point->value.real : (double)point->value.u64;
    if (point->name.size == 0 || point->name.size > PROMETHEUS_NAME_BYTES_MAX) {
        return false;
    }
    if (point->metric < METRIC_COUNT) {
        named->value /= base_unit_of(point->metric).divisor;
    }
    if (row != NULL) {
        use_row(row, set, named);
    } else if (point->metric < METRIC_COUNT || !use_extended(set, point, &room, named)) {
        use_own(set, point, &room, named);
    }
    put_resource_id(named, set, point);
    ASSERT(!room.full);
    return isfinite(named->value) != 0;
}
