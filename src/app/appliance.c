#include "app/appliance.h"

#include "app/memory_limit.h"
#include "app/role.h"
#include "app/roles.h"
#include "limits.h"
#include "table/table.h"

// Measured on amd64 with s6 2.11 and glibc (supervise/README.md), rounded up: the
// private memory of s6-svscan and of each s6-supervise, of s6-log, and the pages
// of code that they share.
#define SUPERVISOR_BYTES (136 * 1024)
#define LOGGER_BYTES (168 * 1024)
#define SUPERVISION_SHARED_BYTES (640 * 1024)
// Kernel memory of a process: its stack, page tables of small mappings, file
// descriptors, task and mm structures.
#define KERNEL_PROCESS_BYTES (96 * 1024)
// One 8-byte entry maps a page of 4 KiB.
#define PAGE_TABLE_DIVISOR 512
#define ROLE_STACK_BYTES (128 * 1024)
// Text and constants of the program that the roles touch, shared by them, and
// the data pages that each writes.
#define PROGRAM_TEXT_BYTES (2304 * 1024)
#define PROGRAM_DATA_BYTES (160 * 1024)
// Log files of the image lie on tmpfs: 4 old ones and the current one.
#define LOG_FILES 5
#define LOG_FILE_BYTES (64 * 1024)

void
appliance_read_limit(const struct platform *platform, struct appliance_limit *limit)
{
    limit->cgroup_bytes = memory_limit_cgroup(platform, "");
    limit->machine_bytes = memory_limit_machine(platform, "");
}

static uint32_t
given_or(const struct config *config, enum config_id id, uint32_t otherwise)
{
    return config_given(config, id) ? (uint32_t)config_number(config, id) : otherwise;
}

struct capacity
appliance_capacity(const struct config *config, uint32_t nodes)
{
    uint32_t pods = given_or(config, CONFIG_PODS, capacity_pods_of(nodes));
    struct capacity capacity = {
        .nodes = nodes,
        .pods = pods,
        .containers = given_or(config, CONFIG_CONTAINERS, capacity_containers_of(nodes, pods)),
        .namespaces = given_or(config, CONFIG_NAMESPACES, capacity_namespaces_of(pods)),
        .connections = given_or(config, CONFIG_CONNECTIONS, capacity_connections_of(nodes)),
        .clients = (uint32_t)config_number(config, CONFIG_CLIENTS),
        .events = (uint32_t)config_number(config, CONFIG_EVENTS),
        .pressure = (enum pressure_level)config_number(config, CONFIG_PRESSURE),
    };
    capacity_derive(&capacity);
    return capacity;
}

static unsigned
wanted_count(const struct config *config)
{
    unsigned count = 0;
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        count += role_is_wanted((enum role)role, config);
    }
    return count;
}

static void
plan_shared(struct plan *plan, const struct config *config, const struct capacity *capacity)
{
    // Collect and those who read it; the guard does not.
    unsigned mapped_by = wanted_count(config) - 1;
    uint64_t table = table_bytes(capacity);
    plan_add(plan, "shared", "live table", 1, table);
    plan_add(plan, "shared", "states of the roles", 1, sizeof(struct roles));
    plan_add(plan, "shared", "program text", 1, PROGRAM_TEXT_BYTES);
    plan_add(plan, "shared", "log files on tmpfs", LOG_FILES, LOG_FILE_BYTES);
    plan_add(plan, "shared", "page tables of the live table", mapped_by, table / PAGE_TABLE_DIVISOR);
}

static void
plan_system(struct plan *plan, const struct config *config)
{
    unsigned roles = wanted_count(config);
    // The supervisors of the roles and of the logger, and s6-svscan.
    uint64_t supervisors = roles + 2;
    uint64_t private_bytes = 0;
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        private_bytes += plan_bytes(plan, role_name((enum role)role));
    }
    plan_add(plan, "system", "role stacks", roles, ROLE_STACK_BYTES);
    plan_add(plan, "system", "program data", roles, PROGRAM_DATA_BYTES);
    plan_add(plan, "system", "page tables of the roles", 1, private_bytes / PAGE_TABLE_DIVISOR);
    plan_add(plan, "system", "supervisors", supervisors, SUPERVISOR_BYTES);
    plan_add(plan, "system", "logger", 1, LOGGER_BYTES);
    plan_add(plan, "system", "code of the supervisors", 1, SUPERVISION_SHARED_BYTES);
    plan_add(plan, "system", "kernel memory of processes", roles + supervisors + 1,
             KERNEL_PROCESS_BYTES);
}

