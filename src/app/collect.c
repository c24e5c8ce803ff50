// The role collect: clusters and this machine into the live table, of which it
// is the only writer.
//
// One loop: start what is due, wait for answers, end cycles. Everything is taken
// and opened before the seal; a dead cluster delays nothing here, because it is
// only asked from within the loop.
#include <poll.h>
#include <string.h>

#include "app/collect_source.h"
#include "app/role.h"
#include "platform/block.h"
#include "platform/fetch_curl.h"
#include "platform/linux.h"
#include "platform/memory.h"
#include "platform/seal.h"

// The longest turn of the loop: the heartbeat asks for one in a second.
#define TURN_MS 250
#define STACK_BYTES (128 * 1024)
// Each source's watches and lists, and one for its next request.
#define TRANSFERS_PER_CLUSTER 4
// Handshakes cost 2 ms of CPU each: more at once would only wait for each other.
#define HANDSHAKES_MIN 8
#define HANDSHAKES_MAX 64
// New nodes are begun so quickly: a handshake and an answer each.
#define FIRST_MS_PER_NODE 4
// Sums are shown so soon after the start, and not only after a whole cycle.
#define EARLY_MS 2500
// With this machine alone there is nothing more to wait for.
#define EARLY_HOST_MS 1100
// This machine is read twice soon after the start, so that rates are there.
#define HOST_AGAIN_MS 1000
// Lines about nodes in one cycle; a whole cluster may change at once.
#define LINES_PER_CYCLE 20
// What the kernel keeps of an answer before we read it, and of a request.
#define RECEIVE_BUFFER_BYTES (48 * 1024)
#define SEND_BUFFER_BYTES (16 * 1024)
// The kernel doubles what is asked for; both are full only for a moment.
#define SOCKET_BYTES RECEIVE_BUFFER_BYTES

static struct collect {
    const struct config *config;
    struct platform platform;
    struct collect_rooms rooms;
    struct scrape scrape;
    struct cycle cycle;
    struct notify_beat *beat;
    int signals;
    unsigned source_count;
    struct collect_source sources[SOURCES_MAX + 1];  // [0] unused
    bool early_done;
    bool host_again;
    bool host_due;            // this machine is still to be read for the cycle
    struct mono_ns started;
    uint64_t connections_told;
    unsigned lines;
    bool has_pins;
    struct pins pins;
    char table_path[512];
    char pins_path[512];
} collect;

static uint32_t
clamp(uint32_t value, uint32_t least, uint32_t most)
{
    return value < least ? least : value > most ? most : value;
}

static bool
needs_network(const struct config *config)
{
    struct collect_counts counts = collect_source_counts(config);
    return counts.kubernetes + counts.cadvisors != 0;
}

static struct fetch_curl_caps
fetch_caps(const struct config *config, const struct capacity *capacity)
{
    struct collect_counts counts = collect_source_counts(config);
    uint32_t events = config_number(config, CONFIG_EVENTS) != 0 ? 1 : 0;
    uint32_t own = counts.kubernetes * (TRANSFERS_PER_CLUSTER + events);
    return (struct fetch_curl_caps){
        .transfers = capacity->transfers + own,
        .connections = capacity->connections + own,
        .handshakes = clamp(capacity->transfers / 4, HANDSHAKES_MIN, HANDSHAKES_MAX),
        .identities = 2 * counts.kubernetes + counts.cadvisors,
        .wake_fd = -1,
        .receive_buffer_bytes = RECEIVE_BUFFER_BYTES,
        .send_buffer_bytes = SEND_BUFFER_BYTES,
    };
}

static struct scrape_caps
scrape_caps(const struct config *config, const struct capacity *capacity)
{
    return (struct scrape_caps){
        .targets = capacity->nodes + capacity->overflow_nodes,
        .flights = capacity->transfers,
        .streams = capacity->streams,
        .cadvisor_streams = collect_source_counts(config).cadvisors != 0 ? 1 : 0,
        .resolution_ms = config_ms(config, CONFIG_METRIC_RESOLUTION),
        .timeout_ms = config_ms(config, CONFIG_SCRAPE_TIMEOUT),
        .first_ms = (int64_t)capacity->nodes * FIRST_MS_PER_NODE,
    };
}

