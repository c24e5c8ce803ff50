#include "parse/resource.h"

#include <string.h>

#include "base/error.h"
#include "parse/metric_line.h"
#include "parse/scan.h"

enum subject { OF_NODE, OF_POD, OF_CONTAINER };
enum quantity_kind { CPU_SECONDS, WORKING_SET, SWAP, START_SECONDS, FAILED };

struct metric_row {
    struct text name;
    enum subject subject;
    enum quantity_kind kind;
};

// In the order in which kubelets write them.
static const struct metric_row rows[] = {
    {TEXT("container_cpu_usage_seconds_total"), OF_CONTAINER, CPU_SECONDS},
    {TEXT("container_memory_working_set_bytes"), OF_CONTAINER, WORKING_SET},
    {TEXT("container_start_time_seconds"), OF_CONTAINER, START_SECONDS},
    {TEXT("container_swap_usage_bytes"), OF_CONTAINER, SWAP},
    {TEXT("node_cpu_usage_seconds_total"), OF_NODE, CPU_SECONDS},
    {TEXT("node_memory_working_set_bytes"), OF_NODE, WORKING_SET},
    {TEXT("node_swap_usage_bytes"), OF_NODE, SWAP},
    {TEXT("pod_cpu_usage_seconds_total"), OF_POD, CPU_SECONDS},
    {TEXT("pod_memory_working_set_bytes"), OF_POD, WORKING_SET},
    {TEXT("pod_swap_usage_bytes"), OF_POD, SWAP},
    {TEXT("resource_scrape_error"), OF_NODE, FAILED},
    {TEXT("scrape_error"), OF_NODE, FAILED},
};

struct sample {
    struct metric_labels labels;
    uint64_t value;
    struct wall_ms time;
};

// The row whose name the line starts with, and what follows it; NULL for a
// metric that is not read.
static inline const struct metric_row *
find_row(struct resource *resource, struct text line, struct text *rest)
{
    unsigned index = resource->expected;
    for (unsigned left = ARRAY_COUNT(rows); left > 0; left--) {
        const struct metric_row *row = &rows[index];
        size_t size = row->name.size;
        if (line.size > size && memcmp(line.at, row->name.at, size) == 0) {
            char next = line.at[size];
            if (next == '{' || next == ' ' || next == '\t') {
                resource->expected = index;
                *rest = (struct text){line.at + size, line.size - size};
                return row;
            }
        }
        index = index + 1 < ARRAY_COUNT(rows) ? index + 1 : 0;
    }
    return NULL;
}

static void
fill(const struct sample *sample, enum quantity_kind kind, struct cpu_seen *cpu,
     struct memory_seen *memory)
{
    switch (kind) {
    case CPU_SECONDS:
        cpu->has = HAS_CPU_USAGE;
        cpu->time = sample->time;
        cpu->usage_ns = sample->value;
        break;
    case WORKING_SET:
        memory->has = HAS_MEMORY_WORKING_SET;
        memory->time = sample->time;
        memory->working_set = sample->value;
        break;
    case SWAP:
        memory->has = HAS_MEMORY_SWAP;
        memory->time = sample->time;
        memory->swap = sample->value;
        break;
    default:
        break;
    }
}

static int
give_node(struct resource *resource, const struct sample *sample, enum quantity_kind kind)
{
    struct node_seen *node = &resource->space->seen.node_seen;
    if (kind == FAILED) {
        resource->failed |= sample->value != 0;
        return 0;
    }
    memset(node, 0, offsetof(struct node_seen, filesystems));
    fill(sample, kind, &node->cpu, &node->memory);
    resource->observer.on_node(resource->observer.context, node);
    return 0;
}

static int
give_pod(struct resource *resource, const struct sample *sample, enum quantity_kind kind)
{
    struct pod_seen *pod = &resource->space->seen.pod_seen;
    memset(pod, 0, offsetof(struct pod_seen, containers));
    pod->namespace_name = sample->labels.namespace_name;
    pod->name = sample->labels.pod;
    if (pod->namespace_name.size == 0 || pod->name.size == 0) {
        return -ERR_MISSING;
    }
    fill(sample, kind, &pod->cpu, &pod->memory);
    resource->observer.on_pod(resource->observer.context, pod);
    return 0;
}

static int
give_container(struct resource *resource, const struct sample *sample, enum quantity_kind kind)
{
    struct container_seen *container = &resource->space->seen.container_seen;
    const struct metric_labels *labels = &sample->labels;
    memset(container, 0, offsetof(struct container_seen, extras));
    container->name = labels->container;
    if (labels->namespace_name.size == 0 || labels->pod.size == 0 || container->name.size == 0) {
        return -ERR_MISSING;
    }
    if (kind == START_SECONDS) {
        container->start_time.ms = (int64_t)(sample->value & INT64_MAX);
    } else {
        fill(sample, kind, &container->cpu, &container->memory);
    }
    resource->observer.on_container(resource->observer.context, labels->namespace_name, labels->pod,
                                    container);
    return 0;
}

