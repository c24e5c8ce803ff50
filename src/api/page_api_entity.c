// One entity with all it has, for page_api.h: who it is, every metric with a
// value, file systems, disks and values without a column.
#include "api/page_api.h"
#include "api/page_part.h"
#include "base/error.h"

// Values in one chain, so that a damaged one ends.
#define CHAIN_ROWS_MAX 1024

static enum entity
entity_of(enum route route)
{
    switch (route) {
    case ROUTE_PAGE_NODE:
        return ENTITY_NODE;
    case ROUTE_PAGE_NAMESPACE:
        return ENTITY_NAMESPACE;
    case ROUTE_PAGE_POD:
        return ENTITY_POD;
    case ROUTE_PAGE_CONTAINER:
        return ENTITY_CONTAINER;
    case ROUTE_PAGE_SYSTEM:
        return ENTITY_SYSTEM_CONTAINER;
    default:
        return ENTITY_CLUSTER;
    }
}

static void
key_text(struct json *json, const char *key, struct text value)
{
    if (value.size > 0) {
        page_key_text(json, key, value);
    }
}

static void
key_seconds(struct json *json, const char *key, int64_t seconds)
{
    if (seconds > 0) {
        json_key(json, key);
        page_seconds(json, seconds);
    }
}

static void
key_bool(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}

static void
key_resources(struct json *json, const struct resource_row *resources)
{
    const struct {
        const char *key;
        uint64_t value;
    } rows[] = {
        {"cpuRequest", resources->cpu_request},
        {"cpuLimit", resources->cpu_limit},
        {"memoryRequest", resources->memory_request},
        {"memoryLimit", resources->memory_limit},
        {"storageRequest", resources->ephemeral_request},
        {"storageLimit", resources->ephemeral_limit},
    };
    for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
        if (rows[i].value > 0) {
            page_key_u64(json, rows[i].key, rows[i].value);
        }
    }
}

static void
write_node(struct json *json, const struct node_view *view)
{
    const struct node_row *row = &view->row;
    key_text(json, "name", view->name);
    key_text(json, "address", view->address);
    key_text(json, "hostname", view->hostname);
    key_text(json, "hostId", view->host_id);
    key_text(json, "kubelet", view->kubelet_version);
    key_text(json, "os", view->os_image);
    key_bool(json, "ready", page_node_is_ready(row));
    key_bool(json, "pseudo", (row->head.flags & ROW_PSEUDO) != 0);
    key_bool(json, "cordoned", (row->head.flags & ROW_UNSCHEDULABLE) != 0);
    key_bool(json, "memoryPressure", row->memory_pressure == CONDITION_TRUE);
    key_bool(json, "diskPressure", row->disk_pressure == CONDITION_TRUE);
    key_bool(json, "pidPressure", row->pid_pressure == CONDITION_TRUE);
    page_key_u64(json, "cpuSize", row->cpu_allocatable_milli > 0 ? row->cpu_allocatable_milli
                                                            : row->cpu_capacity_milli);
    page_key_u64(json, "memorySize", row->memory_allocatable > 0 ? row->memory_allocatable
                                                            : row->memory_capacity);
    page_key_u64(json, "pods", row->pod_count);
    page_key_u64(json, "podsSize", row->pods_allocatable);
    key_resources(json, &row->resources);
    key_seconds(json, "created", row->created_s);
    key_seconds(json, "started", row->start_s);
    key_seconds(json, "scraped", row->scrape.last_success_ms / MS_PER_S);
    page_key_u64(json, "streak", row->scrape.failure_streak);
    if (row->scrape.failure_streak > 0) {
        key_text(json, "error", text_of(error_sentence(row->scrape.last_error)));
    }
}

static void
write_pod(struct json *json, const struct table_reader *table, const struct pod_view *view)
{
    struct page_pod_state state;
    char room[UID_BYTES_MAX];
    struct out uid = out_of(room, sizeof room);
    const struct pod_row *row = &view->row;
    page_pod_state(table, view, &state);
    key_text(json, "name", view->name);
    key_text(json, "namespace", view->namespace_name);
    key_text(json, "node", view->node_name);
    key_text(json, "owner", view->owner);
    key_text(json, "uid", table_uid_text(row->uid, row->uid_form, &uid));
    key_text(json, "phase", text_of(cluster_phase_name(row->phase)));
    key_text(json, "reason", (struct text){state.reason, state.reason_bytes});
    key_bool(json, "deleting", (row->head.flags & ROW_DELETING) != 0);
    key_bool(json, "hostNetwork", (row->head.flags & ROW_HOST_NETWORK) != 0);
    page_key_u64(json, "ready", state.ready);
    page_key_u64(json, "containers", state.containers);
    page_key_u64(json, "restarts", row->restart_count);
    key_resources(json, &row->resources);
    key_seconds(json, "created", row->created_s);
    key_seconds(json, "started", row->start_s);
    key_seconds(json, "lastEnd", state.last_finished_s);
}

