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

fields_compare() {
    local from to plain fields family field whole
    await_scraped $((NODES * 3)) 60 || { fail "not scraped"; return; }
    to=$(last_cycle)
    hold || { fail "not settled: $(export_status)"; return; }
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

echo "seed $SEED"
cluster_start
influx_start || { echo "FAIL $TEST influxd does not start: $(tail -3 "$WORK/influx.out")"; exit 1; }
case_run 'influxdb holds the truth' server_holds_truth influx 8000
case_run 'influxdb with fields' with_fields
case_run 'influxdb holds file systems and disks' server_holds_labelled influx
finish
