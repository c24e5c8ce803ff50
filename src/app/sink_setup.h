// The --sink and --event-sink values of a configuration: whether they can be used, what
// they take, and the sinks themselves. They have numbers from 0 in common: those of
// --sink come first.
#ifndef SKERRY_APP_SINK_SETUP_H
#define SKERRY_APP_SINK_SETUP_H

#include "app/config.h"
#include "platform/fetch_curl.h"
#include "platform/platform.h"
#include "sink/sink.h"
#include "sink/sink_label.h"

unsigned sink_setup_count(const struct config *config);
struct text sink_setup_uri(const struct config *config, unsigned index);

// What can be said from the text alone, for every process: how many there are,
// whether their kinds exist and take events, none twice, --shard. 0 or -ERR_BAD_CONFIG.
int sink_setup_check(const struct config *config, struct out *why) MUST_USE;

// --ignore-label and --store-label as sinks apply them.
struct sink_label_rules sink_setup_rules(const struct config *config);

// Takes number `index` apart; `sink` must live as long as `rules`
// and `space` (sink_space_bytes). The sentence names the sink and holds no secret.
int sink_setup_open(const struct config *config, unsigned index, struct sink *sink,
                    const struct sink_label_rules *rules, struct workspace *space,
                    const struct platform *platform, struct out *why) MUST_USE;

// Upper bounds from the texts alone, for the plan: of each sink, and how many go
// over HTTP or a stream, how many of those perhaps by TLS, and how many by
// datagrams.
struct sink_setup_needs {
    unsigned count;
    unsigned events;  // how many of them are event sinks
    unsigned connections;
    unsigned identities;
    unsigned datagrams;
    size_t delivery_bytes;  // of all
};
struct sink_setup_needs sink_setup_needs(const struct config *config);

#endif
