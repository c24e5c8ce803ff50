#!/bin/bash
# A Kafka client's mock cluster, plain and with compression, gets what the
# simulated kubelets sent, as messages that the client itself reads.
set -u
. "$(dirname "$0")/lib.sh"
. tests/sinks/servers.sh
needs kcat

NODES=100
PODS_PER_NODE=1

with() { # OPTIONS
    kafka_start || { fail "kcat: $(tail -3 "$WORK/kafka.out")"; return; }
    KAFKA_OPTIONS=$1 server_holds_truth kafka 9000
    server_kill kafka
}

echo "seed $SEED"
cluster_start
case_run 'kafka holds the truth' with ''
case_run 'kafka holds the truth, snappy' with '&compression=snappy&acks=1'
case_run 'kafka holds the truth, lz4' with '&compression=lz4'
case_run 'kafka holds the truth, gzip' with '&compression=gzip&partition=2'
finish
