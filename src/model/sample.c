#include "model/sample.h"

#include "base/check.h"

#define SLOT_NONE 255

// Where each metric lies in a sample of each kind: integers first, then rates.
struct slot_map {
    uint8_t value_count;
    uint8_t rate_count;
    uint8_t slot[METRIC_COUNT];  // 1 + slot, 0 = not stored
};

static const struct slot_map maps[SLOT_KIND_COUNT] = {
    [SLOT_NODE] = {NODE_VALUE_COUNT, NODE_RATE_COUNT, {
#define VALUE(kind, metric) VALUE_##kind(metric)
#define RATE(kind, metric, of) RATE_##kind(metric)
#define VALUE_NODE(metric) [METRIC_##metric] = 1 + NODE_VALUE_##metric,
#define RATE_NODE(metric) [METRIC_##metric] = 1 + NODE_VALUE_COUNT + NODE_RATE_##metric,
#define VALUE_POD(metric)
#define RATE_POD(metric)
#define VALUE_CONTAINER(metric)
#define RATE_CONTAINER(metric)
#include "model/sample.tbl.h"
#undef VALUE_NODE
#undef RATE_NODE
#undef VALUE_POD
#undef RATE_POD
    }},
    [SLOT_POD] = {POD_VALUE_COUNT, POD_RATE_COUNT, {
#define VALUE_NODE(metric)
#define RATE_NODE(metric)
#define VALUE_POD(metric) [METRIC_##metric] = 1 + POD_VALUE_##metric,
#define RATE_POD(metric) [METRIC_##metric] = 1 + POD_VALUE_COUNT + POD_RATE_##metric,
#include "model/sample.tbl.h"
#undef VALUE_POD
#undef RATE_POD
#undef VALUE_CONTAINER
#undef RATE_CONTAINER
    }},
    [SLOT_CONTAINER] = {CONTAINER_VALUE_COUNT, CONTAINER_RATE_COUNT, {
#define VALUE_POD(metric)
#define RATE_POD(metric)
#define VALUE_CONTAINER(metric) [METRIC_##metric] = 1 + CONTAINER_VALUE_##metric,
#define RATE_CONTAINER(metric) [METRIC_##metric] = 1 + CONTAINER_VALUE_COUNT + CONTAINER_RATE_##metric,
#include "model/sample.tbl.h"
#undef VALUE_NODE
#undef RATE_NODE
#undef VALUE_POD
#undef RATE_POD
#undef VALUE_CONTAINER
#undef RATE_CONTAINER
#undef VALUE
#undef RATE
    }},
};

// struct sample_head.present has one bit for each slot.
_Static_assert(NODE_VALUE_COUNT + NODE_RATE_COUNT <= 32, "present is 32 bits wide");
_Static_assert(POD_VALUE_COUNT + POD_RATE_COUNT <= 32, "present is 32 bits wide");
_Static_assert(CONTAINER_VALUE_COUNT + CONTAINER_RATE_COUNT <= 32, "present is 32 bits wide");

struct sample
sample_of_node(struct node_sample *node)
{
    return (struct sample){SLOT_NODE, &node->head, node->value, node->rate};
}

struct sample
sample_of_pod(struct pod_sample *pod)
{
    return (struct sample){SLOT_POD, &pod->head, pod->value, pod->rate};
}

struct sample
sample_of_container(struct container_sample *container)
{
    return (struct sample){SLOT_CONTAINER, &container->head, container->value, container->rate};
}

#define OFFSET_UNKNOWN INT32_MIN

void
sample_begin(struct sample sample, uint32_t cycle_s)
{
    *sample.head = (struct sample_head){.cycle_s = cycle_s};
    for (size_t i = 0; i < PART_TIMED_COUNT; i++) {
        sample.head->offset_ms[i] = OFFSET_UNKNOWN;
    }
}

static unsigned
slot_of(struct sample sample, enum metric metric)
{
    ASSERT(metric < METRIC_COUNT);
    unsigned slot = maps[sample.kind].slot[metric];
    return slot == 0 ? SLOT_NONE : slot - 1;
}

