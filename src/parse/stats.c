#include "parse/stats.h"

#include <string.h>

#include "base/error.h"

static const struct field psi_data_fields[] = {
    {FIELD_KEY("total"), .type = FIELD_U64},
};
static const struct shape psi_data_shape = SHAPE(psi_data_fields);

enum { PSI_FULL, PSI_SOME };
static const struct field psi_fields[] = {
    FIELD_NESTED("full", psi_data_shape),
    FIELD_NESTED("some", psi_data_shape),
};
static const struct shape psi_shape = SHAPE(psi_fields);

static const struct field cpu_fields[] = {
    FIELD("time", TIME, struct cpu_seen, time),
    FIELD_HAS("usageNanoCores", U64, struct cpu_seen, usage_nanocores, HAS_CPU_NANOCORES),
    FIELD_HAS("usageCoreNanoSeconds", U64, struct cpu_seen, usage_ns, HAS_CPU_USAGE),
    FIELD_NESTED("psi", psi_shape),
};
const struct shape stats_cpu_shape = SHAPE_HAS(cpu_fields, struct cpu_seen);

static const struct field memory_fields[] = {
    FIELD("time", TIME, struct memory_seen, time),
    FIELD_HAS("availableBytes", U64, struct memory_seen, available, HAS_MEMORY_AVAILABLE),
    FIELD_HAS("usageBytes", U64, struct memory_seen, usage, HAS_MEMORY_USAGE),
    FIELD_HAS("workingSetBytes", U64, struct memory_seen, working_set, HAS_MEMORY_WORKING_SET),
    FIELD_HAS("rssBytes", U64, struct memory_seen, rss, HAS_MEMORY_RSS),
    FIELD_HAS("pageFaults", U64, struct memory_seen, page_faults, HAS_MEMORY_PAGE_FAULTS),
    FIELD_HAS("majorPageFaults", U64, struct memory_seen, major_page_faults,
              HAS_MEMORY_MAJOR_PAGE_FAULTS),
    FIELD_NESTED("psi", psi_shape),
};
const struct shape stats_memory_shape = SHAPE_HAS(memory_fields, struct memory_seen);

struct swap_read {
    unsigned has;
    struct wall_ms time;
    uint64_t usage;
};

static const struct field swap_fields[] = {
    FIELD("time", TIME, struct swap_read, time),
    FIELD_HAS("swapUsageBytes", U64, struct swap_read, usage, HAS_MEMORY_SWAP),
};
const struct shape stats_swap_shape = SHAPE_HAS(swap_fields, struct swap_read);

struct interface_read {
    struct text name;
    struct network_seen network;
    unsigned has;
};

#define INTERFACE_FIELDS                                                                           \
    FIELD("name", TEXT, struct interface_read, name),                                              \
        FIELD_HAS("rxBytes", U64, struct interface_read, network.rx, HAS_NETWORK_RX),              \
        FIELD_HAS("rxErrors", U64, struct interface_read, network.rx_errors,                       \
                  HAS_NETWORK_RX_ERRORS),                                                          \
        FIELD_HAS("txBytes", U64, struct interface_read, network.tx, HAS_NETWORK_TX),              \
        FIELD_HAS("txErrors", U64, struct interface_read, network.tx_errors,                       \
                  HAS_NETWORK_TX_ERRORS)

static const struct field interface_fields[] = {INTERFACE_FIELDS};
static const struct shape interface_shape = SHAPE_HAS(interface_fields, struct interface_read);

static const struct field network_fields[] = {
    FIELD("time", TIME, struct interface_read, network.time),
    INTERFACE_FIELDS,
    FIELD_LIST("interfaces", interface_shape, NODE_INTERFACES_MAX),
};
const struct shape stats_network_shape = SHAPE_HAS(network_fields, struct interface_read);

static const struct field filesystem_fields[] = {
    FIELD("time", TIME, struct filesystem_seen, time),
    FIELD_HAS("availableBytes", U64, struct filesystem_seen, available, HAS_FS_AVAILABLE),
    FIELD_HAS("capacityBytes", U64, struct filesystem_seen, capacity, HAS_FS_CAPACITY),
    FIELD_HAS("usedBytes", U64, struct filesystem_seen, used, HAS_FS_USED),
    FIELD_HAS("inodesFree", U64, struct filesystem_seen, inodes_free, HAS_FS_INODES_FREE),
    FIELD_HAS("inodes", U64, struct filesystem_seen, inodes, HAS_FS_INODES),
    FIELD("name", TEXT, struct filesystem_seen, name),  // of a volume
};
const struct shape stats_filesystem_shape = SHAPE_HAS(filesystem_fields, struct filesystem_seen);

