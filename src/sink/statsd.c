// StatsD over UDP: gauges, in Etsy's form or with the tags of InfluxDB's.
//
//   etsystatsd:    [PREFIX.]node.HOST.namespace.NS.pod.P.container.C[.KEY.VALUE...].METRIC:NUMBER|g
//   influxstatsd:  PREFIX+METRIC,KEY=VALUE,...:NUMBER|g
//
// Labels of the object itself are path parts or tags of their own. What has a
// meaning in the form becomes "_"; a resource_id stands behind the metric, after a
// dot, or is a tag. StatsD keeps no times: a server takes values as of now, so
// that it is sent the newest cycle and never one from the history.
#include <string.h>

#include "base/error.h"
#include "sink/sink.h"
#include "sink/sink_batch.h"
#include "sink/sink_label.h"
#include "sink/sink_option.h"

#define PATH_BYTES_MAX 6144
#define RENAMES_MAX 16
#define ALLOWED_MAX 32
#define KEY_BYTES_MAX 320

enum style { STYLE_AS_IS, STYLE_LOWER_CAMEL, STYLE_UPPER_CAMEL };
enum form { FORM_ETSY, FORM_INFLUX };

struct statsd {
    unsigned form;
    unsigned style;
    uint64_t per_packet;
    struct text prefix;
    unsigned rename_count;
    struct {
        struct text from, to;
    } rename[RENAMES_MAX];
    unsigned allowed_count;
    struct text allowed[ALLOWED_MAX];  // none: all
    struct sink_bytes names;
    // Of the present set: the path with a dot at its end, or the tags, each with
    // its comma.
    size_t path_size;
    char path[PATH_BYTES_MAX];
};

static int
read_renames(struct sink *sink, struct statsd *state, struct out *why)
{
    struct text list = {0};
    struct text part;
    sink_option(sink, "renameLabels", &list);
    while (sink_option_part(&list, &part)) {
        struct text from;
        struct text to;
        bool pair = text_cut(part, ':', &from, &to) && from.size != 0 && to.size != 0;
        if (!pair || state->rename_count == RENAMES_MAX) {
            out_format(why, "renameLabels must be at most %d pairs old:new, joined by commas",
                       RENAMES_MAX);
            return -ERR_BAD_CONFIG;
        }
        state->rename[state->rename_count].from = from;
        state->rename[state->rename_count++].to = to;
    }
    return 0;
}

static int
read_allowed(struct sink *sink, struct statsd *state, struct out *why)
{
    struct text list = {0};
    struct text part;
    sink_option(sink, "allowedLabels", &list);
    while (sink_option_part(&list, &part)) {
        if (state->allowed_count == ALLOWED_MAX) {
            out_format(why, "allowedLabels holds more than %d labels", ALLOWED_MAX);
            return -ERR_BAD_CONFIG;
        }
        state->allowed[state->allowed_count++] = part;
    }
    return 0;
}

static int
read_choices(struct sink *sink, struct statsd *state, struct out *why)
{
    static const char *const forms[] = {"etsystatsd", "influxstatsd", NULL};
    static const char *const styles[] = {"", "lowerCamelCase", "upperCamelCase", NULL};
    state->per_packet = 5;
    int error = sink_option_choice(sink, "protocolType", forms, &state->form, why);
    if (error == 0) {
        error = sink_option_choice(sink, "labelStyle", styles, &state->style, why);
    }
    if (error == 0) {
        error = sink_option_count(sink, "numMetricsPerMsg", 1, 1000, &state->per_packet, why);
    }
    return error;
}

static int
configure(struct sink *sink, struct out *why)
{
    static const char *const options[] = {
        "prefix",     "protocolType", "numMetricsPerMsg", "renameLabels", "allowedLabels",
        "labelStyle", NULL,
    };
    struct statsd *state = sink->state;
    sink_option(sink, "prefix", &state->prefix);
    int error = sink_options_known(sink, options, why);
    for (size_t i = 0; error == 0 && i < state->prefix.size; i++) {
        char byte = state->prefix.at[i];
        if (byte <= ' ' || byte > '~' || byte == ':' || byte == '|' || byte == '@') {
            out_string(why, "prefix must be plain letters, dots, dashes and underscores");
            return -ERR_BAD_CONFIG;
        }
    }
    if (error == 0 && sink->uri.scheme.size != 0 && !text_equal(sink->uri.scheme, TEXT("udp"))) {
        out_string(why, "statsd takes udp:// only");
        return -ERR_BAD_CONFIG;
    }
    if (error == 0) {
        error = read_choices(sink, state, why);
    }
    if (error == 0) {
        error = read_renames(sink, state, why);
    }
    state->names = sink_bytes_without(state->form == FORM_ETSY ? ".=|:@#,\\" : ",:=|@#\\");
    return error != 0 ? error : read_allowed(sink, state, why);
}

static bool
is_allowed(const struct statsd *state, struct text key)
{
    bool allowed = state->allowed_count == 0;
    for (unsigned i = 0; !allowed && i < state->allowed_count; i++) {
        allowed = text_equal(state->allowed[i], key);
    }
    return allowed;
}

// pod_name as podName or PodName.
static struct text
styled(const struct statsd *state, struct text key, char *room)
{
    size_t size = 0;
    bool upper = state->style == STYLE_UPPER_CAMEL;
    for (unsigned i = 0; i < state->rename_count; i++) {
        if (text_equal(state->rename[i].from, key)) {
            return state->rename[i].to;
        }
    }
    if (state->style == STYLE_AS_IS || key.size > KEY_BYTES_MAX) {
        return key;
    }
    for (size_t i = 0; i < key.size; i++) {
        char byte = key.at[i];
        if (byte == '_') {
            upper = true;
            continue;
        }
        room[size++] = upper && byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
        upper = false;
    }
    return (struct text){room, size};
}

