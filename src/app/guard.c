#include "app/guard.h"

#include <string.h>

#include "app/auth_files.h"
#include "app/memory_limit.h"
#include "app/sink_files.h"
#include "app/source_check.h"
#include "base/hash.h"

#define PATH_BYTES 512
#define WATCHDOG_CLOSED (-1)
// A collect that does not come back within this time starves the watchdog.
#define WATCHDOG_PATIENCE_MS (5 * 60 * 1000)
// How often the configuration's files are looked at.
#define CONFIG_TURN_MS 1000
#define MINUTE_MS (60 * 1000)
_Static_assert(SOURCE_CHECK_BYTES >= SINK_FILES_SPACE_BYTES, "one scratch for both");
// What a pod is given to log in with; sources without a kubeconfig use it.
#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount/"

static const char *
service_path(const struct guard *guard, enum role role, const char *name, struct out *out)
{
    char relative[64];
    struct out file = out_of(relative, sizeof relative);
    out_format(&file, "%s/supervise/%s", role_name(role), name);
    return config_path(guard->config, CONFIG_SERVICE_DIR, out_c_string(&file), out);
}

// A file of the role's supervisor into `buffer`.
static int
read_service(const struct guard *guard, enum role role, const char *name, char *buffer,
             size_t size, struct text *content)
{
    char path_buffer[PATH_BYTES];
    struct out out = out_of(path_buffer, sizeof path_buffer);
    const char *path = service_path(guard, role, name, &out);
    return path == NULL ? -ERR_TOO_LONG
                        : platform_read_file(guard->platform, path, buffer, size, content);
}

// One letter to s6-supervise, as s6-svc sends it. Opened for reading too, so
// that a fifo without a supervisor does not block.
static void
command(struct guard *guard, enum role role, char letter)
{
    char buffer[PATH_BYTES];
    struct out out = out_of(buffer, sizeof buffer);
    const char *path = service_path(guard, role, "control", &out);
    int file;
    if (path == NULL || platform_file_open(guard->platform, path,
                                           PLATFORM_READ | PLATFORM_WRITE, 0, &file) != 0) {
        role_say("guard", "%s cannot be reached through its supervisor", role_name(role));
        return;
    }
    int error = platform_file_write(guard->platform, file, &letter, 1, PLATFORM_STREAM);
    platform_file_close(guard->platform, file);
    if (error != 0) {
        role_say("guard", "%s: %s", role_name(role), error_sentence(error));
    }
}

static void
act(struct guard *guard, enum role role, const struct watch_verdict *verdict)
{
    const char *name = role_name(role);
    switch (verdict->action) {
    case WATCH_NOTHING:
        break;
    case WATCH_ABORT:
        if (verdict->heartbeat_age_ms >= 0) {
            role_say("guard", "%s is stuck: no heartbeat for %lld ms; it is ended", name,
                     (long long)verdict->heartbeat_age_ms);
        } else if (guard->watch[role].kill_cause == DEATH_HANG) {
            role_say("guard", "%s is stuck: it never gave a heartbeat; it is ended", name);
        } else {
            role_say("guard", "%s is not ready after %d s; it is ended", name,
                     WATCH_READY_MS / 1000);
        }
        command(guard, role, 'b');  // SIGABRT; 'a' is SIGALRM
        break;
    case WATCH_KILL:
        command(guard, role, 'k');
        break;
    case WATCH_UP:
        role_say("guard", "the configuration changed; %s is started again", name);
        command(guard, role, 'u');
        break;
    }
}

// The configuration's files: what they are now, and when one last changed.

static void
add_print(void *context, struct text path)
{
    struct guard *guard = context;
    char buffer[PATH_BYTES];
    struct platform_status status;
    struct out out = out_of(buffer, sizeof buffer);
    out_text(&out, path);
    const char *c_path = out_c_string(&out);
    if (path.size == 0 || out.full) {
        return;
    }
    if (platform_file_status(guard->platform, c_path, &status) != 0) {
        guard->config_print = hash_mix(guard->config_print, 1);
        return;
    }
    guard->config_print = hash_mix(guard->config_print, status.inode);
    guard->config_print = hash_mix(guard->config_print, status.size);
    guard->config_print = hash_mix(guard->config_print, (uint64_t)status.changed.ms);
    if (status.changed.ms > guard->config_changed_ms) {
        guard->config_changed_ms = status.changed.ms;
    }
}

