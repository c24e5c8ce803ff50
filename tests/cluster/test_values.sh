#!/bin/bash
# Every value that the model API serves equals what the simulated kubelets last
# sent, by every way to reach them.
#
# Scraping is held by letting kubelets answer 503: requests under way end well, and
# what was served last stays the last sample. Draws its pods by
# SKERRY_TEST_SEED.
set -u
. "$(dirname "$0")/lib.sh"
. tests/cluster/values.sh
use_quick

NODES=60
SEED=${SKERRY_TEST_SEED:-$(($(date +%s) % 100000))}
SAMPLE=120

hold() {
    command_ok '/fault?target=all&kind=http&code=503' || return 1
    await_cycles 1 20
}

release() {
    command_ok '/fault?target=all&kind=none'
}

# One way to reach the kubelets: ENDPOINT, tls or plain, options, and the simulator's counter
# that must have moved.
way() {
    local endpoint=$1 port=$2 options=$3 witness=$4 before
    before=$(sim_stat "$witness")
    rm -rf "$WORK/tree"
    tree_start --nodes=$NODES --containers=6000 --metric-resolution=4s --pressure="${PRESSURE:-pods}" \
        "--source=$(source_of "$port" "endpoint=$endpoint${options:+&$options}")"
    if ! await_scraped $((NODES * 3)) 60; then
        fail "not scraped: $(appliance '.errors, .failingNodes[0]')"
    elif [ "$(error_total http_5xx)" != 0 ] || ! hold; then
        fail "cannot be held still: $(appliance '.errors')"
    elif ! values_compare "$endpoint" $SAMPLE "$SEED" >"$WORK/what.txt"; then
        fail "seed $SEED: $(cat "$WORK/what.txt")"
    elif ! states_agree; then
        :
    elif [ "${VALUES_COMPARED:-0}" -lt 5000 ]; then
        fail "only $VALUES_COMPARED values were compared"
    elif [ "$(sim_stat "$witness")" -le "$before" ]; then
        fail "the simulator's $witness did not move"
    elif [ "$(deaths)" != 0 ]; then
        fail "a role died"
    fi
    release
    tree_stop
}

# Nodes, pods and containers by state, as the API server tells them.
states_agree() {
    local known there
    there=$(api_get /api/v1/pods | jq -c '
        [.items[].status.phase] as $phases |
        [.items[].status.containerStatuses[]?] as $all |
        {pending: ([$phases[] | select(. == "Pending")] | length),
         running: ([$phases[] | select(. == "Running")] | length),
         succeeded: ([$phases[] | select(. == "Succeeded")] | length),
         failed: ([$phases[] | select(. == "Failed")] | length),
         restarts: ([$all[].restartCount] | add),
         oomKilled: ([$all[] | select(.lastState.terminated.reason == "OOMKilled")] | length)}')
    known=$(appliance -c '.cluster | {pending: .pods.pending, running: .pods.running,
        succeeded: .pods.succeeded, failed: .pods.failed, restarts: .containers.restarts,
        oomKilled: .containers.oomKilled}')
    [ "$known" = "$there" ] || { fail "states are $known, the API server says $there"; return; }
    [ "$(jq .oomKilled <<<"$there")" -ge 3 ] || fail "nothing was killed: $there"
    [ "$(appliance -c '.cluster.nodes | [.known, .ready]')" = "[$NODES,$NODES]" ] ||
        fail "nodes: $(appliance -c .cluster.nodes)"
}

kill_some() {
    api_get '/api/v1/namespaces/team-001/pods' | jq -r '.items[] | select(.status.phase == "Running") |
        .metadata.name' | head -3 | while read -r name; do
        command_ok "/pod?do=restart&ns=team-001&name=$name&container=0&reason=oom&at-once=1"
    done
}

# Pressure is kept of nodes and pods unless more is planned.
pressures() {
    PRESSURE=containers way summary tls kubeletTLS=verify requests_summary
    local level
    for level in node sys pod con; do
        grep -q "^$level/.*pressure/io_full" "$WORK/model.tsv" ||
            { fail "no pressure of $level in $(wc -l <"$WORK/model.tsv") values"; return; }
    done
}

# Totals are sums of the truth's pods, not only equal to its own totals.
sums_agree() {
    local of
    for of in pods running containers memory/usage memory/working_set cpu/request memory/limit; do
        local whole parts
        whole=$(truth entity=cluster | jq ".\"$of\"")
        parts=$(sed -n 's/^ns\///p' "$WORK/keys.txt" | while read -r name; do
            truth "entity=ns&name=$name"
        done | jq -s "map(.\"$of\") | add")
        [ "$whole" = "$parts" ] || { fail "$of: $whole is not the sum $parts"; return; }
    done
}

echo "seed $SEED"
sim_start --nodes=$NODES --cadence=request --heartbeat=0 --swap --psi
case_run 'containers are killed' kill_some
case_run 'summary, TLS, verified' way summary tls kubeletTLS=verify handshakes_full
case_run 'summary, TLS, pinned' way summary tls kubeletTLS=pin handshakes_full
case_run 'summary, TLS, insecure' way summary tls kubeletTLS=insecure handshakes_full
case_run 'summary, plain' way summary plain kubeletTLS=insecure requests_summary
case_run 'summary through the API server' way summary proxy '' requests_api_proxy
case_run 'summary through the API server, by a port' way summary proxy \
    "kubeletPort=$SIM_TLS" requests_api_proxy_port
case_run 'summary through the API server, by a plain port' way summary proxy \
    "kubeletPort=$SIM_PLAIN&kubeletHttps=false" requests_api_proxy_port
case_run 'summary with pressure of containers' pressures
case_run 'resource, TLS, verified' way resource tls kubeletTLS=verify requests_resource
case_run 'resource, plain' way resource plain kubeletTLS=insecure requests_resource
case_run 'resource through the API server' way resource proxy '' requests_api_proxy
case_run 'totals are sums' sums_agree
finish
