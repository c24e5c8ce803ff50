#!/bin/bash
# Pods come, go, restart and move, nodes and namespaces too; when that ends, what
# the appliance knows is what the simulated cluster knows.
set -u
. "$(dirname "$0")/lib.sh"
. tests/cluster/values.sh
use_quick

NODES=30
SEED=${SKERRY_TEST_SEED:-$(($(date +%s) % 100000))}

# namespace/pod/container of all that the API server has, scheduled or not; init
# containers until they are done
cluster_keys() {
    api_get /api/v1/pods | jq -r '
        .items[] | "namespace:\(.metadata.namespace)/pod:\(.metadata.name)" as $pod |
        [.status.initContainerStatuses[]? | select(.state.terminated).name] as $done |
        $pod,
        (.spec.containers[], .spec.initContainers[]? | .name | select([.] - $done != []) |
            "\($pod)/container:\(.)")' | sort
}

model_keys() {
    get /api/v1/model/debug/allkeys | jq -r '.[] | select(test("/pod:"))' | sort
}

same_keys() {
    cluster_keys >"$WORK/keys.cluster"
    model_keys >"$WORK/keys.model"
    cmp -s "$WORK/keys.cluster" "$WORK/keys.model"
}

same_names() { # nodes|namespaces
    api_get "/api/v1/$1" | jq -r '.items[].metadata.name' | sort >"$WORK/names.cluster"
    get "/api/v1/model/$1/" | jq -r '.[]' | sort >"$WORK/names.model"
    cmp -s "$WORK/names.cluster" "$WORK/names.model"
}

churned() { # at least so many changes
    [ "$(admin /stats | jq '[.churn_added, .churn_removed, .churn_restarted, .churn_moved] | min')" \
        -ge "$1" ]
}

pods_move() {
    await_scraped $NODES 60 || { fail "not scraped: $(appliance .errors)"; return; }
    command_ok '/churn?rate=40' || { fail "no churn"; return; }
    await 60 churned 40 || { fail "little changed: $(admin /stats)"; return; }
    await_cycles 5 30 || { fail "no cycles while pods change"; return; }
    command_ok '/churn?rate=0&settle=1' || { fail "churn does not end"; return; }
    await 20 same_keys ||
        fail "$(diff "$WORK/keys.cluster" "$WORK/keys.model" | head -10)"
}

# A node and a namespace come, another of each goes; one pod finds no node, one
# was killed for its memory.
others_move() {
    local node pod
    node=$(api_get /api/v1/nodes | jq -r '.items[3].metadata.name')
    pod=$(api_get '/api/v1/namespaces/team-001/pods' |
        jq -r --arg node "$node" '[.items[] | select(.status.phase == "Running" and
            .spec.nodeName != $node)][0].metadata.name')
    command_ok '/node?do=add&pods=20' || { fail "no node added"; return; }
    command_ok "/node?do=remove&name=$node" || { fail "no node removed"; return; }
    command_ok '/namespace?do=add&name=late' || { fail "no namespace added"; return; }
    command_ok '/pod?do=add&ns=late&name=homeless&at-once=1' || { fail "no pod added"; return; }
    command_ok '/namespace?do=remove&name=team-003' || { fail "no namespace removed"; return; }
    command_ok "/pod?do=restart&ns=team-001&name=$pod&reason=oom" || { fail "no restart"; return; }
    await 30 same_names nodes ||
        { fail "nodes: $(diff "$WORK/names.cluster" "$WORK/names.model")"; return; }
    await 30 same_names namespaces ||
        { fail "namespaces: $(diff "$WORK/names.cluster" "$WORK/names.model")"; return; }
    await 30 same_keys ||
        { fail "$(diff "$WORK/keys.cluster" "$WORK/keys.model" | head -10)"; return; }
    await 30 page_says team-001 "$pod" OOMKilled || { fail "$pod was killed for its memory: not on the page"; return; }
    await 30 page_says late homeless pending || fail "homeless is pending: not on the page"
}

page_says() { # NAMESPACE POD WORD
    local row
    row=$(get "/?namespace=$1" | tr -d '\n' | sed 's/<tr/\n<tr/g' | grep -F "$2")
    [[ $row == *"$3"* ]]
}

