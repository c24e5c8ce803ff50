#!/bin/bash
# InfluxDB 1.x holds what the simulated kubelets sent: the points of each cycle,
# and the values of nodes, system containers, pods, containers and sums; in the
# schema with fields the same.
set -u
. "$(dirname "$0")/lib.sh"
. tests/sinks/servers.sh
needs influxd

# The same points under families as measurements.
with_fields() {
    tree_for "$(influx_sink)?db=fields&withfields=true&cluster_name=c2&disable_counter_metrics=true&retention=30d&rp=kept" \
        "--sink=$(influx_sink)"
    fields_compare
    release
    tree_stop
}

# hold() looks at the first sink alone.
both_settled() {
    [ "$(appliance '[.sinks[] | select(.state == "live" and .backlogCycles <= 1)] | length')" = 2 ]
}

fields_compare() {
    local from to plain fields family field whole
    await_scraped $((NODES * 3)) 60 || { fail "not scraped"; return; }
    to=$(last_cycle)
    hold && await 120 both_settled || { fail "not settled: $(appliance -c '.sinks[]')"; return; }
    for from in cpu:usage_rate:cpu/usage_rate memory:working_set:memory/working_set \
        network:rx_rate:network/rx_rate; do
        IFS=: read -r family field whole <<<"$from"
        plain=$(influx_query "SELECT sum(\"value\") FROM \"$whole\" WHERE time = ${to}s")
        fields=$(INFLUX_DB=fields influx_query \
            "SELECT sum(\"$field\") FROM \"kept\".\"$family\" WHERE cluster_name = 'c2' AND time = ${to}s")
        [ "${plain##*,}" = "${fields##*,}" ] && [[ ${plain##*,} =~ ^[0-9.e+]+$ ]] ||
            fail "$family $field: ${fields##*,}, $whole: ${plain##*,}"
    done
    [ -z "$(INFLUX_DB=fields influx_query 'SELECT usage FROM "kept"."cpu" LIMIT 1')" ] ||
        fail "counters were not left out"
    INFLUX_DB=fields influx_query 'SHOW RETENTION POLICIES' | grep -q 'kept,720h' ||
        fail "no retention: $(INFLUX_DB=fields influx_query 'SHOW RETENTION POLICIES')"
}

# --shard=1/2 and 2/2: each node with its pods in one of them, namespaces and the
# cluster with the first.
shard_names() { # NUMBER TYPE TAG
    INFLUX_DB=half$1 influx_query "SHOW TAG VALUES FROM \"memory/usage\" WITH KEY = \"$3\" WHERE \"type\" = '$2'" |
        awk -F, 'NR > 1 {print $NF}' | sort
}

shards() {
    local number nodes both
    for number in 1 2; do
        tree_for "$(influx_sink)?db=half$number" "--shard=$number/2"
        await_scraped $((NODES * 2)) 60 && settled ||
            { fail "part $number: $(export_status)"; return; }
        tree_stop
        nodes=$(shard_names $number node nodename)
        [ "$(wc -l <<<"$nodes")" -ge $((NODES / 4)) ] || fail "part $number: nodes $nodes"
        [ "$(shard_names $number pod nodename)" = "$nodes" ] || fail "part $number: pods of other nodes"
    done
    both=$({ shard_names 1 node nodename; shard_names 2 node nodename; } | sort)
    [ "$(uniq <<<"$both" | wc -l)" = $NODES ] || fail "not all nodes: $both"
    [ -z "$(uniq -d <<<"$both")" ] || fail "twice: $(uniq -d <<<"$both")"
    [ -n "$(shard_names 1 ns namespace_name)" ] && [ -z "$(shard_names 2 ns namespace_name)" ] ||
        fail "namespaces: $(shard_names 1 ns namespace_name), $(shard_names 2 ns namespace_name)"
    [ "$(shard_names 1 cluster type)" = cluster ] && [ -z "$(shard_names 2 cluster type)" ] ||
        fail "the cluster: $(shard_names 1 cluster type), $(shard_names 2 cluster type)"
}

echo "seed $SEED"
cluster_start
influx_start || { echo "FAIL $TEST influxd does not start: $(tail -3 "$WORK/influx.out")"; exit 1; }
case_run 'influxdb holds the truth' server_holds_truth influx 8000
# Two sinks that write the same to one server take twice as long.
RESOLUTION=4 case_run 'influxdb with fields' with_fields
case_run 'two parts of a cluster' shards
# The last cases' points are in the server's way.
RESOLUTION=4 case_run 'influxdb holds file systems and disks' server_holds_labelled influx
finish
