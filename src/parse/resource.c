#include "parse/resource.h"

#include <string.h>

#include "base/error.h"
#include "parse/metric_line.h"
#include "parse/scan.h"

// A value that is no sample: whether the kubelet failed.
#define VALUE_FAILED RESOURCE_VALUE_COUNT

struct metric_row {
    struct text name;
    enum resource_subject subject;
    unsigned value;  // enum resource_value or VALUE_FAILED
};

// In the order in which kubelets write them.
static const struct metric_row rows[] = {
    {TEXT("container_cpu_usage_seconds_total"), RESOURCE_OF_CONTAINER, RESOURCE_CPU},
    {TEXT("container_memory_working_set_bytes"), RESOURCE_OF_CONTAINER, RESOURCE_WORKING_SET},
    {TEXT("container_start_time_seconds"), RESOURCE_OF_CONTAINER, RESOURCE_START},
    {TEXT("container_swap_usage_bytes"), RESOURCE_OF_CONTAINER, RESOURCE_SWAP},
    {TEXT("node_cpu_usage_seconds_total"), RESOURCE_OF_NODE, RESOURCE_CPU},
    {TEXT("node_memory_working_set_bytes"), RESOURCE_OF_NODE, RESOURCE_WORKING_SET},
    {TEXT("node_swap_usage_bytes"), RESOURCE_OF_NODE, RESOURCE_SWAP},
    {TEXT("pod_cpu_usage_seconds_total"), RESOURCE_OF_POD, RESOURCE_CPU},
    {TEXT("pod_memory_working_set_bytes"), RESOURCE_OF_POD, RESOURCE_WORKING_SET},
    {TEXT("pod_swap_usage_bytes"), RESOURCE_OF_POD, RESOURCE_SWAP},
    {TEXT("resource_scrape_error"), RESOURCE_OF_NODE, VALUE_FAILED},
    {TEXT("scrape_error"), RESOURCE_OF_NODE, VALUE_FAILED},
};

// The names are long and mostly as expected: compared in words, the last two
// overlapping.
static inline bool
starts_with(const char *line, struct text name)
{
    ASSERT(name.size >= 8);
    for (size_t at = 0; at + 8 < name.size; at += 8) {
        if (scan_word(line + at) != scan_word(name.at + at)) {
            return false;
        }
    }
    return scan_word(line + name.size - 8) == scan_word(name.at + name.size - 8);
}

// The row whose name the line starts with, and what follows it; NULL for a
// metric that is not read.
static inline const struct metric_row *
find_row(struct resource *resource, struct text line, struct text *rest)
{
    unsigned index = resource->expected;
    for (unsigned left = ARRAY_COUNT(rows); left > 0; left--) {
        const struct metric_row *row = &rows[index];
        size_t size = row->name.size;
        if (line.size > size && starts_with(line.at, row->name)) {
            char next = line.at[size];
            if (next == '{' || next == ' ' || next == '\t') {
                if (index != resource->expected) {
                    resource_tally_turn(&resource->tally, row->subject);
                    resource->expected = index;
                }
                *rest = (struct text){line.at + size, line.size - size};
                return row;
            }
        }
        index = index + 1 < ARRAY_COUNT(rows) ? index + 1 : 0;
    }
    return NULL;
}

// Handing over

static void
fill(const struct resource_entry *entry, struct cpu_seen *cpu, struct memory_seen *memory)
{
    bool has_set = (entry->has & 1U << RESOURCE_WORKING_SET) != 0;
    bool has_swap = (entry->has & 1U << RESOURCE_SWAP) != 0;
    *cpu = (struct cpu_seen){
        .has = (entry->has & 1U << RESOURCE_CPU) != 0 ? HAS_CPU_USAGE : 0,
        .time = entry->time[RESOURCE_CPU],
        .usage_ns = entry->value[RESOURCE_CPU],
    };
    *memory = (struct memory_seen){
        .has = (has_set ? HAS_MEMORY_WORKING_SET : 0U) | (has_swap ? HAS_MEMORY_SWAP : 0U),
        .time = entry->time[has_set ? RESOURCE_WORKING_SET : RESOURCE_SWAP],
        .working_set = entry->value[RESOURCE_WORKING_SET],
        .swap = entry->value[RESOURCE_SWAP],
    };
}

