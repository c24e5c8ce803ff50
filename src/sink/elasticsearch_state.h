// What the files of the Elasticsearch sink share: elasticsearch.c (options, setup,
// answers), elasticsearch_document.c (what is sent) and elasticsearch_event.c (of events). Internal to them.
#ifndef SKERRY_SINK_ELASTICSEARCH_STATE_H
#define SKERRY_SINK_ELASTICSEARCH_STATE_H

#include "limits.h"
#include "sink/sink.h"

#define ELASTICSEARCH_TAGS_BYTES_MAX 10240
#define ELASTICSEARCH_PATH_BYTES_MAX 512
#define ELASTICSEARCH_REQUEST_BYTES_MAX 1024
#define ELASTICSEARCH_VERSION_DEFAULT 7
// The longest region of AWS has 14.
#define ELASTICSEARCH_REGION_BYTES_MAX 32

enum family {
    FAMILY_CPU,
    FAMILY_MEMORY,
    FAMILY_NETWORK,
    FAMILY_FILESYSTEM,
    FAMILY_GENERAL,
    FAMILY_COUNT
};

struct elasticsearch {
    struct text index;
    struct text cluster_name;
    struct text pipeline;
    struct text bulk_path;
    uint64_t version;  // 0: not known yet
    bool version_given;
    unsigned node_count;
    unsigned node;
    struct {
        struct text host;
        uint16_t port;
        bool tls;
    } nodes[ELASTICSEARCH_SERVERS_MAX];
    char aws_scope[ELASTICSEARCH_REGION_BYTES_MAX + 4];
    char index_day[64 + NAME_BYTES_MAX];
    char time[32];
    char path[ELASTICSEARCH_PATH_BYTES_MAX];        // of setup
    char request[ELASTICSEARCH_REQUEST_BYTES_MAX];  // its body
    size_t tags_size;
    char tags[ELASTICSEARCH_TAGS_BYTES_MAX];  // of the present set: "KEY":"VALUE",...
};

// Heapster's name of what an event sink writes, as below.
#define ELASTICSEARCH_EVENTS "events"
// Heapster's name of a family: a type, and the end of an alias.
const char *elasticsearch_family_type(enum family family);
uint64_t elasticsearch_version(const struct elasticsearch *state);
// The index of the day, and `time`.
void elasticsearch_set_day(struct elasticsearch *state, struct wall_ms at);
// The line before a document of that type; its name is made of `what`.
void elasticsearch_write_action(struct out *out, const struct elasticsearch *state,
                                const char *type, struct text what);
bool elasticsearch_add_event(struct sink *sink, struct sink_batch *batch,
                             const struct sink_event *event);
// sink_kind.add; *at is a place of its own, because a document holds values that
// do not stand together.
bool elasticsearch_add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set,
                       unsigned *at);

#endif