static const struct field io_fields[] = {
    FIELD("time", TIME, struct pressure_seen, time),
    FIELD_NESTED("psi", psi_shape),
};
const struct shape stats_io_shape = SHAPE(io_fields);

struct accelerator_read {
    struct text make, model, id;
    unsigned has;
    uint64_t values[3];
};

// Order of accelerator_metrics below.
static const struct field accelerator_fields[] = {
    FIELD("make", TEXT, struct accelerator_read, make),
    FIELD("model", TEXT, struct accelerator_read, model),
    FIELD("id", TEXT, struct accelerator_read, id),
    FIELD_HAS("memoryTotal", U64, struct accelerator_read, values[0], 1),
    FIELD_HAS("memoryUsed", U64, struct accelerator_read, values[1], 2),
    FIELD_HAS("dutyCycle", U64, struct accelerator_read, values[2], 4),
};
static const struct shape accelerator_shape =
    SHAPE_HAS(accelerator_fields, struct accelerator_read);

static const struct field custom_fields[] = {
    FIELD("name", TEXT, struct extra_seen, metric),
    FIELD("time", TIME, struct extra_seen, time),
    FIELD("value", DOUBLE, struct extra_seen, value),
};
static const struct shape custom_shape = SHAPE(custom_fields);

enum container_field {
    CONTAINER_CPU = 2,
    CONTAINER_MEMORY,
    CONTAINER_ROOTFS,
    CONTAINER_LOGS,
    CONTAINER_SWAP,
    CONTAINER_IO,
    CONTAINER_ACCELERATORS,
    CONTAINER_CUSTOM,
};
static const struct field container_fields[] = {
    FIELD("name", TEXT, struct container_seen, name),
    FIELD("startTime", TIME, struct container_seen, start_time),
    FIELD_NESTED("cpu", stats_cpu_shape),
    FIELD_NESTED("memory", stats_memory_shape),
    FIELD_NESTED("rootfs", stats_filesystem_shape),
    FIELD_NESTED("logs", stats_filesystem_shape),
    FIELD_NESTED("swap", stats_swap_shape),
    FIELD_NESTED("io", stats_io_shape),
    FIELD_LIST("accelerators", accelerator_shape, CONTAINER_EXTRAS_MAX),
    FIELD_LIST("userDefinedMetrics", custom_shape, CONTAINER_EXTRAS_MAX),
};
const struct shape stats_container_shape = SHAPE(container_fields);

// How much of `full` and `some` was stalled, in microseconds.
static int
read_psi(struct cursor *cursor, uint64_t *full_us, uint64_t *some_us)
{
    struct members members = members_of(cursor, &psi_shape, NULL);
    int index;
    while ((index = members_next(&members)) >= 0) {
        struct members data =
            members_of(cursor, &psi_data_shape, index == PSI_FULL ? full_us : some_us);
        members_next(&data);
        members.error = data.error;
    }
    return members.error;
}

int
stats_cpu(struct cursor *cursor, struct cpu_seen *cpu, struct pressure_seen *pressure)
{
    struct members members = members_of(cursor, &stats_cpu_shape, cpu);
    while (members_next(&members) >= 0) {
        members.error = read_psi(cursor, &pressure->cpu_full_us, &pressure->cpu_some_us);
        pressure->has |= HAS_PRESSURE_CPU;
    }
    if ((pressure->has & HAS_PRESSURE_CPU) != 0 && pressure->time.ms == 0) {
        pressure->time = cpu->time;
    }
    return members.error;
}

int
stats_memory(struct cursor *cursor, struct memory_seen *memory, struct pressure_seen *pressure)
{
    struct members members = members_of(cursor, &stats_memory_shape, memory);
    while (members_next(&members) >= 0) {
        members.error = read_psi(cursor, &pressure->memory_full_us, &pressure->memory_some_us);
        pressure->has |= HAS_PRESSURE_MEMORY;
    }
    if ((pressure->has & HAS_PRESSURE_MEMORY) != 0 && pressure->time.ms == 0) {
        pressure->time = memory->time;
    }
    // Kubelets subtract without looking: more in use than the limit wraps.
    if (memory->available > INT64_MAX) {
        memory->available = 0;
    }
    return members.error;
}