static void
give_node(struct resource *resource, const struct resource_entry *entry)
{
    struct node_seen *node = &resource->space->seen.node_seen;
    memset(node, 0, offsetof(struct node_seen, filesystems));
    fill(entry, &node->cpu, &node->memory);
    resource->observer.on_node(resource->observer.context, node);
}

// The seen things are large: what an entry does not say is made empty once.
static void
begin_giving(struct resource *resource, enum resource_subject subject)
{
    if (subject == RESOURCE_OF_POD) {
        memset(&resource->space->seen, 0, offsetof(struct pod_seen, containers));
    } else {
        memset(&resource->space->seen, 0, offsetof(struct container_seen, extras));
    }
}

static void
give(struct resource *resource, const struct resource_entry *entry,
     const struct metric_labels *labels)
{
    const struct observer *observer = &resource->observer;
    if (entry->subject == RESOURCE_OF_POD) {
        struct pod_seen *pod = &resource->space->seen.pod_seen;
        pod->namespace_name = labels->namespace_name;
        pod->name = labels->pod;
        fill(entry, &pod->cpu, &pod->memory);
        observer->on_pod(observer->context, pod);
    } else {
        struct container_seen *container = &resource->space->seen.container_seen;
        container->name = labels->container;
        container->start_time.ms = (int64_t)(entry->value[RESOURCE_START] & INT64_MAX);
        fill(entry, &container->cpu, &container->memory);
        observer->on_container(observer->context, labels->namespace_name, labels->pod, container);
    }
}

static void
give_all(struct resource *resource)
{
    struct resource_tally *tally = &resource->tally;
    for (uint32_t i = 0; i < tally->entry_count; i++) {
        const struct resource_entry *entry = &tally->entries[i];
        if (i == 0 || entry->subject != tally->entries[i - 1].subject) {
            begin_giving(resource, entry->subject);
        }
        struct metric_labels labels = resource_tally_labels(tally, entry);
        if (entry->has != 0) {
            give(resource, entry, &labels);
        }
    }
    resource_tally_reset(tally);
}

// Lines

static bool
is_named(enum resource_subject subject, const struct metric_labels *labels)
{
    return labels->namespace_name.size != 0 && labels->pod.size != 0 &&
           (subject == RESOURCE_OF_POD || labels->container.size != 0);
}

// The value and time of a line, whose labels `rest` is behind.
static int
take_value(struct resource *resource, const struct metric_row *row, struct text rest,
           struct resource_entry *entry)
{
    static const int powers[] = {
        [RESOURCE_CPU] = 9, [RESOURCE_WORKING_SET] = 0, [RESOURCE_SWAP] = 0,
        [RESOURCE_START] = 3, [VALUE_FAILED] = 0,
    };
    struct decimal number;
    struct wall_ms time;
    uint64_t value = 0;
    int error = metric_line_value(rest, &number, &time);
    if (error == 0 && number.exponent == -powers[row->value] && !number.negative && !number.cut) {
        value = number.digits;
    } else if (error == 0) {
        error = decimal_nearest(number, powers[row->value], &value);
    }
    if (error != 0) {
        return error;
    }
    if (row->value == VALUE_FAILED) {
        resource->failed |= value != 0;
        return 0;
    }
    entry->has |= (uint8_t)(1U << row->value);
    entry->value[row->value] = value;
    if (row->value < ARRAY_COUNT(entry->time)) {
        entry->time[row->value] = time.ms != 0 ? time : resource->now;
    }
    return 0;
}

static int
take_node_line(struct resource *resource, const struct metric_row *row, struct text rest)
{
    struct resource_entry entry = {0};
    struct metric_labels labels;
    int error = 0;
    if (*rest.at == '{') {
        rest = (struct text){rest.at + 1, rest.size - 1};
        error = metric_line_labels(&rest, resource->space, &labels);
    }
    if (error == 0) {
        error = take_value(resource, row, rest, &entry);
    }
    if (error == 0 && row->value != VALUE_FAILED) {
        give_node(resource, &entry);
    }
    return error;
}

