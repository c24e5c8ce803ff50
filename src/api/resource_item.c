#include "api/resource_item.h"

#include "base/calendar.h"
#include "base/json.h"

const char resource_item_columns[] =
    "[{\"name\":\"Name\",\"type\":\"string\",\"format\":\"name\",\"description\":\"\",\"priority\":0},"
    "{\"name\":\"cpu\",\"type\":\"string\",\"format\":\"quantity\",\"description\":\"\",\"priority\":0},"
    "{\"name\":\"memory\",\"type\":\"string\",\"format\":\"quantity\",\"description\":\"\","
    "\"priority\":0},"
    "{\"name\":\"Window\",\"type\":\"string\",\"format\":\"duration\",\"description\":\"\","
    "\"priority\":0}]";

#define BYTES_PER_KI 1024
#define NANOCORES_PER_MILLICORE UINT64_C(1000000)

static void
write_time(struct json *json, const char *key, int64_t seconds)
{
    char room[40];
    struct out out = out_of(room, sizeof room);
    json_key(json, key);
    // As Kubernetes prints times: no fraction.
    calendar_write(&out, (struct wall_ms){seconds * MS_PER_S});
    json_text(json, out_view(&out));
}

// "1m15.953s", as Go prints a time.Duration.
static void
write_duration(struct json *json, int64_t ms)
{
    char room[48];
    struct out out = out_of(room, sizeof room);
    int64_t minutes = ms / (60 * MS_PER_S);
    if (minutes >= 60) {
        out_i64(&out, minutes / 60);
        out_byte(&out, 'h');
    }
    if (minutes > 0) {
        out_i64(&out, minutes % 60);
        out_byte(&out, 'm');
    }
    out_double(&out, (double)(ms % (60 * MS_PER_S)) / (double)MS_PER_S);
    out_byte(&out, 's');
    json_text(json, out_view(&out));
}

static void
write_suffixed(struct json *json, uint64_t number, const char *suffix)
{
    char room[32];
    struct out out = out_of(room, sizeof room);
    out_u64(&out, number);
    out_string(&out, suffix);
    json_text(json, out_view(&out));
}

static void
write_memory(struct json *json, uint64_t bytes)
{
    bool even = bytes % BYTES_PER_KI == 0;
    write_suffixed(json, even ? bytes / BYTES_PER_KI : bytes, even ? "Ki" : "");
}

static void
write_cpu(struct json *json, uint64_t millicores)
{
    bool even = millicores % 1000 == 0;
    write_suffixed(json, even ? millicores / 1000 : millicores, even ? "" : "m");
}

static void
write_usage(const struct exchange *exchange, struct json *json, const struct resource_usage *usage)
{
    uint64_t nanocores = usage->cpu_nanocores;
    json_object(json);
    json_key(json, "cpu");
    if (exchange->resource.heapster) {
        uint64_t half = NANOCORES_PER_MILLICORE / 2;
        write_suffixed(json, (nanocores + half) / NANOCORES_PER_MILLICORE, "m");
    } else {
        write_suffixed(json, nanocores, "n");
    }
    json_key(json, "memory");
    if (exchange->resource.heapster) {
        write_suffixed(json, usage->memory, "");
    } else {
        write_memory(json, usage->memory);
    }
    json_object_end(json);
}

// "key:value,key2:value2" as an object.
static void
write_labels(struct json *json, struct text labels)
{
    if (labels.size == 0) {
        return;
    }
    json_key(json, "labels");
    json_object(json);
    while (labels.size > 0) {
        struct text pair;
        struct text key;
        struct text value;
        (void)text_cut(labels, ',', &pair, &labels);
        (void)text_cut(pair, ':', &key, &value);
        json_key_text(json, key);
        json_text(json, value);
    }
    json_object_end(json);
}

static void
write_metadata(struct json *json, struct text name, struct text namespace_name,
               struct text labels, int64_t created_s)
{
    json_key(json, "metadata");
    json_object(json);
    json_key(json, "name");
    json_text(json, name);
    if (namespace_name.size > 0) {
        json_key(json, "namespace");
        json_text(json, namespace_name);
    }
    if (created_s > 0) {
        write_time(json, "creationTimestamp", created_s);
    }
    write_labels(json, labels);
    json_object_end(json);
}

static void
write_kind(struct json *json, const struct exchange *exchange, const char *kind)
{
    json_key(json, "kind");
    json_string(json, kind);
    json_key(json, "apiVersion");
    json_string(json, exchange->resource.version);
}

static void
write_window(struct json *json, const struct resource_usage *usage)
{
    write_time(json, "timestamp", usage->time.ms / MS_PER_S);
    json_key(json, "window");
    write_duration(json, usage->window_ms);
}

static void
write_table_row(const struct exchange *exchange, struct json *json, struct text name,
                struct text namespace_name, struct text labels,
                const struct resource_usage *usage)
{
    json_object(json);
    json_key(json, "cells");
    json_array(json);
    json_text(json, name);
    write_suffixed(json, usage->cpu_nanocores, "n");
    write_memory(json, usage->memory);
    write_duration(json, usage->window_ms);
    json_array_end(json);
    json_key(json, "object");
    json_object(json);
    json_key(json, "kind");
    json_string(json, "PartialObjectMetadata");
    json_key(json, "apiVersion");
    json_string(json, "meta.k8s.io/v1");
    write_metadata(json, name, namespace_name, labels, exchange->now.ms / MS_PER_S);
    json_object_end(json);
    json_object_end(json);
}

