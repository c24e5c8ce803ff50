#include "app/role.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "app/life.h"
#include "app/sink_setup.h"
#include "platform/memory.h"
#include "platform/rights.h"
#include "table/table.h"

#define LINE_BYTES_MAX 1000
// Connections, clients, and the files that a role opens now and then.
#define FILES_EXTRA 256

static int (*const runs[ROLE_COUNT])(const struct config *config) = {
    [ROLE_COLLECT] = collect_run,
    [ROLE_SERVE] = serve_run,
    [ROLE_RECORD] = record_run,
    [ROLE_EXPORT] = export_run,
    [ROLE_GUARD] = guard_run,
};

static const char *const names[ROLE_COUNT] = {
#define ROLE(id, name, uid_offset, help) [ROLE_##id] = name,
#include "app/roles.tbl.h"
#undef ROLE
};

static const uint32_t uid_offsets[ROLE_COUNT] = {
#define ROLE(id, name, uid_offset, help) [ROLE_##id] = uid_offset,
#include "app/roles.tbl.h"
#undef ROLE
};

// Of the one role of this process.
static struct {
    struct life life;
    struct platform platform;
    int file;  // of the life, -1 when it cannot be kept
    bool has_notify;  // descriptor ROLE_NOTIFY_FD is a supervisor's, and no file of ours
    bool is_suspect;
    uint32_t last_end;
    char last_said[LIFE_REFUSAL_BYTES];  // without the role's name
} own = {.file = -1};

const char *
role_name(enum role role)
{
    ASSERT(role < ROLE_COUNT);
    return names[role];
}

bool
role_is_wanted(enum role role, const struct config *config)
{
    switch (role) {
    case ROLE_RECORD:
        return config_number(config, CONFIG_HISTORY) > 0;
    case ROLE_EXPORT:
        return sink_setup_count(config) > 0;
    default:
        return true;
    }
}

void
role_say(const char *role, const char *format, ...)
{
    char line[LINE_BYTES_MAX + 1];
    va_list arguments;
    int head = snprintf(line, sizeof line, "%s: ", role);
    ASSERT(head > 0 && (size_t)head < sizeof line);
    va_start(arguments, format);
    int length = vsnprintf(line + head, sizeof line - (size_t)head, format, arguments);
    va_end(arguments);
    ASSERT(length >= 0);
    size_t size = (size_t)head + (size_t)length;
    size = size < LINE_BYTES_MAX ? size : LINE_BYTES_MAX - 1;
    for (size_t i = 0; i < size; i++) {
        line[i] = (unsigned char)line[i] < 0x20 || line[i] == 0x7f ? ' ' : line[i];
    }
    (void)snprintf(own.last_said, sizeof own.last_said, "%.*s", (int)size - head, line + head);
    line[size++] = '\n';
    // POLLOUT on a pipe means that a write of this size does not block.
    struct pollfd log = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&log, 1, 0) == 1 && (log.revents & POLLOUT) != 0) {
        ssize_t written = write(STDERR_FILENO, line, size);
        (void)written;  // there is nobody to tell
    }
}

static void
store_life(void)
{
    if (own.file >= 0) {
        int error = life_store(&own.life, &own.platform, own.file);
        (void)error;  // costs no more than a restart delay that is too short
    }
}

void
role_ready(enum role role, const struct config *config)
{
    ASSERT(role < ROLE_COUNT);
    (void)config;
    own.life.ready_ns = platform_mono_now(&own.platform).ns;
    store_life();
    int error = own.has_notify ? notify_ready(ROLE_NOTIFY_FD) : 0;
    (void)error;  // nobody listens: then nobody waits
}

const char *
role_beat_path(enum role role, const struct config *config, struct out *out)
{
    char name[32];
    struct out file = out_of(name, sizeof name);
    out_format(&file, "beat-%s", role_name(role));
    return config_path(config, CONFIG_RUN_DIR, out_c_string(&file), out);
}

int
role_open_beat(enum role role, const struct config *config, struct notify_beat **beat)
{
    char buffer[512];
    struct out out = out_of(buffer, sizeof buffer);
    const char *path = role_beat_path(role, config, &out);
    return path == NULL ? -ERR_TOO_LONG : notify_beat_open(path, beat);
}

void
role_beat(struct notify_beat *beat, struct mono_ns now)
{
    struct memory_use use;
    memory_use(&use);
    struct notify_heap heap = {
        .now = use.now,
        .peak = use.peak,
        .limit = use.size,
        .failures_total = use.failures_total,
    };
    notify_beat(beat, now, &heap);
}

void
role_note_end(unsigned end)
{
    own.life.end = end;
    store_life();
}

unsigned
role_last_end(void)
{
    return own.last_end;
}