static int
value_of(const struct metric_row *row, struct decimal number, uint64_t *value)
{
    static const int powers[] = {
        [CPU_SECONDS] = 9, [WORKING_SET] = 0, [SWAP] = 0, [START_SECONDS] = 3, [FAILED] = 0,
    };
    return decimal_nearest(number, powers[row->kind], value);
}

static int
take_sample(struct resource *resource, const struct metric_row *row, struct text rest)
{
    struct sample sample = {0};
    int error = 0;
    if (*rest.at == '{') {
        rest = (struct text){rest.at + 1, rest.size - 1};
        error = metric_line_labels(&rest, resource->space, &sample.labels);
    }
    struct decimal number;
    if (error == 0) {
        error = metric_line_value(rest, &number, &sample.time);
    }
    if (error == 0) {
        error = value_of(row, number, &sample.value);
    }
    if (error != 0) {
        return error;
    }
    if (sample.time.ms == 0) {
        sample.time = resource->now;
    }
    switch (row->subject) {
    case OF_NODE:
        return give_node(resource, &sample, row->kind);
    case OF_POD:
        return give_pod(resource, &sample, row->kind);
    default:
        return give_container(resource, &sample, row->kind);
    }
}

// `line` is without its end; SCAN_PAD bytes behind it are readable.
static inline void
take_line(struct resource *resource, struct text line)
{
    if (line.size > 0 && line.at[line.size - 1] == '\r') {
        line.size--;
    }
    if (line.size == 0 || *line.at == '#') {
        return;
    }
    struct text rest;
    const struct metric_row *row = find_row(resource, line, &rest);
    if (row == NULL) {
        return;
    }
    decode_space_reset(resource->space);
    int error = take_sample(resource, row, rest);
    if (error == 0) {
        resource->counters.elements++;
    } else {
        resource->counters.skipped[-error]++;
    }
}

// Adds a part of a line to the carry; what is too long is passed over.
static void
carry(struct resource *resource, const char *at, size_t size)
{
    if (resource->passing) {
        return;
    }
    if (size > METRIC_LINE_BYTES_MAX - resource->carry_used) {
        resource->passing = true;
        resource->carry_used = 0;
        resource->counters.skipped[ERR_TOO_LONG]++;
        return;
    }
    memcpy(resource->carry + resource->carry_used, at, size);
    resource->carry_used += size;
}

static void
carry_end(struct resource *resource)
{
    if (!resource->passing) {
        struct text line = {resource->carry, resource->carry_used};
        take_line(resource, line);
    }
    resource->passing = false;
    resource->carry_used = 0;
}

// Behind the line that starts at `at`, or NULL when it does not end here.
static inline const char *
line_end(const char *at, const char *end)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline == NULL ? NULL : newline + 1;
}

int
resource_feed(struct resource *resource, const void *bytes, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const char *at = bytes;
    const char *end = at + size;
    resource->counters.bytes += size;
    while (at < end) {
        const char *next = line_end(at, end);
        size_t taken = (size_t)((next == NULL ? end : next) - at);
        bool in_place = resource->carry_used == 0 && !resource->passing && next != NULL &&
                        taken <= METRIC_LINE_BYTES_MAX && (size_t)(end - next) >= SCAN_PAD;
        if (in_place) {
            take_line(resource, (struct text){at, taken - 1});
        } else if (next == NULL) {
            carry(resource, at, taken);
        } else {
            carry(resource, at, taken - 1);
            carry_end(resource);
        }
        at += taken;
    }
    return 0;
}

int
resource_end(struct resource *resource)
{
    bool whole = resource->carry_used == 0 && !resource->passing;
    return whole && resource->counters.bytes > 0 ? 0 : -ERR_TRUNCATED;
}

bool
resource_scrape_failed(const struct resource *resource)
{
    return resource->failed;
}

size_t
resource_footprint(void)
{
    return arena_bytes(METRIC_LINE_BYTES_MAX + SCAN_PAD);
}

void
resource_init(struct resource *resource, struct arena *arena, struct decode_space *space)
{
    ASSERT(space != NULL);
    *resource = (struct resource){
        .space = space,
        .carry = arena_take(arena, METRIC_LINE_BYTES_MAX + SCAN_PAD),
    };
}

void
resource_begin(struct resource *resource, struct observer observer, struct wall_ms now)
{
    ASSERT(observer.on_node != NULL);
    ASSERT(observer.on_pod != NULL);
    ASSERT(observer.on_container != NULL);
    *resource = (struct resource){
        .space = resource->space,
        .carry = resource->carry,
        .observer = observer,
        .now = now,
    };
}

const struct parse_counters *
resource_counters(const struct resource *resource)
{
    return &resource->counters;
}

static int
feed(void *self, const void *bytes, size_t size)
{
    return resource_feed(self, bytes, size);
}

static int
end(void *self)
{
    return resource_end(self);
}

static const struct parse_counters *
counters(const void *self)
{
    return resource_counters(self);
}

struct decoder
resource_decoder(struct resource *resource)
{
    static const struct decoder_calls calls = {"resource", feed, end, counters};
    return (struct decoder){resource, &calls};
}
