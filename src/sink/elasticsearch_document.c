// Heapster's documents of one set, and the actions before them.
#include "base/calendar.h"
#include "base/hash.h"
#include "base/json.h"
#include "sink/elasticsearch_state.h"
#include "sink/sink_batch.h"
#include "sink/sink_label.h"

static const struct {
    struct text prefix;  // of its metrics
    const char *type;
    const char *time_member;
} families[] = {
    [FAMILY_CPU] = {{"cpu/", 4}, "cpu", "CpuMetricsTimestamp"},
    [FAMILY_MEMORY] = {{"memory/", 7}, "memory", "MemoryMetricsTimestamp"},
    [FAMILY_NETWORK] = {{"network/", 8}, "network", "NetworkMetricsTimestamp"},
    [FAMILY_FILESYSTEM] = {{"filesystem/", 11}, "filesystem", "FilesystemMetricsTimestamp"},
    [FAMILY_GENERAL] = {{"", 0}, "general", "GeneralMetricsTimestamp"},
};

void
elasticsearch_set_day(struct elasticsearch *state, struct wall_ms at)
{
    struct out time = out_of(state->time, sizeof state->time);
    struct out day = out_of(state->index_day, sizeof state->index_day);
    calendar_write(&time, at);
    out_c_string(&time);
    out_text(&day, state->index);
    out_byte(&day, '-');
    out_bytes(&day, state->time, 4);
    out_byte(&day, '.');
    out_bytes(&day, state->time + 5, 2);
    out_byte(&day, '.');
    out_bytes(&day, state->time + 8, 2);
    out_c_string(&day);
}

// A name that the same text always gets, and another one never.
static void
write_id(struct out *out, struct text what)
{
    static const char hex[] = "0123456789abcdef";
    for (uint64_t half = 0; half < 2; half++) {
        uint64_t hash = hash_bytes((struct hash_key){half, 0}, what.at, what.size);
        for (int shift = 60; shift >= 0; shift -= 4) {
            out_byte(out, hex[hash >> shift & 15]);
        }
    }
}

void
elasticsearch_write_action(struct out *out, const struct elasticsearch *state, const char *type,
                           struct text what)
{
    out_string(out, "{\"index\":{\"_index\":\"");
    out_string(out, state->index_day);
    if (elasticsearch_version(state) < 7) {
        out_string(out, "\",\"_type\":\"");
        out_string(out, type);
    }
    out_string(out, "\",\"_id\":\"");
    write_id(out, what);
    out_string(out, "\"}}\n");
}

enum place {
    PLACE_FAMILIES = 0,                              // and the family
    PLACE_GENERAL = FAMILY_GENERAL,                  // and the metric
    PLACE_LABELLED = FAMILY_GENERAL + METRIC_COUNT,  // and the number
};

const char *
elasticsearch_family_type(enum family family)
{
    ASSERT(family < FAMILY_COUNT);
    return families[family].type;
}

static enum family
family_of(struct text name)
{
    for (unsigned i = 0; i < FAMILY_GENERAL; i++) {
        if (text_starts(name, families[i].prefix)) {
            return (enum family)i;
        }
    }
    return FAMILY_GENERAL;
}

static void
prepare(struct sink *sink, const struct metric_set *set)
{
    struct elasticsearch *state = sink->state;
    struct sink_labels labels;
    struct out tags = out_of(state->tags, sizeof state->tags);
    sink_labels_collect(&labels, sink, set);
    sink_labels_put(&labels, TEXT("cluster_name"), state->cluster_name);
    struct json json = json_of(&tags);
    for (unsigned i = 0; i < labels.count; i++) {
        size_t before = tags.used;
        if (i != 0) {
            out_byte(&tags, ',');
        }
        json = json_of(&tags);
        json_text(&json, labels.label[i].key);
        out_byte(&tags, ':');
        json = json_of(&tags);
        json_text(&json, labels.label[i].value);
        if (tags.full) {
            tags.used = before;
            break;
        }
    }
    state->tags_size = tags.used;
    elasticsearch_set_day(state, set->time);
}

static void
write_action(struct out *out, const struct elasticsearch *state, const struct metric_set *set,
             enum family family, const struct set_point *point)
{
    // The values of one resource may stand apart; each part has a first one.
    bool alone = family == FAMILY_GENERAL || point->resource_id.size != 0;
    char room[4 * NAME_BYTES_MAX + 2 * SHORT_NAME_BYTES_MAX];
    struct out what = out_of(room, sizeof room);
    sink_set_key(&what, set);
    out_format(&what, "|%lld|%s|", (long long)set->time.ms, families[family].type);
    out_text(&what, alone ? point->name : (struct text){0});
    out_byte(&what, '|');
    out_text(&what, point->resource_id);
    elasticsearch_write_action(out, state, families[family].type, out_view(&what));
}

static void
write_tags(struct out *out, const struct elasticsearch *state, struct text resource_id)
{
    out_string(out, "\"MetricsTags\":{");
    out_bytes(out, state->tags, state->tags_size);
    if (resource_id.size != 0) {
        struct json json = json_of(out);
        out_string(out, state->tags_size == 0 ? "\"resource_id\":" : ",\"resource_id\":");
        json_text(&json, resource_id);
    }
    out_byte(out, '}');
}