void
appliance_plan(struct plan *plan, const struct config *config, const struct capacity *capacity)
{
    plan->part_count = 0;
    collect_plan(plan, config, capacity);
    serve_plan(plan, config, capacity);
    record_plan(plan, config, capacity);
    export_plan(plan, config, capacity);
    guard_plan(plan, config, capacity);
    plan_shared(plan, config, capacity);
    plan_system(plan, config);
}

static uint64_t
bytes_for_nodes(const void *context, uint32_t nodes)
{
    const struct config *config = context;
    struct capacity capacity = appliance_capacity(config, nodes);
    struct plan plan;
    appliance_plan(&plan, config, &capacity);
    return plan_bytes(&plan, NULL);
}

static int
refuse(const struct config *config, uint64_t takes, uint64_t bytes, const char *whose,
       struct out *why)
{
    uint32_t nodes = config->capacity.nodes;
    out_format(why, "the plan for %u %s takes ", nodes, nodes == 1 ? "node" : "nodes");
    plan_write_size(why, takes);
    out_string(why, ", but ");
    out_string(why, whose);
    out_byte(why, ' ');
    plan_write_size(why, bytes);
    out_string(why, ": raise that limit, or lower --nodes, --pods, --containers, "
               "--connections or --clients (`skerry plan` shows what takes how much)");
    return -ERR_BAD_CONFIG;
}

// With --nodes that number must fit; without, the largest that fits is taken.
static int
choose(struct config *config, uint64_t bytes, uint32_t nodes_max, const char *whose,
       struct out *why)
{
    uint32_t nodes = (uint32_t)config_number(config, CONFIG_NODES);
    if (!config_given(config, CONFIG_NODES)) {
        nodes = plan_fit(nodes_max, bytes, bytes_for_nodes, config);
    }
    nodes = nodes == 0 ? 1 : nodes;
    config->capacity = appliance_capacity(config, nodes);
    uint64_t takes = bytes_for_nodes(config, nodes);
    return takes <= bytes ? 0 : refuse(config, takes, bytes, whose, why);
}

static bool
anything_given(const struct config *config)
{
    return config_given(config, CONFIG_NODES) || config_given(config, CONFIG_PODS) ||
           config_given(config, CONFIG_CONTAINERS);
}

static int
check_limit(const struct config *config, const struct appliance_limit *limit, struct out *why)
{
    uint64_t takes = bytes_for_nodes(config, config->capacity.nodes);
    if (takes > limit->cgroup_bytes) {
        return refuse(config, takes, limit->cgroup_bytes, "the cgroup's limit is", why);
    }
    if (takes > limit->machine_bytes) {
        return refuse(config, takes, limit->machine_bytes, "the machine has", why);
    }
    return 0;
}

int
appliance_fit(struct config *config, const struct appliance_limit *limit,
              enum appliance_basis *basis, struct out *why)
{
    uint32_t nodes = (uint32_t)config_number(config, CONFIG_NODES);
    int error = 0;
    *basis = BASIS_FLAGS;
    config->capacity = appliance_capacity(config, nodes);
    if (config_given(config, CONFIG_MEMORY)) {
        *basis = BASIS_MEMORY;
        error = choose(config, config_number(config, CONFIG_MEMORY), NODES_MAX, "--memory is",
                       why);
    } else if (!anything_given(config) && limit->cgroup_bytes != MEMORY_LIMIT_NONE) {
        *basis = BASIS_CGROUP;
        error = choose(config, limit->cgroup_bytes, APPLIANCE_NODES_UNASKED,
                       "the cgroup's limit is", why);
    }
    return error != 0 ? error : check_limit(config, limit, why);
}