// A role whose supervisor was killed would live on beside its successor: it dies
// with its supervisor instead. The kernel forgets this when the user changes.
static void
die_with_supervisor(const struct config *config)
{
    if (config_text(config, CONFIG_SERVICE_DIR).size > 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
}

int
role_drop_rights(enum role role, const struct config *config)
{
    uint32_t base = (uint32_t)config_number(config, CONFIG_UID_BASE);
    const struct capacity *capacity = &config->capacity;
    struct rights_limits limits = {
        .files = (uint64_t)capacity->connections + capacity->clients * 4ull +
                 capacity->transfers + FILES_EXTRA,
    };
    int error = rights_limit(&limits);
    if (error != 0 || base == 0 || uid_offsets[role] == 0) {
        return error;
    }
    error = rights_drop(base + uid_offsets[role], base + uid_offsets[role]);
    die_with_supervisor(config);
    return error;
}

// Its magic goes, so that collect lays it out anew. Neither kept nor replaced by
// another file: readers still map this one, and two tables are beyond the plan.
static bool
spoil_table(const char *path)
{
    static const unsigned char zeros[offsetof(struct table_header, magic) + sizeof(uint64_t)];
    int file;
    if (platform_file_open(&own.platform, path, PLATFORM_WRITE | PLATFORM_NO_FOLLOW, 0, &file) != 0) {
        return false;
    }
    int error = platform_file_write(&own.platform, file, zeros, sizeof zeros, 0);
    platform_file_close(&own.platform, file);
    return error == 0;
}

// The role's own state, which may be what it dies of. record checks the history
// when it opens it; the others keep nothing that they could not read anew.
static void
set_aside(enum role role, const struct config *config)
{
    char buffer[512];
    struct out out = out_of(buffer, sizeof buffer);
    own.is_suspect = true;
    role_say(names[role], "died %d times within a minute; %s", LIFE_DEATHS,
             role == ROLE_RECORD ? "the history is checked" : "its own state is set aside");
    if (role != ROLE_COLLECT) {
        return;
    }
    const char *path = config_path(config, CONFIG_RUN_DIR, ROLE_TABLE_FILE, &out);
    if (path != NULL && spoil_table(path)) {
        role_say(names[role], "the live table is given up and collected afresh");
    }
}

bool
role_is_suspect(void)
{
    return own.is_suspect;
}

static void
wait_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / MS_PER_S, .tv_nsec = ms % MS_PER_S * NS_PER_MS};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
    }
}

static void
begin_life(enum role role, const struct config *config)
{
    own.has_notify = notify_is_given(ROLE_NOTIFY_FD);
    life_load(&own.life, &own.platform, config, names[role]);
    own.last_end = own.life.end;
    struct life_verdict verdict = life_begin(&own.life, platform_mono_now(&own.platform));
    if (life_open(&own.platform, config, names[role], &own.file) != 0) {
        own.file = -1;
        role_say(names[role], "cannot write to --run-dir=" TEXT_FORMAT
                 ": it will not remember its deaths", TEXT_ARGS(config_text(config,
                 CONFIG_RUN_DIR)));
    }
    store_life();
    if (verdict.set_aside) {
        set_aside(role, config);
    }
    if (verdict.delay_ms > 0) {
        role_say(names[role], "died again soon after its start; waits %lld s",
                 (long long)(verdict.delay_ms / MS_PER_S));
        wait_ms(verdict.delay_ms);
    }
}

// The guard sees files change, but no port that became free and no directory
// that was mended.
static void
tell_how_to_resume(enum role role, const struct config *config)
{
    struct text tree = config_text(config, CONFIG_SERVICE_DIR);
    if (tree.size > 0) {
        role_say(names[role], "stays down until the configuration or a file that it names "
                 "changes; when something else is mended, such as a port or a directory: "
                 "s6-svc -u " TEXT_FORMAT "/%s", TEXT_ARGS(tree), names[role]);
    }
}

int
role_run(enum role role, const struct config *config, const struct platform *platform)
{
    ASSERT(role < ROLE_COUNT);
    own.platform = *platform;
    die_with_supervisor(config);
    if (config_text(config, CONFIG_RUN_DIR).size > 0) {
        begin_life(role, config);
    }
    int code = runs[role](config);
    if (code == EXIT_BAD_CONFIG) {
        memcpy(own.life.refusal, own.last_said, sizeof own.life.refusal);
        tell_how_to_resume(role, config);
    }
    if (code == EXIT_ASKED || code == EXIT_BAD_CONFIG) {
        role_note_end(code == EXIT_ASKED ? LIFE_ASKED : LIFE_REFUSED);
    }
    return code;
}
