// The role serve: the live table, read-only, to clients over HTTP.
//
// Comes up without a table and then answers 500 on /healthz. The seal forbids
// mapping, so it is put on as soon as the table is mapped; when collect makes
// another file later (another capacity), the role ends in order and its
// supervisor starts it on the new one.
#include <string.h>

#include "api/http.h"
#include "app/appliance.h"
#include "app/history_setup.h"
#include "app/listen.h"
#include "app/mapping.h"
#include "app/role.h"
#include "app/roles.h"
#include "app/serve_access.h"
#include "app/serve_history.h"
#include "app/sink_setup.h"
#include "base/version.h"
#include "platform/block.h"
#include "platform/linux.h"
#include "platform/memory.h"
#include "platform/seal.h"

// The longest turn of the loop: the heartbeat asks for one in a second.
#define TURN_MS 1000
// How often table, roles and heap are looked at.
#define LOOK_MS 1000
// For answers under way after SIGTERM.
#define DRAIN_MS 700
#define STACK_BYTES (96 * 1024)
#define REASON_BYTES LIFE_REFUSAL_BYTES

static struct serve {
    const struct config *config;
    struct platform platform;
    struct api api;
    struct plan plan;
    struct serve_access *access;  // NULL: open to all
    struct http_config http_config;
    struct http *http;
    struct notify_beat *beat;
    struct mapping mapping;
    struct serve_history history;
    bool sealed;
    struct mono_ns next_look;
    struct roles roles;
    char reasons[ROLE_REPORTS_MAX][REASON_BYTES];
} serve;

_Static_assert((int)ROLE_COUNT <= ROLE_REPORTS_MAX, "a report for each role");

// Nothing where the address is open.
static struct http_tls_bytes
tls_bytes(const struct config *config, uint32_t clients)
{
    bool authority = config_text(config, CONFIG_REQUESTHEADER_CLIENT_CA_FILE).size > 0;
    return listen_is_secure(config) ? http_tls_bytes(clients, authority)
                                    : (struct http_tls_bytes){0};
}

void
serve_plan(struct plan *plan, const struct config *config, const struct capacity *capacity)
{
    uint32_t clients = capacity->clients;
    plan_add(plan, "serve", "http clients", clients, http_footprint(1));
    plan_add(plan, "serve", "http library heap", 1, http_heap_bytes(clients));
    plan_add(plan, "serve", "http socket buffers", clients, http_socket_bytes(1));
    if (listen_is_secure(config)) {
        struct http_tls_bytes tls = tls_bytes(config, clients);
        plan_add(plan, "serve", "tls clients", 1, tls.arena);
        plan_add(plan, "serve", "tls library heap", 1, tls.heap);
        plan_add(plan, "serve", "tls plain sockets", 1, tls.sockets);
        plan_add(plan, "serve", "token and certificates", 1, serve_access_footprint(config));
    }
    plan_add(plan, "serve", "sorted lists", 1, order_footprint(capacity));
    if (history_is_kept(config)) {
        plan_add(plan, "serve", "reader of the history", 1, serve_history_footprint(config));
        plan_add(plan, "serve", "library heap of the history", 1,
                 history_reader_heap_bytes(config));
    }
    plan_add(plan, "serve", "state", 1, sizeof serve);
    plan_add(plan, "serve", "states of sinks",
             sink_setup_count(config) > 0 ? 1 : 0, sizeof(struct sink_statuses));
}

static size_t
heap_bytes(const struct config *config)
{
    return http_heap_bytes(config->capacity.clients) + history_reader_heap_bytes(config) +
           tls_bytes(config, config->capacity.clients).heap;
}

static size_t
block_bytes(const struct config *config)
{
    const struct capacity *capacity = &config->capacity;
    return arena_bytes(heap_bytes(config)) + http_footprint(capacity->clients) +
           order_footprint(capacity) + serve_history_footprint(config) +
           tls_bytes(config, capacity->clients).arena + serve_access_footprint(config);
}

// Configuration

// On loopback only the names of loopback and those allowed are answered to; an
// open address has names that nobody here can know, unless they are given. Who
// needs a token is not asked by which name he came: a foreign page has none.
static struct host_check
host_names(const struct config *config)
{
    unsigned allowed = config_list_count(config, CONFIG_ALLOW_HOST);
    struct host_check hosts = {
        .any = listen_is_secure(config) ||
               (config_bool(config, CONFIG_INSECURE_OPEN) && allowed == 0),
        .count = 1,
        .name = {config_text(config, CONFIG_LISTEN_IP)},
    };
    for (unsigned i = 0; i < allowed; i++) {
        struct text bad;
        int error = host_check_add(&hosts, config_list(config, CONFIG_ALLOW_HOST, i), &bad);
        (void)error;  // config_check.c refused it before
    }
    return hosts;
}

