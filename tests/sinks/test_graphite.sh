#!/bin/bash
# Graphite's carbon-cache, by TCP and by UDP, holds what the simulated kubelets
# sent: read from its files after it wrote them at its end.
set -u
. "$(dirname "$0")/lib.sh"
. tests/sinks/servers.sh
needs carbon-cache

NODES=100
PODS_PER_NODE=1

flush() {
    server_stop graphite
}

again() {
    server_kill graphite
    rm -rf "$WORK/graphite/storage/whisper"
    graphite_start
}

udp_sink() {
    echo "graphite:udp://127.0.0.1:$GRAPHITE_PORT?prefix=one.two"
}

# What stays the same from cycle to cycle.
constant_points() {
    graphite_points | grep -E $'\t(cpu|memory)/(request|limit)\t|\tcpu/node_capacity\t'
}

# Packets may get lost on the way into a busy receiver: none may be wrong.
by_udp() {
    again || { fail "carbon does not start again"; return; }
    tree_for "$(udp_sink)"
    udp_compares
    release
    tree_stop
}

udp_compares() {
    await_scraped $((NODES * 3)) 60 || { fail "not scraped"; return; }
    hold || { fail "not settled: $(export_status)"; return; }
    flush
    SOME=1 values_compare_to constant_points | grep -v ': missing\|^\.\.\. ' >"$WORK/what.txt"
    [ ! -s "$WORK/what.txt" ] || fail "seed $SEED: $(cat "$WORK/what.txt")"
    VALUES_COMPARED=$(sed -n 's/^compared //p' "$WORK/difference.txt")
    [ "$VALUES_COMPARED" -ge 200 ] || fail "only $VALUES_COMPARED values arrived"
}

FLUSH=flush
echo "seed $SEED"
cluster_start
graphite_start || { echo "FAIL $TEST carbon does not start: $(tail -3 "$WORK/graphite.out")"; exit 1; }
case_run 'graphite holds the truth' server_holds_truth graphite 9000
WHISPER_PREFIX=one/two case_run 'graphite by UDP, with a prefix' by_udp
finish
