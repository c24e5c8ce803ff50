// What adds up: the containers of a pod, and requests and limits.
#include "base/check.h"
#include "table/writer_state.h"

static uint32_t
add_milli(uint32_t a, uint32_t b)
{
    return a + b < a ? UINT32_MAX : a + b;
}

void
writer_add_resources(struct resource_row *sum, const struct resource_row *by)
{
    sum->cpu_request = add_milli(sum->cpu_request, by->cpu_request);
    sum->cpu_limit = add_milli(sum->cpu_limit, by->cpu_limit);
    sum->memory_request = writer_add(sum->memory_request, by->memory_request);
    sum->memory_limit = writer_add(sum->memory_limit, by->memory_limit);
    sum->ephemeral_request = writer_add(sum->ephemeral_request, by->ephemeral_request);
    sum->ephemeral_limit = writer_add(sum->ephemeral_limit, by->ephemeral_limit);
}

void
writer_sum_seen(struct container_sums *sums, const struct container_seen *seen)
{
    sums->cpu.has |= seen->cpu.has & HAS_CPU_NANOCORES;
    sums->memory.has |= seen->memory.has;
    if (seen->cpu.has & HAS_CPU_NANOCORES) {
        sums->cpu.usage_nanocores += seen->cpu.usage_nanocores;
    }
    sums->memory.usage += (seen->memory.has & HAS_MEMORY_USAGE) ? seen->memory.usage : 0;
    sums->memory.working_set +=
        (seen->memory.has & HAS_MEMORY_WORKING_SET) ? seen->memory.working_set : 0;
    sums->memory.rss += (seen->memory.has & HAS_MEMORY_RSS) ? seen->memory.rss : 0;
    sums->memory.swap += (seen->memory.has & HAS_MEMORY_SWAP) ? seen->memory.swap : 0;
    if (seen->rootfs.has & HAS_FS_USED) {
        sums->ephemeral += seen->rootfs.used;
        sums->has_ephemeral = true;
    }
    if (seen->logs.has & HAS_FS_USED) {
        sums->ephemeral += seen->logs.used;
        sums->has_ephemeral = true;
    }
}

// The value of `metric` in sums; false when it is not in them.
static bool
sum_of(const struct container_sums *sums, enum metric metric, struct metric_value *value)
{
    *value = (struct metric_value){0};
    switch (metric) {
    case METRIC_CPU_USAGE_RATE:
        value->is_double = true;
        value->real = (double)sums->cpu.usage_nanocores * 1e-6;
        return (sums->cpu.has & HAS_CPU_NANOCORES) != 0;
    case METRIC_MEMORY_USAGE:
        value->u64 = sums->memory.usage;
        return (sums->memory.has & HAS_MEMORY_USAGE) != 0;
    case METRIC_MEMORY_WORKING_SET:
        value->u64 = sums->memory.working_set;
        return (sums->memory.has & HAS_MEMORY_WORKING_SET) != 0;
    case METRIC_MEMORY_RSS:
        value->u64 = sums->memory.rss;
        return (sums->memory.has & HAS_MEMORY_RSS) != 0;
    case METRIC_MEMORY_SWAP:
        value->u64 = sums->memory.swap;
        return (sums->memory.has & HAS_MEMORY_SWAP) != 0;
    case METRIC_EPHEMERAL_USAGE:
        value->u64 = sums->ephemeral;
        return sums->has_ephemeral;
    default:
        return false;
    }
}

// Gauges and rates that are summed where the pod lacks them, with their bits in
// the samples of both kinds.
struct summed {
    enum metric metric;
    uint32_t of_pod, of_container;
};

#define SUMMED_VALUE(id)                                                   \
    {METRIC_##id, UINT32_C(1) << POD_VALUE_##id, UINT32_C(1) << CONTAINER_VALUE_##id}
#define SUMMED_RATE(id)                                                    \
    {METRIC_##id, UINT32_C(1) << (POD_VALUE_COUNT + POD_RATE_##id),        \
     UINT32_C(1) << (CONTAINER_VALUE_COUNT + CONTAINER_RATE_##id)}

static const struct summed summed[] = {
    SUMMED_RATE(CPU_USAGE_RATE),
    SUMMED_VALUE(MEMORY_USAGE),
    SUMMED_VALUE(MEMORY_WORKING_SET),
    SUMMED_VALUE(MEMORY_RSS),
    SUMMED_VALUE(MEMORY_SWAP),
    SUMMED_RATE(MEMORY_PAGE_FAULTS_RATE),
    SUMMED_RATE(MEMORY_MAJOR_PAGE_FAULTS_RATE),
    SUMMED_VALUE(EPHEMERAL_USAGE),
};

// A sum that is being made.
struct sum {
    bool any;
    struct metric_value value;
};

static void
add_value(struct sum *sum, struct metric_value value)
{
    sum->any = true;
    sum->value.is_double |= value.is_double;
    sum->value.real += value.real;
    sum->value.u64 += value.u64;
}

// Adds up over the containers of this cycle what the pod was not given.
static void
add_rows(struct table_writer *writer, const struct pod_row *row, uint32_t given, struct sum *sums)
{
    for (row_index at = row->first_container; at != 0;) {
        struct container_row *container = container_row_at(writer->header, at);
        struct sample sample = sample_of_container(&container->samples[container->head.newest]);
        at = container->next;
        if (sample.head->cycle_s != writer->cycle_s) {
            continue;
        }
        for (size_t i = 0; i < ARRAY_COUNT(summed); i++) {
            struct metric_value value;
            bool wanted = (given & summed[i].of_pod) == 0 &&
                          (sample.head->present & summed[i].of_container) != 0;
            if (wanted && sample_get(sample, summed[i].metric, &value)) {
                add_value(&sums[i], value);
            }
        }
    }
}

static void
add_refused(const struct container_sums *refused, uint32_t given, struct sum *sums)
{
    for (size_t i = 0; i < ARRAY_COUNT(summed); i++) {
        struct metric_value value;
        if ((given & summed[i].of_pod) == 0 && sum_of(refused, summed[i].metric, &value)) {
            add_value(&sums[i], value);
        }
    }
}

void
writer_forget_sums(struct pod_row *row, struct sample now)
{
    now.head->present &= ~row->summed;
    row->summed = 0;
}

void
writer_sum_containers(struct table_writer *writer, struct pod_row *row, struct sample now,
                      const struct container_sums *refused)
{
    struct sum sums[ARRAY_COUNT(summed)] = {0};
    uint32_t given = now.head->present;
    add_rows(writer, row, given, sums);
    if (refused != NULL) {
        add_refused(refused, given, sums);
    }
    for (size_t i = 0; i < ARRAY_COUNT(summed); i++) {
        if (sums[i].any && sums[i].value.is_double) {
            sample_set_rate(now, summed[i].metric, sums[i].value.real);
        } else if (sums[i].any) {
            sample_set(now, summed[i].metric, sums[i].value.u64);
        }
    }
    row->summed = now.head->present & ~given;
}