static size_t
texts_bytes(const struct config *config)
{
    unsigned count = config_list_count(config, CONFIG_SOURCE);
    return (count == 0 ? 1 : count) * arena_bytes(SOURCE_URI_BYTES_MAX);
}

static size_t
sources_footprint(const struct config *config)
{
    struct collect_counts counts = collect_source_counts(config);
    return counts.kubernetes * collect_source_footprint(SOURCE_KUBERNETES, config)
           + counts.hosts * collect_source_footprint(SOURCE_HOST, config)
           + arena_bytes(texts_bytes(config))
           + (counts.kubernetes != 0 ? arena_bytes(credentials_scratch_bytes()) : 0);
}

void
collect_plan(struct plan *plan, const struct config *config, const struct capacity *capacity)
{
    struct scrape_caps scrape = scrape_caps(config, capacity);
    plan_add(plan, "collect", "table writer", 1, table_writer_footprint(capacity));
    plan_add(plan, "collect", "decode space", 1, decode_space_footprint());
    plan_add(plan, "collect", "sources", 1, sources_footprint(config));
    plan_add(plan, "collect", "state", 1, sizeof(collect));
    if (!needs_network(config)) {
        return;
    }
    struct fetch_curl_caps fetch = fetch_caps(config, capacity);
    plan_add(plan, "collect", "nodes, schedule, decoders", 1, scrape_footprint(&scrape));
    if (collect_source_counts(config).pinned != 0) {
        plan_add(plan, "collect", "fingerprints", 1, pins_footprint(capacity->nodes));
    }
    plan_add(plan, "collect", "requests", 1, fetch_curl_footprint(&fetch));
    plan_add(plan, "collect", "library heap", 1, fetch_curl_heap_bytes(&fetch));
    plan_add(plan, "collect", "socket buffers", fetch.transfers, SOCKET_BYTES);
}

static size_t
block_bytes(const struct config *config, const struct capacity *capacity)
{
    size_t bytes = table_writer_footprint(capacity) + decode_space_footprint()
                   + sources_footprint(config);
    if (needs_network(config)) {
        struct scrape_caps scrape = scrape_caps(config, capacity);
        struct fetch_curl_caps fetch = fetch_caps(config, capacity);
        bytes += collect_source_counts(config).pinned != 0 ? pins_footprint(capacity->nodes) : 0;
        bytes += scrape_footprint(&scrape) + fetch_curl_footprint(&fetch)
                 + arena_bytes(fetch_curl_heap_bytes(&fetch));
    }
    return bytes;
}

static int
fail(int error, const char *what)
{
    role_say("collect", "%s: %s", what, error_sentence(error));
    return EXIT_SYSTEM;
}

// What scrape asks of us

static struct text
node_token(void *context, unsigned number)
{
    (void)context;
    const struct credentials *credentials = collect.sources[number].credentials;
    return credentials == NULL ? TEXT("") : credentials_token(credentials);
}

static bool
node_refused(void *context, unsigned number)
{
    (void)context;
    return collect_source_refresh(&collect.sources[number], &collect.rooms, true);
}

static void
node_changed(void *context, unsigned number, struct text node, int error, struct text detail)
{
    (void)context;
    if (++collect.lines > LINES_PER_CYCLE) {
        return;
    }
    if (error == 0) {
        role_say("collect", "source %u: node " TEXT_FORMAT " answers again", number,
                 TEXT_ARGS(node));
    } else {
        struct text why = detail.size != 0 ? detail : text_of(error_sentence(error));
        role_say("collect", "source %u: node " TEXT_FORMAT ": " TEXT_FORMAT "%s", number,
                 TEXT_ARGS(node), TEXT_ARGS(why),
                 error == ERR_HTTP_403 ? " (skerry rbac prints what to grant)" : "");
    }
}

// Opening