# Every pod's restarts and phase, not only the sample's.
restarts_and_phases() {
    await_cycles 2 20 || { fail "no cycles"; return; }
    api_get /api/v1/pods | jq -r '.items[] | select(.status.phase == "Running") | [.metadata.namespace, .metadata.name,
        ([.status.containerStatuses[]?.restartCount] | add // 0)] | @tsv' | sort >"$WORK/restarts.cluster"
    awk -F'\t' -v OFS='\t' -v base="$MODEL/namespaces/" '{
        print $1 "\t" base $1 "/pods/" $2 "/metrics/restart_count"
    }' "$WORK/restarts.cluster" >"$WORK/restarts.urls"
    values_fetch "$WORK/restarts.urls" | awk '
        /"value":/ {value = $2} /^@ / {print $2 == 200 ? value : "status " $2; value = "none"}
    ' | paste <(cut -f1,2 "$WORK/restarts.cluster") - >"$WORK/restarts.model"
    [ "$(awk -F'\t' '$3 > 0' "$WORK/restarts.cluster" | wc -l)" -ge 20 ] ||
        { fail "hardly anything restarted"; return; }
    cmp -s "$WORK/restarts.cluster" "$WORK/restarts.model" ||
        { fail "$(diff "$WORK/restarts.cluster" "$WORK/restarts.model" | head -10)"; return; }
    local space
    for space in $(api_get /api/v1/namespaces | jq -r '.items[].metadata.name'); do
        phases_of "$space" || { fail "$space: $(diff "$WORK/phases.cluster" "$WORK/phases.page" | head -4)"; return; }
    done
}

# The page shows each pod's phase, for the first 200 of a namespace.
phases_of() { # NAMESPACE
    api_get "/api/v1/namespaces/$1/pods" | jq -r '.items[] | [.metadata.name, (.status.phase | ascii_downcase)] | @tsv' |
        sort | head -200 >"$WORK/phases.cluster"
    get "/?namespace=$1" | tr -d '\n' | sed 's/<section id="pods">/\n&/; s/<\/section>/\n/g' |
        grep '^<section id="pods">' | sed 's/<tr/\n<tr/g' >"$WORK/phases.page.raw"
    while IFS=$'\t' read -r name _; do
        printf '%s\t%s\n' "$name" "$(grep -F ">$name<small>" "$WORK/phases.page.raw" |
            grep -oE 'pending|running|succeeded|failed' | head -1)"
    done <"$WORK/phases.cluster" >"$WORK/phases.page"
    cmp -s "$WORK/phases.cluster" "$WORK/phases.page"
}

values_are_right() {
    # What no node has yet is in no sum of the simulator.
    command_ok "/pod?do=remove&ns=late&name=homeless&at-once=1" || { fail "no pod removed"; return; }
    await_cycles 4 30 || { fail "no cycles"; return; }
    command_ok '/fault?target=all&kind=http&code=503' && await_cycles 1 20 ||
        { fail "cannot be held still"; return; }
    values_compare summary 200 "$SEED" >"$WORK/what.txt" ||
        { fail "seed $SEED: $(cat "$WORK/what.txt")"; return; }
    [ "$VALUES_COMPARED" -gt 5000 ] || fail "only $VALUES_COMPARED values were compared"
}

# What left is given back: the pools hold what is there, and no more.
rows_are_given_back() {
    local pods
    pods=$(api_get /api/v1/pods | jq '.items | length')
    await 30 holds_pods "$pods" || { fail "$(pool pods used) rows for $pods pods"; return; }
    [ "$(pool pods refused)" = 0 ] || { fail "pods were refused"; return; }
    [ "$(deaths)" = 0 ] || fail "a role died"
}

holds_pods() {
    [ "$(pool pods used)" = "$1" ]
}

echo "seed $SEED"
sim_start --nodes=$NODES --cadence=request --heartbeat=0 --seed="$SEED"
tree_start --nodes=60 --metric-resolution=2s "--source=$(source_of tls kubeletTLS=verify)"
case_run 'pods after churn' pods_move
case_run 'nodes and namespaces that come and go' others_move
case_run 'restarts and phases' restarts_and_phases
case_run 'values and totals' values_are_right
case_run 'rows are given back' rows_are_given_back
finish
