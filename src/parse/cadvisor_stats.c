#include "parse/cadvisor_stats.h"

#include <string.h>

#include "base/error.h"

static const struct field total_fields[] = {
    {FIELD_KEY("total"), .type = FIELD_U64},
};
static const struct shape total_shape = SHAPE(total_fields);

enum psi_field { PSI_FULL, PSI_SOME };
static const struct field psi_fields[] = {
    FIELD_NESTED("full", total_shape),
    FIELD_NESTED("some", total_shape),
};
static const struct shape psi_shape = SHAPE(psi_fields);

enum cpu_field { CPU_USAGE, CPU_LOAD, CPU_PSI };
static const struct field cpu_fields[] = {
    FIELD_NESTED("usage", total_shape),
    FIELD_WHOLE("load_average"),
    FIELD_NESTED("psi", psi_shape),
};
static const struct shape cpu_shape = SHAPE(cpu_fields);

static const struct field faults_fields[] = {
    FIELD_HAS("pgfault", U64, struct memory_seen, page_faults, HAS_MEMORY_PAGE_FAULTS),
    FIELD_HAS("pgmajfault", U64, struct memory_seen, major_page_faults,
              HAS_MEMORY_MAJOR_PAGE_FAULTS),
};
static const struct shape faults_shape = SHAPE_HAS(faults_fields, struct memory_seen);

enum memory_field { MEMORY_FAULTS = 5, MEMORY_PSI };
static const struct field memory_fields[] = {
    FIELD_HAS("usage", U64, struct memory_seen, usage, HAS_MEMORY_USAGE),
    FIELD_HAS("cache", U64, struct memory_seen, cache, HAS_MEMORY_CACHE),
    FIELD_HAS("rss", U64, struct memory_seen, rss, HAS_MEMORY_RSS),
    FIELD_HAS("swap", U64, struct memory_seen, swap, HAS_MEMORY_SWAP),
    FIELD_HAS("working_set", U64, struct memory_seen, working_set, HAS_MEMORY_WORKING_SET),
    FIELD_NESTED("container_data", faults_shape),
    FIELD_NESTED("psi", psi_shape),
};
static const struct shape memory_shape = SHAPE_HAS(memory_fields, struct memory_seen);

#define INTERFACE_FIELDS                                                                           \
    FIELD_HAS("rx_bytes", U64, struct network_seen, rx, HAS_NETWORK_RX),                           \
        FIELD_HAS("rx_errors", U64, struct network_seen, rx_errors, HAS_NETWORK_RX_ERRORS),        \
        FIELD_HAS("tx_bytes", U64, struct network_seen, tx, HAS_NETWORK_TX),                       \
        FIELD_HAS("tx_errors", U64, struct network_seen, tx_errors, HAS_NETWORK_TX_ERRORS)

static const struct field interface_fields[] = {INTERFACE_FIELDS};
static const struct shape interface_shape = SHAPE_HAS(interface_fields, struct network_seen);

static const struct field network_fields[] = {
    INTERFACE_FIELDS,
    FIELD_LIST("interfaces", interface_shape, NODE_INTERFACES_MAX),
};
static const struct shape network_shape = SHAPE_HAS(network_fields, struct network_seen);

static const struct field filesystem_fields[] = {
    FIELD("device", TEXT, struct filesystem_seen, name),
    FIELD_HAS("capacity", U64, struct filesystem_seen, capacity, HAS_FS_CAPACITY),
    FIELD_HAS("usage", U64, struct filesystem_seen, used, HAS_FS_USED),
    FIELD_HAS("available", U64, struct filesystem_seen, available, HAS_FS_AVAILABLE),
    FIELD_HAS("inodes", U64, struct filesystem_seen, inodes, HAS_FS_INODES),
    FIELD_HAS("inodes_free", U64, struct filesystem_seen, inodes_free, HAS_FS_INODES_FREE),
};
static const struct shape filesystem_shape = SHAPE_HAS(filesystem_fields, struct filesystem_seen);

static const struct field traffic_fields[] = {
    FIELD("Read", U64, struct disk_seen, read_bytes),
    FIELD("Write", U64, struct disk_seen, write_bytes),
};
static const struct shape traffic_shape = SHAPE(traffic_fields);

struct disk_read {
    struct text device;
    uint64_t major, minor;
    struct disk_seen traffic;
};