static void
write_container(struct json *json, const struct exchange *exchange,
                const struct container_view *view)
{
    const struct container_row *row = &view->row;
    const struct text *names = exchange->match.value;
    if (row->pod != 0) {
        key_text(json, "namespace", names[0]);
        key_text(json, "pod", names[1]);
        key_text(json, "state", text_of(cluster_container_state_name(row->container_state)));
        key_bool(json, "ready", row->ready != 0);
        page_key_u64(json, "restarts", row->restart_count);
        key_text(json, "waiting", view->waiting_reason);
        key_text(json, "lastReason", view->last_reason);
        key_seconds(json, "lastEnd", row->last_finished_s);
        if (row->last_finished_s > 0) {
            json_key(json, "lastExitCode");
            json_i64(json, row->last_exit_code);
        }
    } else {
        key_text(json, "node", names[0]);
    }
    key_text(json, "name", view->name);
    key_text(json, "image", view->image);
    key_resources(json, &row->resources);
    key_seconds(json, "started", row->start_s);
}

// Reads the target again with all that views may hold.
static bool
read_details(const struct exchange *exchange, struct target *target)
{
    const struct table_reader *table = exchange->api->table;
    unsigned want = VIEW_DETAILS | VIEW_LABELS;
    if (!target_read(exchange, exchange->ask.entity, target)) {
        return false;
    }
    switch (target->entity) {
    case ENTITY_NODE:
        return table_read_node(table, target->node.index, want, &target->node);
    case ENTITY_NAMESPACE:
        return table_read_namespace(table, target->namespace_row.index, want,
                                    &target->namespace_row);
    case ENTITY_POD:
        return table_read_pod(table, target->pod.index, want, &target->pod);
    default:
        return table_read_container(table, target->container.index, want, &target->container);
    }
}

static enum step
write_identity(struct exchange *exchange, const struct target *target, struct out *out)
{
    struct json json = json_of(out);
    struct text labels = {"", 0};
    page_begin(&json, exchange);
    json_key(&json, "details");
    json_object(&json);
    if (target->entity == ENTITY_NODE) {
        write_node(&json, &target->node);
        labels = target->node.labels;
    } else if (target->entity == ENTITY_POD) {
        write_pod(&json, target->table, &target->pod);
        labels = target->pod.labels;
    } else if (target->entity == ENTITY_NAMESPACE) {
        key_text(&json, "name", target->namespace_row.name);
        key_seconds(&json, "created", target->namespace_row.row.created_s);
        key_bool(&json, "terminating", target->namespace_row.row.terminating != 0);
        labels = target->namespace_row.labels;
    } else {
        write_container(&json, exchange, &target->container);
    }
    json_object_end(&json);
    json_key(&json, "labels");
    json_text(&json, labels);
    out_string(out, ",\"metrics\":[");
    return STEP_DONE;
}

static void
write_metric(struct json *json, const struct metric_info *info, double value)
{
    json_object(json);
    key_text(json, "name", text_of(info->name));
    key_text(json, "unit", text_of(metric_unit_text(info->unit)));
    key_bool(json, "cumulative", info->type == METRIC_CUMULATIVE);
    key_text(json, "description", text_of(info->description));
    json_key(json, "value");
    json_double(json, value);
    json_object_end(json);
}

// cursor.inner is the metric.
static enum step
write_metrics(struct exchange *exchange, const struct target *target, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    struct json json = json_of(out);
    if (cursor->inner == METRIC_COUNT) {
        return STEP_DONE;
    }
    enum metric metric = (enum metric)cursor->inner++;
    if (!metric_has_entity(metric, target->entity) || metric_is_labelled(metric)) {
        return STEP_MORE;
    }
    double value = page_value(target, metric);
    if (value >= 0) {
        out_string(out, cursor->written++ == 0 ? "\n" : ",\n");
        write_metric(&json, metric_info(metric), value);
    }
    return STEP_MORE;
}

static void
write_size(struct json *json, const struct target *target, struct text resource_id,
           const char *key, enum metric metric)
{
    struct metric_value value;
    struct wall_ms time;
    if (target_metric(target, metric, resource_id, 0, &value, &time)) {
        json_key(json, key);
        json_double(json, value.is_double ? value.real : (double)value.u64);
    }
}

// A file system or disk under its name.
static void
write_resource(struct exchange *exchange, const struct target *target, struct text name,
               struct out *out)
{
    static const struct {
        const char *key;
        enum metric metric;
    } rows[] = {
        {"used", METRIC_FILESYSTEM_USAGE},
        {"size", METRIC_FILESYSTEM_LIMIT},
        {"available", METRIC_FILESYSTEM_AVAILABLE},
        {"inodes", METRIC_FILESYSTEM_INODES},
        {"inodesFree", METRIC_FILESYSTEM_INODES_FREE},
        {"read", METRIC_DISK_IO_READ_BYTES},
        {"readRate", METRIC_DISK_IO_READ_BYTES_RATE},
        {"written", METRIC_DISK_IO_WRITE_BYTES},
        {"writeRate", METRIC_DISK_IO_WRITE_BYTES_RATE},
    };
    struct json json = json_of(out);
    out_string(out, exchange->cursor.written++ == 0 ? "" : ",\n");
    json_object(&json);
    key_text(&json, "name", name);
    for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
        if (metric_has_entity(rows[i].metric, target->entity)) {
            write_size(&json, target, name, rows[i].key, rows[i].metric);
        }
    }
    json_object_end(&json);
}