// What the api sees

static const char *
reason_of(unsigned index, const struct role_status *status)
{
    struct out out = out_of(serve.reasons[index], sizeof serve.reasons[index]);
    role_status_write_reason(&out, status);
    return out_c_string(&out);
}

static void
read_roles(void)
{
    struct api *api = &serve.api;
    api->role_count = 0;
    if (roles_read(&serve.roles, &serve.platform, serve.config) != 0) {
        return;
    }
    for (unsigned i = 0; i < serve.roles.role_count && i < ROLE_COUNT; i++) {
        struct role_status *status = &serve.roles.role[i];
        if (status->state == ROLE_ABSENT) {
            continue;
        }
        status->name[sizeof status->name - 1] = '\0';
        api->role[api->role_count] = (struct role_report){
            .name = status->name,
            .state = role_state_name(status->state),
            .up = status->state == ROLE_READY,
            .pid = status->pid,
            .since = {status->changed_ms},
            .deaths_total = status->death_total,
            .restarts_total = status->start_total > 0 ? status->start_total - 1 : 0,
            .last_death = {status->last_death.time_ms},
            .last_reason = reason_of(i, status),
            .heap = {
                .size = status->heap.limit,
                .now = status->heap.now,
                .peak = status->heap.peak,
                .failures_total = status->heap.failures_total,
            },
        };
        api->role_count++;
    }
}

// Apart from `serve`: its pages are only touched where there are sinks.
static struct sink_statuses sinks;

static void
read_sinks(void)
{
    char buffer[512];
    struct out out = out_of(buffer, sizeof buffer);
    if (sink_setup_count(serve.config) == 0) {
        return;
    }
    const char *path = config_path(serve.config, CONFIG_RUN_DIR, SINK_STATUS_FILE, &out);
    bool good = path != NULL && sink_statuses_read(&serve.platform, path, &sinks) == 0;
    serve.api.sinks = good ? &sinks : NULL;
}

static void
read_heap(void)
{
    struct memory_use use;
    memory_use(&use);
    serve.api.heap = (struct heap_use){
        .size = use.size,
        .now = use.now,
        .peak = use.peak,
        .allocations_total = use.allocations_total,
        .failures_total = use.failures_total,
    };
}

// The live table

static int
seal(void)
{
    if (serve.sealed || !serve.mapping.mapped || !seal_is_possible()) {
        return 0;
    }
    serve.sealed = true;
    int error = seal_apply(SEAL_SERVE);
    if (error != 0) {
        role_say("serve", "cannot be sealed: %s", error_sentence(error));
    }
    return error;
}

// True when this process has to make room for one that maps the new table.
static bool
look_at_table(void)
{
    struct mapping *mapping = &serve.mapping;
    bool had = serve.api.table != NULL;
    switch (mapping_look(mapping, serve.config, &serve.platform, !serve.sealed)) {
    case MAPPING_REPLACED:
        role_say("serve", "the live table was made anew; begins again with it");
        return true;
    case MAPPING_GOOD:
        serve.api.table = &mapping->reader;
        break;
    case MAPPING_NONE:
        serve.api.table = NULL;
        break;
    }
    if ((serve.api.table != NULL) != had) {
        order_forget(serve.api.order);
    }
    return false;
}

// Start and loop

static int
fail(int error, const char *what)
{
    role_say("serve", "%s: %s", what, error_sentence(error));
    return EXIT_SYSTEM;
}

static int
open_memory(struct arena *arena)
{
    bool locked;
    int error = block_touch_stack(STACK_BYTES);
    if (error == 0) {
        error = block_map(block_bytes(serve.config), arena, &locked);
    }
    if (error == 0) {
        size_t bytes = heap_bytes(serve.config);
        memory_open(arena_take(arena, bytes), bytes);
    }
    return error;
}

static void
open_api(struct arena *arena)
{
    appliance_plan(&serve.plan, serve.config, &serve.config->capacity);
    serve.api.order = order_init(arena, &serve.config->capacity);
    serve.api.version = SKERRY_VERSION;
    serve.api.started = platform_wall_now(&serve.platform);
    serve.api.plan = &serve.plan;
}

