#!/bin/bash
# /metrics/cluster: clean for promtool, families in one piece, no series twice,
# and the values of kubelets and the API server under their names; Heapster's
# export with the same values.
set -u
. "$(dirname "$0")/lib.sh"

NODES=12

clean_for_promtool() {
    if ! command -v promtool >/dev/null; then
        echo "SKIP $TEST promtool is not there"
        return
    fi
    promtool check metrics <"$WORK/metrics" >"$WORK/lint" 2>&1 || fail "$(head -5 "$WORK/lint")"
}

in_one_piece() {
    local what
    what=$(awk '/^# TYPE/ {if (seen[$3]++) print "twice: " $3; family = $3; samples = 0; next}
        /^# HELP/ {next}
        {
            name = $0; sub(/[{ ].*/, "", name)
            if (name != family) print name " in " family
            series = $0; sub(/ [^ ]*$/, "", series)
            if (all[series]++) print "twice: " series
        }' "$WORK/metrics" | head -3)
    [ -z "$what" ] || fail "$what"
    [ "$(grep -vc '^#' "$WORK/metrics")" -gt 10000 ] || fail "only $(grep -vc '^#' "$WORK/metrics") samples"
}

# The value of the series whose name and labels these are, in any order.
sample() { # NAME LABEL="VALUE"...
    local name=$1 label
    shift
    grep "^$name[{ ]" "$WORK/metrics" >"$WORK/found"
    for label in "$@"; do
        grep -F "$label" "$WORK/found" >"$WORK/found.next"
        mv "$WORK/found.next" "$WORK/found"
    done
    [ "$(wc -l <"$WORK/found")" = 1 ] || { echo "$(wc -l <"$WORK/found") of $name $*"; return; }
    sed 's/.* //' "$WORK/found"
}

same() { # WANTED NAME LABEL...
    local wanted=$1 got
    shift
    got=$(sample "$@")
    near "$wanted" "$got" 1e-9 && [ -n "$wanted" ] && [[ $got =~ ^[0-9.e+-]+$ ]] ||
        fail "$*: $got, wanted $wanted"
}

of_nodes() {
    local name truth
    for name in $(api_get /api/v1/nodes | jq -r '.items[].metadata.name' | head -3); do
        truth=$(truth "entity=node&name=$name" | jq .fields)
        same "$(jq '."cpu/usage".value / 1e9' <<<"$truth")" node_cpu_usage_seconds_total "node=\"$name\""
        same "$(jq '."memory/working_set".value' <<<"$truth")" node_memory_working_set_bytes "node=\"$name\""
        same "$(jq '."network/rx".value' <<<"$truth")" container_network_receive_bytes_total 'id="/"' "node=\"$name\""
        truth=$(api_get "/api/v1/nodes/$name" | jq -r '.status.allocatable.cpu')
        same "$(awk -v cpu="$truth" 'BEGIN {print cpu ~ /m$/ ? cpu / 1000 : cpu + 0}')" \
            kube_node_status_allocatable 'resource="cpu"' "node=\"$name\""
    done
}

of_containers() {
    local space pod container truth count=0
    api_get /api/v1/pods | jq -r '.items[] | select(.status.phase == "Running") |
        [.metadata.namespace, .metadata.name, .spec.containers[0].name] | @tsv' |
        awk 'NR % 40 == 1' >"$WORK/pods"
    while read -r space pod container; do
        set -- "namespace=\"$space\"" "pod=\"$pod\"" "container=\"$container\""
        truth=$(truth "entity=container&ns=$space&name=$pod&container=$container")
        same "$(jq '.fields."cpu/usage".value / 1e9' <<<"$truth")" container_cpu_usage_seconds_total "$@"
        same "$(jq '.fields."memory/rss".value' <<<"$truth")" container_memory_rss "$@"
        if [ "$(jq '."cpu/request" // 0' <<<"$truth")" != 0 ]; then
            same "$(jq '."cpu/request" / 1000' <<<"$truth")" kube_pod_container_resource_requests \
                'resource="cpu"' "$@"
            count=$((count + 1))
        elif sample kube_pod_container_resource_requests 'resource="cpu"' "$@" | grep -qv '^0 of'; then
            fail "a request that is not set"
        fi
    done <"$WORK/pods"
    [ "$count" -gt 2 ] || fail "only $count have requests"
}

extended_resources() {
    local wanted
    wanted=$(api_get /api/v1/pods | jq '[.items[] | select(.status.phase == "Running") |
        .spec.containers[] | select(.resources.requests."nvidia.com/gpu" // "0" | tonumber > 0)] | length')
    [ "$wanted" -gt 0 ] || { fail 'nobody wants a gpu'; return; }
    [ "$(grep -c '^kube_pod_container_resource_requests{resource="nvidia_com_gpu",unit="integer",' \
        "$WORK/metrics")" -ge "$wanted" ] || fail "fewer than $wanted gpus"
}

# Phases, conditions and reasons as the API server tells them.
states() {
    local wanted got
    wanted=$(api_get /api/v1/pods | jq -c '[.items[] |
        {p: .metadata.name, s: .status.phase}] | sort')
    got=$(sed -n 's/^kube_pod_status_phase{phase="\([^"]*\)",.*pod="\([^"]*\)"} 1$/{"p":"\2","s":"\1"}/p' \
        "$WORK/metrics" | jq -cs sort)
    [ "$got" = "$wanted" ] || { fail "phases are other ones"; return; }
    wanted=$(api_get /api/v1/nodes | jq '[.items[].status.conditions[]] | length')
    [ "$(grep -c '^kube_node_status_condition{condition="[A-Za-z]*",status="[a-z]*",node="' "$WORK/metrics")" = \
        "$wanted" ] || fail "not $wanted conditions"
    [ "$(grep -c '^kube_node_status_condition{condition="Ready",status="true",' "$WORK/metrics")" = $NODES ] ||
        fail "not $NODES ready nodes"
    [ "$(grep -c '^kube_pod_container_status_last_terminated_reason{reason="OOMKilled",container="' \
        "$WORK/metrics")" = 1 ] || fail "nothing was killed"
}

exported() {
    local name
    jq -e 'length > 500 and all(.[]; has("metrics") and has("labels"))' "$WORK/export" >/dev/null ||
        { fail "$(head -c 300 "$WORK/export")"; return; }
    name=$(api_get /api/v1/nodes | jq -r '.items[0].metadata.name')
    [ "$(jq --arg name "$name" '.[] | select(.labels.container_name == "machine" and .labels.nodename == $name) |
        .metrics."memory/working_set"[0].value' "$WORK/export")" = \
        "$(truth "entity=node&name=$name" | jq '.fields."memory/working_set".value')" ] || fail "$name"
    [ "$(jq '[.[] | select(.labels.container_name == "/pod")] | length' "$WORK/export")" = \
        "$(api_get /api/v1/pods | jq '.items | length')" ] || fail "other pods"
    get /api/v1/metric-export-schema |
        jq -e '.metrics | map(.name) | index("cpu/usage") != null and index("cpu/usage_rate") == null' >/dev/null ||
        { fail 'schema'; return; }
    # What is exported is in the schema.
    [ "$(jq -r '[.[].metrics | keys[]] | unique - $known[0]' --slurpfile known \
        <(get /api/v1/metric-export-schema | jq '[.metrics[].name]') "$WORK/export")" = '[]' ] ||
        fail 'more than the schema has'
}

sim_start --nodes=$NODES --cadence=request --heartbeat=0 --psi --swap
KILLED=$(api_get /api/v1/namespaces/team-001/pods | jq -r '[.items[] | select(.status.phase == "Running")][0].metadata.name')
command_ok "/pod?do=restart&ns=team-001&name=$KILLED&container=0&reason=oom&at-once=1"
tree_start --nodes=$NODES --metric-resolution=5s --pressure=containers \
    "--source=$(source_of tls kubeletTLS=verify)"
await_scraped $((NODES * 3)) 60
command_ok '/fault?target=all&kind=http&code=503'
await_cycles 1 20
if ! get /metrics/cluster >"$WORK/metrics" || ! get /api/v1/metric-export >"$WORK/export"; then
    echo "FAIL $TEST no answer"
    exit 1
fi
case_run 'clean for promtool' clean_for_promtool
case_run 'families in one piece' in_one_piece
case_run 'values of nodes' of_nodes
case_run 'values of containers' of_containers
case_run 'extended resources' extended_resources
case_run 'states' states
case_run "Heapster's export" exported
finish