// What is not known is left out, not 0: kubectl divides by it.
static void
write_sizes(struct json *json, const char *key, uint64_t cpu_milli, uint64_t memory,
            uint64_t ephemeral, uint64_t pods)
{
    json_key(json, key);
    json_object(json);
    if (cpu_milli > 0) {
        json_key(json, "cpu");
        write_cpu(json, cpu_milli);
    }
    if (memory > 0) {
        json_key(json, "memory");
        write_memory(json, memory);
    }
    if (ephemeral > 0) {
        json_key(json, "ephemeral-storage");
        write_memory(json, ephemeral);
    }
    if (pods > 0) {
        json_key(json, "pods");
        write_suffixed(json, pods, "");
    }
    json_object_end(json);
}

static const char *
condition_text(uint8_t condition)
{
    return condition == CONDITION_TRUE    ? "True"
           : condition == CONDITION_FALSE ? "False"
                                          : "Unknown";
}

static void
write_condition(struct json *json, const char *type, uint8_t condition)
{
    json_object(json);
    json_key(json, "type");
    json_string(json, type);
    json_key(json, "status");
    json_string(json, condition_text(condition));
    json_object_end(json);
}

static void
write_core_node(struct exchange *exchange, struct json *json, const struct node_view *view)
{
    const struct node_row *row = &view->row;
    json_object(json);
    write_kind(json, exchange, "Node");
    write_metadata(json, view->name, (struct text){"", 0}, view->labels, row->created_s);
    json_key(json, "spec");
    json_object(json);
    if (row->head.flags & ROW_UNSCHEDULABLE) {
        json_key(json, "unschedulable");
        json_bool(json, true);
    }
    json_object_end(json);
    json_key(json, "status");
    json_object(json);
    write_sizes(json, "capacity", row->cpu_capacity_milli, row->memory_capacity,
                row->ephemeral_capacity, 0);
    write_sizes(json, "allocatable", row->cpu_allocatable_milli, row->memory_allocatable,
                row->ephemeral_allocatable, row->pods_allocatable);
    json_key(json, "conditions");
    json_array(json);
    write_condition(json, "Ready", row->ready);
    write_condition(json, "MemoryPressure", row->memory_pressure);
    write_condition(json, "DiskPressure", row->disk_pressure);
    write_condition(json, "PIDPressure", row->pid_pressure);
    json_array_end(json);
    json_key(json, "nodeInfo");
    json_object(json);
    json_key(json, "kubeletVersion");
    json_text(json, view->kubelet_version);
    json_key(json, "osImage");
    json_text(json, view->os_image);
    json_object_end(json);
    json_object_end(json);
    json_object_end(json);
}

void
resource_item_node(struct exchange *exchange, struct out *out, const struct node_view *view,
                   const struct resource_usage *usage)
{
    struct json json = json_of(out);
    struct text none = {"", 0};
    if (exchange->resource.format == RESOURCE_CORE) {
        write_core_node(exchange, &json, view);
        return;
    }
    if (exchange->resource.format == RESOURCE_TABLE) {
        write_table_row(exchange, &json, view->name, none, view->labels, usage);
        return;
    }
    json_object(&json);
    write_kind(&json, exchange, "NodeMetrics");
    write_metadata(&json, view->name, none, view->labels, exchange->now.ms / MS_PER_S);
    write_window(&json, usage);
    json_key(&json, "usage");
    write_usage(exchange, &json, usage);
    json_object_end(&json);
}

static const char *
phase_text(uint8_t phase)
{
    static const char *const phases[] = {
        [POD_UNKNOWN] = "Unknown",     [POD_PENDING] = "Pending", [POD_RUNNING] = "Running",
        [POD_SUCCEEDED] = "Succeeded", [POD_FAILED] = "Failed",
    };
    return phase < ARRAY_COUNT(phases) ? phases[phase] : "Unknown";
}

static void
write_core_pod(struct exchange *exchange, struct json *json, const struct pod_view *view)
{
    json_object(json);
    write_kind(json, exchange, "Pod");
    write_metadata(json, view->name, view->namespace_name, view->labels, view->row.created_s);
    json_key(json, "spec");
    json_object(json);
    json_key(json, "nodeName");
    json_text(json, view->node_name);
    json_object_end(json);
    json_key(json, "status");
    json_object(json);
    json_key(json, "phase");
    json_string(json, phase_text(view->row.phase));
    json_object_end(json);
    json_object_end(json);
}

void
resource_item_pod(struct exchange *exchange, struct out *out, const struct pod_view *view,
                  const struct resource_usage *usage)
{
    struct json json = json_of(out);
    if (exchange->resource.format == RESOURCE_CORE) {
        write_core_pod(exchange, &json, view);
        return;
    }
    if (exchange->resource.format == RESOURCE_TABLE) {
        write_table_row(exchange, &json, view->name, view->namespace_name, view->labels, usage);
        return;
    }
    json_object(&json);
    write_kind(&json, exchange, "PodMetrics");
    write_metadata(&json, view->name, view->namespace_name, view->labels,
                   exchange->now.ms / MS_PER_S);
    write_window(&json, usage);
    json_key(&json, "containers");
    json_array(&json);
}

void
resource_item_container(const struct exchange *exchange, struct out *out,
                        const struct container_view *view, const struct resource_usage *usage)
{
    struct json json = json_of(out);
    json_object(&json);
    json_key(&json, "name");
    json_text(&json, view->name);
    json_key(&json, "usage");
    write_usage(exchange, &json, usage);
    json_object_end(&json);
}
