// plan_tool(), roles_tool() and validate_tool(): what the configuration comes to.
#include <string.h>

#include "app/listen.h"
#include "app/memory_limit.h"
#include "app/role.h"
#include "app/serve_access.h"
#include "app/sink_files.h"
#include "app/sink_setup.h"
#include "app/tool.h"

// The largest sink, or what serve's files take, read once for their mistakes.
static unsigned char memory[192 * 1024] __attribute__((aligned(16)));

static void
write_basis(const struct tool *tool)
{
    struct out *out = tool->out;
    switch (tool->basis) {
    case BASIS_FLAGS:
        break;
    case BASIS_MEMORY:
        out_string(out, "chosen to fit --memory: ");
        plan_write_size(out, config_number(tool->config, CONFIG_MEMORY));
        out_byte(out, '\n');
        break;
    case BASIS_CGROUP:
        out_string(out, "chosen to fit the cgroup's limit: ");
        plan_write_size(out, tool->limit.cgroup_bytes);
        out_byte(out, '\n');
        break;
    }
}

int
plan_tool(struct tool *tool)
{
    struct plan plan;
    const struct capacity *capacity = &tool->config->capacity;
    appliance_plan(&plan, tool->config, capacity);
    if (config_bool(tool->config, CONFIG_JSON)) {
        plan_write_json(&plan, capacity, tool->out);
    } else {
        write_basis(tool);
        plan_write_table(&plan, capacity, tool->out);
    }
    return 0;
}

int
roles_tool(struct tool *tool)
{
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        if (role_is_wanted((enum role)role, tool->config)) {
            out_format(tool->out, "%s\n", role_name((enum role)role));
        }
    }
    return 0;
}

// Options and the files that they name: other processes have no use for them.
static int
validate_sinks(struct tool *tool)
{
    char buffer[800];
    struct arena arena;
    struct workspace space;
    struct sink sink;
    struct sink_label_rules rules = sink_setup_rules(tool->config);
    arena_init(&arena, memory, sizeof memory);
    workspace_init(&space, &arena, sink_space_bytes());
    for (unsigned i = 0; i < sink_setup_count(tool->config); i++) {
        struct out why = out_of(buffer, sizeof buffer);
        workspace_reset(&space);
        if (sink_setup_open(tool->config, i, &sink, &rules, &space, tool->platform, &why) != 0 ||
            !sink_files_are_good(tool->platform, &sink, &why)) {
            out_text(tool->out, out_view(&why));
            out_byte(tool->out, '\n');
            return EXIT_BAD_CONFIG;
        }
    }
    return 0;
}

static int
validate_access(struct tool *tool)
{
    char buffer[800];
    struct arena arena;
    struct out why = out_of(buffer, sizeof buffer);
    ASSERT(serve_access_check_bytes() <= sizeof memory);
    memset(memory, 0, sizeof memory);
    arena_init(&arena, memory, sizeof memory);
    int error = serve_access_check(&arena, tool->config, tool->platform, &why);
    if (why.used > 0) {
        out_text(tool->out, out_view(&why));
        out_byte(tool->out, '\n');
    }
    return error != 0 ? EXIT_BAD_CONFIG : 0;
}

int
validate_tool(struct tool *tool)
{
    int refused = validate_sinks(tool);
    if (refused == 0) {
        refused = validate_access(tool);
    }
    if (refused != 0) {
        return refused;
    }
    struct plan plan;
    const struct config *config = tool->config;
    const struct capacity *capacity = &config->capacity;
    struct text address = config_text(config, CONFIG_LISTEN_IP);
    bool is_v6 = text_find(address, ':', 0) != SIZE_MAX;
    for (unsigned i = 0; i < config->notice_count; i++) {
        out_format(tool->out, TEXT_FORMAT "\n", TEXT_ARGS(config->notice[i]));
    }
    appliance_plan(&plan, config, capacity);
    write_basis(tool);
    out_format(tool->out, "planned for %u nodes, %u pods, %u containers: ", capacity->nodes,
               capacity->pods, capacity->containers);
    plan_write_size(tool->out, plan_bytes(&plan, NULL));
    out_format(tool->out, "\npage and API at http%s://%s" TEXT_FORMAT "%s:%llu/\n",
               listen_is_secure(config) ? "s" : "", is_v6 ? "[" : "", TEXT_ARGS(address), is_v6 ? "]" : "",
               (unsigned long long)config_number(config, CONFIG_HEAPSTER_PORT));
    return 0;
}
