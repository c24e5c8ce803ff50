// The role export: every cycle of the live table to every sink, and what sinks
// missed from the history; and the table's events to every event sink.
//
// When a file that a sink names changes to something usable, this role ends and
// begins again with it.
//
// The table is mapped read-only, the history is opened for reading if there is
// one; what each sink is owed and how it is told is delivery.h and event_delivery.h.
// Sinks are configured, and their secrets read, before rights are dropped. Without
// --sink and --event-sink this role takes nothing and is not started (role_is_wanted).
#include <poll.h>
#include <string.h>

#include "app/export_memory.h"
#include "app/export_sink.h"
#include "app/mapping.h"
#include "app/role.h"
#include "app/sink_files.h"
#include "app/sink_setup.h"
#include "platform/linux.h"
#include "platform/memory.h"
#include "platform/seal.h"

// The longest turn of the loop: the heartbeat asks for one in a second.
#define TURN_MS 100
// How often the table's file is looked at and the status is written.
#define LOOK_MS 1000
#define STACK_BYTES (128 * 1024)

static struct export {
    const struct config *config;
    struct platform platform;
    struct mapping mapping;
    bool sealed;
    int signals;
    struct notify_beat *beat;
    struct mono_ns next_look;
    struct fetch *fetch;
    struct resolver resolver;
    struct export_archive archive;
    struct export_rooms rooms;
    struct workspace trial;      // of files that changed
    struct sink_files files;
    unsigned count;
    struct export_sink sink[SINKS_MAX];
    struct sink_statuses statuses;
    int status_error;
    char status_path[512];
} export;

void
export_plan(struct plan *plan, const struct config *config, const struct capacity *capacity)
{
    struct sink_setup_needs needs = sink_setup_needs(config);
    struct export_memory memory = export_memory(config, &needs);
    (void)capacity;
    if (needs.count == 0) {
        return;
    }
    plan_add(plan, "export", "batches and answers", 1, needs.delivery_bytes);
    plan_add(plan, "export", "readers of table and history", 1, memory.readers);
    plan_add(plan, "export", "configurations of sinks", 1, memory.texts);
    plan_add(plan, "export", "files that changed", 1, memory.trial);
    plan_add(plan, "export", "requests", 1, memory.requests);
    plan_add(plan, "export", "library heap", 1, memory.heap);
    plan_add(plan, "export", "socket buffers", needs.connections,
             EXPORT_RECEIVE_BUFFER_BYTES + EXPORT_SEND_BUFFER_BYTES);
    plan_add(plan, "export", "state", 1, sizeof export);
}

static int
fail(int error, const char *what)
{
    role_say("export", "%s: %s", what, error_sentence(error));
    return EXIT_SYSTEM;
}

// True: there is something new to begin again with.
static bool
look_at_files(void)
{
    char sentence[800];
    struct out why = out_of(sentence, sizeof sentence);
    enum sink_files_news news = sink_files_look(&export.files, &why);
    if (news == SINK_FILES_BAD) {
        role_say("export", "%s; what was read before stays in use", out_c_string(&why));
    } else if (news == SINK_FILES_CHANGED) {
        role_say("export", "a file that a sink names changed; begins again with it");
    }
    return news == SINK_FILES_CHANGED;
}

// Opening

static int
open_memory(struct arena *arena, const struct export_memory *memory,
            const struct sink_setup_needs *needs)
{
    bool locked;
    int error = block_touch_stack(STACK_BYTES);
    if (error == 0) {
        error = block_map(export_memory_block(memory, needs), arena, &locked);
    }
    if (error == 0 && memory->heap > 0) {
        memory_open(arena_take(arena, memory->heap), memory->heap);
    }
    return error;
}

static int
open_network(struct arena *arena, const struct sink_setup_needs *needs)
{
    struct fetch_curl_caps caps = export_fetch_caps(needs);
    caps.wake_fd = export.signals;
    int error = needs->connections > 0 ? fetch_curl_init(arena, &caps, &export.fetch) : 0;
    if (error == 0 && needs->datagrams > 0) {
        error = resolver_open(&export.resolver);
    }
    return error;
}

static int
open_sinks(struct arena *arena, const struct export_memory *memory, unsigned count)
{
    char sentence[800];
    export.rooms = (struct export_rooms){
        .config = export.config,
        .platform = &export.platform,
        .reader = &export.mapping.reader,
        .fetch = export.fetch,
        .resolver = &export.resolver,
        .archive = &export.archive,
        .rules = sink_setup_rules(export.config),
    };
    workspace_init(&export.rooms.space, arena, memory->texts);
    workspace_init(&export.trial, arena, memory->trial);
    export.files = (struct sink_files){
        .config = export.config,
        .platform = &export.platform,
        .space = &export.trial,
    };
    (void)look_at_files();  // before they are read
    for (unsigned i = 0; i < count; i++) {
        struct out why = out_of(sentence, sizeof sentence);
        if (export_sink_open(&export.sink[i], &export.rooms, arena, i, &why) != 0) {
            role_say("export", "%s", out_c_string(&why));
            return -ERR_BAD_CONFIG;
        }
        export.count = i + 1;
    }
    return 0;
}

