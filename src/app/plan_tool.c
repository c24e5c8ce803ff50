// plan_tool(), roles_tool() and validate_tool(): what the configuration comes to.
#include <string.h>

#include "app/memory_limit.h"
#include "app/role.h"
#include "app/sink_setup.h"
#include "app/tool.h"

// The largest sink, read once for its mistakes.
static unsigned char sink_memory[96 * 1024] __attribute__((aligned(16)));

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

// A PEM file of a sink that holds what it should. One too large to look into here is
// left to the role.
static bool
is_pem(const struct tool *tool, struct text path, const char *option, const char *what,
       struct out *why)
{
    static char bytes[64 * 1024];
    char name[1024];
    struct text content;
    struct out out = out_of(name, sizeof name);
    if (path.size == 0) {
        return true;
    }
    out_text(&out, path);
    int error = platform_read_file(tool->platform, out_c_string(&out), bytes, sizeof bytes, &content);
    bool good = error == -ERR_TOO_LARGE || (error == 0 && memmem(content.at, content.size, what, strlen(what)) != NULL);
    explicit_bzero(bytes, sizeof bytes);
    if (!good) {
        bool key = text_ends(text_of(what), TEXT("KEY-----"));
        out_format(why, "%s=" TEXT_FORMAT ": %s; give a PEM file with a %s", option,
                   TEXT_ARGS(path), error != 0 ? error_sentence(error) : "there is none in it",
                   key ? "private key" : "certificate");
    }
    return good;
}

static bool
has_good_files(const struct tool *tool, const struct sink *sink, struct out *why)
{
    return is_pem(tool, sink->ca_file, "caCert", "-----BEGIN CERTIFICATE", why) &&
           is_pem(tool, sink->cert_file, "cert", "-----BEGIN CERTIFICATE", why) &&
           is_pem(tool, sink->key_file, "key", "PRIVATE KEY-----", why);
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
    arena_init(&arena, sink_memory, sizeof sink_memory);
    workspace_init(&space, &arena, sink_space_bytes());
    for (unsigned i = 0; i < config_list_count(tool->config, CONFIG_SINK); i++) {
        struct out why = out_of(buffer, sizeof buffer);
        workspace_reset(&space);
        if (sink_setup_open(tool->config, i, &sink, &rules, &space, tool->platform, &why) != 0 ||
            !has_good_files(tool, &sink, &why)) {
            out_text(tool->out, out_view(&why));
            out_byte(tool->out, '\n');
            return EXIT_BAD_CONFIG;
        }
    }
    return 0;
}

int
validate_tool(struct tool *tool)
{
    int refused = validate_sinks(tool);
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
    out_format(tool->out, "\npage and API at http://%s" TEXT_FORMAT "%s:%llu/\n",
               is_v6 ? "[" : "", TEXT_ARGS(address), is_v6 ? "]" : "",
               (unsigned long long)config_number(config, CONFIG_HEAPSTER_PORT));
    return 0;
}
