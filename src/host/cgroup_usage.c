#include "host/cgroup_usage.h"

#include <string.h>

#include "host/proc.h"
#include "host/word.h"

#define DIR_BYTES_MAX 768
#define NS_PER_US UINT64_C(1000)
#define MILLI UINT64_C(1000)

// One control group in all hierarchies.
struct place {
    struct host_files *files;
    const struct cgroup_mounts *mounts;
    struct text path;
    // The directory last used, since most files lie in the same one.
    enum cgroup_hierarchy hierarchy;
    bool there;  // mounted, and the group is in it
    struct host_dir opened;
    size_t dir_size;
    char dir[DIR_BYTES_MAX];
};

static void
begin_place(struct place *place, struct host_files *files, const struct cgroup_mounts *mounts,
            struct text path)
{
    place->files = files;
    place->mounts = mounts;
    place->path = path;
    place->hierarchy = CGROUP_HIERARCHY_COUNT;
    place->there = false;
    place->opened.open = false;
    place->dir_size = 0;
}

static void
end_place(struct place *place)
{
    host_dir_close(place->files, &place->opened);
}

static struct text
dir_of(const struct place *place)
{
    return (struct text){place->dir, place->dir_size};
}

// Everything of v2 lies in one directory, which is held open; in each of v1
// there are too few files for that to pay.
static void
go_to(struct place *place, enum cgroup_hierarchy wanted)
{
    enum cgroup_hierarchy hierarchy = cgroup_where(place->mounts, wanted);
    if (hierarchy == place->hierarchy) {
        return;
    }
    end_place(place);
    struct text mount = cgroup_mount_point(place->mounts, hierarchy);
    struct out dir = out_of(place->dir, sizeof place->dir);
    out_text(&dir, mount);
    out_text(&dir, place->path);
    place->hierarchy = hierarchy;
    place->dir_size = dir.used;
    place->there = mount.size > 0 && !dir.full;
    if (place->there && hierarchy == CGROUP_UNIFIED) {
        place->there = host_dir_open(place->files, dir_of(place), &place->opened) == 0;
    }
}

static bool
is_v1(const struct place *place)
{
    return place->hierarchy != CGROUP_UNIFIED;
}

static bool
read_text(struct place *place, struct text name, struct text *content)
{
    if (!place->there) {
        return false;
    }
    int error = place->opened.open
                    ? host_dir_read(place->files, &place->opened, name, content)
                    : host_file_read(place->files, dir_of(place), name, content);
    return error == 0;
}

// Limits may say "max", which is no number.
static bool
read_number(struct place *place, struct text name, uint64_t *value)
{
    struct text content;
    return read_text(place, name, &content) && text_to_u64(text_trim(content), value) == 0;
}

bool
cgroup_cpu_stat(struct text content, uint64_t *usage_ns)
{
    struct text line;
    struct text word;
    uint64_t us;
    while (line_next(&content, &line)) {
        if (word_next(&line, &word) && text_equal(word, TEXT("usage_usec")) &&
            word_u64(&line, &us)) {
            *usage_ns = multiply_capped(us, NS_PER_US);
            return true;
        }
    }
    return false;
}

static void
read_cpu(struct place *place, struct cpu_seen *cpu)
{
    struct text content;
    bool found;
    go_to(place, CGROUP_CPUACCT);
    if (is_v1(place)) {
        found = read_number(place, TEXT("cpuacct.usage"), &cpu->usage_ns);
    } else {
        found = read_text(place, TEXT("cpu.stat"), &content) &&
                cgroup_cpu_stat(content, &cpu->usage_ns);
    }
    cpu->has = found ? HAS_CPU_USAGE : 0;
}

struct stat_row {
    struct text v1;
    struct text v2;
    uint64_t *value;
    unsigned bit;
};

#define STAT_ROWS 6
#define STAT_INACTIVE_FILE (1U << 31)

static void
fill_stat_rows(struct stat_row *rows, struct memory_seen *memory, uint64_t *inactive_file)
{
    const struct stat_row table[STAT_ROWS] = {
        {TEXT("total_rss"), TEXT("anon"), &memory->rss, HAS_MEMORY_RSS},
        {TEXT("total_cache"), TEXT("file"), &memory->cache, HAS_MEMORY_CACHE},
        {TEXT("total_swap"), TEXT(""), &memory->swap, HAS_MEMORY_SWAP},
        {TEXT("total_pgfault"), TEXT("pgfault"), &memory->page_faults,
         HAS_MEMORY_PAGE_FAULTS},
        {TEXT("total_pgmajfault"), TEXT("pgmajfault"), &memory->major_page_faults,
         HAS_MEMORY_MAJOR_PAGE_FAULTS},
        {TEXT("total_inactive_file"), TEXT("inactive_file"), inactive_file,
         STAT_INACTIVE_FILE},
    };
    memcpy(rows, table, sizeof table);
}

