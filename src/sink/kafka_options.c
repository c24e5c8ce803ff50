#include "base/error.h"
#include "sink/kafka_state.h"
#include "sink/sink_option.h"
#include "sink/sink_uri.h"

#define TOPIC_BYTES_MAX 249  // Kafka's own ceiling

static int
add_broker(struct kafka_cluster *cluster, struct text given, struct out *why)
{
    struct kafka_broker broker = {.port = 9092};
    bool bad = uri_authority(given, &broker.host, &broker.port) != 0;
    if (bad || broker.host.size > KAFKA_HOST_BYTES_MAX) {
        out_string(why, "brokers must be HOST or HOST:PORT");
        return -ERR_BAD_CONFIG;
    }
    if (cluster->broker_count == KAFKA_BROKERS_MAX) {
        out_format(why, "there may be at most %d brokers", KAFKA_BROKERS_MAX);
        return -ERR_BAD_CONFIG;
    }
    cluster->broker[cluster->broker_count++] = broker;
    return 0;
}

static int
read_brokers(struct sink *sink, struct kafka_cluster *cluster, struct out *why)
{
    int error = 0;
    if (sink->host.size != 0) {
        cluster->broker[cluster->broker_count++] = (struct kafka_broker){sink->host, sink->port};
    }
    for (unsigned i = 0; i < sink->uri.option_count; i++) {
        struct text list = sink->uri.option[i].value;
        struct text part;
        bool is_ours = text_equal(sink->uri.option[i].key, TEXT("brokers"));
        while (is_ours && error == 0 && sink_option_part(&list, &part)) {
            error = add_broker(cluster, part, why);
        }
    }
    if (error == 0 && cluster->broker_count == 0) {
        out_string(why, "kafka needs a broker: kafka:?brokers=HOST:9092");
        return -ERR_BAD_CONFIG;
    }
    return error;
}

static int
read_topic(struct sink *sink, struct kafka *state, struct out *why)
{
    const char *option = sink->events ? "eventstopic" : "timeseriestopic";
    state->topic = sink->events ? TEXT("heapster-events") : TEXT("heapster-metrics");
    sink_option(sink, option, &state->topic);
    bool good = state->topic.size > 0 && state->topic.size <= TOPIC_BYTES_MAX;
    for (size_t i = 0; i < state->topic.size; i++) {
        char byte = state->topic.at[i];
        good = good && ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                        (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-');
    }
    if (!good) {
        out_format(why, "%s must be a name of at most 249 letters, digits and \"._-\"", option);
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

static int
read_choices(struct sink *sink, struct kafka *state, struct out *why)
{
    static const char *const compressions[] = {
        [KAFKA_NONE] = "none",
        [KAFKA_GZIP] = "gzip",
        [KAFKA_SNAPPY] = "snappy",
        [KAFKA_LZ4] = "lz4",
        NULL,
    };
    static const char *const acks[] = {"all", "-1", "1", NULL};
    unsigned compression = KAFKA_NONE;
    unsigned ack = 0;
    uint64_t partition = UINT64_MAX;
    int error = sink_option_choice(sink, "compression", compressions, &compression, why);
    if (error == 0) {
        error = sink_option_choice(sink, "acks", acks, &ack, why);
    }
    if (error == 0) {
        error = sink_option_count(sink, "partition", 0, INT32_MAX, &partition, why);
    }
    state->compression = (enum kafka_compression)compression;
    state->acks = ack == 2 ? 1 : -1;
    state->cluster.only = partition <= INT32_MAX ? (int32_t)partition : -1;
    return error;
}

static int
check_account(const struct sink *sink, struct out *why)
{
    if (sink->user.size + sink->password.size > ACCOUNT_BYTES_MAX) {
        out_format(why, "user and password together may have %d bytes", ACCOUNT_BYTES_MAX);
        return -ERR_BAD_CONFIG;
    }
    if (sink->user.size == 0 && sink->password.size != 0) {
        out_string(why, "there is a password but no user");
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

int
kafka_configure(struct sink *sink, struct out *why)
{
    static const char *const options[] = {
        "brokers", "timeseriestopic", "eventstopic", "compression", "acks", "partition", NULL,
    };
    struct kafka *state = sink->state;
    int error = sink_options_known(sink, options, why);
    if (error == 0) {
        error = read_brokers(sink, &state->cluster, why);
    }
    if (error == 0) {
        error = read_topic(sink, state, why);
    }
    if (error == 0) {
        error = read_choices(sink, state, why);
    }
    if (error == 0) {
        error = check_account(sink, why);
    }
    if (error != 0) {
        return error;
    }
    // As Heapster: what is needed for TLS switches it on.
    sink->tls = sink->tls || sink->ca_file.size != 0 || sink->cert_file.size != 0;
    struct kafka_broker first = kafka_cluster_turn(&state->cluster);
    sink->host = first.host;
    sink->port = first.port;
    return 0;
}