// Running

static void
write_status(struct wall_ms now)
{
    export.statuses.written_ms = now.ms;
    export.statuses.count = export.count;
    for (unsigned i = 0; i < export.count; i++) {
        export_sink_status(&export.sink[i], &export.statuses.sink[i]);
    }
    int error = sink_statuses_write(&export.platform, export.status_path, &export.statuses);
    if (error != 0 && error != export.status_error) {
        role_say("export", "%s: %s", export.status_path, error_sentence(error));
    }
    export.status_error = error;
}

static int
seal(void)
{
    if (export.sealed || !export.mapping.mapped || !seal_is_possible()) {
        return 0;
    }
    export.sealed = true;
    int error = seal_apply(SEAL_EXPORT);
    if (error != 0) {
        role_say("export", "cannot be sealed: %s", error_sentence(error));
    }
    return error;
}

// Non-zero: the exit code + 1.
static int
look(struct mono_ns now)
{
    if (mono_before(now, export.next_look)) {
        return 0;
    }
    export.next_look = mono_add_ms(now, LOOK_MS);
    enum mapping_state state =
        mapping_look(&export.mapping, export.config, &export.platform, !export.sealed);
    if (state == MAPPING_REPLACED) {
        role_say("export", "the live table was made anew; begins again with it");
        return EXIT_ASKED + 1;
    }
    export.rooms.has_table = state == MAPPING_GOOD;
    write_status(platform_wall_now(&export.platform));
    if (look_at_files()) {
        return EXIT_ASKED + 1;
    }
    return seal() != 0 ? EXIT_SYSTEM + 1 : 0;
}

static uint32_t
newest_cycle(void)
{
    const struct table_header *header = export.mapping.reader.header;
    return export.rooms.has_table
               ? atomic_load_explicit(&header->cycle_done_s, memory_order_acquire)
               : 0;
}

static struct mono_ns
turn(struct mono_ns now)
{
    struct mono_ns next = mono_add_ms(now, TURN_MS);
    uint32_t cycle_s = newest_cycle();
    for (unsigned i = 0; i < export.count; i++) {
        struct mono_ns due = export_sink_turn(&export.sink[i], now, cycle_s);
        next = mono_before(due, next) ? due : next;
    }
    return next;
}

static void
wait_for(struct mono_ns deadline)
{
    if (export.fetch != NULL) {
        int error = fetch_step(export.fetch, deadline);
        (void)error;  // each request ends with its own
        return;
    }
    struct mono_ns now = platform_mono_now(&export.platform);
    int64_t ms = mono_before(now, deadline) ? mono_ms_between(now, deadline) + 1 : 0;
    struct pollfd signals = {.fd = export.signals, .events = POLLIN};
    (void)poll(&signals, 1, (int)ms);
}

static int
loop(void)
{
    int code = 0;
    while (code == 0) {
        struct mono_ns now = platform_mono_now(&export.platform);
        role_beat(export.beat, now);
        code = look(now);
        if (code == 0) {
            wait_for(turn(now));
        }
        if (notify_signal_next(export.signals) == NOTIFY_STOP) {
            code = EXIT_ASKED + 1;
        }
    }
    for (unsigned i = 0; i < export.count; i++) {
        export_sink_stop(&export.sink[i]);
    }
    return code - 1;
}

static int
open_all(struct arena *arena, const struct sink_setup_needs *needs)
{
    struct export_memory memory = export_memory(export.config, needs);
    int error = open_memory(arena, &memory, needs);
    if (error != 0) {
        return fail(error, "cannot take its memory");
    }
    error = notify_signals_open(&export.signals);
    if (error == 0) {
        error = role_open_beat(ROLE_EXPORT, export.config, &export.beat);
    }
    if (error == 0) {
        error = open_network(arena, needs);
    }
    if (error == 0 && needs->count > needs->events) {
        export.archive.platform = &export.platform;
        error = export_archive_open(&export.archive, export.config, arena);
    }
    if (error != 0) {
        return fail(error, "cannot begin");
    }
    if (open_sinks(arena, &memory, needs->count) != 0) {
        return EXIT_BAD_CONFIG;
    }
    error = role_drop_rights(ROLE_EXPORT, export.config);
    return error != 0 ? fail(error, "cannot give up its rights") : 0;
}

int
export_run(const struct config *config)
{
    struct arena arena;
    struct sink_setup_needs needs = sink_setup_needs(config);
    export.config = config;
    export.platform = linux_platform();
    struct out status = out_of(export.status_path, sizeof export.status_path);
    if (!mapping_init(&export.mapping, config) ||
        config_path(config, CONFIG_RUN_DIR, SINK_STATUS_FILE, &status) == NULL) {
        role_say("export", "--run-dir is needed; the supervision tree sets it");
        return EXIT_BAD_CONFIG;
    }
    if (needs.count == 0) {
        role_say("export", "there is no --sink and no --event-sink");
        return EXIT_BAD_CONFIG;
    }
    int code = open_all(&arena, &needs);
    if (code != 0) {
        return code;
    }
    role_ready(ROLE_EXPORT, config);
    return loop();
}