static int
open_http(struct arena *arena, int wake_fd)
{
    char sentence[400];
    struct out why = out_of(sentence, sizeof sentence);
    const struct config *config = serve.config;
    serve.http_config = (struct http_config){
        .platform = &serve.platform,
        .ip = config_text(config, CONFIG_LISTEN_IP),
        .port = (uint16_t)config_number(config, CONFIG_HEAPSTER_PORT),
        .clients = config->capacity.clients,
        .wake_fd = wake_fd,
        .hosts = host_names(config),
    };
    int error = serve_access_init(&serve.access, arena, config, &serve.platform, &why);
    if (error != 0) {
        role_say("serve", "%s", out_c_string(&why));
        return error;
    }
    serve.http_config.access = serve_access_token(serve.access);
    serve.http_config.tls = serve_access_tls(serve.access);
    error = http_init(&serve.http, arena, &serve.http_config, &serve.api, &why);
    if (error != 0) {
        role_say("serve", "%s (%s, %s)", out_c_string(&why), config_flag(CONFIG_LISTEN_IP),
                 config_flag(CONFIG_HEAPSTER_PORT));
    }
    return error;
}

// Token and certificate, as the role's own user.
static int
open_access(void)
{
    char sentence[800];
    struct out why = out_of(sentence, sizeof sentence);
    int error = serve_access_open(serve.access, &why);
    if (error != 0) {
        role_say("serve", "%s", out_c_string(&why));
    }
    return error;
}

// A turn of everything but HTTP. Non-zero: the exit code + 1.
static int
look(struct mono_ns now)
{
    if (mono_before(now, serve.next_look)) {
        return 0;
    }
    serve.next_look = mono_add_ms(now, LOOK_MS);
    if (look_at_table()) {
        return EXIT_ASKED + 1;
    }
    if (serve_access_look(serve.access, now)) {
        role_say("serve", "the certificate has to be renewed; begins again with another");
        return EXIT_ASKED + 1;
    }
    read_roles();
    read_sinks();
    read_heap();
    serve_history_look(&serve.history, now);
    return seal() != 0 ? EXIT_SYSTEM + 1 : 0;
}

static void
drain(void)
{
    struct mono_ns now = platform_mono_now(&serve.platform);
    struct mono_ns end = mono_add_ms(now, DRAIN_MS);
    serve.http_config.wake_fd = -1;
    http_drain(serve.http);
    while (http_busy(serve.http) && mono_before(now, end)) {
        http_step(serve.http, end);
        now = platform_mono_now(&serve.platform);
    }
    http_stop(serve.http);
}

static int
loop(int signals)
{
    int code = 0;
    while (code == 0) {
        struct mono_ns now = platform_mono_now(&serve.platform);
        role_beat(serve.beat, now);
        code = look(now);
        if (code == 0) {
            http_step(serve.http, mono_add_ms(now, TURN_MS));
        }
        if (notify_signal_next(signals) == NOTIFY_STOP) {
            code = EXIT_ASKED + 1;
        }
    }
    drain();
    return code - 1;
}

int
serve_run(const struct config *config)
{
    struct arena arena;
    int signals;
    serve.config = config;
    serve.platform = linux_platform();
    if (!mapping_init(&serve.mapping, config)) {
        role_say("serve", "--run-dir is needed; the supervision tree sets it");
        return EXIT_BAD_CONFIG;
    }
    int error = open_memory(&arena);
    if (error != 0) {
        return fail(error, "cannot take its memory");
    }
    error = notify_signals_open(&signals);
    if (error == 0) {
        error = role_open_beat(ROLE_SERVE, config, &serve.beat);
    }
    if (error != 0) {
        return fail(error, "cannot begin");
    }
    open_api(&arena);
    error = open_http(&arena, signals);
    if (error != 0) {
        return error == -ERR_BAD_CONFIG ? EXIT_BAD_CONFIG : EXIT_SYSTEM;
    }
    error = role_drop_rights(ROLE_SERVE, config);
    if (error != 0) {
        return fail(error, "cannot give up its rights");
    }
    error = open_access();
    if (error != 0) {
        return error == -ERR_BAD_CONFIG ? EXIT_BAD_CONFIG : EXIT_SYSTEM;
    }
    serve_history_init(&serve.history, &arena, config, &serve.platform, &serve.api.historical);
    (void)look_at_table();
    role_ready(ROLE_SERVE, config);
    return loop(signals);
}