static const struct field disk_fields[] = {
    FIELD("device", TEXT, struct disk_read, device),
    FIELD("major", U64, struct disk_read, major),
    FIELD("minor", U64, struct disk_read, minor),
    FIELD_NESTED("stats", traffic_shape),
};
static const struct shape disk_shape = SHAPE(disk_fields);

enum io_field { IO_BYTES, IO_PSI };
static const struct field io_fields[] = {
    FIELD_LIST("io_service_bytes", disk_shape, NODE_DISKS_MAX),
    FIELD_NESTED("psi", psi_shape),
};
static const struct shape io_shape = SHAPE(io_fields);

enum stats_field {
    STATS_CPU = 1,
    STATS_IO,
    STATS_MEMORY,
    STATS_NETWORK,
    STATS_FILESYSTEMS,
};
static const struct field stats_fields[] = {
    FIELD("timestamp", TIME, struct cpu_seen, time),
    FIELD_NESTED("cpu", cpu_shape),
    FIELD_NESTED("diskio", io_shape),
    FIELD_NESTED("memory", memory_shape),
    FIELD_NESTED("network", network_shape),
    FIELD_LIST("filesystem", filesystem_shape, NODE_FILESYSTEMS_MAX),
};
const struct shape cadvisor_stats_shape = SHAPE(stats_fields);

static int
read_psi(struct cursor *cursor, uint64_t *full_us, uint64_t *some_us)
{
    struct members members = members_of(cursor, &psi_shape, NULL);
    int index;
    while ((index = members_next(&members)) >= 0) {
        struct members total =
            members_of(cursor, &total_shape, index == PSI_FULL ? full_us : some_us);
        members_next(&total);
        members.error = total.error;
    }
    return members.error;
}

static int
read_usage(struct cursor *cursor, struct cpu_seen *cpu)
{
    struct members members = members_of(cursor, &total_shape, &cpu->usage_ns);
    members_next(&members);
    cpu->has |= members.seen != 0 ? HAS_CPU_USAGE : 0U;
    return members.error;
}

// A signed number, of which only what is not negative makes sense.
static int
read_load(struct cursor *cursor, struct cpu_seen *cpu)
{
    int32_t load;
    int error = cursor_i32(cursor, &load);
    if (error == 0 && load >= 0) {
        cpu->load_milli = (uint64_t)load;
        cpu->has |= HAS_CPU_LOAD;
    }
    return error;
}

static int
read_cpu(struct cursor *cursor, struct cadvisor_stats *stats)
{
    struct pressure_seen *pressure = &stats->pressure;
    struct members members = members_of(cursor, &cpu_shape, NULL);
    int index;
    while ((index = members_next(&members)) >= 0) {
        switch (index) {
        case CPU_USAGE:
            members.error = read_usage(cursor, &stats->cpu);
            break;
        case CPU_LOAD:
            members.error = read_load(cursor, &stats->cpu);
            break;
        default:
            members.error = read_psi(cursor, &pressure->cpu_full_us, &pressure->cpu_some_us);
            pressure->has |= HAS_PRESSURE_CPU;
            break;
        }
    }
    return members.error;
}

static int
read_memory(struct cursor *cursor, struct cadvisor_stats *stats)
{
    struct pressure_seen *pressure = &stats->pressure;
    struct members members = members_of(cursor, &memory_shape, &stats->memory);
    int index;
    while ((index = members_next(&members)) >= 0) {
        if (index == MEMORY_FAULTS) {
            struct members faults = members_of(cursor, &faults_shape, &stats->memory);
            members_next(&faults);
            members.error = faults.error;
        } else {
            members.error = read_psi(cursor, &pressure->memory_full_us, &pressure->memory_some_us);
            pressure->has |= HAS_PRESSURE_MEMORY;
        }
    }
    return members.error;
}

// All interfaces together; the counters wrap as theirs do.
static int
read_interfaces(struct cursor *cursor, struct network_seen *sum)
{
    struct items items = items_of(cursor);
    while (items_next(&items)) {
        struct network_seen one = {0};
        struct members members = members_of(cursor, &interface_shape, &one);
        members_next(&members);
        items.error = members.error;
        sum->has |= one.has;
        sum->rx += one.rx;
        sum->tx += one.tx;
        sum->rx_errors += one.rx_errors;
        sum->tx_errors += one.tx_errors;
    }
    return items.error;
}

