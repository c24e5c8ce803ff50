#include "sink/kafka_cluster.h"

#include <string.h>

#define ERROR_NO_LEADER 5
// The least bytes of a broker, a topic and a partition in an answer.
#define BROKER_BYTES 12
#define TOPIC_BYTES 9
#define PARTITION_BYTES 18

struct kafka_broker
kafka_cluster_turn(struct kafka_cluster *cluster)
{
    ASSERT(cluster->broker_count > 0);
    cluster->has_leader = false;
    return cluster->broker[cluster->broker_next++ % cluster->broker_count];
}

int32_t
kafka_cluster_partition(struct kafka_cluster *cluster)
{
    ASSERT(cluster->partition_count > 0);
    return cluster->partition[cluster->partition_next++ % cluster->partition_count];
}

struct broker {
    int32_t id;
    struct kafka_broker at;
};

static struct broker
read_broker(struct kafka_reader *reader)
{
    struct broker broker = {.id = kafka_read_i32(reader)};
    broker.at.host = kafka_read_string(reader);
    int32_t port = kafka_read_i32(reader);
    kafka_read_string(reader);  // the rack
    bool usable = broker.at.host.size > 0 && broker.at.host.size <= KAFKA_HOST_BYTES_MAX &&
                  port > 0 && port <= UINT16_MAX;
    for (size_t i = 0; i < broker.at.host.size; i++) {
        unsigned char byte = (unsigned char)broker.at.host.at[i];
        usable = usable && byte > ' ' && byte < 0x7f && strchr("/@?#\\", byte) == NULL;
    }
    broker.at.port = (uint16_t)port;
    broker.id = usable ? broker.id : -1;
    return broker;
}

struct partition {
    int32_t number;
    int32_t leader;  // -1: none
};

static struct partition
read_partition(struct kafka_reader *reader)
{
    kafka_read_i16(reader);  // its error tells nothing that the leader does not
    struct partition partition = {.number = kafka_read_i32(reader)};
    partition.leader = kafka_read_i32(reader);
    for (unsigned i = 0; i < 2; i++) {  // replicas, and those in sync
        int32_t count = kafka_read_count(reader, 4);
        kafka_read_skip(reader, (size_t)count * 4);
    }
    return partition;
}

static void
skip_brokers(struct kafka_reader *reader)
{
    int32_t count = kafka_read_count(reader, BROKER_BYTES);
    for (int32_t i = 0; i < count && !reader->failed; i++) {
        read_broker(reader);
    }
    kafka_read_i32(reader);  // the controller
}

// Stands on the count of partitions of the one topic that was asked for.
static int
enter_topic(struct kafka_reader *reader)
{
    int32_t count = kafka_read_count(reader, TOPIC_BYTES);
    int error = kafka_read_i16(reader);
    kafka_read_string(reader);
    kafka_read_skip(reader, 1);  // whether it is internal
    return reader->failed || count != 1 ? KAFKA_NO_ANSWER : error;
}

static bool
find_broker(struct kafka_reader reader, int32_t id, struct kafka_broker *found)
{
    int32_t count = kafka_read_count(&reader, BROKER_BYTES);
    for (int32_t i = 0; i < count; i++) {
        struct broker broker = read_broker(&reader);
        if (reader.failed) {
            return false;
        }
        if (broker.id == id && id >= 0) {
            *found = broker.at;
            return true;
        }
    }
    return false;
}

// Partitions that may be used, with a leader that the answer tells the address
// of.
struct choice {
    unsigned count;
    struct partition partition[KAFKA_PARTITIONS_MAX];
};

static void
collect(struct choice *choice, const struct kafka_cluster *cluster, struct kafka_reader brokers,
        struct kafka_reader *reader)
{
    struct kafka_broker ignored;
    int32_t count = kafka_read_count(reader, PARTITION_BYTES);
    choice->count = 0;
    for (int32_t i = 0; i < count && choice->count < KAFKA_PARTITIONS_MAX; i++) {
        struct partition partition = read_partition(reader);
        if (reader->failed) {
            break;
        }
        bool wanted = cluster->only < 0 || cluster->only == partition.number;
        if (wanted && partition.number >= 0 && find_broker(brokers, partition.leader, &ignored)) {
            choice->partition[choice->count++] = partition;
        }
    }
}

static void
choose(struct kafka_cluster *cluster, const struct choice *choice, struct kafka_reader brokers)
{
    int32_t leader = choice->partition[cluster->turn++ % choice->count].leader;
    bool found = find_broker(brokers, leader, &cluster->leader);
    ASSERT(found);
    char *host = cluster->host[cluster->host_next++ % 2];
    memcpy(host, cluster->leader.host.at, cluster->leader.host.size);
    cluster->leader.host.at = host;
    cluster->partition_count = 0;
    for (unsigned i = 0; i < choice->count; i++) {
        if (choice->partition[i].leader == leader) {
            cluster->partition[cluster->partition_count++] = choice->partition[i].number;
        }
    }
    cluster->has_leader = true;
}

int
kafka_cluster_learn(struct kafka_cluster *cluster, struct kafka_reader answer)
{
    struct kafka_reader brokers = answer;
    struct choice choice;
    cluster->has_leader = false;
    skip_brokers(&answer);
    int error = enter_topic(&answer);
    if (error != 0 && error != ERROR_NO_LEADER) {
        return error;
    }
    collect(&choice, cluster, brokers, &answer);
    if (choice.count == 0) {
        return ERROR_NO_LEADER;
    }
    choose(cluster, &choice, brokers);
    return 0;
}
