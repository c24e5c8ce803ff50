// Wavefront: lines over TCP to a Wavefront proxy.
//
//   PREFIX+TYPE.METRIC VALUE SECONDS source="HOST" KEY="VALUE" ...
//
// As Heapster's, with values quoted so that none ends the line or the quotes, and
// cut where the service would refuse the point. testMode=true writes the lines to
// the log instead.
#include "base/error.h"
#include "limits.h"
#include "sink/sink.h"
#include "sink/sink_batch.h"
#include "sink/sink_label.h"

#define TAGS_BYTES_MAX 8192
// Key and value of a tag together; the service refuses points with more.
#define TAG_BYTES_MAX 254

struct wavefront {
    struct text cluster;
    struct text prefix;
    bool labels;
    bool containers;
    bool test;
    int64_t seconds;
    const char *type;
    size_t tags_size;
    char tags[TAGS_BYTES_MAX];  // of the present set, from the source on
};

static const struct sink_kind wavefront_test;

static int
read_flags(struct sink *sink, struct wavefront *state, struct out *why)
{
    state->containers = true;
    int error = sink_option_bool(sink, "includeLabels", &state->labels, why);
    if (error == 0) {
        error = sink_option_bool(sink, "includeContainers", &state->containers, why);
    }
    if (error == 0) {
        error = sink_option_bool(sink, "testMode", &state->test, why);
    }
    return error;
}

static int
configure(struct sink *sink, struct out *why)
{
    static const char *const options[] = {
        "clusterName", "prefix", "includeLabels", "includeContainers", "testMode", NULL,
    };
    struct wavefront *state = sink->state;
    state->cluster = TEXT("k8s-cluster");
    state->prefix = TEXT("heapster.");
    sink_option(sink, "clusterName", &state->cluster);
    sink_option(sink, "prefix", &state->prefix);
    int error = sink_options_known(sink, options, why);
    if (error == 0) {
        error = read_flags(sink, state, why);
    }
    if (error == 0 && state->test) {
        sink->kind = &wavefront_test;
    }
    return error;
}