static bool
is_present(struct sample sample, unsigned slot)
{
    return (sample.head->present & (UINT32_C(1) << slot)) != 0;
}

void
sample_set(struct sample sample, enum metric metric, uint64_t value)
{
    unsigned slot = slot_of(sample, metric);
    if (slot >= maps[sample.kind].value_count) {
        return;  // not stored for this kind
    }
    sample.value[slot] = value;
    sample.head->present |= UINT32_C(1) << slot;
}

void
sample_set_rate(struct sample sample, enum metric metric, double rate)
{
    unsigned slot = slot_of(sample, metric);
    unsigned first = maps[sample.kind].value_count;
    if (slot == SLOT_NONE || slot < first) {
        return;
    }
    sample.rate[slot - first] = (float)rate;
    sample.head->present |= UINT32_C(1) << slot;
}

void
sample_unset(struct sample sample, enum metric metric)
{
    unsigned slot = slot_of(sample, metric);
    if (slot != SLOT_NONE) {
        sample.head->present &= ~(UINT32_C(1) << slot);
    }
}

bool
sample_get(struct sample sample, enum metric metric, struct metric_value *value)
{
    unsigned slot = slot_of(sample, metric);
    if (slot == SLOT_NONE || sample.head->cycle_s == 0 || !is_present(sample, slot)) {
        return false;
    }
    unsigned first = maps[sample.kind].value_count;
    if (slot < first) {
        *value = (struct metric_value){.u64 = sample.value[slot]};
    } else {
        *value = (struct metric_value){.is_double = true, .real = (double)sample.rate[slot - first]};
    }
    return true;
}

enum sample_part
sample_part_of(enum metric metric)
{
    switch (metric) {
    case METRIC_CPU_USAGE:
    case METRIC_CPU_USAGE_RATE:
    case METRIC_CPU_LOAD:
        return PART_CPU;
    case METRIC_NETWORK_RX:
    case METRIC_NETWORK_RX_RATE:
    case METRIC_NETWORK_RX_ERRORS:
    case METRIC_NETWORK_RX_ERRORS_RATE:
    case METRIC_NETWORK_TX:
    case METRIC_NETWORK_TX_RATE:
    case METRIC_NETWORK_TX_ERRORS:
    case METRIC_NETWORK_TX_ERRORS_RATE:
        return PART_NETWORK;
    case METRIC_EPHEMERAL_USAGE:
        return PART_STORAGE;
    default:
        return PART_MEMORY;
    }
}

static int64_t
part_time_ms(struct sample sample, enum sample_part part)
{
    if (part >= PART_TIMED_COUNT || sample.head->cycle_s == 0 || sample.head->offset_ms[part] == OFFSET_UNKNOWN) {
        return 0;
    }
    return (int64_t)sample.head->cycle_s * MS_PER_S + sample.head->offset_ms[part];
}

struct wall_ms
sample_part_time(struct sample sample, enum sample_part part)
{
    return (struct wall_ms){part_time_ms(sample, part)};
}

// A time further from the cycle than an int32 of milliseconds (24 days) is a
// clock that cannot be believed: the nominal time stands for it.
static int64_t
believable_ms(uint32_t cycle_s, int64_t time_ms)
{
    int64_t cycle_ms = (int64_t)cycle_s * MS_PER_S;
    int64_t offset;
    bool overflow = __builtin_sub_overflow(time_ms, cycle_ms, &offset);
    bool believable = !overflow && offset > INT32_MIN && offset <= INT32_MAX;
    return believable ? time_ms : cycle_ms;
}

static void
set_part_time(struct sample sample, enum sample_part part, int64_t time_ms)
{
    int64_t cycle_ms = (int64_t)sample.head->cycle_s * MS_PER_S;
    int64_t believable = believable_ms(sample.head->cycle_s, time_ms);
    sample.head->offset_ms[part] = (int32_t)(believable - cycle_ms);
}