static void
look_at_config(struct guard *guard, struct mono_ns now)
{
    if (guard->config_turn.ns != 0 && mono_ms_between(guard->config_turn, now) < CONFIG_TURN_MS) {
        return;
    }
    guard->config_turn = now;
    guard->config_print = 0;
    guard->config_changed_ms = 0;
    add_print(guard, config_text(guard->config, CONFIG_CONFIG));
    add_print(guard, config_text(guard->config, CONFIG_FLAGS));
    for (unsigned i = 0; i < config_list_count(guard->config, CONFIG_SOURCE); i++) {
        struct text kubeconfig = source_check_auth(guard->config, i, &guard->scratch);
        add_print(guard, kubeconfig);
        auth_files_visit(guard->platform, kubeconfig, add_print, guard);
    }
    sink_files_visit(guard->config, &guard->scratch, add_print, guard);
    add_print(guard, config_text(guard->config, CONFIG_TLS_CERT));
    add_print(guard, config_text(guard->config, CONFIG_TLS_KEY));
    add_print(guard, config_text(guard->config, CONFIG_TOKEN_FILE));
    add_print(guard, config_text(guard->config, CONFIG_REQUESTHEADER_CLIENT_CA_FILE));
    add_print(guard, TEXT(SERVICE_ACCOUNT "token"));
    add_print(guard, TEXT(SERVICE_ACCOUNT "ca.crt"));
}

static void
note_death(struct guard *guard, enum role role, const struct supervised_death *seen)
{
    struct role_status *status = &guard->roles.role[role];
    uint64_t kills = memory_limit_oom_kill_total(guard->platform, "");
    bool out_of_memory = kills > guard->oom_kill_total;
    struct role_death death = {
        .time_ms = seen->time.ms,
        .role = (uint8_t)role,
        .cause = watch_cause(&guard->watch[role], seen, out_of_memory),
        .exit_code = seen->exit_code,
        .signal = seen->signal,
    };
    guard->roles.out_of_memory_total += kills - guard->oom_kill_total;
    guard->oom_kill_total = kills;
    status->last_death = death;
    status->death_total++;
    status->hang_total += death.cause == DEATH_HANG;
    roles_add_death(&guard->roles, &death);
    char buffer[96];
    struct out out = out_of(buffer, sizeof buffer);
    role_death_write(&out, &death);
    role_say("guard", "%s died: %s", role_name(role), out_c_string(&out));
}

static bool
is_asked(const struct supervised_death *death)
{
    return death->signal == 0 && death->exit_code == EXIT_ASKED;
}

// New deaths into the report; the newest one of all into `last`.
static void
look_at_deaths(struct guard *guard, enum role role, struct wall_ms now,
               struct supervised_death *last)
{
    char buffer[SUPERVISED_DEATH_BYTES * (SUPERVISED_DEATHS_MAX + 1)];
    struct supervised_death deaths[SUPERVISED_DEATHS_MAX];
    struct role_status *status = &guard->roles.role[role];
    struct text tally;
    *last = (struct supervised_death){0};
    if (read_service(guard, role, "death_tally", buffer, sizeof buffer, &tally) != 0) {
        return;
    }
    unsigned count = supervised_deaths(tally, (struct wall_ms){0}, deaths, ARRAY_COUNT(deaths));
    status->deaths_last_minute = 0;
    for (unsigned i = 0; i < count; i++) {
        *last = deaths[i];
        if (is_asked(&deaths[i])) {
            continue;
        }
        if (deaths[i].time.ms > status->last_death.time_ms) {
            note_death(guard, role, &deaths[i]);
        }
        status->deaths_last_minute += deaths[i].time.ms > now.ms - MINUTE_MS;
    }
}

// The last beat of this very process; all 0 while it has not begun to beat.
static struct notify_seen
read_beat(const struct guard *guard, enum role role, uint32_t pid)
{
    char buffer[PATH_BYTES];
    struct notify_seen seen;
    struct out out = out_of(buffer, sizeof buffer);
    const char *path = role_beat_path(role, guard->config, &out);
    if (path == NULL || notify_beat_read(guard->platform, path, &seen) != 0 ||
        seen.pid != pid) {
        return (struct notify_seen){0};
    }
    return seen;
}

static void
report(struct guard *guard, enum role role, const struct watch_seen *seen,
       const struct watch_verdict *verdict, struct wall_ms now)
{
    struct role_status *status = &guard->roles.role[role];
    struct out name = out_of(status->name, sizeof status->name);
    out_string(&name, role_name(role));
    (void)out_c_string(&name);
    status->state = verdict->state;
    status->pid = seen->supervised.up ? seen->supervised.pid : 0;
    status->changed_ms = seen->supervised.changed.ms;
    status->ready_ms = seen->supervised.ready ? seen->supervised.ready_since.ms : 0;
    status->heartbeat_age_ms = verdict->heartbeat_age_ms;
    status->start_total = seen->life.start_total;
    status->set_aside_total = seen->life.set_aside_total;
    status->wait_until_ms = 0;
    memcpy(status->refusal, seen->life.refusal, sizeof status->refusal);
    if (verdict->state == ROLE_WAITING) {
        status->wait_until_ms = now.ms + mono_ms_between(seen->now, (struct mono_ns){
                                                             seen->life.go_ns});
    }
}