typedef bool labelled_reader(const struct table_reader *table, row_index *at,
                             struct labelled_view *view);

// cursor.row: the place in the chain; cursor.inner: how far.
static bool
next_labelled(struct exchange *exchange, row_index first, labelled_reader *read,
              struct labelled_view *view)
{
    struct cursor *cursor = &exchange->cursor;
    cursor->row = cursor->inner == 0 ? first : cursor->row;
    return cursor->inner++ < CHAIN_ROWS_MAX && cursor->row != 0 &&
           read(exchange->api->table, &cursor->row, view);
}

static bool
is_container(const struct target *target)
{
    return target->entity == ENTITY_CONTAINER || target->entity == ENTITY_SYSTEM_CONTAINER;
}

static enum step
write_filesystems(struct exchange *exchange, const struct target *target, struct out *out)
{
    struct labelled_view view;
    row_index first = target->entity == ENTITY_NODE  ? target->node.row.filesystems
                      : target->entity == ENTITY_POD ? target->pod.row.filesystems
                                                     : 0;
    // A container has its root and its logs.
    if (target->entity == ENTITY_CONTAINER && exchange->cursor.inner < 2) {
        struct text name = exchange->cursor.inner++ == 0 ? TEXT("/") : TEXT("logs");
        struct metric_value value;
        struct wall_ms time;
        if (target_metric(target, METRIC_FILESYSTEM_USAGE, name, 0, &value, &time)) {
            write_resource(exchange, target, name, out);
        }
        return STEP_MORE;
    }
    if (is_container(target) || !next_labelled(exchange, first, table_read_filesystem, &view)) {
        return STEP_DONE;
    }
    write_resource(exchange, target, view.name, out);
    return STEP_MORE;
}

static enum step
write_disks(struct exchange *exchange, const struct target *target, struct out *out)
{
    struct labelled_view view;
    row_index first = target->entity == ENTITY_NODE ? target->node.row.disks
                      : is_container(target)        ? target->container.row.disk
                                                    : 0;
    if (!next_labelled(exchange, first, table_read_disk, &view)) {
        return STEP_DONE;
    }
    write_resource(exchange, target, view.name, out);
    return STEP_MORE;
}

static enum step
write_extras(struct exchange *exchange, const struct target *target, struct out *out)
{
    struct labelled_view view;
    struct json json = json_of(out);
    row_index first = target->entity == ENTITY_NODE  ? target->node.row.extras
                      : target->entity == ENTITY_POD ? target->pod.row.extras
                      : is_container(target)         ? target->container.row.extras
                                                     : 0;
    if (!next_labelled(exchange, first, table_read_extra, &view)) {
        return STEP_DONE;
    }
    out_string(out, exchange->cursor.written++ == 0 ? "" : ",\n");
    json_object(&json);
    key_text(&json, "name", view.metric);
    key_text(&json, "label", view.name);
    json_key(&json, "value");
    json_double(&json, view.extra.value);
    json_object_end(&json);
    return STEP_MORE;
}

static const struct {
    enum step (*write)(struct exchange *exchange, const struct target *target, struct out *out);
    const char *behind;
} parts[] = {
    {write_identity, ""},
    {write_metrics, "],\n\"filesystems\":["},
    {write_filesystems, "],\n\"disks\":["},
    {write_disks, "],\n\"extras\":["},
    {write_extras, "]}\n"},
};

// What went away between two pieces ends the answer where it is: the reader
// asks again and learns it.
static enum step
entity_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    struct target target;
    if (!read_details(exchange, &target)) {
        exchange->cut = true;
        return STEP_DONE;
    }
    if (parts[cursor->stage].write(exchange, &target, out) != STEP_DONE) {
        return STEP_MORE;
    }
    out_string(out, parts[cursor->stage].behind);
    unsigned stage = cursor->stage + 1;
    *cursor = (struct cursor){.stage = stage};
    return stage == ARRAY_COUNT(parts) ? STEP_DONE : STEP_MORE;
}

void
page_api_entity(struct exchange *exchange)
{
    struct target target;
    enum entity entity = entity_of(exchange->match.route);
    if (page_has_table(exchange) && target_find(exchange, entity, &target)) {
        exchange->ask.entity = entity;
        exchange_answer_of_table(exchange, CONTENT_JSON, entity_step);
    }
}