// What `before` held of the given metrics goes into `now`: nothing newer came.
static void
carry(struct sample now, struct sample before, enum metric metric)
{
    unsigned slot = slot_of(before, metric);
    if (slot == SLOT_NONE || before.head->cycle_s == 0 || !is_present(before, slot)) {
        return;
    }
    unsigned first = maps[now.kind].value_count;
    if (slot < first) {
        now.value[slot] = before.value[slot];
    } else {
        now.rate[slot - first] = before.rate[slot - first];
    }
    now.head->present |= UINT32_C(1) << slot;
}

static inline bool
has_slot(struct sample sample, unsigned slot)
{
    return slot != SLOT_NONE && sample.head->cycle_s != 0 && is_present(sample, slot);
}

// rate = (v1 - v0) / (t1 - t0) on the part's own times; absent when either
// value is, and for one cycle when the counter or the clock went back.
static void
fold_rate(struct sample now, struct sample before, enum metric counter, enum metric rate,
          double units_per_count_ms)
{
    unsigned slot = slot_of(now, counter);
    sample_unset(now, rate);
    if (!has_slot(now, slot) || !has_slot(before, slot)) {
        return;
    }
    enum sample_part part = sample_part_of(counter);
    int64_t elapsed_ms = part_time_ms(now, part) - part_time_ms(before, part);
    if (elapsed_ms <= 0 || now.value[slot] < before.value[slot]) {
        return;
    }
    double count = (double)(now.value[slot] - before.value[slot]);
    sample_set_rate(now, rate, count * units_per_count_ms / (double)elapsed_ms);
}

// Kubelets hand out values that are a few seconds old; a time that lies further
// back than this is a clock that was set back, and what it says is new.
#define CLOCK_BACK_MS INT64_C(30000)

// Gives `now` the part's time. False when `before` has the same or a slightly
// newer time: then nothing new came and the caller carries the old values over.
static bool
begin_part(struct sample now, struct sample before, enum sample_part part, struct wall_ms time,
           struct wall_ms arrival)
{
    int64_t given_ms = time.ms != 0 ? time.ms : arrival.ms;
    int64_t time_ms = believable_ms(now.head->cycle_s, given_ms);
    int64_t before_ms = part_time_ms(before, part);
    if (before_ms != 0 && time_ms <= before_ms && before_ms - time_ms < CLOCK_BACK_MS) {
        set_part_time(now, part, before_ms);
        return false;
    }
    set_part_time(now, part, time_ms);
    return true;
}

// ns of CPU per ms of time -> millicores: 1 core = 1e6 ns per ms = 1000 m.
#define MILLICORES_PER_NS_PER_MS 1e-3
#define PER_SECOND 1e3

void
sample_fold_cpu(struct sample now, struct sample before, const struct cpu_seen *cpu,
                struct wall_ms arrival)
{
    if (cpu->has == 0) {
        return;
    }
    if (!begin_part(now, before, PART_CPU, cpu->time, arrival)) {
        carry(now, before, METRIC_CPU_USAGE);
        carry(now, before, METRIC_CPU_USAGE_RATE);
        carry(now, before, METRIC_CPU_LOAD);
        return;
    }
    if (cpu->has & HAS_CPU_USAGE) {
        sample_set(now, METRIC_CPU_USAGE, cpu->usage_ns);
    }
    if (cpu->has & HAS_CPU_LOAD) {
        sample_set(now, METRIC_CPU_LOAD, cpu->load_milli);
    }
    fold_rate(now, before, METRIC_CPU_USAGE, METRIC_CPU_USAGE_RATE, MILLICORES_PER_NS_PER_MS);
    // The source's own rate serves until two counters are known.
    unsigned slot = slot_of(now, METRIC_CPU_USAGE);
    bool two_known = has_slot(now, slot) && has_slot(before, slot);
    if ((cpu->has & HAS_CPU_NANOCORES) && !two_known) {
        sample_set_rate(now, METRIC_CPU_USAGE_RATE, (double)cpu->usage_nanocores * 1e-6);
    }
}