// A line about something that was not met before, or not expected here.
static int
take_new(struct resource *resource, const struct metric_row *row, struct text rest)
{
    struct metric_labels labels;
    struct text bytes = rest;
    decode_space_reset(resource->space);
    int error = metric_line_labels(&rest, resource->space, &labels);
    if (error != 0) {
        return error;
    }
    if (!is_named(row->subject, &labels)) {
        return -ERR_MISSING;
    }
    if (resource->space->texts_used != 0) {
        struct resource_entry alone = {.subject = (uint8_t)row->subject};
        error = take_value(resource, row, rest, &alone);
        if (error == 0) {
            begin_giving(resource, row->subject);
            give(resource, &alone, &labels);
        }
        return error;
    }
    bytes.size -= rest.size;
    struct resource_entry *entry =
        resource_tally_add(&resource->tally, row->subject, bytes, &labels);
    if (entry == NULL) {
        give_all(resource);
        entry = resource_tally_add(&resource->tally, row->subject, bytes, &labels);
    }
    ASSERT(entry != NULL);
    return take_value(resource, row, rest, entry);
}

static int
take_sample(struct resource *resource, const struct metric_row *row, struct text rest)
{
    if (row->subject == RESOURCE_OF_NODE) {
        return take_node_line(resource, row, rest);
    }
    if (*rest.at != '{') {
        return -ERR_MISSING;
    }
    rest = (struct text){rest.at + 1, rest.size - 1};
    struct resource_entry *entry = resource_tally_find(&resource->tally, row->subject, rest);
    if (entry == NULL) {
        return take_new(resource, row, rest);
    }
    return take_value(resource, row, text_sub(rest, entry->size, SIZE_MAX), entry);
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

// The first line end at or after `at`, or NULL. Nothing behind `end` is looked at.
static inline const char *
find_newline(const char *at, const char *end)
{
#ifdef __SSE2__
    for (; (size_t)(end - at) >= SCAN_BYTES; at += SCAN_BYTES) {
        int found = _mm_movemask_epi8(scan_equal_each(scan_load(at), '\n'));
        if (found != 0) {
            return at + scan_mask_before(found);
        }
    }
#endif
    return memchr(at, '\n', (size_t)(end - at));
}

// Behind the line that starts at `at`, or NULL when it does not end here.
static inline const char *
line_end(const char *at, const char *end)
{
    const char *newline = find_newline(at, end);
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
    give_all(resource);
    bool whole = resource->carry_used == 0 && !resource->passing;
    return whole && resource->counters.bytes > 0 ? 0 : -ERR_TRUNCATED;
}

bool
resource_scrape_failed(const struct resource *resource)
{
    return resource->failed;
}

// The carry and the tally's bytes lie together.
#define CARRY_BYTES (METRIC_LINE_BYTES_MAX + SCAN_PAD)

size_t
resource_footprint(void)
{
    return arena_bytes(CARRY_BYTES + RESOURCE_TALLY_BYTES + SCAN_PAD) +
           resource_tally_footprint();
}

void
resource_init(struct resource *resource, struct arena *arena, struct decode_space *space)
{
    ASSERT(space != NULL);
    *resource = (struct resource){
        .space = space,
        .carry = arena_take(arena, CARRY_BYTES + RESOURCE_TALLY_BYTES + SCAN_PAD),
    };
    resource_tally_init(&resource->tally, arena, resource->carry + CARRY_BYTES);
}

void
resource_begin(struct resource *resource, struct observer observer, struct wall_ms now)
{
    ASSERT(observer.on_node != NULL);
    ASSERT(observer.on_pod != NULL);
    ASSERT(observer.on_container != NULL);
    *resource = (struct resource){
        .space = resource->space,
        .tally = resource->tally,
        .carry = resource->carry,
        .observer = observer,
        .now = now,
    };
    resource_tally_reset(&resource->tally);
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