// Letters, digits and "-_./"; "/" as a dot where `dots`.
static void
write_name(struct out *out, struct text text, bool dots)
{
    for (size_t at = 0; at < text.size;) {
        char byte = text.at[at];
        bool legal = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                     (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.';
        size_t length = text_utf8_length(text, at);
        out_byte(out, legal ? byte : byte == '/' && dots ? '.' : '_');
        at += length == 0 ? 1 : length;
    }
}

static void
write_quoted(struct out *out, struct text text, size_t room)
{
    out_byte(out, '"');
    for (size_t at = 0; at < text.size;) {
        char byte = text.at[at];
        size_t length = text_utf8_length(text, at);
        bool control = (unsigned char)byte < ' ' || byte == 0x7f;
        size_t wide = byte == '"' ? 2 : length == 0 ? 1 : length;
        if (wide > room) {
            break;
        }
        room -= wide;
        if (length == 0 || control || byte == '\\') {
            out_byte(out, '_');
            at++;
            continue;
        }
        out_string(out, byte == '"' ? "\\" : "");
        out_text(out, text_sub(text, at, length));
        at += length;
    }
    out_byte(out, '"');
}

static void
write_tag(struct out *out, struct text prefix, struct text key, struct text value)
{
    size_t name = prefix.size + key.size;
    if (value.size == 0 || name + 8 > TAG_BYTES_MAX) {
        return;
    }
    out_byte(out, ' ');
    out_text(out, prefix);
    write_name(out, key, false);
    out_byte(out, '=');
    write_quoted(out, value, TAG_BYTES_MAX - name);
}

static void
write_source(struct out *out, const struct metric_set *set)
{
    char room[NAME_BYTES_MAX + 8];
    struct out source = out_of(room, sizeof room);
    if (set->entity == ENTITY_CLUSTER) {
        out_string(&source, "cluster");
    } else if (set->entity == ENTITY_NAMESPACE) {
        out_text(&source, text_sub(set->label[SET_LABEL_NAMESPACE], 0, NAME_BYTES_MAX));
        out_string(&source, "-ns");
    } else {
        out_text(&source, text_sub(sink_set_host(set), 0, NAME_BYTES_MAX));
    }
    out_string(out, " source=");
    write_quoted(out, source.used == 0 ? TEXT("none") : out_view(&source), TAG_BYTES_MAX);
}

static void
drop_ids(struct sink_labels *labels)
{
    sink_labels_drop(labels, TEXT("namespace_id"));
    sink_labels_drop(labels, TEXT("host_id"));
    sink_labels_drop(labels, TEXT("pod_id"));
    sink_labels_drop(labels, TEXT("hostname"));
    sink_labels_drop(labels, TEXT("labels"));
}

static void
prepare(struct sink *sink, const struct metric_set *set)
{
    struct wavefront *state = sink->state;
    struct sink_labels labels;
    struct out tags = out_of(state->tags, sizeof state->tags);
    struct sink_pairs pairs = sink_pairs_of(sink, set);
    struct sink_label pair;
    sink_labels_collect(&labels, sink, set);
    drop_ids(&labels);
    sink_labels_put(&labels, TEXT("cluster"), state->cluster);
    write_source(&tags, set);
    for (unsigned i = 0; i < labels.count; i++) {
        write_tag(&tags, TEXT(""), labels.label[i].key, labels.label[i].value);
    }
    while (state->labels && sink_pairs_next(&pairs, &pair)) {
        size_t before = tags.used;
        write_tag(&tags, TEXT("label."), pair.key, pair.value);
        if (tags.full) {
            tags.used = before;
            break;
        }
    }
    state->tags_size = tags.used;
    state->type = entity_type_label(set->entity);
    state->seconds = set->time.ms / MS_PER_S;
}

static bool
write_point(void *context, struct out *out, const struct set_point *point,
            const struct sink_number *number)
{
    const struct wavefront *state = context;
    write_name(out, state->prefix, false);
    out_string(out, state->type);
    out_byte(out, '.');
    write_name(out, point->name, true);
    out_byte(out, ' ');
    sink_number_write(out, number);
    out_byte(out, ' ');
    out_i64(out, state->seconds);
    out_bytes(out, state->tags, state->tags_size);
    write_tag(out, TEXT(""), TEXT("resource_id"), point->resource_id);
    out_byte(out, '\n');
    return true;
}

static bool
is_wanted(const struct wavefront *state, const struct metric_set *set)
{
    static const char slice[] = "system.slice/";
    struct text name = set->label[SET_LABEL_CONTAINER];
    for (size_t at = 0; at + sizeof slice - 1 <= name.size; at++) {
        if (text_starts(text_sub(name, at, SIZE_MAX), TEXT("system.slice/"))) {
            return false;
        }
    }
    return state->containers || set->entity != ENTITY_CONTAINER;
}

static bool
add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set, unsigned *at)
{
    struct wavefront *state = sink->state;
    if (!is_wanted(state, set)) {
        return true;
    }
    prepare(sink, set);
    return sink_batch_add(sink, batch, set, at, 0, write_point, state);
}

static int
finish(struct sink *sink, struct sink_batch *batch, struct sink_request *request)
{
    (void)sink;
    *request = (struct sink_request){.body = out_view(&batch->body)};
    return 0;
}

const struct sink_kind sink_wavefront = {
    .name = "wavefront",
    .transport = SINK_STREAM,
    .default_port = 2878,
    .default_host = "",
    .state_bytes = sizeof(struct wavefront),
    .batch_bytes = 64 * 1024,
    .batch_points = 10000,
    .configure = configure,
    .add = add,
    .finish = finish,
};

static const struct sink_kind wavefront_test = {
    .name = "wavefront",
    .transport = SINK_LOG,
    .default_host = "",
    .state_bytes = sizeof(struct wavefront),
    .batch_bytes = 64 * 1024,
    .batch_points = 10000,
    .configure = configure,
    .add = add,
    .finish = finish,
};