void
sample_fold_memory(struct sample now, struct sample before, const struct memory_seen *memory,
                   struct wall_ms arrival)
{
    static const enum metric all[] = {
        METRIC_MEMORY_USAGE,         METRIC_MEMORY_WORKING_SET,
        METRIC_MEMORY_RSS,           METRIC_MEMORY_CACHE,
        METRIC_MEMORY_SWAP,          METRIC_MEMORY_AVAILABLE,
        METRIC_MEMORY_PAGE_FAULTS,   METRIC_MEMORY_MAJOR_PAGE_FAULTS,
        METRIC_MEMORY_PAGE_FAULTS_RATE, METRIC_MEMORY_MAJOR_PAGE_FAULTS_RATE,
    };
    if (memory->has == 0) {
        return;
    }
    if (!begin_part(now, before, PART_MEMORY, memory->time, arrival)) {
        for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
            carry(now, before, all[i]);
        }
        return;
    }
    const struct {
        unsigned bit;
        enum metric metric;
        uint64_t value;
    } given[] = {
        {HAS_MEMORY_USAGE, METRIC_MEMORY_USAGE, memory->usage},
        {HAS_MEMORY_WORKING_SET, METRIC_MEMORY_WORKING_SET, memory->working_set},
        {HAS_MEMORY_RSS, METRIC_MEMORY_RSS, memory->rss},
        {HAS_MEMORY_CACHE, METRIC_MEMORY_CACHE, memory->cache},
        {HAS_MEMORY_SWAP, METRIC_MEMORY_SWAP, memory->swap},
        {HAS_MEMORY_AVAILABLE, METRIC_MEMORY_AVAILABLE, memory->available},
        {HAS_MEMORY_PAGE_FAULTS, METRIC_MEMORY_PAGE_FAULTS, memory->page_faults},
        {HAS_MEMORY_MAJOR_PAGE_FAULTS, METRIC_MEMORY_MAJOR_PAGE_FAULTS,
         memory->major_page_faults},
    };
    for (size_t i = 0; i < ARRAY_COUNT(given); i++) {
        if (memory->has & given[i].bit) {
            sample_set(now, given[i].metric, given[i].value);
        }
    }
    fold_rate(now, before, METRIC_MEMORY_PAGE_FAULTS, METRIC_MEMORY_PAGE_FAULTS_RATE, PER_SECOND);
    fold_rate(now, before, METRIC_MEMORY_MAJOR_PAGE_FAULTS, METRIC_MEMORY_MAJOR_PAGE_FAULTS_RATE,
              PER_SECOND);
}

void
sample_fold_network(struct sample now, struct sample before, const struct network_seen *network,
                    struct wall_ms arrival)
{
    const struct {
        unsigned bit;
        enum metric counter;
        enum metric rate;
        uint64_t value;
    } given[] = {
        {HAS_NETWORK_RX, METRIC_NETWORK_RX, METRIC_NETWORK_RX_RATE, network->rx},
        {HAS_NETWORK_TX, METRIC_NETWORK_TX, METRIC_NETWORK_TX_RATE, network->tx},
        {HAS_NETWORK_RX_ERRORS, METRIC_NETWORK_RX_ERRORS, METRIC_NETWORK_RX_ERRORS_RATE,
         network->rx_errors},
        {HAS_NETWORK_TX_ERRORS, METRIC_NETWORK_TX_ERRORS, METRIC_NETWORK_TX_ERRORS_RATE,
         network->tx_errors},
    };
    if (network->has == 0) {
        return;
    }
    bool fresh = begin_part(now, before, PART_NETWORK, network->time, arrival);
    for (size_t i = 0; i < ARRAY_COUNT(given); i++) {
        if (!fresh) {
            carry(now, before, given[i].counter);
            carry(now, before, given[i].rate);
        } else if (network->has & given[i].bit) {
            sample_set(now, given[i].counter, given[i].value);
            fold_rate(now, before, given[i].counter, given[i].rate, PER_SECOND);
        }
    }
}
