#include "app/export_archive.h"

#include "app/history_setup.h"
#include "app/role.h"

// A history that cannot be read is opened again, at most so often.
#define REOPEN_MS 5000

size_t
export_archive_footprint(const struct config *config)
{
    struct history_config history = history_reader_config(config, NULL, NULL);
    return history_is_kept(config) ? history_footprint(&history) + replay_footprint() : 0;
}

// A file that vanished, was replaced or was not there yet is opened again.
static int
result_of(struct export_archive *archive, int result)
{
    char sentence[300];
    struct out why = out_of(sentence, sizeof sentence);
    struct mono_ns now = platform_mono_now(archive->platform);
    if (result < 0 && !mono_before(now, archive->reopen_after)) {
        archive->reopen_after = mono_add_ms(now, REOPEN_MS);
        int error = history_reopen(archive->history, &why);
        (void)error;  // the next question finds out
    }
    return result;
}

static int
next_cycle(void *context, uint32_t after_s, uint32_t *cycle_s)
{
    struct export_archive *archive = context;
    return result_of(archive,
                     replay_next_cycle(archive->replay, archive->history, after_s, cycle_s));
}

static int
begin(void *context, uint32_t cycle_s)
{
    struct export_archive *archive = context;
    return result_of(archive, replay_begin(archive->replay, archive->history, cycle_s));
}

static int
next(void *context, const struct metric_set **set)
{
    struct export_archive *archive = context;
    return result_of(archive, replay_next(archive->replay, set));
}

int
export_archive_open(struct export_archive *archive, const struct config *config,
                    struct arena *arena)
{
    char sentence[300];
    bool set_aside;
    struct out why = out_of(sentence, sizeof sentence);
    struct out path = out_of(archive->path, sizeof archive->path);
    if (!history_is_kept(config)) {
        return 0;
    }
    if (config_path(config, CONFIG_STATE_DIR, ROLE_HISTORY_FILE, &path) == NULL) {
        return -ERR_TOO_LONG;
    }
    struct history_config history =
        history_reader_config(config, archive->platform, archive->path);
    int error = history_open(arena, &history, &archive->history, &set_aside, &why);
    if (error != 0 && error != -ERR_NO_FILE) {
        role_say("export", "%s; sinks that were away are not caught up until it can be read",
                 out_c_string(&why));
    }
    archive->replay = replay_new(arena);
    archive->delivery = (struct delivery_archive){
        .context = archive,
        .next_cycle = next_cycle,
        .begin = begin,
        .next = next,
    };
    return 0;
}