int
stats_io(struct cursor *cursor, struct pressure_seen *pressure)
{
    struct wall_ms before = pressure->time;
    struct members members = members_of(cursor, &stats_io_shape, pressure);
    while (members_next(&members) >= 0) {
        members.error = read_psi(cursor, &pressure->io_full_us, &pressure->io_some_us);
        pressure->has |= HAS_PRESSURE_IO;
    }
    if (before.ms != 0) {
        pressure->time = before;
    }
    return members.error;
}

int
stats_swap(struct cursor *cursor, struct memory_seen *memory)
{
    struct swap_read swap = {0};
    struct members members = members_of(cursor, &stats_swap_shape, &swap);
    members_next(&members);
    if ((swap.has & HAS_MEMORY_SWAP) != 0) {
        memory->has |= HAS_MEMORY_SWAP;
        memory->swap = swap.usage;
        if (memory->time.ms == 0) {
            memory->time = swap.time;
        }
    }
    return members.error;
}

// Bridges, tunnels and the host's ends of pods: what goes through them is
// counted at a real interface too.
static bool
is_virtual(struct text name)
{
    static const struct text prefixes[] = {
        TEXT("lo"),    TEXT("veth"),      TEXT("cali"),    TEXT("cni"),   TEXT("docker"),
        TEXT("br-"),   TEXT("virbr"),     TEXT("flannel"), TEXT("tun"),   TEXT("dummy"),
        TEXT("kube-"), TEXT("nodelocal"), TEXT("ifb"),     TEXT("vxlan"), TEXT("cilium"),
        TEXT("lxc"),   TEXT("gre"),       TEXT("sit"),     TEXT("ip6"),   TEXT("weave"),
        TEXT("ovs"),   TEXT("genev"),     TEXT("antrea"),  TEXT("tap"),
    };
    for (size_t i = 0; i < ARRAY_COUNT(prefixes); i++) {
        if (text_starts(name, prefixes[i])) {
            return true;
        }
    }
    return false;
}

static int
read_interfaces(struct cursor *cursor, struct interface_read *busiest)
{
    struct items items = items_of(cursor);
    uint64_t most = 0;
    while (items_next(&items)) {
        struct interface_read one = {0};
        struct members members = members_of(cursor, &interface_shape, &one);
        members_next(&members);
        items.error = members.error;
        uint64_t bytes = one.network.rx / 2 + one.network.tx / 2;
        if (one.has != 0 && !is_virtual(one.name) && (busiest->has == 0 || bytes > most)) {
            *busiest = one;
            most = bytes;
        }
    }
    return items.error;
}

int
stats_network(struct cursor *cursor, struct network_seen *network)
{
    struct interface_read own = {0};
    struct interface_read busiest = {0};
    struct members members = members_of(cursor, &stats_network_shape, &own);
    while (members_next(&members) >= 0) {
        if (own.has != 0) {
            cursor_skip(cursor);
        } else {
            members.error = read_interfaces(cursor, &busiest);
        }
    }
    *network = own.has != 0 ? own.network : busiest.network;
    network->has = own.has != 0 ? own.has : busiest.has;
    network->time = own.network.time;
    return members.error;
}

int
stats_filesystem(struct cursor *cursor, struct filesystem_seen *filesystem)
{
    struct members members = members_of(cursor, &stats_filesystem_shape, filesystem);
    members_next(&members);
    return members.error;
}

// The next free extra of the container, zeroed, or NULL.
static struct extra_seen *
extra_take(struct container_seen *container, struct parse_counters *counters)
{
    if (container->extra_count == CONTAINER_EXTRAS_MAX) {
        counters->trimmed++;
        return NULL;
    }
    struct extra_seen *extra = &container->extras[container->extra_count++];
    *extra = (struct extra_seen){0};
    return extra;
}

// "make:model:id", in the decode space.
static int
accelerator_label(struct cursor *cursor, const struct accelerator_read *read, struct text *label)
{
    size_t size = read->make.size + read->model.size + read->id.size + 2;
    char *room = decode_space_take(cursor->space, size);
    if (room == NULL) {
        return -ERR_TOO_LONG;
    }
    struct out out = out_of(room, size);
    out_text(&out, read->make);
    out_byte(&out, ':');
    out_text(&out, read->model);
    out_byte(&out, ':');
    out_text(&out, read->id);
    *label = out_view(&out);
    return 0;
}