// A whole number would make an index take all later ones for whole.
static void
write_value(struct out *out, const struct sink_number *number)
{
    size_t before = out->used;
    out_string(out, "{\"value\":");
    sink_number_write(out, number);
    struct text written = text_sub(out_view(out), before, SIZE_MAX);
    if (!number->is_integer && text_find(written, '.', 0) == SIZE_MAX) {
        out_string(out, ".0");
    }
    out_byte(out, '}');
}

static void
write_head(struct out *out, const struct elasticsearch *state, enum family family)
{
    out_string(out, "{\"");
    out_string(out, families[family].time_member);
    out_string(out, "\":\"");
    out_string(out, state->time);
    out_string(out, "\",");
}

static void
write_general(struct out *out, const struct elasticsearch *state, const struct metric_set *set,
              const struct set_point *point, const struct sink_number *number)
{
    write_action(out, state, set, FAMILY_GENERAL, point);
    write_head(out, state, FAMILY_GENERAL);
    write_tags(out, state, point->resource_id);
    out_string(out, ",\"MetricsName\":");
    struct json json = json_of(out);
    json_text(&json, point->name);
    out_string(out, ",\"MetricsValue\":");
    write_value(out, number);
    out_string(out, "}\n");
}

// One document while it is written.
struct document {
    struct sink *sink;
    const struct metric_set *set;
    struct out *out;
    enum family family;
    uint32_t points;
    uint32_t unsayable;
    struct text resource_id;
};

static void
document_add(struct document *document, const struct set_point *point)
{
    const struct elasticsearch *state = document->sink->state;
    struct out *out = document->out;
    struct sink_number number;
    if (!sink_number_of(point, &number)) {
        document->unsayable++;
        return;
    }
    document->points++;
    if (document->family == FAMILY_GENERAL) {
        write_general(out, state, document->set, point, &number);
        return;
    }
    if (document->points == 1) {
        write_action(out, state, document->set, document->family, point);
        write_head(out, state, document->family);
        out_string(out, "\"Metrics\":{");
    } else {
        out_byte(out, ',');
    }
    struct json json = json_of(out);
    json_text(&json, point->name);
    out_byte(out, ':');
    write_value(out, &number);
}

static void
document_end(struct document *document)
{
    const struct elasticsearch *state = document->sink->state;
    if (document->points != 0 && document->family != FAMILY_GENERAL) {
        out_string(document->out, "},");
        write_tags(document->out, state, document->resource_id);
        out_string(document->out, "}\n");
    }
}

static void
add_metric(struct document *document, enum metric metric)
{
    const struct metric_set *set = document->set;
    if (set->present[metric]) {
        document_add(document, &(struct set_point){
                                   .metric = metric,
                                   .name = text_of(metric_info(metric)->name),
                                   .value = set->value[metric],
                               });
    }
}

static bool
is_together(const struct labelled_value *a, const struct labelled_value *b)
{
    enum family family = family_of(a->name);
    return family != FAMILY_GENERAL && family == family_of(b->name) &&
           text_equal(a->resource_id, b->resource_id);
}

// The labelled values from `number` on that go into one document; the number
// behind them.
static unsigned
add_labelled(struct document *document, unsigned number)
{
    const struct labelled_value *first = &document->set->labelled[number];
    document->family = family_of(first->name);
    document->resource_id = first->resource_id;
    do {
        const struct labelled_value *value = &document->set->labelled[number];
        document_add(document, &(struct set_point){value->metric, value->name, value->resource_id,
                                                   value->value});
        number++;
    } while (number < document->set->labelled_count &&
             is_together(first, &document->set->labelled[number]));
    return number;
}

// Writes the document that stands at `place`, if there is one; the next place.
static unsigned
add_document(struct document *document, unsigned place)
{
    if (place < PLACE_GENERAL) {
        document->family = (enum family)place;
        for (unsigned i = 0; i < METRIC_COUNT; i++) {
            if (family_of(text_of(metric_info((enum metric)i)->name)) == document->family) {
                add_metric(document, (enum metric)i);
            }
        }
        return place + 1;
    }
    if (place < PLACE_LABELLED) {
        enum metric metric = (enum metric)(place - PLACE_GENERAL);
        document->family = FAMILY_GENERAL;
        if (family_of(text_of(metric_info(metric)->name)) == FAMILY_GENERAL) {
            add_metric(document, metric);
        }
        return place + 1;
    }
    return PLACE_LABELLED + add_labelled(document, place - PLACE_LABELLED);
}

bool
elasticsearch_add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set,
                  unsigned *at)
{
    bool skip;
    prepare(sink, set);
    while (*at < PLACE_LABELLED + set->labelled_count) {
        size_t before = batch->body.used;
        struct document document = {.sink = sink, .set = set, .out = &batch->body};
        if (batch->points >= batch->limit_points) {
            return false;
        }
        unsigned next = add_document(&document, *at);
        document_end(&document);
        if (!sink_batch_commit(sink, batch, before, document.points, 0, &skip) && !skip) {
            return false;
        }
        sink->skipped_total += document.unsayable;
        *at = next;
    }
    return true;
}
