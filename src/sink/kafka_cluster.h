// Where a topic's messages go: the brokers that people named, and the one that
// leads some of its partitions, as the last Metadata answer has it.
//
// One leader at a time, and its partitions in turn; another leader with each new
// look. Hosts lie in the struct, so that it is not copied.
#ifndef SKERRY_SINK_KAFKA_CLUSTER_H
#define SKERRY_SINK_KAFKA_CLUSTER_H

#include "limits.h"
#include "sink/kafka_wire.h"

#define KAFKA_HOST_BYTES_MAX 255

struct kafka_broker {
    struct text host;
    uint16_t port;
};

struct kafka_cluster {
    unsigned broker_count;
    struct kafka_broker broker[KAFKA_BROKERS_MAX];
    unsigned broker_next;
    int32_t only;   // this partition alone; -1: any
    unsigned turn;  // of leaders
    bool has_leader;
    struct kafka_broker leader;
    unsigned partition_count;  // of the leader
    unsigned partition_next;
    int32_t partition[KAFKA_PARTITIONS_MAX];
    // Two, because a connection may still be using the last one's.
    unsigned host_next;
    char host[2][KAFKA_HOST_BYTES_MAX];
};

// Reads a Metadata answer behind its correlation, of which perhaps only the
// beginning is there: what is not is not chosen. 0: there is a leader; else the
// broker's error code, or KAFKA_NO_ANSWER when it makes no sense.
#define KAFKA_NO_ANSWER (-2)
int kafka_cluster_learn(struct kafka_cluster *cluster, struct kafka_reader answer);
// The next of the brokers that people named; the leader is not known any more.
struct kafka_broker kafka_cluster_turn(struct kafka_cluster *cluster);
int32_t kafka_cluster_partition(struct kafka_cluster *cluster);

#endif