void
cgroup_memory_stat(struct text content, bool v1, struct memory_seen *memory,
                   uint64_t *inactive_file)
{
    struct stat_row rows[STAT_ROWS];
    struct text line;
    struct text name;
    uint64_t value;
    unsigned found = 0;
    fill_stat_rows(rows, memory, inactive_file);
    while (line_next(&content, &line)) {
        if (!word_next(&line, &name)) {
            continue;
        }
        for (size_t i = 0; i < STAT_ROWS; i++) {
            if (text_equal(name, v1 ? rows[i].v1 : rows[i].v2) && word_u64(&line, &value)) {
                *rows[i].value = value;
                found |= rows[i].bit;
                break;
            }
        }
    }
    // Without the part that is easily dropped there is no working set.
    if ((found & STAT_INACTIVE_FILE) != 0 && (memory->has & HAS_MEMORY_USAGE) != 0) {
        memory->working_set = subtract_floored(memory->usage, *inactive_file);
        memory->has |= HAS_MEMORY_WORKING_SET;
    }
    memory->has |= found & ~STAT_INACTIVE_FILE;
}

static void
read_memory(struct place *place, unsigned want, struct memory_seen *memory)
{
    struct text content;
    uint64_t inactive_file = 0;
    go_to(place, CGROUP_MEMORY);
    bool v1 = is_v1(place);
    if (read_number(place, v1 ? TEXT("memory.usage_in_bytes") : TEXT("memory.current"),
                    &memory->usage)) {
        memory->has |= HAS_MEMORY_USAGE;
    }
    if ((memory->has != 0 || v1) && read_text(place, TEXT("memory.stat"), &content)) {
        cgroup_memory_stat(content, v1, memory, &inactive_file);
    }
    if (!v1 && memory->has != 0 &&
        ((want & WANT_SWAP) == 0 ||
         read_number(place, TEXT("memory.swap.current"), &memory->swap))) {
        memory->has |= HAS_MEMORY_SWAP;
    }
}

// Memory and files that pretend to be disks: ram and loop.
static bool
is_virtual_device(struct text device)
{
    return text_starts(device, TEXT("1:")) || text_starts(device, TEXT("7:"));
}

static void
add_io_words(struct text line, uint64_t *read_bytes, uint64_t *write_bytes)
{
    static const struct text read_key = {"rbytes=", 7};
    static const struct text write_key = {"wbytes=", 7};
    struct text word;
    uint64_t value;
    while (word_next(&line, &word)) {
        bool is_read = text_starts(word, read_key);
        if ((is_read || text_starts(word, write_key)) &&
            text_to_u64(text_sub(word, read_key.size, SIZE_MAX), &value) == 0) {
            uint64_t *sum = is_read ? read_bytes : write_bytes;
            *sum = add_capped(*sum, value);
        }
    }
}

void
cgroup_io_stat(struct text content, uint64_t *read_bytes, uint64_t *write_bytes)
{
    // "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6"
    struct text line;
    struct text device;
    while (line_next(&content, &line)) {
        if (word_next(&line, &device) && !is_virtual_device(device)) {
            add_io_words(line, read_bytes, write_bytes);
        }
    }
}

void
cgroup_blkio(struct text content, uint64_t *read_bytes, uint64_t *write_bytes)
{
    // "8:0 Read 1", "8:0 Write 2", "8:0 Sync 3", ..., "Total 3"
    struct text line;
    struct text device;
    struct text operation;
    uint64_t value;
    while (line_next(&content, &line)) {
        if (!word_next(&line, &device) || is_virtual_device(device) ||
            !word_next(&line, &operation) || !word_u64(&line, &value)) {
            continue;
        }
        if (text_equal(operation, TEXT("Read"))) {
            *read_bytes = add_capped(*read_bytes, value);
        } else if (text_equal(operation, TEXT("Write"))) {
            *write_bytes = add_capped(*write_bytes, value);
        }
    }
}

static void
read_disk(struct place *place, struct cgroup_usage *usage)
{
    struct text content;
    go_to(place, CGROUP_BLKIO);
    if (!is_v1(place)) {
        if (read_text(place, TEXT("io.stat"), &content)) {
            cgroup_io_stat(content, &usage->read_bytes, &usage->write_bytes);
            usage->has |= HAS_CGROUP_DISK;
        }
        return;
    }
    // Before Linux 4.17 there is no sum over the groups below.
    if (read_text(place, TEXT("blkio.throttle.io_service_bytes_recursive"), &content) ||
        read_text(place, TEXT("blkio.throttle.io_service_bytes"), &content)) {
        cgroup_blkio(content, &usage->read_bytes, &usage->write_bytes);
        usage->has |= HAS_CGROUP_DISK;
    }
}