static int
open_memory(struct arena *arena)
{
    bool locked = false;
    int error = block_touch_stack(STACK_BYTES);
    if (error == 0) {
        error = block_map(block_bytes(collect.config, &collect.config->capacity), arena, &locked);
    }
    if (error == 0 && needs_network(collect.config)) {
        struct fetch_curl_caps caps = fetch_caps(collect.config, &collect.config->capacity);
        size_t bytes = fetch_curl_heap_bytes(&caps);
        memory_open(arena_take(arena, bytes), bytes);
    }
    return error;
}

static int
open_table(struct arena *arena)
{
    struct block_shared shared;
    bool kept = false;
    const struct capacity *capacity = &collect.config->capacity;
    struct out path = out_of(collect.table_path, sizeof(collect.table_path));
    const char *file = config_path(collect.config, CONFIG_RUN_DIR, ROLE_TABLE_FILE, &path);
    if (file == NULL) {
        return -ERR_TOO_LONG;
    }
    int error = block_map_writer(file, table_bytes(capacity), 0644, &shared);
    if (error != 0) {
        return error;
    }
    collect.rooms.writer = table_writer_init(
        arena, shared.base, shared.bytes, capacity, collect.rooms.key,
        (uint32_t)config_ms(collect.config, CONFIG_METRIC_RESOLUTION),
        platform_wall_now(&collect.platform), &kept);
    role_say("collect", kept ? "goes on with the live table that is there"
                             : "begins a new live table");
    return 0;
}

static void
open_pins(struct arena *arena)
{
    const struct config *config = collect.config;
    struct out path = out_of(collect.pins_path, sizeof(collect.pins_path));
    bool state = config_text(config, CONFIG_STATE_DIR).size != 0;
    if (collect_source_counts(config).pinned == 0
        || config_path(config, state ? CONFIG_STATE_DIR : CONFIG_RUN_DIR, "pins", &path) == NULL) {
        return;
    }
    collect.has_pins = true;
    pins_init(&collect.pins, arena, config->capacity.nodes, &collect.platform,
              collect.pins_path);
    int error = pins_load(&collect.pins);
    if (error != 0) {
        role_say("collect", "%s: %s; the certificates of kubelets are trusted as they are now",
                 collect.pins_path, error_sentence(error));
    }
    scrape_set_pins(&collect.scrape, &collect.pins);
}

static void
write_pins(bool now_or_never)
{
    if (!collect.has_pins) {
        return;
    }
    int error = pins_write(&collect.pins, now_or_never);
    if (error != 0 && error != collect.pins.last_error) {
        role_say("collect", "%s: %s; fingerprints may be lost at a restart", collect.pins_path,
                 error_sentence(error));
    }
    collect.pins.last_error = error;
}

static int
open_network(struct arena *arena)
{
    if (!needs_network(collect.config)) {
        return 0;
    }
    const struct capacity *capacity = &collect.config->capacity;
    struct fetch_curl_caps fetch = fetch_caps(collect.config, capacity);
    struct scrape_caps caps = scrape_caps(collect.config, capacity);
    struct scrape_hooks hooks = {
        .token = node_token,
        .refused = node_refused,
        .changed = node_changed,
    };
    fetch.wake_fd = collect.signals;
    int error = fetch_curl_init(arena, &fetch, &collect.rooms.fetch);
    if (error == 0) {
        scrape_init(&collect.scrape, arena, &caps, &collect.platform, collect.rooms.fetch,
                    collect.rooms.writer, collect.rooms.space, &collect.cycle, &hooks,
                    collect.rooms.key);
        open_pins(arena);
    }
    return error;
}

static int
open_sources(struct arena *arena)
{
    char bytes[800];
    unsigned count = config_list_count(collect.config, CONFIG_SOURCE);
    collect.source_count = count == 0 ? 1 : count;
    workspace_init(&collect.rooms.texts, arena, texts_bytes(collect.config));
    if (collect_source_counts(collect.config).kubernetes != 0) {
        workspace_init(&collect.rooms.scratch, arena, credentials_scratch_bytes());
    }
    for (unsigned i = 1; i <= collect.source_count; i++) {
        struct out why = out_of(bytes, sizeof(bytes));
        if (collect_source_open(&collect.sources[i], i, arena, &collect.rooms, &why) != 0) {
            role_say("collect", "--source=" TEXT_FORMAT ": " TEXT_FORMAT,
                     TEXT_ARGS(collect_source_uri(collect.config, i)),
                     TEXT_ARGS(out_view(&why)));
            return -ERR_BAD_CONFIG;
        }
    }
    for (unsigned i = 1; i <= collect.source_count; i++) {
        collect_source_adopt(&collect.sources[i], &collect.rooms);
    }
    return 0;
}

