#include "app/export_sink.h"

#include "app/role.h"
#include "app/sink_setup.h"
#include "base/hash.h"

// What deliveries ask for

static void
live_begin(void *context, uint32_t cycle_s)
{
    struct export_sink *sink = context;
    set_reader_begin(sink->sets, sink->rooms->reader, cycle_s);
}

static const struct metric_set *
live_next(void *context)
{
    struct export_sink *sink = context;
    return sink->rooms->has_table ? set_reader_next(sink->sets) : NULL;
}

static bool
live_is_whole(void *context)
{
    struct export_sink *sink = context;
    return set_reader_late(sink->sets) == 0;
}

static void
write_line(struct text line)
{
    role_say("export", TEXT_FORMAT, TEXT_ARGS(line));
}

static void
say(const struct sink *sink, const char *sentence)
{
    role_say("export", "%ssink %u, " TEXT_FORMAT ": %s", sink->events ? "event " : "",
             sink->number, TEXT_ARGS(sink->uri.name), sentence);
}

// A sink keeps its cursor while its name stays the same, wherever it stands among
// the others.
static const char *
cursor_path(const struct config *config, const struct sink *sink, struct out *path)
{
    static const struct hash_key key = {0x73696e6b2d6e616d, 0x652d6f662d637572};
    bool has_state = config_text(config, CONFIG_STATE_DIR).size > 0;
    char name[64];
    struct out file = out_of(name, sizeof name);
    struct text uri = sink->uri.name;
    out_format(&file, "%s-%s-%016llx", sink->events ? "event-sink" : "sink", sink->kind->name,
               (unsigned long long)hash_bytes(key, uri.at, uri.size));
    return config_path(config, has_state ? CONFIG_STATE_DIR : CONFIG_RUN_DIR, out_c_string(&file),
                       path);
}

static int
open_events(struct export_sink *self, struct arena *arena, const char *path, struct out *why)
{
    const struct export_rooms *rooms = self->rooms;
    struct event_delivery_config config = {
        .platform = rooms->platform,
        .sink = &self->sink,
        .cursor_path = path,
        .timeout_ms = config_ms(rooms->config, CONFIG_SINK_TIMEOUT),
        .fetch = rooms->fetch,
        .write_line = write_line,
        .say = say,
    };
    return event_delivery_open(arena, &config, &self->events, why);
}

static int
open_metrics(struct export_sink *self, struct arena *arena, const char *path, struct out *why)
{
    const struct export_rooms *rooms = self->rooms;
    const struct config *config = rooms->config;
    bool has_history = rooms->archive->history != NULL;
    struct delivery_config delivery = {
        .platform = rooms->platform,
        .sink = &self->sink,
        .live = {self, live_begin, live_next, live_is_whole},
        .archive = has_history ? &rooms->archive->delivery : NULL,
        .cursor_path = path,
        .resolution_s = (uint32_t)(config_ms(config, CONFIG_METRIC_RESOLUTION) / MS_PER_S),
        .timeout_ms = config_ms(config, CONFIG_SINK_TIMEOUT),
        .fetch = rooms->fetch,
        .resolver = rooms->resolver,
        .write_line = write_line,
        .say = say,
    };
    if (shard_parse(config_text(config, CONFIG_SHARD), &delivery.shard) != 0) {
        out_string(why, "--shard is not I/N");
        return -ERR_BAD_CONFIG;
    }
    self->sets = set_reader_new(arena);
    return delivery_open(arena, &delivery, &self->delivery, why);
}

int
export_sink_open(struct export_sink *self, struct export_rooms *rooms, struct arena *arena,
                 unsigned index, struct out *why)
{
    char buffer[512];
    struct out out = out_of(buffer, sizeof buffer);
    self->rooms = rooms;
    int error = sink_setup_open(rooms->config, index, &self->sink, &rooms->rules, &rooms->space,
                                rooms->platform, why);
    if (error != 0) {
        return error;
    }
    const char *path = cursor_path(rooms->config, &self->sink, &out);
    if (path == NULL) {
        out_string(why, "--state-dir is too long");
        return -ERR_BAD_CONFIG;
    }
    return self->sink.events ? open_events(self, arena, path, why)
                             : open_metrics(self, arena, path, why);
}

struct mono_ns
export_sink_turn(struct export_sink *self, struct mono_ns now, uint32_t cycle_s)
{
    const struct export_rooms *rooms = self->rooms;
    return self->events != NULL
               ? event_delivery_turn(self->events, now, rooms->has_table ? rooms->reader : NULL)
               : delivery_turn(self->delivery, now, cycle_s);
}

void
export_sink_stop(struct export_sink *self)
{
    if (self->events != NULL) {
        event_delivery_stop(self->events);
    } else {
        delivery_stop(self->delivery);
    }
}

void
export_sink_status(const struct export_sink *self, struct sink_status *status)
{
    if (self->events != NULL) {
        event_delivery_status(self->events, status);
    } else {
        delivery_status(self->delivery, status);
    }
}
