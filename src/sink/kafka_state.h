// What the files of the kind kafka share: kafka.c (messages, requests, their
// answers), kafka_event.c (messages of events), kafka_options.c and kafka_setup.c. Internal to them.
#ifndef SKERRY_SINK_KAFKA_STATE_H
#define SKERRY_SINK_KAFKA_STATE_H

#include "sink/kafka_cluster.h"
#include "sink/kafka_wire.h"
#include "sink/sink.h"

// User and password together: one Authenticate request lies in the scratch.
#define ACCOUNT_BYTES_MAX 4000
#define TAGS_BYTES_MAX 4096
#define MESSAGE_BYTES_MAX 6144
_Static_assert(ACCOUNT_BYTES_MAX + 100 < MESSAGE_BYTES_MAX, "Authenticate fits");

struct kafka {
    struct text topic;
    int acks;
    enum kafka_compression compression;
    struct kafka_cluster cluster;
    int32_t correlation;        // of the last request
    bool unanswered;            // a request was made and nothing came
    int64_t first_ms, last_ms;  // of the batch's records
    const struct sink_batch *batch;
    const struct metric_set *set;
    size_t tags_used, before_resource;
    char tags[TAGS_BYTES_MAX];        // of the set, as JSON without braces
    char scratch[MESSAGE_BYTES_MAX];  // a message, or a request of setup
};

// Before records of that time are added to the batch, and after it.
void kafka_begin_batch(struct kafka *state, struct sink_batch *batch, int64_t ms);
void kafka_note_time(struct kafka *state, bool added, int64_t ms);
bool kafka_add_event(struct sink *sink, struct sink_batch *batch, const struct sink_event *event);

int kafka_configure(struct sink *sink, struct out *why);
bool kafka_setup(struct sink *sink, unsigned number, struct sink_request *request);
enum sink_verdict kafka_setup_judge(struct sink *sink, unsigned number,
                                    const struct sink_answer *answer, struct sink_result *result);

// The number of the next request, to which no answer has come.
int32_t kafka_next_correlation(struct kafka *state);
// Begins anew with the next broker, because what answers is no broker.
enum sink_verdict kafka_give_up(struct sink *sink, struct sink_result *result);
// The broker's sentence, with its number.
void kafka_say_error(struct sink_result *result, int code);

#endif
