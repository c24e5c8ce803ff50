// check_tool(): tries everything that the configuration needs, and says for each
// what works and what to do.
#include "api/listener.h"
#include "app/check_source.h"
#include "app/memory_limit.h"
#include "app/roles.h"
#include "app/tool.h"
#include "platform/block.h"
#include "platform/fetch_curl.h"
#include "platform/memory.h"
#include "table/table.h"

#define HEAP_BYTES (4 * 1024 * 1024)
#define SHM "/dev/shm"

static void
check_memory(struct check_report *report)
{
    const struct tool *tool = report->tool;
    char buffer[128];
    struct plan plan;
    struct platform_space space;
    struct out detail = out_of(buffer, sizeof buffer);
    appliance_plan(&plan, tool->config, &tool->config->capacity);
    plan_write_size(&detail, plan_bytes(&plan, NULL));
    out_string(&detail, " planned");
    if (tool->limit.cgroup_bytes != MEMORY_LIMIT_NONE) {
        out_string(&detail, ", the cgroup allows ");
        plan_write_size(&detail, tool->limit.cgroup_bytes);
    }
    check_report_line(report, true, TEXT("memory"), out_view(&detail), NULL);
    uint64_t table = table_bytes(&tool->config->capacity);
    if (platform_space(tool->platform, SHM, &space) != 0) {
        return;  // the image has its table in /run
    }
    detail.used = 0;
    plan_write_size(&detail, space.available);
    out_string(&detail, " free in " SHM ", the live table takes ");
    plan_write_size(&detail, table);
    check_report_line(report, space.available >= table, TEXT("live table"), out_view(&detail),
                      "give the container a larger --shm-size");
}

// A port that our own serve holds is no failure.
static void
check_port(struct check_report *report)
{
    const struct tool *tool = report->tool;
    char buffer[256];
    struct listener listener;
    struct roles roles;
    struct out why = out_of(buffer, sizeof buffer);
    uint16_t port = (uint16_t)config_number(tool->config, CONFIG_HEAPSTER_PORT);
    struct text ip = config_text(tool->config, CONFIG_LISTEN_IP);
    int error = listener_open(&listener, ip, port, &why);
    if (error == 0) {
        listener_close(&listener);
        check_report_line(report, true, TEXT("port"), TEXT("free"), NULL);
        return;
    }
    bool ours = roles_read(&roles, tool->platform, tool->config) == 0 &&
                roles.role[ROLE_SERVE].state == ROLE_READY;
    check_report_line(report, ours, TEXT("port"),
                      ours ? TEXT("in use, probably by the tree that runs") : out_view(&why),
                      "choose another --heapster-port");
}

static int
check_sources(struct check_report *report, struct arena *arena,
              const struct fetch_curl_caps *caps)
{
    const struct tool *tool = report->tool;
    static struct check_source check;
    struct fetch *fetch;
    unsigned count = config_list_count(tool->config, CONFIG_SOURCE);
    int error = fetch_curl_init(arena, caps, &fetch);
    if (error != 0) {
        return error;
    }
    check_source_init(&check, arena, tool->platform, fetch, report);
    for (unsigned i = 0; i < count; i++) {
        check_source_try(&check, tool->config, config_list(tool->config, CONFIG_SOURCE, i));
    }
    if (count == 0) {
        check_source_try(&check, tool->config, TEXT("host:"));
    }
    fetch_curl_close(fetch);
    return 0;
}

int
check_tool(struct tool *tool)
{
    const struct fetch_curl_caps caps = {
        .transfers = 4,
        .connections = 4,
        .handshakes = 2,
        .identities = 2 * SOURCES_MAX,
        .wake_fd = -1,
    };
    struct arena arena;
    bool locked;
    struct check_report report;
    check_report_init(&report, tool);
    check_memory(&report);
    check_port(&report);
    size_t heap = HEAP_BYTES + fetch_curl_heap_bytes(&caps);
    size_t bytes = arena_bytes(heap) + fetch_curl_footprint(&caps) + check_source_footprint();
    int error = block_map(bytes, &arena, &locked);
    if (error == 0) {
        memory_open(arena_take(&arena, heap), heap);
        error = check_sources(&report, &arena, &caps);
    }
    if (error != 0) {
        out_format(tool->out, "cannot try the sources: %s\n", error_sentence(error));
        return 1;
    }
    return check_report_end(&report);
}