static void
write_pair(struct out *out, const struct statsd *state, struct sink_label pair)
{
    char room[KEY_BYTES_MAX];
    bool tag = state->form == FORM_INFLUX;
    if (!is_allowed(state, pair.key) || pair.value.size == 0) {
        return;
    }
    out_string(out, tag ? "," : "");
    sink_batch_plain(out, styled(state, pair.key, room), &state->names, '_');
    out_byte(out, tag ? '=' : '.');
    sink_batch_plain(out, pair.value, &state->names, '_');
    out_string(out, tag ? "" : ".");
}

static void
write_level(struct out *out, const struct statsd *state, const char *level, struct text name)
{
    out_string(out, level);
    sink_batch_plain(out, name.size == 0 ? TEXT("none") : name, &state->names, '_');
    out_byte(out, '.');
}

static void
write_path(struct out *out, const struct statsd *state, const struct metric_set *set)
{
    const struct text *label = set->label;
    enum entity entity = set->entity;
    bool pod = entity == ENTITY_POD || entity == ENTITY_CONTAINER;
    if (state->prefix.size != 0) {
        out_text(out, state->prefix);
        out_byte(out, '.');
    }
    if (pod || entity == ENTITY_NODE || entity == ENTITY_SYSTEM_CONTAINER) {
        write_level(out, state, "node.", sink_set_host(set));
    }
    if (entity == ENTITY_CLUSTER) {
        out_string(out, "cluster.");
    }
    if (pod || entity == ENTITY_NAMESPACE) {
        write_level(out, state, "namespace.", label[SET_LABEL_NAMESPACE]);
    }
    if (pod) {
        write_level(out, state, "pod.", label[SET_LABEL_POD]);
    }
    if (entity == ENTITY_CONTAINER || entity == ENTITY_SYSTEM_CONTAINER) {
        write_level(out, state, entity == ENTITY_CONTAINER ? "container." : "sys-container.",
                    label[SET_LABEL_CONTAINER]);
    }
}

static void
write_tags(struct out *out, const struct statsd *state, const struct sink *sink,
           const struct metric_set *set)
{
    struct sink_labels labels;
    sink_labels_collect(&labels, sink, set);
    sink_labels_drop(&labels, TEXT("labels"));
    for (unsigned i = 0; i < labels.count; i++) {
        write_pair(out, state, labels.label[i]);
    }
}

static void
prepare(struct sink *sink, const struct metric_set *set)
{
    struct statsd *state = sink->state;
    struct out path = out_of(state->path, sizeof state->path);
    struct sink_pairs pairs = sink_pairs_of(sink, set);
    struct sink_label pair;
    if (state->form == FORM_ETSY) {
        write_path(&path, state, set);
    } else {
        write_tags(&path, state, sink, set);
    }
    // Those of the object that do not fit are left out.
    while (sink_pairs_next(&pairs, &pair)) {
        size_t before = path.used;
        write_pair(&path, state, pair);
        if (path.full) {
            path.used = before;
            break;
        }
    }
    state->path_size = path.used;
}

static bool
write_point(void *context, struct out *out, const struct set_point *point,
            const struct sink_number *number)
{
    const struct statsd *state = context;
    // A gauge with a sign is added to what the server has.
    if (number->is_integer ? number->integer < 0 : number->real < 0.0) {
        return false;
    }
    if (state->form == FORM_ETSY) {
        out_bytes(out, state->path, state->path_size);
        sink_batch_plain(out, point->name, &state->names, '_');
        if (point->resource_id.size != 0) {
            out_byte(out, '.');
            sink_batch_plain(out, point->resource_id, &state->names, '_');
        }
    } else {
        out_text(out, state->prefix);
        sink_batch_plain(out, point->name, &state->names, '_');
        out_bytes(out, state->path, state->path_size);
        if (point->resource_id.size != 0) {
            write_pair(out, state, (struct sink_label){TEXT("resource_id"), point->resource_id});
        }
    }
    out_byte(out, ':');
    sink_number_write(out, number);
    out_string(out, "|g\n");
    return true;
}

static bool
add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set, unsigned *at)
{
    struct statsd *state = sink->state;
    uint32_t limit = batch->limit_points;
    prepare(sink, set);
    batch->limit_points = limit < state->per_packet ? limit : (uint32_t)state->per_packet;
    bool all = sink_batch_add(sink, batch, set, at, 0, write_point, state);
    batch->limit_points = limit;
    return all;
}

static int
finish(struct sink *sink, struct sink_batch *batch, struct sink_request *request)
{
    (void)sink;
    struct text body = out_view(&batch->body);
    // Lines are parted by line ends; some servers count an empty one behind the
    // last as bad.
    if (text_ends(body, TEXT("\n"))) {
        body.size--;
    }
    *request = (struct sink_request){.body = body};
    return 0;
}

const struct sink_kind sink_statsd = {
    .name = "statsd",
    .transport = SINK_DATAGRAM,
    .default_port = 8125,
    .default_host = "",
    .no_times = true,
    .state_bytes = sizeof(struct statsd),
    .batch_bytes = 16 * 1024,
    .batch_points = 1000,
    // Ethernet's 1500 bytes without the heads of IPv6 and UDP.
    .datagram_bytes = 1432,
    .configure = configure,
    .add = add,
    .finish = finish,
};
