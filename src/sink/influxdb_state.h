// What the files of the InfluxDB sink share: influxdb.c (options, lines, answers),
// influxdb_event.c (events) and influxdb_setup.c (database and policy). Internal to them.
#ifndef SKERRY_SINK_INFLUXDB_STATE_H
#define SKERRY_SINK_INFLUXDB_STATE_H

#include "sink/sink.h"

// All tags of a set, escaped: labels of LABELS_BYTES_MAX and names.
#define INFLUXDB_TAGS_BYTES_MAX (10 * 1024)
#define INFLUXDB_QUERY_BYTES_MAX 1024

struct influxdb {
    struct text database;
    struct text policy;     // empty: the database's own default
    struct text retention;  // empty: none given
    struct text cluster_name;
    struct text path;           // of writes
    struct text authorization;  // empty: Basic, or none
    bool api_2;
    bool with_fields;
    bool no_counters;
    bool gave_up;  // the tags of the present set do not fit
    size_t tags_used;
    size_t before_resource;  // bytes of tags that come before resource_id
    char tags[INFLUXDB_TAGS_BYTES_MAX];
    char query[INFLUXDB_QUERY_BYTES_MAX];  // of setup
    char time[24];
    size_t time_size;
};

// ",KEY=VALUE", escaped.
void influxdb_write_tag(struct out *out, struct text key, struct text value);
bool influxdb_add_event(struct sink *sink, struct sink_batch *batch,
                        const struct sink_event *event);
// sink_kind.setup and setup_judge.
bool influxdb_setup(struct sink *sink, unsigned number, struct sink_request *request);
enum sink_verdict influxdb_setup_judge(struct sink *sink, unsigned number,
                                       const struct sink_answer *answer,
                                       struct sink_result *result);
bool influxdb_says(const struct sink_answer *answer, const char *words);

#endif
