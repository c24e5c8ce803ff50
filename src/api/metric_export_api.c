#include "api/metric_export_api.h"

#include "api/cluster_walk.h"
#include "api/labelled.h"
#include "api/series.h"
#include "base/calendar.h"
#include "base/error.h"
#include "base/json.h"

// A view is large: a frame of its own.
#define APART __attribute__((noinline))
// Sets that one step may pass over.
#define ROWS_PER_STEP 1024

static const enum entity levels[] = {ENTITY_NODE, ENTITY_SYSTEM_CONTAINER, ENTITY_POD,
                                     ENTITY_CONTAINER};

// What a cursor says. Of a set the head is written, then one metric or labelled
// value a step, then the labels. cursor.stage is the phase, cursor.written the
// metric, cursor.offset the number of a labelled value; order.generation the
// level, order.position whether a metric was written, time whether a set was.
enum phase { PHASE_BEGIN, PHASE_SETS, PHASE_METRICS, PHASE_VALUES };

static enum entity
level_of(const struct cursor *cursor)
{
    return levels[cursor->order.generation];
}

static bool
is_exported(enum metric metric, enum entity entity)
{
    struct text name = text_of(metric_info(metric)->name);
    return metric_has_entity(metric, entity) &&
           (metric_is_labelled(metric) || !text_ends(name, TEXT("_rate")));
}

static void
write_time(struct json *json, const char *key, struct wall_ms time)
{
    char room[40];
    struct out out = out_of(room, sizeof room);
    json_key(json, key);
    calendar_write(&out, time);
    json_text(json, out_view(&out));
}

static uint32_t
start_of(const struct target *target)
{
    switch (target->entity) {
    case ENTITY_NODE:
        return target->node.row.start_s;
    case ENTITY_POD:
        return target->pod.row.start_s;
    default:
        return target->container.row.start_s;
    }
}

static void
write_value(struct out *out, const struct target *target, enum metric metric,
            struct text resource_id, const struct point *point)
{
    struct json json = json_of(out);
    uint32_t start_s = start_of(target);
    bool counts = metric_info(metric)->type == METRIC_CUMULATIVE && start_s != 0;
    struct wall_ms start = {(int64_t)start_s * MS_PER_S};
    json_object(&json);
    write_time(&json, "start", counts ? start : point->time);
    write_time(&json, "end", point->time);
    if (resource_id.size > 0) {
        json_key(&json, "labels");
        json_object(&json);
        json_key(&json, "resource_id");
        json_text(&json, resource_id);
        json_object_end(&json);
    }
    json_key(&json, "value");
    if (point->value.is_double) {
        series_write_real(out, point->value.real);
    } else {
        json_u64(&json, point->value.u64);
    }
    out_byte(out, '}');
}

static void
write_metric_key(struct cursor *cursor, struct out *out, enum metric metric)
{
    out_string(out, cursor->order.position++ == 0 ? "\"" : ",\"");
    out_string(out, metric_info(metric)->name);
    out_string(out, "\":[");
}

static APART void
write_pod_labels(struct json *json, const struct pod_view *pod)
{
    char room[40];
    struct out uid = out_of(room, sizeof room);
    json_key(json, "hostname");
    json_text(json, pod->hostname);
    json_key(json, "labels");
    json_text(json, pod->labels);
    json_key(json, "namespace_name");
    json_text(json, pod->namespace_name);
    json_key(json, "nodename");
    json_text(json, pod->node_name);
    json_key(json, "pod_id");
    json_text(json, table_uid_text(pod->row.uid, pod->row.uid_form, &uid));
    json_key(json, "pod_name");
    json_text(json, pod->name);
}

static APART void
write_namespace_id(struct json *json, const struct table_reader *table, row_index row)
{
    struct namespace_view view;
    char room[40];
    struct out uid = out_of(room, sizeof room);
    if (table_read_namespace(table, row, VIEW_NAMES, &view)) {
        json_key(json, "namespace_id");
        json_text(json, table_uid_text(view.row.uid, view.row.uid_form, &uid));
    }
}

static APART void
write_labels_of_pod(struct json *json, const struct table_reader *table, row_index row)
{
    struct pod_view pod;
    if (table_read_pod(table, row, VIEW_LABELS, &pod)) {
        write_pod_labels(json, &pod);
        write_namespace_id(json, table, pod.row.namespace_index);
    }
}

