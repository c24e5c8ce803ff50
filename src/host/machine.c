#include "host/machine.h"

#include <string.h>

#include "base/check.h"
#include "host/cgroup_usage.h"
#include "host/proc.h"
#include "host/word.h"

// USER_HZ is 100 on every architecture that Linux supports for us.
#define NS_PER_TICK UINT64_C(10000000)
#define MILLI UINT64_C(1000)

static const struct text proc = {"/proc", 5};

static bool
is_own_root(const struct machine *machine)
{
    return machine->files->root.size == 0;
}

// A name fit for a node; what is not is replaced.
static void
set_name(struct machine *machine, struct text name)
{
    machine->name = out_of(machine->name_bytes, sizeof machine->name_bytes);
    for (size_t i = 0; i < name.size; i++) {
        char byte = name.at[i];
        bool good = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                    (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-';
        out_byte(&machine->name, good ? byte : '-');
    }
    if (machine->name.used == 0) {
        out_string(&machine->name, "localhost");
    }
}

// Seen from a container, the kernel's host name is the container's.
static struct text
system_name(struct machine *machine)
{
    struct text content;
    if (!is_own_root(machine) &&
        host_file_read(machine->files, TEXT("/etc"), TEXT("hostname"), &content) == 0 &&
        text_trim(content).size > 0) {
        return text_trim(content);
    }
    if (host_file_read(machine->files, TEXT("/proc/sys/kernel"), TEXT("hostname"),
                       &content) == 0 &&
        !text_equal(text_trim(content), TEXT("(none)"))) {
        return text_trim(content);
    }
    return TEXT("");
}

void
machine_init(struct machine *machine, struct host_files *files, struct text name)
{
    struct platform_status status;
    memset(machine, 0, sizeof *machine);
    machine->files = files;
    machine->task = TEXT("/proc/self");
    if (!is_own_root(machine) &&
        host_file_status(files, TEXT("/proc/1"), TEXT("mountinfo"), &status) == 0) {
        machine->task = TEXT("/proc/1");
    }
    network_init(&machine->network, files, machine->task);
    set_name(machine, name.size > 0 ? name : system_name(machine));
}

static void
take_mount(void *context, struct text line)
{
    struct machine *machine = context;
    struct mount_line mount;
    char bytes[HOST_PATH_BYTES_MAX];
    struct out out = out_of(bytes, sizeof bytes);
    if (!mount_line_parse(line, &mount)) {
        return;
    }
    mount_unescape(mount.point, &out);
    struct text point = out_view(&out);
    bool ours = text_equal(machine->task, TEXT("/proc/self"));
    if (ours && !is_own_root(machine)) {
        if (!text_starts(point, machine->files->root)) {
            return;
        }
        point = text_sub(point, machine->files->root.size, SIZE_MAX);
        point = point.size == 0 ? TEXT("/") : point;
    }
    if (out.full || point.size == 0 || point.at[0] != '/') {
        return;
    }
    mount_table_add(&machine->mounts, &mount, point);
    cgroup_mount(&machine->cgroups, &mount, point);
}

void
machine_mounts(struct machine *machine, struct wall_ms now)
{
    int64_t age = now.ms - machine->mounts_read.ms;
    if (machine->mounts_read.ms != 0 && age >= 0 && age < MACHINE_MOUNTS_MS) {
        return;
    }
    mount_table_clear(&machine->mounts);
    cgroup_mounts_clear(&machine->cgroups);
    int error = host_file_lines(machine->files, machine->task, TEXT("mountinfo"),
                                take_mount, machine);
    mount_table_order(&machine->mounts);
    // What was read is used in any case; after a failure it is read again.
    machine->mounts_read = error == 0 ? now : (struct wall_ms){0};
}

static void
take_stat_line(void *context, struct text line)
{
    struct machine *machine = context;
    uint64_t value;
    if (proc_is_one_cpu(line)) {
        machine->cpu_lines++;
    } else if (proc_cpu_line(line, &value)) {
        machine->ticks = value;
    } else if (proc_boot_line(line, &value)) {
        machine->boot_seconds = value;
    }
}

static bool
read_stat(struct machine *machine)
{
    machine->ticks = 0;
    machine->cpu_lines = 0;
    int error = host_file_lines(machine->files, proc, TEXT("stat"), take_stat_line, machine);
    if (machine->boot_time.ms == 0 && machine->boot_seconds <= INT64_MAX / MS_PER_S) {
        machine->boot_time.ms = (int64_t)machine->boot_seconds * MS_PER_S;
    }
    return error == 0 && machine->ticks > 0;
}

static void
observe_cpu(struct machine *machine, struct cpu_seen *cpu)
{
    uint64_t ns = 0;
    struct text content;
    bool finer = machine->cpu_source != MACHINE_CPU_PROC &&
                 cgroup_root_cpu(machine->files, &machine->cgroups, &ns);
    if (machine->cpu_source == MACHINE_CPU_UNDECIDED) {
        machine->cpu_source = finer ? MACHINE_CPU_CGROUP : MACHINE_CPU_PROC;
    }
    // /proc/stat is dear on large machines: only when it is needed.
    bool ticks = machine->cpu_source == MACHINE_CPU_PROC;
    if ((ticks || machine->boot_time.ms == 0) && read_stat(machine) && ticks) {
        ns = multiply_capped(machine->ticks, NS_PER_TICK);
        finer = true;
    }
    if (finer) {
        cpu->usage_ns = ns;
        cpu->has |= HAS_CPU_USAGE;
    }
    if (host_file_read(machine->files, proc, TEXT("loadavg"), &content) == 0 &&
        proc_load(content, &cpu->load_milli)) {
        cpu->has |= HAS_CPU_LOAD;
    }
}

static bool
read_meminfo(struct machine *machine, struct proc_memory *memory)
{
    struct text content;
    struct text line;
    *memory = (struct proc_memory){0};
    if (host_file_read(machine->files, proc, TEXT("meminfo"), &content) != 0) {
        return false;
    }
    while (line_next(&content, &line)) {
        proc_memory_line(line, memory);
    }
    return true;
}

static void
observe_memory(struct machine *machine, struct memory_seen *seen)
{
    struct proc_memory memory;
    struct text content;
    struct text line;
    if (read_meminfo(machine, &memory)) {
        proc_memory_fill(&memory, seen);
        machine->without_swap =
            (memory.found & MEMINFO_SWAP_TOTAL) != 0 && memory.swap_total == 0;
    }
    if (host_file_read(machine->files, proc, TEXT("vmstat"), &content) == 0) {
        while (line_next(&content, &line)) {
            proc_vmstat_line(line, seen);
        }
    }
}

static bool
observe_filesystem(struct machine *machine, const struct mount_row *row,
                   struct wall_ms time, struct filesystem_seen *seen)
{
    struct platform_space space;
    struct text point = mount_point(row);
    struct text path = text_equal(point, TEXT("/")) ? TEXT("") : point;
    if (host_file_space(machine->files, path, &space) != 0 || space.capacity == 0) {
        return false;
    }
    *seen = (struct filesystem_seen){
        .has = HAS_FS_USED | HAS_FS_CAPACITY | HAS_FS_AVAILABLE,
        .time = time,
        .name = point,
        // What is kept back for root cannot be had either.
        .used = subtract_floored(space.capacity, space.free),
        .capacity = space.capacity,
        .available = space.available,
    };
    if (space.inodes > 0) {
        seen->has |= HAS_FS_INODES | HAS_FS_INODES_FREE;
        seen->inodes = space.inodes;
        seen->inodes_free = space.inodes_free;
    }
    return true;
}

static void
observe_filesystems(struct machine *machine, struct wall_ms time, struct node_seen *node)
{
    for (uint32_t i = 0; i < machine->mounts.count; i++) {
        struct filesystem_seen *seen = &node->filesystems[node->filesystem_count];
        if (observe_filesystem(machine, &machine->mounts.rows[i], time, seen)) {
            node->filesystem_count++;
        }
    }
}

// Partitions have no entry of their own in /sys/block. Where that cannot be
// seen at all, every device counts.
static bool
is_whole_disk(struct machine *machine, struct text name)
{
    char bytes[DEVICE_NAME_BYTES_MAX];
    struct out out = out_of(bytes, sizeof bytes);
    struct platform_status status;
    for (size_t i = 0; i < name.size; i++) {
        out_byte(&out, name.at[i] == '/' ? '!' : name.at[i]);
    }
    return host_file_status(machine->files, TEXT("/sys/block"), out_view(&out), &status) == 0 ||
           host_file_status(machine->files, TEXT("/sys/block"), TEXT(""), &status) != 0;
}

struct disk_list {
    struct machine *machine;
    struct node_seen *node;
    struct wall_ms time;
};

static void
take_disk(void *context, struct text line)
{
    struct disk_list *list = context;
    struct node_seen *node = list->node;
    struct proc_disk disk;
    if (!proc_disk_line(line, &disk) || proc_disk_is_virtual(disk.name) ||
        disk.name.size > DEVICE_NAME_BYTES_MAX || !text_is_utf8(disk.name) ||
        !is_whole_disk(list->machine, disk.name)) {
        return;
    }
    if (node->disk_count == NODE_DISKS_MAX) {
        (void)host_files_note(list->machine->files, -ERR_TOO_MANY);
        return;
    }
    char *name = list->machine->disks[node->disk_count];
    memcpy(name, disk.name.at, disk.name.size);
    node->disks[node->disk_count] = (struct disk_seen){
        .time = list->time,
        .device = {name, disk.name.size},
        .read_bytes = disk.read_bytes,
        .write_bytes = disk.write_bytes,
    };
    node->disk_count++;
}

static void
observe_pressure(struct machine *machine, struct pressure_seen *pressure)
{
    const struct {
        struct text name;
        unsigned bit;
        uint64_t *some;
        uint64_t *full;
    } rows[] = {
        {TEXT("cpu"), HAS_PRESSURE_CPU, &pressure->cpu_some_us, &pressure->cpu_full_us},
        {TEXT("memory"), HAS_PRESSURE_MEMORY, &pressure->memory_some_us,
         &pressure->memory_full_us},
        {TEXT("io"), HAS_PRESSURE_IO, &pressure->io_some_us, &pressure->io_full_us},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct text content;
        if (host_file_try(machine->files, TEXT("/proc/pressure"), rows[i].name,
                          &content) == 0 &&
            proc_pressure(content, rows[i].some, rows[i].full)) {
            pressure->has |= rows[i].bit;
        }
    }
}

void
machine_observe(struct machine *machine, struct wall_ms time, struct node_seen *node)
{
    struct disk_list disks = {machine, node, time};
    node->name = out_view(&machine->name);
    node->cpu = (struct cpu_seen){.time = time};
    node->memory = (struct memory_seen){.time = time};
    node->network = (struct network_seen){.time = time};
    node->pressure = (struct pressure_seen){.time = time};
    node->filesystem_count = 0;
    node->disk_count = 0;
    node->system_container_count = 0;
    observe_cpu(machine, &node->cpu);
    observe_memory(machine, &node->memory);
    network_observe(&machine->network, &node->network);
    observe_pressure(machine, &node->pressure);
    observe_filesystems(machine, time, node);
    int error = host_file_lines(machine->files, proc, TEXT("diskstats"), take_disk, &disks);
    (void)error;  // counted there; a machine without disks has none
    node->start_time = machine->boot_time;
}

static uint64_t
core_count(struct machine *machine)
{
    struct text content;
    uint64_t count = 0;
    if (host_file_read(machine->files, TEXT("/sys/devices/system/cpu"), TEXT("online"),
                       &content) == 0) {
        count = proc_cpu_list_count(content);
    }
    if (count == 0 && read_stat(machine)) {
        count = machine->cpu_lines;
    }
    return count;
}

static void
describe_capacity(struct machine *machine, struct quantities *capacity)
{
    struct proc_memory memory;
    struct platform_space space;
    uint64_t cores = core_count(machine);
    if (cores > 0) {
        capacity->cpu_milli = multiply_capped(cores, MILLI);
        capacity->has |= HAS_QUANTITY_CPU;
    }
    if (read_meminfo(machine, &memory) && (memory.found & MEMINFO_TOTAL) != 0) {
        capacity->memory = memory.total;
        capacity->has |= HAS_QUANTITY_MEMORY;
    }
    if (host_file_space(machine->files, TEXT(""), &space) == 0 && space.capacity > 0) {
        capacity->ephemeral = space.capacity;
        capacity->has |= HAS_QUANTITY_EPHEMERAL;
    }
}

// One line of a file, kept if it fits and is text.
static void
keep_text(struct out *out, char *bytes, size_t size, struct text value)
{
    *out = out_of(bytes, size);
    if (value.size <= size && text_is_utf8(value)) {
        out_text(out, value);
    }
}

static void
describe_system(struct machine *machine)
{
    struct text content;
    struct text line;
    struct text value;
    struct text name = TEXT("");
    if (host_file_read(machine->files, TEXT("/etc"), TEXT("os-release"), &content) == 0) {
        while (line_next(&content, &line)) {
            if (proc_os_release_line(line, TEXT("PRETTY_NAME"), &value)) {
                name = value;
            }
        }
    }
    keep_text(&machine->os_image, machine->os_bytes, sizeof machine->os_bytes, name);
    int error = host_file_read(machine->files, TEXT("/proc/sys/kernel"), TEXT("osrelease"),
                               &content);
    keep_text(&machine->kernel, machine->kernel_bytes, sizeof machine->kernel_bytes,
              error == 0 ? text_trim(content) : TEXT(""));
    error = host_file_read(machine->files, TEXT("/etc"), TEXT("machine-id"), &content);
    keep_text(&machine->machine_id, machine->id_bytes, sizeof machine->id_bytes,
              error == 0 ? text_trim(content) : TEXT(""));
}

void
machine_describe(struct machine *machine, struct node_object *node)
{
    memset(node, 0, sizeof *node);
    describe_system(machine);
    describe_capacity(machine, &node->capacity);
    if (machine->boot_time.ms == 0) {
        (void)read_stat(machine);
    }
    node->name = out_view(&machine->name);
    node->uid = out_view(&machine->machine_id);
    node->external_id = node->uid;
    node->created = machine->boot_time;
    node->ready = CONDITION_TRUE;
    node->allocatable = node->capacity;
    node->os_image = out_view(&machine->os_image);
    node->kernel_version = out_view(&machine->kernel);
    node->addresses[0].type = ADDRESS_HOSTNAME;
    node->addresses[0].address = node->name;
    node->address_count = 1;
}
