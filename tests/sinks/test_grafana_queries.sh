#!/bin/bash
# The queries that Heapster's Grafana dashboards send (Cluster and Pods; what the
# builder makes of them, not the stale text beside it) give on a real InfluxDB what
# they gave with Heapster: lists of nodes, namespaces and pods, and sums that equal
# the simulated kubelets' truth.
set -u
. "$(dirname "$0")/lib.sh"
. tests/sinks/servers.sh
needs influxd

# Grafana's $timeFilter and $interval: one interval holds the one cycle that is held still.
TIME_FILTER=
POD=
SPACE=

grafana() { # MEASUREMENT WHERE [, TAG]
    influx_query "SELECT sum(\"value\") FROM \"$1\" WHERE $2 AND $TIME_FILTER
        GROUP BY time(${RESOLUTION}s)${3:-} fill(null)" | awk -F, 'NR > 1 && $NF != ""'
}

tag_values() { # KEY [WHERE]
    influx_query "SHOW TAG VALUES FROM \"uptime\" WITH KEY = \"$1\" ${2:-}" |
        awk -F, 'NR > 1 {print $NF}' | sort
}

same() { # WHAT EXPECTED GOT
    [ "$2" = "$3" ] || fail "$1: $(head -c 200 <<<"$3"), expected $(head -c 200 <<<"$2")"
}

pickers() {
    same nodename "$(cut -f1 "$WORK/nodes.tsv" | sort)" "$(tag_values nodename)"
    same podname "$(awk -F'|' -v s="$SPACE" '$1 == s && $4 == "Running" {print $2}' "$WORK/pods.txt" | sort)" \
        "$(tag_values pod_name "WHERE \"namespace_name\" =~ /$SPACE\$/")"
    [ "$(tag_values namespace_name | wc -l)" -ge 5 ] || fail "namespaces: $(tag_values namespace_name)"
}

# Sums of the truth over the keys that begin so.
truth_sum() { # KEY METRIC
    awk -F'\t' -v key="$1" -v metric="$2" '
        index($1, key) == 1 && (key ~ /\/$/ || $1 == key) && $2 == metric {
            sum += $4
        }
        END {printf "%.10g\n", sum}' "$WORK/truth.tsv"
}

is_sum() { # KEY METRIC GOT
    local want
    want=$(truth_sum "$1" "$2")
    [ -n "$3" ] && [ "$want" != 0 ] && near "$want" "$3" 1e-6 || fail "$2 of $1: $3, the truth is $want"
}

# Panels 3, 1 and 7: the whole cluster; 4, 2 and 8: by node; 6, 5 and 9: one node.
# Heapster's filesystem panels add up all file systems; they are counted.
CLUSTER_METRICS='cpu/usage_rate cpu/limit cpu/request memory/usage memory/working_set
    memory/limit memory/request network/tx_rate network/rx_rate'

cluster_dashboard() {
    local metric answer node=node-00007
    for metric in $CLUSTER_METRICS; do
        answer=$(grafana "$metric" "\"type\"='node'")
        is_sum node/ "$metric" "${answer##*,}"
        answer=$(grafana "$metric" "\"type\"='node' AND \"nodename\" =~ /$node\$/")
        is_sum "node/$node" "$metric" "${answer##*,}"
        answer=$(grafana "$metric" "\"type\"='node'" ', "nodename"')
        [ "$(wc -l <<<"$answer")" = $NODES ] || fail "$metric by node: $(wc -l <<<"$answer") lines"
        answer=$(grep "nodename=$node," <<<"$answer")
        is_sum "node/$node" "$metric" "${answer##*,}"
    done
}

filesystem_panels() {
    local metric answer
    for metric in filesystem/usage filesystem/limit; do
        answer=$(grafana "$metric" "\"type\"='node'" ', "nodename"')
        [ "$(wc -l <<<"$answer")" = $NODES ] || fail "$metric by node: $(wc -l <<<"$answer") lines"
    done
}

pods_dashboard() {
    local metric answer container which
    which="\"namespace_name\" =~ /$SPACE\$/ AND \"pod_name\" =~ /$POD\$/"
    for metric in cpu/usage_rate cpu/limit cpu/request memory/usage memory/limit memory/request \
        memory/working_set; do
        answer=$(grafana "$metric" "\"type\"='pod_container' AND $which" ', "container_name"')
        [ "$(wc -l <<<"$answer")" = "$(wc -w <<<"$CONTAINERS")" ] || fail "$metric: $answer"
        for container in $CONTAINERS; do
            is_sum "con/$SPACE/$POD/$container" "$metric" \
                "$(grep "container_name=$container," <<<"$answer" | sed 's/.*,//')"
        done
    done
    for metric in network/tx_rate network/rx_rate; do
        answer=$(grafana "$metric" "\"type\"='pod' AND $which")
        is_sum "pod/$SPACE/$POD" "$metric" "${answer##*,}"
    done
}

# A cycle that all have a sample of, whose truth is then asked: nothing is scraped after it.
prepare() {
    local newest
    influx_start || { fail 'influxd does not start'; return; }
    tree_for "$(influx_sink)"
    await_scraped $((NODES * 3)) 60 || { fail 'not scraped'; return; }
    command_ok '/time?do=freeze' && await_cycles 3 60 && settled ||
        { fail "not settled: $(export_status)"; return; }
    newest=$(last_cycle)
    TIME_FILTER="time >= $((newest - RESOLUTION))s AND time < ${newest}s"
    values_nodes >"$WORK/nodes.tsv"
    values_pods >"$WORK/pods.txt"
    # One with requests and limits, so that no panel is empty.
    IFS='|' read -r SPACE POD _ _ CONTAINERS < <(api_get /api/v1/pods | jq -r '.items[] |
        select(.status.phase == "Running" and (.spec.hostNetwork | not) and
            all(.spec.containers[]; .resources.limits.cpu and .resources.requests.memory)) |
        [.metadata.namespace, .metadata.name, "", "", ([.spec.containers[].name] | join(" "))] |
        join("|")' | head -1)
    {
        sed 's|^\([^\t]*\).*|node/\1|' "$WORK/nodes.tsv"
        echo "pod/$SPACE/$POD"
        printf "con/$SPACE/$POD/%s\n" $CONTAINERS
    } >"$WORK/keys.txt"
    # A frozen kubelet has no two values to tell a rate from: those that the model API
    # keeps are taken, whose truth tests/cluster/test_values.sh holds.
    {
        values_truth summary
        values_sums
        values_model | awk -F'\t' -v OFS='\t' '$2 ~ /_rate$/ {
            value = $4 == "-" ? $3 : $4
            print $1, $2, "f", $2 == "cpu/usage_rate" ? int(value) : value}'
    } | grep -v $'_rate\t[^f]' >"$WORK/truth.tsv"
}

NODES=30
CONTAINERS=
cluster_start
case_run 'a cycle that stands still' prepare
if [ -n "$TIME_FILTER" ]; then
    case_run 'pickers' pickers
    case_run 'the Cluster dashboard' cluster_dashboard
    case_run 'the Cluster dashboard, file systems' filesystem_panels
    case_run 'the Pods dashboard' pods_dashboard
fi
finish