static void
look_at_role(struct guard *guard, enum role role, struct mono_ns now, struct wall_ms wall)
{
    char buffer[SUPERVISED_STATUS_BYTES_MAX + 1];
    struct text content;
    struct watch_seen seen = {
        .now = now,
        .heartbeat_limit_ms = 3 * config_ms(guard->config, CONFIG_METRIC_RESOLUTION),
        .config_changed_ms = guard->config_changed_ms,
        .config_print = guard->config_print,
    };
    seen.supervised_known =
        read_service(guard, role, "status", buffer, sizeof buffer, &content) == 0 &&
        supervised_parse(content, &seen.supervised) == 0;
    life_load(&seen.life, guard->platform, guard->config, role_name(role));
    struct notify_seen beat = read_beat(guard, role, seen.supervised.pid);
    // The guard itself is alive here; its shadow looks after it.
    seen.heartbeat_ns = role == ROLE_GUARD ? now.ns : beat.last.ns;
    guard->roles.role[role].heap = beat.heap;
    look_at_deaths(guard, role, wall, &seen.last_death);
    struct watch_verdict verdict = watch_judge(&guard->watch[role], &seen);
    act(guard, role, &verdict);
    report(guard, role, &seen, &verdict, wall);
}

// Fed while collect makes progress, or is refused: a restart of the machine does
// not mend a configuration.
static void
feed_watchdog(struct guard *guard, struct mono_ns now)
{
    uint32_t state = guard->roles.role[ROLE_COLLECT].state;
    if (guard->watchdog == WATCHDOG_CLOSED) {
        return;
    }
    if (state == ROLE_READY || state == ROLE_REFUSED || state == ROLE_DOWN) {
        guard->progress = now;
    }
    if (mono_ms_between(guard->progress, now) > WATCHDOG_PATIENCE_MS) {
        guard->roles.watchdog = WATCHDOG_STARVED;
        return;
    }
    int error = platform_file_write(guard->platform, guard->watchdog, "\n", 1, PLATFORM_STREAM);
    guard->roles.watchdog = error == 0 ? WATCHDOG_FED : WATCHDOG_FAILED;
}

void
guard_turn(struct guard *guard)
{
    struct mono_ns now = platform_mono_now(guard->platform);
    struct wall_ms wall = platform_wall_now(guard->platform);
    look_at_config(guard, now);
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        if (role_is_wanted((enum role)role, guard->config)) {
            look_at_role(guard, (enum role)role, now, wall);
        } else {
            guard->roles.role[role].state = ROLE_ABSENT;
        }
    }
    feed_watchdog(guard, now);
    guard->roles.written_ms = wall.ms;
    int error = roles_write(&guard->roles, guard->platform, guard->config);
    if (error != 0 && error != guard->write_error) {
        role_say("guard", "the states of the roles cannot be written: %s",
                 error_sentence(error));
    }
    guard->write_error = error;
}

static void
open_watchdog(struct guard *guard)
{
    char buffer[PATH_BYTES];
    struct text device = config_text(guard->config, CONFIG_WATCHDOG);
    struct out out = out_of(buffer, sizeof buffer);
    guard->watchdog = WATCHDOG_CLOSED;
    if (device.size == 0) {
        return;
    }
    out_text(&out, device);
    int error = platform_file_open(guard->platform, out_c_string(&out), PLATFORM_WRITE, 0,
                                   &guard->watchdog);
    if (error != 0) {
        guard->watchdog = WATCHDOG_CLOSED;
        guard->roles.watchdog = WATCHDOG_FAILED;
        role_say("guard", "the watchdog " TEXT_FORMAT " cannot be opened: %s",
                 TEXT_ARGS(device), error_sentence(error));
    }
}

void
guard_init(struct guard *guard, const struct config *config, const struct platform *platform)
{
    memset(guard, 0, sizeof *guard);
    guard->config = config;
    guard->platform = platform;
    // Goes on counting where the last guard ended.
    if (roles_read(&guard->roles, platform, config) != 0) {
        memset(&guard->roles, 0, sizeof guard->roles);
    }
    struct arena arena;
    arena_init(&arena, guard->scratch_memory, sizeof guard->scratch_memory);
    workspace_init(&guard->scratch, &arena, sizeof guard->scratch_memory);
    guard->progress = platform_mono_now(platform);
    guard->oom_kill_total = memory_limit_oom_kill_total(platform, "");
    open_watchdog(guard);
}

// An orderly end must not let the watchdog bite: "V" is the magic close.
void
guard_close(struct guard *guard)
{
    if (guard->watchdog != WATCHDOG_CLOSED) {
        int error =
            platform_file_write(guard->platform, guard->watchdog, "V", 1, PLATFORM_STREAM);
        (void)error;  // it bites, and the machine starts again
        platform_file_close(guard->platform, guard->watchdog);
    }
}

void
guard_plan(struct plan *plan, const struct config *config, const struct capacity *capacity)
{
    (void)config;
    (void)capacity;
    plan_add(plan, "guard", "states and judgements", 1, sizeof(struct guard));
    plan_add(plan, "guard", "shadow process", 1, GUARD_SHADOW_BYTES);
}