static void
set_rooms(struct arena *arena)
{
    collect.rooms.config = collect.config;
    collect.rooms.platform = &collect.platform;
    collect.rooms.scrape = &collect.scrape;
    collect.rooms.cycle = &collect.cycle;
    collect.rooms.space = decode_space_new(arena);
    collect.started = platform_mono_now(&collect.platform);
    cycle_init(&collect.cycle, config_ms(collect.config, CONFIG_METRIC_RESOLUTION),
               collect.started, platform_wall_now(&collect.platform));
}

// Running

static void
read_hosts(uint32_t cycle_s)
{
    for (unsigned i = 1; i <= collect.source_count; i++) {
        collect_source_read_host(&collect.sources[i], &collect.rooms, cycle_s);
    }
}

static void
end_cycle(uint32_t nominal_s)
{
    for (unsigned i = 1; i <= collect.source_count; i++) {
        collect_source_cycle(&collect.sources[i], &collect.rooms);
    }
    table_cycle_end(collect.rooms.writer, nominal_s);
    if (collect.lines > LINES_PER_CYCLE) {
        role_say("collect", "%u more nodes changed", collect.lines - LINES_PER_CYCLE);
    }
    collect.lines = 0;
}

static void
count_connections(void)
{
    struct fetch_use use;
    if (collect.rooms.fetch == NULL) {
        return;
    }
    collect.rooms.fetch->ops->use(collect.rooms.fetch, &use);
    table_count(collect.rooms.writer, COUNTER_CONNECTIONS_OPENED,
                use.connections_opened_total - collect.connections_told);
    collect.connections_told = use.connections_opened_total;
}

static void
turn_cycle(struct mono_ns now)
{
    bool stepped = false;
    uint32_t nominal_s = collect.cycle.nominal_s;
    if (!cycle_turn(&collect.cycle, now, platform_wall_now(&collect.platform), &stepped)) {
        return;
    }
    end_cycle(nominal_s);
    count_connections();
    if (stepped) {
        table_count(collect.rooms.writer, COUNTER_CLOCK_STEPS, 1);
        role_say("collect", "the clock was set; cycles go on");
    }
    collect.early_done = true;
    collect.host_again = true;
    collect.host_due = true;
}

// Not at once, so that the cycle that ended can still be read.
static struct mono_ns
turn_hosts(struct mono_ns now)
{
    struct mono_ns due =
        mono_add_ms(collect.cycle.begin, schedule_lead_ms(collect.cycle.resolution_ms));
    if (collect.host_due && !mono_before(now, due)) {
        collect.host_due = false;
        read_hosts(collect.cycle.nominal_s);
    }
    return collect.host_due ? due : collect.cycle.end;
}

// Soon after the start, so that nobody looks at an empty page for a cycle.
static struct mono_ns
turn_early(struct mono_ns now)
{
    struct mono_ns again = mono_add_ms(collect.started, HOST_AGAIN_MS);
    bool host_only = collect.rooms.fetch == NULL;
    struct mono_ns early =
        mono_add_ms(collect.started, host_only ? EARLY_HOST_MS : EARLY_MS);
    if (!collect.host_again && !mono_before(now, again)) {
        collect.host_again = true;
        read_hosts(collect.cycle.nominal_s);
    }
    if (!collect.early_done && !mono_before(now, early)) {
        collect.early_done = true;
        end_cycle(collect.cycle.nominal_s);
    }
    return !collect.host_again ? again : early;
}

static struct mono_ns
earlier(struct mono_ns a, struct mono_ns b)
{
    return mono_before(a, b) ? a : b;
}

