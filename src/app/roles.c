#include "app/roles.h"

#include <signal.h>
#include <string.h>

#include "base/hash.h"

#define READ_TRIES 8

static const struct hash_key checksum_key = {0x726f6c65732d6368, 0x65636b73756d2d31};

static uint64_t
checksum_of(const struct roles *roles)
{
    size_t head = offsetof(struct roles, checksum) + sizeof roles->checksum;
    return hash_bytes(checksum_key, (const char *)roles + head, sizeof *roles - head);
}

static const char *
path_of(const struct config *config, struct out *out)
{
    return config_path(config, CONFIG_RUN_DIR, "roles", out);
}

static int
read_once(struct roles *roles, const struct platform *platform, const char *path)
{
    int file;
    int error = platform_file_open(platform, path, PLATFORM_READ, 0, &file);
    if (error != 0) {
        return error;
    }
    int64_t got = platform_file_read(platform, file, roles, sizeof *roles, 0);
    platform_file_close(platform, file);
    if (got < 0) {
        return (int)got;
    }
    if (got != (int64_t)sizeof *roles || roles->magic != ROLES_MAGIC) {
        return -ERR_LAYOUT;
    }
    return roles->checksum == checksum_of(roles) ? 0 : -ERR_IO;
}

// Whatever is in the file, the names end and the counts are in range.
static void
make_safe(struct roles *roles)
{
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        roles->role[i].name[sizeof roles->role[i].name - 1] = '\0';
    }
    if (roles->death_count > ROLES_DEATHS_MAX) {
        roles->death_count = ROLES_DEATHS_MAX;
    }
    roles->role_count = ROLE_COUNT;
}

int
roles_read(struct roles *roles, const struct platform *platform, const struct config *config)
{
    char buffer[512];
    struct out out = out_of(buffer, sizeof buffer);
    const char *path = path_of(config, &out);
    int error = path == NULL ? -ERR_TOO_LONG : -ERR_IO;
    for (unsigned i = 0; path != NULL && error == -ERR_IO && i < READ_TRIES; i++) {
        error = read_once(roles, platform, path);
    }
    if (error == 0) {
        make_safe(roles);
    }
    return error;
}

int
roles_write(struct roles *roles, const struct platform *platform, const struct config *config)
{
    char buffer[512];
    int file;
    struct out out = out_of(buffer, sizeof buffer);
    const char *path = path_of(config, &out);
    if (path == NULL) {
        return -ERR_TOO_LONG;
    }
    roles->magic = ROLES_MAGIC;
    roles->role_count = ROLE_COUNT;
    roles->checksum = checksum_of(roles);
    int error = platform_file_open(platform, path, PLATFORM_WRITE | PLATFORM_CREATE, 0644, &file);
    if (error != 0) {
        return error;
    }
    error = platform_file_write(platform, file, roles, sizeof *roles, 0);
    platform_file_close(platform, file);
    return error;
}

void
roles_add_death(struct roles *roles, const struct role_death *death)
{
    ASSERT(roles->death_count <= ROLES_DEATHS_MAX);
    if (roles->death_count == ROLES_DEATHS_MAX) {
        memmove(&roles->death[0], &roles->death[1], sizeof roles->death - sizeof *death);
        roles->death_count--;
    }
    roles->death[roles->death_count++] = *death;
}

const char *
role_state_name(uint32_t state)
{
    static const char *const names[] = {
        [ROLE_DOWN] = "down",         [ROLE_WAITING] = "waiting", [ROLE_STARTING] = "starting",
        [ROLE_READY] = "ready",       [ROLE_STUCK] = "stuck",     [ROLE_ENDED] = "ended",
        [ROLE_REFUSED] = "refused",   [ROLE_UNKNOWN] = "unknown",
        [ROLE_ABSENT] = "absent",
    };
    return state < ARRAY_COUNT(names) ? names[state] : "unknown";
}

const char *
death_cause_name(uint8_t cause)
{
    static const char *const names[] = {
        [DEATH_EXIT] = "exit",
        [DEATH_SIGNAL] = "signal",
        [DEATH_HANG] = "hang",
        [DEATH_NOT_READY] = "not_ready",
        [DEATH_OUT_OF_MEMORY] = "out_of_memory",
        [DEATH_BAD_CONFIG] = "bad_config",
    };
    return cause < ARRAY_COUNT(names) ? names[cause] : "unknown";
}

static void
write_signal(struct out *out, unsigned number)
{
    static const struct {
        unsigned number;
        const char *name;
    } signals[] = {
        {SIGABRT, "SIGABRT"}, {SIGKILL, "SIGKILL"}, {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},
        {SIGSYS, "SIGSYS"},   {SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"},   {SIGILL, "SIGILL"},
        {SIGFPE, "SIGFPE"},   {SIGPIPE, "SIGPIPE"}, {SIGHUP, "SIGHUP"},   {SIGQUIT, "SIGQUIT"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(signals); i++) {
        if (signals[i].number == number) {
            out_string(out, signals[i].name);
            return;
        }
    }
    out_format(out, "signal %u", number);
}

void
role_death_write(struct out *out, const struct role_death *death)
{
    static const char *const before[] = {
        [DEATH_EXIT] = "",
        [DEATH_SIGNAL] = "",
        [DEATH_HANG] = "stuck without heartbeat, ",
        [DEATH_NOT_READY] = "not ready in time, ",
        [DEATH_OUT_OF_MEMORY] = "out of memory, ",
        [DEATH_BAD_CONFIG] = "bad configuration, ",
    };
    if (death->cause < ARRAY_COUNT(before)) {
        out_string(out, before[death->cause]);
    }
    if (death->signal != 0) {
        out_string(out, "killed by ");
        write_signal(out, death->signal);
    } else {
        out_format(out, "exit %u", death->exit_code);
    }
}

void
role_status_write_reason(struct out *out, const struct role_status *status)
{
    size_t size = strnlen(status->refusal, sizeof status->refusal);
    if (status->state == ROLE_REFUSED && size > 0) {
        out_text(out, (struct text){status->refusal, size});
    } else if (status->last_death.time_ms != 0) {
        role_death_write(out, &status->last_death);
    }
}