static void
read_pressure(struct place *place, struct pressure_seen *pressure)
{
    const struct {
        struct text name;
        unsigned bit;
        uint64_t *some;
        uint64_t *full;
    } rows[] = {
        {TEXT("cpu.pressure"), HAS_PRESSURE_CPU, &pressure->cpu_some_us,
         &pressure->cpu_full_us},
        {TEXT("memory.pressure"), HAS_PRESSURE_MEMORY, &pressure->memory_some_us,
         &pressure->memory_full_us},
        {TEXT("io.pressure"), HAS_PRESSURE_IO, &pressure->io_some_us,
         &pressure->io_full_us},
    };
    go_to(place, CGROUP_UNIFIED);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text content;
        if (!read_text(place, rows[i].name, &content)) {
            return;  // no pressure of one kind: none of any
        }
        if (proc_pressure(content, rows[i].some, rows[i].full)) {
            pressure->has |= rows[i].bit;
        }
    }
}

static bool
quota_milli(uint64_t quota, uint64_t period, uint64_t *milli)
{
    if (period == 0 || quota > UINT64_MAX / MILLI - period) {
        return false;
    }
    // Rounded up, as the API server does with fractions of a millicore.
    *milli = (quota * MILLI + period - 1) / period;
    return true;
}

bool
cgroup_cpu_max(struct text content, uint64_t *milli)
{
    // "max 100000" or "50000 100000"
    struct text line;
    uint64_t quota;
    uint64_t period;
    return line_next(&content, &line) && word_u64(&line, &quota) &&
           word_u64(&line, &period) && quota_milli(quota, period, milli);
}

static bool
read_cpu_limit(struct place *place, uint64_t *milli)
{
    struct text content;
    uint64_t quota;
    uint64_t period;
    go_to(place, CGROUP_CPU);
    if (!is_v1(place)) {
        return read_text(place, TEXT("cpu.max"), &content) &&
               cgroup_cpu_max(content, milli);
    }
    // An unlimited quota is -1, which is no unsigned number.
    return read_number(place, TEXT("cpu.cfs_quota_us"), &quota) &&
           read_number(place, TEXT("cpu.cfs_period_us"), &period) &&
           quota_milli(quota, period, milli);
}

// v1 writes "no limit" as the largest whole number of pages.
#define V1_UNLIMITED (UINT64_C(1) << 60)

static bool
read_memory_limit(struct place *place, uint64_t *limit)
{
    go_to(place, CGROUP_MEMORY);
    struct text name =
        is_v1(place) ? TEXT("memory.limit_in_bytes") : TEXT("memory.max");
    return read_number(place, name, limit) && *limit < V1_UNLIMITED;
}

static void
read_limits(struct place *place, struct cgroup_usage *usage)
{
    go_to(place, CGROUP_PIDS);
    if (read_number(place, TEXT("pids.current"), &usage->pids)) {
        usage->has |= HAS_CGROUP_PIDS;
    }
    if ((usage->has & HAS_CGROUP_PIDS) != 0 &&
        read_number(place, TEXT("pids.max"), &usage->pids_limit)) {
        usage->has |= HAS_CGROUP_PIDS_LIMIT;
    }
    if (read_cpu_limit(place, &usage->cpu_limit_milli)) {
        usage->has |= HAS_CGROUP_CPU_LIMIT;
    }
    if (read_memory_limit(place, &usage->memory_limit)) {
        usage->has |= HAS_CGROUP_MEMORY_LIMIT;
    }
}

bool
cgroup_usage_read(struct host_files *files, const struct cgroup_mounts *mounts,
                  struct text path, struct wall_ms time, unsigned want,
                  struct cgroup_usage *usage)
{
    struct place place;
    begin_place(&place, files, mounts, path);
    *usage = (struct cgroup_usage){.cpu.time = time,
                                   .memory.time = time,
                                   .pressure.time = time};
    read_cpu(&place, &usage->cpu);
    read_memory(&place, want, &usage->memory);
    if ((want & WANT_DISK) != 0) {
        read_disk(&place, usage);
    }
    if ((want & WANT_PRESSURE) != 0) {
        read_pressure(&place, &usage->pressure);
    }
    bool found = usage->cpu.has != 0 || usage->memory.has != 0 ||
                 (usage->has & HAS_CGROUP_DISK) != 0;
    if (found && (want & WANT_LIMITS) != 0) {
        read_limits(&place, usage);
    }
    end_place(&place);
    return found;
}

// In a cgroup namespace every root looks whole, but only the real one of v1 has
// a release_agent, and only the real one of v2 has no type.
static bool
is_real_root(struct place *place)
{
    struct platform_status status;
    struct text mark = is_v1(place) ? TEXT("release_agent") : TEXT("cgroup.type");
    bool marked = host_file_status(place->files, dir_of(place), mark, &status) == 0;
    return marked == is_v1(place);
}

bool
cgroup_root_cpu(struct host_files *files, const struct cgroup_mounts *mounts,
                uint64_t *usage_ns)
{
    struct place place;
    struct cpu_seen cpu = {0};
    begin_place(&place, files, mounts, TEXT(""));
    go_to(&place, CGROUP_CPUACCT);
    if (place.there && mounts->rows[place.hierarchy].whole && is_real_root(&place)) {
        read_cpu(&place, &cpu);
    }
    end_place(&place);
    *usage_ns = cpu.usage_ns;
    return (cpu.has & HAS_CPU_USAGE) != 0;
}