static APART void
write_labels_of_node(struct json *json, const struct table_reader *table, row_index row)
{
    struct node_view node;
    if (table_read_node(table, row, VIEW_LABELS | VIEW_DETAILS, &node)) {
        json_key(json, "host_id");
        json_text(json, node.host_id);
        json_key(json, "hostname");
        json_text(json, node.hostname);
        json_key(json, "labels");
        json_text(json, node.labels);
        json_key(json, "nodename");
        json_text(json, node.name);
    }
}

// Heapster calls a node's own set "machine" and a pod's "/pod".
static void
write_labels(struct out *out, const struct target *target)
{
    struct json json = json_of(out);
    json_object(&json);
    json_key(&json, "container_name");
    switch (target->entity) {
    case ENTITY_NODE:
        json_string(&json, "machine");
        write_labels_of_node(&json, target->table, target->node.index);
        break;
    case ENTITY_POD:
        json_string(&json, "/pod");
        write_labels_of_pod(&json, target->table, target->pod.index);
        break;
    case ENTITY_CONTAINER:
        json_text(&json, target->container.name);
        json_key(&json, "container_base_image");
        json_text(&json, target->container.image);
        write_labels_of_pod(&json, target->table, target->container.row.pod);
        break;
    default:
        json_text(&json, target->container.name);
        write_labels_of_node(&json, target->table, target->container.row.node);
        break;
    }
    json_object_end(&json);
}

static bool
read_point(const struct target *target, enum metric metric, struct text resource_id,
           struct point *point)
{
    return target_metric(target, metric, resource_id, 0, &point->value, &point->time);
}

// The values of a labelled metric, one a step; cursor.inner is taken by the walk.
static enum step
values_step(struct exchange *exchange, struct out *out, const struct target *target)
{
    struct cursor *cursor = &exchange->cursor;
    enum metric metric = (enum metric)cursor->written;
    char room[SHORT_NAME_BYTES_MAX];
    struct text resource_id;
    struct point point;
    bool begun = cursor->order.name_bytes > 0;
    if (!labelled_resource(target, metric, cursor->offset++, room, &resource_id)) {
        out_string(out, begun ? "]" : "");
        cursor->stage = PHASE_METRICS;
        cursor->written++;
        return STEP_MORE;
    }
    if (read_point(target, metric, resource_id, &point)) {
        if (begun) {
            out_byte(out, ',');
        } else {
            write_metric_key(cursor, out, metric);
        }
        write_value(out, target, metric, resource_id, &point);
        cursor->order.name_bytes = 1;
    }
    return STEP_MORE;
}

static void
next_set(struct exchange *exchange)
{
    struct cursor *cursor = &exchange->cursor;
    cursor->stage = PHASE_SETS;
    cluster_walk_on(exchange->api->table, level_of(cursor), cursor);
}

static enum step
metric_step(struct exchange *exchange, struct out *out, const struct target *target)
{
    struct cursor *cursor = &exchange->cursor;
    struct point point;
    for (; cursor->written < METRIC_COUNT; cursor->written++) {
        enum metric metric = (enum metric)cursor->written;
        if (!is_exported(metric, target->entity)) {
            continue;
        }
        if (metric_is_labelled(metric)) {
            cursor->stage = PHASE_VALUES;
            cursor->offset = 0;
            cursor->order.name_bytes = 0;
            return STEP_MORE;
        }
        if (read_point(target, metric, (struct text){"", 0}, &point)) {
            write_metric_key(cursor, out, metric);
            write_value(out, target, metric, (struct text){"", 0}, &point);
            out_byte(out, ']');
            cursor->written++;
            return STEP_MORE;
        }
    }
    out_string(out, "},\"labels\":");
    write_labels(out, target);
    out_byte(out, '}');
    next_set(exchange);
    return STEP_MORE;
}

// A set that went while it was being written ends with what there is.
static enum step
inside_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    struct target target;
    if (!cluster_walk_read(exchange->api->table, level_of(cursor), cursor, &target)) {
        bool open = cursor->stage == PHASE_VALUES && cursor->order.name_bytes > 0;
        out_string(out, open ? "]},\"labels\":{}}" : "},\"labels\":{}}");
        next_set(exchange);
        return STEP_MORE;
    }
    return cursor->stage == PHASE_VALUES ? values_step(exchange, out, &target)
                                         : metric_step(exchange, out, &target);
}

