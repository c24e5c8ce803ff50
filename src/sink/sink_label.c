#include "sink/sink_label.h"

#include <string.h>

#include "base/check.h"

static bool
is_ignored(const struct sink_label_rules *rules, struct text key)
{
    for (unsigned i = 0; rules != NULL && i < rules->ignore_count; i++) {
        if (text_equal(rules->ignore[i], key)) {
            return true;
        }
    }
    return false;
}

struct sink_pairs
sink_pairs_of(const struct sink *sink, const struct metric_set *set)
{
    return (struct sink_pairs){set->label[SET_LABEL_LABELS], sink->label_rules};
}

bool
sink_pairs_next(struct sink_pairs *pairs, struct sink_label *pair)
{
    while (pairs->rest.size != 0) {
        struct text joined;
        text_cut(pairs->rest, ',', &joined, &pairs->rest);
        text_cut(joined, ':', &pair->key, &pair->value);
        if (pair->key.size != 0 && !is_ignored(pairs->rules, pair->key)) {
            return true;
        }
    }
    return false;
}

// The first label whose key is not less.
static unsigned
place_of(const struct sink_labels *labels, struct text key)
{
    unsigned at = 0;
    while (at < labels->count && text_compare(labels->label[at].key, key) < 0) {
        at++;
    }
    return at;
}

static bool
is_at(const struct sink_labels *labels, unsigned at, struct text key)
{
    return at < labels->count && text_equal(labels->label[at].key, key);
}

void
sink_labels_put(struct sink_labels *labels, struct text key, struct text value)
{
    unsigned at = place_of(labels, key);
    if (value.size == 0 || key.size == 0) {
        return;
    }
    if (is_at(labels, at, key)) {
        labels->label[at].value = value;
        return;
    }
    if (labels->count == SINK_LABELS_MAX) {
        return;
    }
    memmove(&labels->label[at + 1], &labels->label[at],
            (labels->count - at) * sizeof labels->label[0]);
    labels->label[at] = (struct sink_label){key, value};
    labels->count++;
}

void
sink_labels_drop(struct sink_labels *labels, struct text key)
{
    unsigned at = place_of(labels, key);
    if (is_at(labels, at, key)) {
        labels->count--;
        memmove(&labels->label[at], &labels->label[at + 1],
                (labels->count - at) * sizeof labels->label[0]);
    }
}

struct text
sink_labels_value(const struct sink_labels *labels, struct text key)
{
    unsigned at = place_of(labels, key);
    return is_at(labels, at, key) ? labels->label[at].value : (struct text){0};
}

// The pairs again, with what the rules leave of them.
static struct text
join(struct sink_labels *labels, const struct sink *sink, const struct metric_set *set)
{
    struct text separator = sink->labels_separator.size == 0 ? TEXT(",") : sink->labels_separator;
    bool as_it_is = text_equal(separator, TEXT(",")) &&
                    (sink->label_rules == NULL || sink->label_rules->ignore_count == 0);
    if (as_it_is) {
        return set->label[SET_LABEL_LABELS];
    }
    struct out out = out_of(labels->joined, sizeof labels->joined);
    struct sink_pairs pairs = sink_pairs_of(sink, set);
    struct sink_label pair;
    while (sink_pairs_next(&pairs, &pair)) {
        size_t before = out.used;
        if (before != 0) {
            out_text(&out, separator);
        }
        out_text(&out, pair.key);
        out_byte(&out, ':');
        out_text(&out, pair.value);
        if (out.full) {
            out.used = before;
            break;
        }
    }
    return out_view(&out);
}

static void
put_stored(struct sink_labels *labels, const struct sink *sink, const struct metric_set *set)
{
    const struct sink_label_rules *rules = sink->label_rules;
    // Stored labels are kept even if they are ignored in the joined ones.
    struct sink_pairs pairs = {set->label[SET_LABEL_LABELS], NULL};
    struct sink_label pair;
    if (rules == NULL || rules->store_count == 0) {
        return;
    }
    while (sink_pairs_next(&pairs, &pair)) {
        for (unsigned i = 0; i < rules->store_count; i++) {
            if (text_equal(rules->store[i].key, pair.key)) {
                sink_labels_put(labels, rules->store[i].as, pair.value);
            }
        }
    }
}

void
sink_labels_collect(struct sink_labels *labels, const struct sink *sink,
                    const struct metric_set *set)
{
    labels->count = 0;
    for (unsigned i = 0; i < SET_LABEL_COUNT; i++) {
        struct text value = i == SET_LABEL_LABELS ? join(labels, sink, set) : set->label[i];
        sink_labels_put(labels, text_of(set_label_key((enum set_label)i)), value);
    }
    sink_labels_put(labels, TEXT("type"), text_of(entity_type_label(set->entity)));
    put_stored(labels, sink, set);
}

struct text
sink_set_host(const struct metric_set *set)
{
    struct text host = set->label[SET_LABEL_HOSTNAME];
    return host.size != 0 ? host : set->label[SET_LABEL_NODE];
}

static void
write_part(struct out *out, const char *prefix, struct text name)
{
    out_string(out, prefix);
    out_text(out, name);
}

void
sink_set_key(struct out *out, const struct metric_set *set)
{
    const struct text *label = set->label;
    switch (set->entity) {
    case ENTITY_NODE:
        write_part(out, "node:", label[SET_LABEL_NODE]);
        break;
    case ENTITY_SYSTEM_CONTAINER:
        write_part(out, "node:", label[SET_LABEL_NODE]);
        write_part(out, "/container:", label[SET_LABEL_CONTAINER]);
        break;
    case ENTITY_NAMESPACE:
        write_part(out, "namespace:", label[SET_LABEL_NAMESPACE]);
        break;
    case ENTITY_POD:
    case ENTITY_CONTAINER:
        write_part(out, "namespace:", label[SET_LABEL_NAMESPACE]);
        write_part(out, "/pod:", label[SET_LABEL_POD]);
        if (set->entity == ENTITY_CONTAINER) {
            write_part(out, "/container:", label[SET_LABEL_CONTAINER]);
        }
        break;
    case ENTITY_CLUSTER:
    case ENTITY_COUNT:
        out_string(out, "cluster");
        break;
    }
}
