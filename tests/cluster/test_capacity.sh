#!/bin/bash
# Three times the planned nodes, pods (nearly: they come and go) and containers, for 50 cycles under churn:
# nobody dies, what is refused is counted, totals are right, memory does not move.
set -u
. "$(dirname "$0")/lib.sh"
. tests/cluster/values.sh
use_quick

NODES=60
FLAGS="--nodes=20 --pods=210 --containers=440 --metric-resolution=2s"
SEED=${SKERRY_TEST_SEED:-$(($(date +%s) % 100000))}

runs_fifty_cycles() {
    await_scraped $((NODES * 3)) 90 || { fail "not scraped: $(appliance .errors)"; return; }
    [ "$(pool nodes limit) $(pool pods limit) $(pool containers limit)" = '20 210 440' ] ||
        { fail "planned otherwise: $(appliance .pools)"; return; }
    command_ok '/churn?rate=10' || { fail "no churn"; return; }
    await_cycles 5 60 || { fail "no cycles"; return; }
    MEMORY=$(memory_of_roles)
    await_cycles 50 240 || { fail "cycles stopped"; return; }
    [ "$(deaths)" = 0 ] || fail "$(deaths) roles died"
}

refusals_are_counted() {
    local one
    for one in nodes pods containers; do
        [ "$(pool $one refused)" -gt 0 ] || { fail "no $one refused"; return; }
        [ "$(error_total ${one}_full)" -gt 0 ] || { fail "${one}_full is not counted"; return; }
        [ "$(pool $one used)" -le "$(pool $one limit)" ] || { fail "more $one than planned"; return; }
    done
    [ "$(pool refused_pods used)" -gt 0 ] || fail "no pods are among the refused ones"
    [ "$(pool refused_pods refused)" = 0 ] || fail "$(pool refused_pods refused) pods are in no total"
    [ "$(counter overflow_samples_total)" -gt 0 ] || fail "overflow_samples_total is 0"
}

memory_stays() {
    local now=($(memory_of_roles)) then=($MEMORY) roles=($ROLES) i
    for i in "${!now[@]}"; do
        [ $((now[i] - then[i])) -le 64 ] ||
            { fail "${roles[i]}: was ${then[i]} KiB, is ${now[i]} KiB"; return; }
    done
}

below_plan() {
    tree_is_below_plan $FLAGS "--source=$(source_of tls kubeletTLS=verify)"
}

# Kubelets that answer 503 hold the values still: what was served last stays in the
# totals for STALE_CYCLES, within which the model must have been read.
totals_agree() {
    local before try
    for try in 1 2 3 4 5 6; do
        before=$(counter cycles_total)
        command_ok '/fault?target=all&kind=http&code=503' && await_cycles 1 20 || return 1
        values_totals summary >"$WORK/what.txt"
        [ $((VALUES_READ - before)) -gt 2 ] || break
        echo "try $try: the model was read too late" >"$WORK/what.txt"
        command_ok '/fault?target=all&kind=none' && await_cycles 5 60 || return 1
    done
    [ ! -s "$WORK/what.txt" ]
}

# Cluster, namespaces, and the nodes that have a row.
totals_are_right() {
    # Kubelets give no rate of a pod's first 19 seconds, and one that gets a row then
    # needs two cycles for its own: cycles take a second here.
    command_ok '/churn?rate=0&settle=1' && await_cycles 25 90 ||
        { fail "churn does not end"; return; }
    totals_agree || { fail "seed $SEED: $(cat "$WORK/what.txt")"; return; }
    [ "$VALUES_COMPARED" -gt 1000 ] || fail "only $VALUES_COMPARED values were compared"
}

echo "seed $SEED"
sim_start --nodes=$NODES --pods-per-node=10 --cadence=request --heartbeat=0 --seed="$SEED"
# shellcheck disable=SC2086
tree_start $FLAGS "--source=$(source_of tls kubeletTLS=verify)"
case_run 'fifty cycles at three times the plan' runs_fifty_cycles
case_run 'refusals are counted' refusals_are_counted
case_run 'memory does not move' memory_stays
case_run 'memory is below the plan' below_plan
case_run 'totals are right' totals_are_right
finish