static bool
is_there(struct exchange *exchange)
{
    struct target target;
    struct cursor *cursor = &exchange->cursor;
    return cluster_walk_read(exchange->api->table, level_of(cursor), cursor, &target);
}

static enum step
sets_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    for (int i = 0; i < ROWS_PER_STEP; i++) {
        if (cursor->row == 0) {
            if (++cursor->order.generation == ARRAY_COUNT(levels)) {
                out_byte(out, ']');
                return STEP_DONE;
            }
            cluster_walk_begin(exchange->api->table, level_of(cursor), cursor);
        } else if (is_there(exchange)) {
            out_string(out, cursor->time.ms++ == 0 ? "{\"metrics\":{" : ",{\"metrics\":{");
            cursor->stage = PHASE_METRICS;
            cursor->written = 0;
            cursor->order.position = 0;
            return STEP_MORE;
        } else {
            cluster_walk_on(exchange->api->table, level_of(cursor), cursor);
        }
    }
    return STEP_PAUSE;
}

static enum step
export_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    switch (cursor->stage) {
    case PHASE_BEGIN:
        out_byte(out, '[');
        cursor->stage = PHASE_SETS;
        cluster_walk_begin(exchange->api->table, level_of(cursor), cursor);
        return STEP_MORE;
    case PHASE_SETS:
        return sets_step(exchange, out);
    default:
        return inside_step(exchange, out);
    }
}

void
metric_export_api(struct exchange *exchange)
{
    if (exchange->api->table == NULL) {
        exchange_fail(exchange, 503, "%s; try again in a few seconds",
                      error_sentence(ERR_NOT_READY));
        return;
    }
    exchange_answer_of_table(exchange, CONTENT_JSON, export_step);
}

// The schema

#define LABEL(key, description) "{\"key\":\"" key "\",\"description\":\"" description "\"}"

static const char schema_labels[] =
    "],\"common_labels\":["
    LABEL("nodename", "Name of the node") ","
    LABEL("hostname", "Hostname of the node") ","
    LABEL("host_id", "Identifier of the host") ","
    LABEL("container_name", "Name of the container, machine or /pod") ","
    LABEL("container_base_image", "Image of the container") "],\"pod_labels\":["
    LABEL("pod_id", "Unique identifier of the pod") ","
    LABEL("pod_name", "Name of the pod") ","
    LABEL("namespace_id", "Unique identifier of the namespace") ","
    LABEL("namespace_name", "Name of the namespace") ","
    LABEL("labels", "Labels of the pod, key:value with commas between") "]}";

static void
write_schema_of(struct out *out, enum metric metric)
{
    const struct metric_info *info = metric_info(metric);
    struct json json = json_of(out);
    json_object(&json);
    json_key(&json, "name");
    json_string(&json, info->name);
    json_key(&json, "description");
    json_string(&json, info->description);
    json_key(&json, "labels");
    json_array(&json);
    if (metric_is_labelled(metric)) {
        json_raw(&json, TEXT(LABEL("resource_id", "Identifier of the resource")));
    }
    json_array_end(&json);
    json_key(&json, "type");
    json_string(&json, info->type == METRIC_CUMULATIVE ? "cumulative" : "gauge");
    json_key(&json, "value_type");
    json_string(&json, info->value_type == METRIC_DOUBLE ? "double" : "int64");
    json_key(&json, "units");
    json_string(&json, metric_unit_text(info->unit));
    json_object_end(&json);
}

// cursor.offset: the next metric; cursor.written counts those written.
static enum step
schema_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    bool told = false;
    if (cursor->offset == METRIC_COUNT) {
        out_string(out, schema_labels);
        return STEP_DONE;
    }
    enum metric metric = (enum metric)cursor->offset++;
    for (size_t i = 0; i < ARRAY_COUNT(levels); i++) {
        told = told || is_exported(metric, levels[i]);
    }
    if (told) {
        out_string(out, cursor->written++ == 0 ? "{\"metrics\":[" : ",");
        write_schema_of(out, metric);
    }
    return STEP_MORE;
}

void
metric_export_api_schema(struct exchange *exchange)
{
    exchange_answer(exchange, CONTENT_JSON, schema_step);
}
