// Graphite: plaintext lines over TCP (tcp://, tls://) or UDP (udp://).
//
//   PREFIX.PATH VALUE SECONDS
//
// Heapster's paths, with the resource_id between the metric's family and its
// name (filesystem._.usage), where it tells the series of a set apart. "." and
// "/" in names become "_", and so do bytes that carbon or queries take for
// something else. A node that is not known yet is called "none".
#include "base/error.h"
#include "sink/sink.h"
#include "sink/sink_batch.h"
#include "sink/sink_label.h"

#define PATH_BYTES_MAX 2048

struct graphite {
    struct text prefix;
    struct sink_bytes names;
    size_t path_size;
    char path[PATH_BYTES_MAX];  // of the present set, with a dot at its end
    int64_t seconds;
};

static const struct sink_kind graphite_udp;

static int
configure(struct sink *sink, struct out *why)
{
    static const char *const options[] = {"prefix", NULL};
    struct graphite *state = sink->state;
    state->prefix = TEXT("kubernetes");
    state->names = sink_bytes_without("./;,*?{}[]()'\"\\$");
    sink_option(sink, "prefix", &state->prefix);
    struct sink_bytes plain = sink_bytes_without("/;*?{}[]()'\"\\$");
    for (size_t i = 0; i < state->prefix.size; i++) {
        unsigned byte = (unsigned char)state->prefix.at[i];
        if (byte >= 0x80 || (plain.keep[byte >> 6] >> (byte & 63) & 1) == 0) {
            out_string(why, "prefix must be names joined by dots");
            return -ERR_BAD_CONFIG;
        }
    }
    if (text_starts(sink->uri.scheme, TEXT("http"))) {
        out_string(why, "graphite takes tcp://, tls:// or udp://");
        return -ERR_BAD_CONFIG;
    }
    int error = sink_options_known(sink, options, why);
    if (error == 0 && text_equal(sink->uri.scheme, TEXT("udp"))) {
        sink->kind = &graphite_udp;
    }
    return error;
}

static void
write_level(struct out *out, const struct graphite *state, const char *level, struct text name)
{
    out_string(out, level);
    sink_batch_plain(out, name.size == 0 ? TEXT("none") : name, &state->names, '_');
    out_byte(out, '.');
}

static void
write_pod(struct out *out, const struct graphite *state, const struct metric_set *set)
{
    write_level(out, state, "nodes.", sink_set_host(set));
    write_level(out, state, "pods.", set->label[SET_LABEL_NAMESPACE]);
    write_level(out, state, "", set->label[SET_LABEL_POD]);
}

static void
write_path(struct out *out, const struct graphite *state, const struct metric_set *set)
{
    struct text container = set->label[SET_LABEL_CONTAINER];
    switch (set->entity) {
    case ENTITY_NODE:
        write_level(out, state, "nodes.", sink_set_host(set));
        break;
    case ENTITY_SYSTEM_CONTAINER:
        write_level(out, state, "nodes.", sink_set_host(set));
        write_level(out, state, "sys-containers.", container);
        break;
    case ENTITY_POD:
        write_pod(out, state, set);
        break;
    case ENTITY_CONTAINER:
        write_pod(out, state, set);
        write_level(out, state, "containers.", container);
        break;
    case ENTITY_NAMESPACE:
        write_level(out, state, "namespaces.", set->label[SET_LABEL_NAMESPACE]);
        break;
    case ENTITY_CLUSTER:
    case ENTITY_COUNT:
        out_string(out, "cluster.");
        break;
    }
}

// "a/b.c/d" as a.b_c.d
static void
write_metric(struct out *out, const struct graphite *state, struct text name)
{
    struct text part;
    while (text_cut(name, '/', &part, &name)) {
        sink_batch_plain(out, part, &state->names, '_');
        out_byte(out, '.');
    }
    sink_batch_plain(out, part, &state->names, '_');
}

static bool
write_point(void *context, struct out *out, const struct set_point *point,
            const struct sink_number *number)
{
    const struct graphite *state = context;
    struct text family;
    struct text rest;
    out_bytes(out, state->path, state->path_size);
    if (point->resource_id.size == 0) {
        write_metric(out, state, point->name);
    } else {
        bool cut = text_cut(point->name, '/', &family, &rest);
        write_level(out, state, "", family);
        sink_batch_plain(out, point->resource_id, &state->names, '_');
        if (cut) {
            out_byte(out, '.');
            write_metric(out, state, rest);
        }
    }
    out_byte(out, ' ');
    sink_number_write(out, number);
    out_byte(out, ' ');
    out_i64(out, state->seconds);
    out_byte(out, '\n');
    return true;
}

static bool
add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set, unsigned *at)
{
    struct graphite *state = sink->state;
    struct out path = out_of(state->path, sizeof state->path);
    if (state->prefix.size != 0) {
        out_text(&path, state->prefix);
        out_byte(&path, '.');
    }
    write_path(&path, state, set);
    state->path_size = path.used;
    state->seconds = set->time.ms / MS_PER_S;
    return sink_batch_add(sink, batch, set, at, 0, write_point, state);
}

static int
finish(struct sink *sink, struct sink_batch *batch, struct sink_request *request)
{
    (void)sink;
    *request = (struct sink_request){.body = out_view(&batch->body)};
    return 0;
}

const struct sink_kind sink_graphite = {
    .name = "graphite",
    .transport = SINK_STREAM,
    .default_port = 2003,
    .default_host = "",
    .state_bytes = sizeof(struct graphite),
    .batch_bytes = 64 * 1024,
    .batch_points = 10000,
    .configure = configure,
    .add = add,
    .finish = finish,
};

static const struct sink_kind graphite_udp = {
    .name = "graphite",
    .transport = SINK_DATAGRAM,
    .default_port = 2003,
    .default_host = "",
    .state_bytes = sizeof(struct graphite),
    .batch_bytes = 16 * 1024,
    .batch_points = 10000,
    // Ethernet's 1500 bytes without the heads of IPv6 and UDP.
    .datagram_bytes = 1432,
    .configure = configure,
    .add = add,
    .finish = finish,
};
