#include "app/sink_setup.h"

#include "app/source_check.h"
#include "sink/delivery.h"
#include "sink/event_delivery.h"
#include "sink/shard.h"
#include "sink/sink_option.h"

// "KIND:..." or "KIND".
static struct text
kind_text(struct text uri)
{
    struct text kind;
    struct text rest;
    (void)text_cut(uri, ':', &kind, &rest);
    return kind;
}

unsigned
sink_setup_count(const struct config *config)
{
    return config_list_count(config, CONFIG_SINK) + config_list_count(config, CONFIG_EVENT_SINK);
}

static bool
is_for_events(const struct config *config, unsigned index)
{
    return index >= config_list_count(config, CONFIG_SINK);
}

static const char *
flag_of(const struct config *config, unsigned index)
{
    return is_for_events(config, index) ? "--event-sink" : "--sink";
}

struct text
sink_setup_uri(const struct config *config, unsigned index)
{
    unsigned metrics = config_list_count(config, CONFIG_SINK);
    return index < metrics ? config_list(config, CONFIG_SINK, index)
                           : config_list(config, CONFIG_EVENT_SINK, index - metrics);
}

static int
check_kind(const struct config *config, unsigned index, struct out *why)
{
    const char *dead = NULL;
    const char *flag = flag_of(config, index);
    bool events = is_for_events(config, index);
    struct text kind = kind_text(sink_setup_uri(config, index));
    const struct sink_kind *found = sink_kind_find(kind, &dead);
    if (text_find(kind, '$', 0) != SIZE_MAX || (found != NULL && !events) ||
        (found != NULL && found->add_event != NULL)) {
        return 0;
    }
    if (dead != NULL) {
        out_format(why, "%s: %s", flag, dead);
    } else if (found != NULL) {
        out_format(why, "%s: %s takes no events; these do:", flag, found->name);
        sink_kinds_write(why, true);
    } else {
        out_format(why, "%s: there is no kind of sink named \"%.*s\"; there are", flag,
                   (int)(kind.size < 40 ? kind.size : 40), kind.at);
        sink_kinds_write(why, events);
    }
    return -ERR_BAD_CONFIG;
}

// Of the same flag: the same server may take both.
static bool
stands_before(const struct config *config, unsigned index)
{
    unsigned first = is_for_events(config, index) ? config_list_count(config, CONFIG_SINK) : 0;
    for (unsigned i = first; i < index; i++) {
        if (text_equal(sink_setup_uri(config, i), sink_setup_uri(config, index))) {
            return true;
        }
    }
    return false;
}

