#include "app/life.h"

#include <string.h>

static bool
was_short(const struct life *life, struct mono_ns now)
{
    struct mono_ns ready = {life->ready_ns};
    return life->ready_ns == 0 || mono_ms_between(ready, now) < LIFE_SHORT_MS;
}

static void
note_death(struct life *life, struct mono_ns now)
{
    life->short_count = was_short(life, now) ? life->short_count + 1 : 0;
    memmove(&life->death_ns[0], &life->death_ns[1], sizeof life->death_ns - sizeof(int64_t));
    life->death_ns[LIFE_DEATHS - 1] = now.ns;
}

static bool
died_often(const struct life *life, struct mono_ns now)
{
    struct mono_ns oldest = {life->death_ns[0]};
    return oldest.ns != 0 && mono_ms_between(oldest, now) < LIFE_WINDOW_MS;
}

// 0, 1, 2, 4, 8, 16, 30, 30 ...
static int64_t
delay_ms_of(uint32_t short_count)
{
    if (short_count < 2) {
        return 0;
    }
    if (short_count > 6) {
        return LIFE_DELAY_MS_MAX;
    }
    return MS_PER_S << (short_count - 2);
}

struct life_verdict
life_begin(struct life *life, struct mono_ns now)
{
    struct life_verdict verdict = {0, false};
    // Nothing is known of a machine that was started since, nor of a first life.
    bool known = life->magic == LIFE_MAGIC && life->start_ns <= now.ns;
    if (!known) {
        *life = (struct life){.magic = LIFE_MAGIC};
    } else if (life->end == LIFE_RUNNING || life->end == LIFE_STUCK) {
        note_death(life, now);
    } else {
        life->short_count = 0;
    }
    if (died_often(life, now)) {
        verdict.set_aside = true;
        life->set_aside_total++;
        life->short_count = 0;
        memset(life->death_ns, 0, sizeof life->death_ns);
    }
    verdict.delay_ms = delay_ms_of(life->short_count);
    life->start_total++;
    life->start_ns = now.ns;
    life->go_ns = mono_add_ms(now, verdict.delay_ms).ns;
    life->ready_ns = 0;
    life->end = LIFE_RUNNING;
    memset(life->refusal, 0, sizeof life->refusal);
    return verdict;
}

static const char *
path_of(const struct config *config, const char *role, struct out *out)
{
    char name[32];
    struct out file = out_of(name, sizeof name);
    out_format(&file, "life-%s", role);
    return config_path(config, CONFIG_RUN_DIR, out_c_string(&file), out);
}

void
life_load(struct life *life, const struct platform *platform, const struct config *config,
          const char *role)
{
    char buffer[512];
    char bytes[sizeof *life + 1];
    struct text content;
    struct out out = out_of(buffer, sizeof buffer);
    const char *path = path_of(config, role, &out);
    *life = (struct life){0};
    if (path == NULL || platform_read_file(platform, path, bytes, sizeof bytes, &content) != 0 ||
        content.size != sizeof *life) {
        return;
    }
    memcpy(life, content.at, sizeof *life);
    if (life->magic != LIFE_MAGIC) {
        *life = (struct life){0};
    }
}

int
life_open(const struct platform *platform, const struct config *config, const char *role,
          int *file)
{
    char buffer[512];
    struct out out = out_of(buffer, sizeof buffer);
    const char *path = path_of(config, role, &out);
    return path == NULL ? -ERR_TOO_LONG
                        : platform_file_open(platform, path, PLATFORM_WRITE | PLATFORM_CREATE,
                                             0644, file);
}

int
life_store(const struct life *life, const struct platform *platform, int file)
{
    return platform_file_write(platform, file, life, sizeof *life, 0);
}
