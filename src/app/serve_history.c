#include "app/serve_history.h"

#include "api/historical_read.h"
#include "app/history_setup.h"
#include "app/role.h"

#define TRY_MS 3000
// What is in the file costs a few look-ups to know.
#define USE_MS 60000
#define USE_EMPTY_MS 2000

size_t
serve_history_footprint(const struct config *config)
{
    struct history_config reader = history_reader_config(config, NULL, NULL);
    return history_is_kept(config) ? history_footprint(&reader) + historical_read_footprint() : 0;
}

static void
look_at_use(struct serve_history *serve, struct mono_ns now)
{
    struct historical *historical = serve->historical;
    struct history_use use;
    if (mono_before(now, serve->next_use)) {
        return;
    }
    int error = history_use(serve->history, &use);
    if (error == 0) {
        historical->use = use;
    } else if (error != -ERR_BUSY) {
        historical->error = error;
    }
    bool empty = error != 0 || use.newest_s[TIER_RAW] == 0;
    serve->next_use = mono_add_ms(now, empty ? USE_EMPTY_MS : USE_MS);
}

static void
opened(struct serve_history *serve, int error, struct mono_ns now)
{
    struct historical *historical = serve->historical;
    historical->error = error;
    historical->history = error == 0 ? serve->history : NULL;
    serve->next_try = mono_add_ms(now, TRY_MS);
    serve->next_use = now;
}

void
serve_history_init(struct serve_history *serve, struct arena *arena, const struct config *config,
                   const struct platform *platform, struct historical *historical)
{
    char sentence[HISTORY_PATH_BYTES_MAX + 200];
    bool set_aside;
    struct out why = out_of(sentence, sizeof sentence);
    struct out path = out_of(serve->path, sizeof serve->path);
    struct out status = out_of(serve->status_path, sizeof serve->status_path);
    *historical = (struct historical){
        .kept = history_is_kept(config),
        .resolution_s = (uint32_t)(config_ms(config, CONFIG_METRIC_RESOLUTION) / MS_PER_S),
    };
    serve->platform = platform;
    serve->historical = historical;
    if (!historical->kept ||
        config_path(config, CONFIG_RUN_DIR, HISTORY_STATUS_FILE, &status) == NULL ||
        config_path(config, CONFIG_STATE_DIR, ROLE_HISTORY_FILE, &path) == NULL) {
        return;
    }
    struct history_config reader = history_reader_config(config, platform, serve->path);
    historical_read_init(arena, historical);
    int error = history_open(arena, &reader, &serve->history, &set_aside, &why);
    if (error != 0 && error != -ERR_NO_FILE) {
        role_say("serve", "%s", out_c_string(&why));
    }
    opened(serve, error, platform_mono_now(platform));
}

static void
open_again(struct serve_history *serve, struct mono_ns now)
{
    char sentence[HISTORY_PATH_BYTES_MAX + 200];
    struct out why = out_of(sentence, sizeof sentence);
    int before = serve->historical->error;
    int error = history_reopen(serve->history, &why);
    if (error != 0 && error != before && error != -ERR_NO_FILE) {
        role_say("serve", "%s", out_c_string(&why));
    }
    opened(serve, error, now);
}

void
serve_history_look(struct serve_history *serve, struct mono_ns now)
{
    struct historical *historical = serve->historical;
    if (serve->history == NULL) {
        return;
    }
    historical->has_status = history_status_read(serve->platform, serve->status_path,
                                                 &historical->status) == 0;
    if (historical->error != 0 && !mono_before(now, serve->next_try)) {
        open_again(serve, now);
    }
    if (historical->history != NULL) {
        look_at_use(serve, now);
    }
}