static int
check_counts(const struct config *config, struct out *why)
{
    unsigned count = sink_setup_count(config);
    unsigned events = config_list_count(config, CONFIG_EVENT_SINK);
    if (count > SINKS_MAX) {
        out_format(why, "%s given %u times; one appliance sends to at most %d",
                   events == 0 ? "--sink is" : "--sink and --event-sink are", count, SINKS_MAX);
        return -ERR_BAD_CONFIG;
    }
    if (events > 0 && config_number(config, CONFIG_EVENTS) == 0) {
        out_string(why, "--event-sink has nothing to send with --events=0; leave out one of them");
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

int
sink_setup_check(const struct config *config, struct out *why)
{
    struct shard shard;
    if (shard_parse(config_text(config, CONFIG_SHARD), &shard) != 0) {
        out_format(why, "--shard=" TEXT_FORMAT " is not I/N with 1 <= I <= N <= %d",
                   TEXT_ARGS(config_text(config, CONFIG_SHARD)), SHARDS_MAX);
        return -ERR_BAD_CONFIG;
    }
    int error = check_counts(config, why);
    for (unsigned i = 0; error == 0 && i < sink_setup_count(config); i++) {
        if (stands_before(config, i)) {
            struct text kind = kind_text(sink_setup_uri(config, i));
            out_format(why, "%s=" TEXT_FORMAT ":... is given twice", flag_of(config, i),
                       TEXT_ARGS(kind));
            return -ERR_BAD_CONFIG;
        }
        error = check_kind(config, i, why);
    }
    return error;
}

struct sink_label_rules
sink_setup_rules(const struct config *config)
{
    struct sink_label_rules rules = {0};
    unsigned ignored = config_list_count(config, CONFIG_IGNORE_LABEL);
    unsigned stored = config_list_count(config, CONFIG_STORE_LABEL);
    for (unsigned i = 0; i < ignored && i < SINK_LABEL_RULES_MAX; i++) {
        rules.ignore[rules.ignore_count++] = config_list(config, CONFIG_IGNORE_LABEL, i);
    }
    for (unsigned i = 0; i < stored && i < SINK_LABEL_RULES_MAX; i++) {
        struct text given = config_list(config, CONFIG_STORE_LABEL, i);
        struct text as;
        struct text key;
        bool renamed = text_cut(given, '=', &as, &key);
        rules.store[rules.store_count].as = as;
        rules.store[rules.store_count].key = renamed ? key : as;
        rules.store_count++;
    }
    return rules;
}

int
sink_setup_open(const struct config *config, unsigned index, struct sink *sink,
                const struct sink_label_rules *rules, struct workspace *space,
                const struct platform *platform, struct out *why)
{
    char buffer[600];
    struct out sentence = out_of(buffer, sizeof buffer);
    struct text uri = sink_setup_uri(config, index);
    bool events = is_for_events(config, index);
    unsigned before = events ? config_list_count(config, CONFIG_SINK) : 0;
    *sink = (struct sink){
        .events = events,
        .labels_separator = config_text(config, CONFIG_LABEL_SEPARATOR),
        .label_rules = rules,
    };
    int error = sink_open(sink, uri, index - before + 1, source_check_variable, NULL, space, platform,
                          &sentence);
    if (error != 0) {
        struct text name = sink->uri.name.size > 0 ? sink->uri.name : kind_text(uri);
        out_format(why, "%s=" TEXT_FORMAT ": ", flag_of(config, index), TEXT_ARGS(name));
        out_text(why, out_view(&sentence));
    }
    return error;
}

// Whether the text may come to mean TLS: variables may hide it.
static bool
may_use_tls(struct text uri)
{
    static const struct text words[] = {
        TEXT("https:"), TEXT("tls:"), TEXT("secure"), TEXT("cert"), TEXT("Cert"), TEXT("$"),
    };
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        for (size_t at = 0; at + words[i].size <= uri.size; at++) {
            if (text_equal(text_sub(uri, at, words[i].size), words[i])) {
                return true;
            }
        }
    }
    return false;
}

// A kind may change when its options are read (graphite by UDP) and then is
// smaller.
static void
add_needs(struct sink_setup_needs *needs, const struct sink_kind *kind, struct text uri,
          bool events)
{
    struct sink sink = {
        .kind = kind,
        .gzip = kind->transport == SINK_HTTP,
        .token = {"", SINK_SECRET_BYTES_MAX},
    };
    bool connects = kind->transport == SINK_HTTP || kind->transport == SINK_STREAM;
    bool by_udp = text_starts(text_sub(uri, kind_text(uri).size, SIZE_MAX), TEXT(":udp:"));
    needs->delivery_bytes += events ? event_delivery_footprint(&sink) : delivery_footprint(&sink);
    needs->connections += connects;
    needs->identities += connects && may_use_tls(uri);
    needs->datagrams += kind->transport == SINK_DATAGRAM || by_udp ||
                        text_find(uri, '$', 0) != SIZE_MAX;
}

static const struct sink_kind *
largest_kind(void)
{
    const struct sink_kind *largest = sink_kind_at(0);
    for (unsigned i = 1; sink_kind_at(i) != NULL; i++) {
        const struct sink_kind *kind = sink_kind_at(i);
        if (kind->batch_bytes + kind->second_bytes >
            largest->batch_bytes + largest->second_bytes) {
            largest = kind;
        }
    }
    return largest;
}

struct sink_setup_needs
sink_setup_needs(const struct config *config)
{
    struct sink_setup_needs needs = {
        .count = sink_setup_count(config),
        .events = config_list_count(config, CONFIG_EVENT_SINK),
    };
    for (unsigned i = 0; i < needs.count; i++) {
        const char *dead = NULL;
        struct text uri = sink_setup_uri(config, i);
        const struct sink_kind *kind = sink_kind_find(kind_text(uri), &dead);
        add_needs(&needs, kind != NULL ? kind : largest_kind(), uri, is_for_events(config, i));
    }
    return needs;
}