static int
read_network(struct cursor *cursor, struct cadvisor_stats *stats)
{
    struct network_seen first = {0};
    struct network_seen sum = {0};
    struct members members = members_of(cursor, &network_shape, &first);
    while (members_next(&members) >= 0) {
        members.error = read_interfaces(cursor, &sum);
    }
    stats->network = sum.has != 0 ? sum : first;
    return members.error;
}

// "MAJOR:MINOR" in the decode space, for a device without a name.
static int
name_disk(struct cursor *cursor, const struct disk_read *read, struct text *name)
{
    size_t size = sizeof "18446744073709551615:18446744073709551615";
    char *room = decode_space_take(cursor->space, size);
    if (room == NULL) {
        return -ERR_TOO_LONG;
    }
    struct out out = out_of(room, size);
    out_u64(&out, read->major);
    out_byte(&out, ':');
    out_u64(&out, read->minor);
    *name = out_view(&out);
    return 0;
}

static int
read_disk(struct cursor *cursor, struct cadvisor_stats *stats, struct parse_counters *counters)
{
    struct disk_read read = {0};
    struct members members = members_of(cursor, &disk_shape, &read);
    while (members_next(&members) >= 0) {
        struct members traffic = members_of(cursor, &traffic_shape, &read.traffic);
        members_next(&traffic);
        members.error = traffic.error;
    }
    if (members.error != 0) {
        return members.error;
    }
    if (stats->disk_count == NODE_DISKS_MAX) {
        counters->trimmed++;
        return 0;
    }
    struct disk_seen *disk = &stats->disks[stats->disk_count++];
    *disk = read.traffic;
    disk->device = read.device;
    return read.device.size != 0 ? 0 : name_disk(cursor, &read, &disk->device);
}

static int
read_io(struct cursor *cursor, struct cadvisor_stats *stats, struct parse_counters *counters)
{
    struct pressure_seen *pressure = &stats->pressure;
    struct members members = members_of(cursor, &io_shape, NULL);
    int index;
    while ((index = members_next(&members)) >= 0) {
        if (index == IO_PSI) {
            members.error = read_psi(cursor, &pressure->io_full_us, &pressure->io_some_us);
            pressure->has |= HAS_PRESSURE_IO;
            continue;
        }
        struct items items = items_of(cursor);
        while (items_next(&items)) {
            items.error = read_disk(cursor, stats, counters);
        }
        members.error = items.error;
    }
    return members.error;
}

static int
read_filesystems(struct cursor *cursor, struct cadvisor_stats *stats,
                 struct parse_counters *counters)
{
    struct items items = items_of(cursor);
    while (items_next(&items)) {
        if (stats->filesystem_count == NODE_FILESYSTEMS_MAX) {
            counters->trimmed++;
            cursor_skip(cursor);
            continue;
        }
        struct filesystem_seen *filesystem = &stats->filesystems[stats->filesystem_count++];
        *filesystem = (struct filesystem_seen){0};
        struct members members = members_of(cursor, &filesystem_shape, filesystem);
        members_next(&members);
        items.error = members.error;
    }
    return items.error;
}

static void
date(struct cadvisor_stats *stats)
{
    struct wall_ms time = stats->cpu.time;
    stats->memory.time = time;
    stats->network.time = time;
    stats->pressure.time = time;
    for (uint32_t i = 0; i < stats->filesystem_count; i++) {
        stats->filesystems[i].time = time;
    }
    for (uint32_t i = 0; i < stats->disk_count; i++) {
        stats->disks[i].time = time;
    }
}

int
cadvisor_stats_read(struct cursor *cursor, struct cadvisor_stats *stats,
                    struct parse_counters *counters)
{
    memset(stats, 0, offsetof(struct cadvisor_stats, filesystems));
    struct members members = members_of(cursor, &cadvisor_stats_shape, &stats->cpu);
    int index;
    while ((index = members_next(&members)) >= 0) {
        switch (index) {
        case STATS_CPU:
            members.error = read_cpu(cursor, stats);
            break;
        case STATS_IO:
            members.error = read_io(cursor, stats, counters);
            break;
        case STATS_MEMORY:
            members.error = read_memory(cursor, stats);
            break;
        case STATS_NETWORK:
            members.error = read_network(cursor, stats);
            break;
        default:
            members.error = read_filesystems(cursor, stats, counters);
            break;
        }
    }
    date(stats);
    return members.error;
}
