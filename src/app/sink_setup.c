#include "app/sink_setup.h"

#include "app/source_check.h"
#include "sink/delivery.h"
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

static int
check_kind(struct text uri, struct out *why)
{
    const char *dead = NULL;
    struct text kind = kind_text(uri);
    if (text_find(kind, '$', 0) != SIZE_MAX || sink_kind_find(kind, &dead) != NULL) {
        return 0;
    }
    if (dead != NULL) {
        out_format(why, "--sink: %s", dead);
        return -ERR_BAD_CONFIG;
    }
    out_format(why, "--sink: there is no kind of sink named \"%.*s\"; there are",
               (int)(kind.size < 40 ? kind.size : 40), kind.at);
    for (unsigned i = 0; sink_kind_at(i) != NULL; i++) {
        out_format(why, "%s %s", i == 0 ? "" : ",", sink_kind_at(i)->name);
    }
    return -ERR_BAD_CONFIG;
}

static bool
stands_before(const struct config *config, unsigned index)
{
    for (unsigned i = 0; i < index; i++) {
        if (text_equal(config_list(config, CONFIG_SINK, i),
                       config_list(config, CONFIG_SINK, index))) {
            return true;
        }
    }
    return false;
}

int
sink_setup_check(const struct config *config, struct out *why)
{
    unsigned count = config_list_count(config, CONFIG_SINK);
    struct shard shard;
    if (shard_parse(config_text(config, CONFIG_SHARD), &shard) != 0) {
        out_format(why, "--shard=" TEXT_FORMAT " is not I/N with 1 <= I <= N <= %d",
                   TEXT_ARGS(config_text(config, CONFIG_SHARD)), SHARDS_MAX);
        return -ERR_BAD_CONFIG;
    }
    if (count > SINKS_MAX) {
        out_format(why, "--sink is given %u times; one appliance sends to at most %d", count,
                   SINKS_MAX);
        return -ERR_BAD_CONFIG;
    }
    for (unsigned i = 0; i < count; i++) {
        if (stands_before(config, i)) {
            struct text kind = kind_text(config_list(config, CONFIG_SINK, i));
            out_format(why, "--sink=" TEXT_FORMAT ":... is given twice", TEXT_ARGS(kind));
            return -ERR_BAD_CONFIG;
        }
        int error = check_kind(config_list(config, CONFIG_SINK, i), why);
        if (error != 0) {
            return error;
        }
    }
    return 0;
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
    struct text uri = config_list(config, CONFIG_SINK, index);
    *sink = (struct sink){
        .labels_separator = config_text(config, CONFIG_LABEL_SEPARATOR),
        .label_rules = rules,
    };
    int error = sink_open(sink, uri, index + 1, source_check_variable, NULL, space, platform,
                          &sentence);
    if (error != 0) {
        struct text name = sink->uri.name.size > 0 ? sink->uri.name : kind_text(uri);
        out_format(why, "--sink=" TEXT_FORMAT ": ", TEXT_ARGS(name));
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
add_needs(struct sink_setup_needs *needs, const struct sink_kind *kind, struct text uri)
{
    struct sink sink = {
        .kind = kind,
        .gzip = kind->transport == SINK_HTTP,
        .token = {"", SINK_SECRET_BYTES_MAX},
    };
    bool connects = kind->transport == SINK_HTTP || kind->transport == SINK_STREAM;
    bool by_udp = text_starts(text_sub(uri, kind_text(uri).size, SIZE_MAX), TEXT(":udp:"));
    needs->delivery_bytes += delivery_footprint(&sink);
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
    struct sink_setup_needs needs = {.count = config_list_count(config, CONFIG_SINK)};
    for (unsigned i = 0; i < needs.count; i++) {
        const char *dead = NULL;
        struct text uri = config_list(config, CONFIG_SINK, i);
        const struct sink_kind *kind = sink_kind_find(kind_text(uri), &dead);
        add_needs(&needs, kind != NULL ? kind : largest_kind(), uri);
    }
    return needs;
}