static struct mono_ns
turn(struct mono_ns now)
{
    struct mono_ns next = earlier(mono_add_ms(now, TURN_MS), collect.cycle.end);
    turn_cycle(now);
    next = earlier(next, turn_hosts(now));
    if (!collect.early_done) {
        next = earlier(next, turn_early(now));
    }
    for (unsigned i = 1; i <= collect.source_count; i++) {
        next = earlier(next, collect_source_turn(&collect.sources[i], &collect.rooms));
    }
    if (collect.rooms.fetch != NULL) {
        next = earlier(next, scrape_turn(&collect.scrape));
    }
    write_pins(false);
    return next;
}

static int
wait_for(struct mono_ns deadline)
{
    if (collect.rooms.fetch != NULL) {
        return fetch_step(collect.rooms.fetch, deadline);
    }
    struct mono_ns now = platform_mono_now(&collect.platform);
    int64_t ms = mono_ms_between(now, deadline) + 1;
    struct pollfd signals = {.fd = collect.signals, .events = POLLIN};
    return poll(&signals, 1, ms > 0 ? (int)ms : 0) < 0 ? -ERR_IO : 0;
}

static bool
handle_signals(void)
{
    for (;;) {
        switch (notify_signal_next(collect.signals)) {
        case NOTIFY_NONE:
            return false;
        case NOTIFY_STOP:
            return true;
        case NOTIFY_RELOAD:
            for (unsigned i = 1; i <= collect.source_count; i++) {
                (void)collect_source_refresh(&collect.sources[i], &collect.rooms, true);
            }
            break;
        }
    }
}

static int
loop(void)
{
    struct table_header *header = table_writer_header(collect.rooms.writer);
    // The first reading counts for the cycle before, so that the second gives
    // rates.
    read_hosts(collect.cycle.nominal_s - (uint32_t)(collect.cycle.resolution_ms / MS_PER_S));
    while (!handle_signals()) {
        struct mono_ns now = platform_mono_now(&collect.platform);
        role_beat(collect.beat, now);
        atomic_store_explicit(&header->heartbeat_ms,
                              platform_wall_now(&collect.platform).ms, memory_order_relaxed);
        struct mono_ns next = turn(now);
        if (collect.rooms.restart) {
            role_say("collect", "the kubeconfig changed; begins again with it");
            return EXIT_ASKED;
        }
        if (wait_for(next) != 0) {
            return fail(-ERR_IO, "cannot wait for answers");
        }
    }
    write_pins(true);
    return EXIT_ASKED;
}

static int
seal(void)
{
    if (!seal_is_possible()) {
        return 0;
    }
    return seal_apply(SEAL_COLLECT);
}

static int
open_all(struct arena *arena)
{
    int error = open_memory(arena);
    if (error != 0) {
        return fail(error, "cannot take its memory");
    }
    error = platform_random_bytes(&collect.platform, &collect.rooms.key, sizeof(struct hash_key));
    if (error == 0) {
        error = notify_signals_open(&collect.signals);
    }
    if (error == 0) {
        error = role_open_beat(ROLE_COLLECT, collect.config, &collect.beat);
    }
    if (error != 0) {
        return fail(error, "cannot begin");
    }
    set_rooms(arena);
    error = open_table(arena);
    if (error != 0) {
        return fail(error, collect.table_path);
    }
    error = open_network(arena);
    if (error != 0) {
        return fail(error, "cannot open its network side");
    }
    return open_sources(arena) != 0 ? EXIT_BAD_CONFIG : 0;
}

int
collect_run(const struct config *config)
{
    struct arena arena;
    collect.config = config;
    collect.platform = linux_platform();
    if (config_text(config, CONFIG_RUN_DIR).size == 0) {
        role_say("collect", "--run-dir is needed; the supervision tree sets it");
        return EXIT_BAD_CONFIG;
    }
    int code = open_all(&arena);
    if (code != 0) {
        return code;
    }
    int error = role_drop_rights(ROLE_COLLECT, config);
    if (error != 0) {
        return fail(error, "cannot give up its rights");
    }
    role_ready(ROLE_COLLECT, config);
    error = seal();
    if (error != 0) {
        return fail(error, "cannot be sealed");
    }
    return loop();
}