static int
read_accelerator(struct cursor *cursor, struct container_seen *container,
                 struct parse_counters *counters)
{
    static const struct text metrics[] = {
        TEXT("accelerator/memory_total"),
        TEXT("accelerator/memory_used"),
        TEXT("accelerator/duty_cycle"),
    };
    struct accelerator_read read = {0};
    struct members members = members_of(cursor, &accelerator_shape, &read);
    members_next(&members);
    struct text label;
    int error = members.error;
    if (error == 0) {
        error = accelerator_label(cursor, &read, &label);
    }
    for (unsigned i = 0; error == 0 && i < ARRAY_COUNT(metrics); i++) {
        struct extra_seen *extra = NULL;
        if ((read.has & 1U << i) != 0) {
            extra = extra_take(container, counters);
        }
        if (extra != NULL) {
            extra->metric = metrics[i];
            extra->label = label;
            extra->value = (double)read.values[i];
        }
    }
    return error;
}

static int
read_custom(struct cursor *cursor, struct container_seen *container,
            struct parse_counters *counters)
{
    struct extra_seen read = {0};
    struct members members = members_of(cursor, &custom_shape, &read);
    members_next(&members);
    if (members.error != 0 || read.metric.size == 0) {
        return members.error;
    }
    struct extra_seen *extra = extra_take(container, counters);
    if (extra == NULL) {
        return 0;
    }
    *extra = read;
    return cursor_prefixed(cursor, TEXT("custom/"), &extra->metric);
}

static int
read_extras(struct cursor *cursor, int index, struct container_seen *container,
            struct parse_counters *counters)
{
    struct items items = items_of(cursor);
    while (items_next(&items)) {
        items.error = index == CONTAINER_CUSTOM ? read_custom(cursor, container, counters)
                                                : read_accelerator(cursor, container, counters);
    }
    return items.error;
}

static int
read_container_part(struct cursor *cursor, int index, struct container_seen *container,
                    struct parse_counters *counters)
{
    switch (index) {
    case CONTAINER_CPU:
        return stats_cpu(cursor, &container->cpu, &container->pressure);
    case CONTAINER_MEMORY:
        return stats_memory(cursor, &container->memory, &container->pressure);
    case CONTAINER_ROOTFS:
        return stats_filesystem(cursor, &container->rootfs);
    case CONTAINER_LOGS:
        return stats_filesystem(cursor, &container->logs);
    case CONTAINER_SWAP:
        return stats_swap(cursor, &container->memory);
    case CONTAINER_IO:
        return stats_io(cursor, &container->pressure);
    default:
        return read_extras(cursor, index, container, counters);
    }
}

// Accelerators carry no time of their own.
static void
date_extras(struct container_seen *container)
{
    for (uint32_t i = 0; i < container->extra_count; i++) {
        if (container->extras[i].time.ms == 0) {
            container->extras[i].time = container->cpu.time;
        }
    }
}

int
stats_container(struct cursor *cursor, struct container_seen *container,
                struct parse_counters *counters)
{
    memset(container, 0, offsetof(struct container_seen, extras));
    struct members members = members_of(cursor, &stats_container_shape, container);
    int index;
    while ((index = members_next(&members)) >= 0) {
        members.error = read_container_part(cursor, index, container, counters);
    }
    container->rootfs.name = TEXT("/");
    container->logs.name = TEXT("logs");
    date_extras(container);
    if (members.error == 0 && container->name.size == 0) {
        return -ERR_MISSING;
    }
    return members.error;
}

// If `containers[count]` has the name of one before it, only the later of the
// two stays, in the earlier place. True when it was so.
static bool
merge_same_name(struct container_seen *containers, uint32_t count)
{
    struct container_seen *last = &containers[count];
    for (uint32_t i = 0; i < count; i++) {
        if (text_equal(containers[i].name, last->name)) {
            if (last->start_time.ms > containers[i].start_time.ms) {
                containers[i] = *last;
            }
            return true;
        }
    }
    return false;
}

int
stats_containers(struct cursor *cursor, struct container_seen *containers, uint32_t *count,
                 uint32_t count_max, struct parse_counters *counters)
{
    struct items items = items_of(cursor);
    while (items_next(&items)) {
        if (*count == count_max) {
            counters->trimmed++;
            cursor_skip(cursor);
            continue;
        }
        items.error = stats_container(cursor, &containers[*count], counters);
        if (items.error == 0 && !merge_same_name(containers, *count)) {
            (*count)++;
        }
    }
    return items.error;
}
