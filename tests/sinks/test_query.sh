#!/bin/bash
# `skerry query` in its forms, what it says of mistakes, and the historical REST API
# on the same history: lists, series, aggregations. A bucket's figures are those of
# its points.
set -u
. "$(dirname "$0")/lib.sh"

NODES=5
PODS_PER_NODE=2
RESOLUTION=1
ROLES='collect serve record export guard'
NODE=node-00001
SPACE=team-000
POD=
START=

run_query() { # flags...
    "$PROGRAM" query --state-dir="$TREE/state" --run-dir="$(readlink "$TREE/shm")" "$@" 2>&1
}

refuses() { # EXIT WORDS flags...
    local code=$1 words=$2 said got
    shift 2
    said=$(run_query "$@")
    got=$?
    [ "$got" = "$code" ] && [ "$(wc -l <<<"$said")" = 1 ] && grep -q -e "$words" <<<"$said" ||
        fail "query $*: exit $got, says $said"
}

prepare() {
    tree_for log:
    await_scraped $((NODES * 2)) 60 && await_cycles 6 40 || { fail 'not scraped'; return; }
    POD=$(get "/api/v1/model/namespaces/$SPACE/pods/" | jq -r '.[0]')
    START=$(date -u -d '-1 min' +%FT%TZ)
}

forms() {
    local name
    for name in "--pod=$SPACE/$POD" "--node=$NODE" "--namespace=$SPACE" --cluster \
        "--node=$NODE --container=kubelet"; do
        # shellcheck disable=SC2086
        run_query --metric=memory/usage $name --start=-1m >"$WORK/table" &&
            [ "$(sed -n 2p "$WORK/table" | awk '{print $1, $2}')" = 'time value' ] &&
            [ "$(wc -l <"$WORK/table")" -ge 6 ] || fail "$name: $(cat "$WORK/table")"
    done
    run_query --metric=cpu/usage "--node=$NODE" --start=-1m --end=-1s --json >"$WORK/json" &&
        jq -e '.metric == "cpu/usage" and (.points | length >= 4)' "$WORK/json" >/dev/null ||
        fail "json: $(head -c 300 "$WORK/json")"
    run_query --metric=cpu/usage "--node=$NODE" --start=-1m --end=-1s --csv >"$WORK/csv"
    [ "$(head -1 "$WORK/csv")" = time,value ] || fail "csv: $(head -2 "$WORK/csv")"
    # The same values in both.
    [ "$(jq -r '.points[] | "\(.time),\(.value)"' "$WORK/json" | head -4)" = \
        "$(sed -n 2,5p "$WORK/csv")" ] || fail "csv and json differ: $(head -5 "$WORK/csv")"
    run_query "--pod=$SPACE/$POD" --start=-6h --step=1m | grep -q average || fail 'no averages'
    run_query --metric=filesystem/usage "--node=$NODE" --resource-id=/ --start=-1m | grep -q 'GiB' ||
        fail 'no file system'
}

mistakes() {
    refuses 1 'nope' --metric=cpu/usage "--pod=$SPACE/nope"
    refuses 1 'nope' --metric=nope "--node=$NODE"
    refuses 1 'resource-id' --metric=filesystem/usage "--node=$NODE"
    refuses 100 'NAMESPACE/NAME' "--pod=$SPACE"
    refuses 100 'yesterday' "--node=$NODE" --start=yesterday
    refuses 100 'fast' "--node=$NODE" --step=fast
    refuses 100 'later than' "--node=$NODE" --start=-1m --end=-2m
    refuses 100 'say of what' --metric=cpu/usage
    refuses 100 'one thing only' "--node=$NODE" "--pod=$SPACE/$POD"
    refuses 100 'not both' "--node=$NODE" --json --csv
    refuses 100 'bogus' --bogus
}

past() { # PATH JQ
    get "/api/v1/historical/$1" >"$WORK/answer"
    jq -e "$2" "$WORK/answer" >/dev/null 2>&1 || fail "$1: $(head -c 300 "$WORK/answer")"
}

said() { # PATH WORDS
    get "/api/v1/historical/$1" | grep -q -e "$2" || fail "$1: no word of $2: $(get "/api/v1/historical/$1")"
}

rest() {
    local all=average,max,min,median,count,50-perc,95-perc,99-perc metric=cpu/usage_rate id container
    local pod=namespaces/$SPACE/pods/$POD free=nodes/$NODE/freecontainers/kubelet
    id=$(api_get "/api/v1/namespaces/$SPACE/pods/$POD" | jq -r .metadata.uid)
    container=$(get "/api/v1/historical/$pod/containers" | jq -r '.[0]')
    past nodes/ "length == $NODES and index(\"$NODE\")"
    past namespaces/ "index(\"$SPACE\")"
    past "namespaces/$SPACE/pods/" "index(\"$POD\")"
    past "nodes/$NODE/freecontainers/" 'index("kubelet")'
    past metrics/ "index(\"$metric\")"
    for name in '' "nodes/$NODE/" "namespaces/$SPACE/" "$pod/" "$pod/containers/$container/" "$free/" \
        "pod-id/$id/" "pod-id/$id/containers/$container/"; do
        past "${name}metrics/$metric?start=$START" '.metrics | length >= 4'
        past "${name}metrics-aggregated/$all/$metric?start=$START&bucket=1h" '.buckets[-1] |
            .count >= 1 and .average.floatValue and .maximum.floatValue >= .minimum.floatValue and
            .median and .percentiles["50"] and .percentiles["95"] and .percentiles["99"]'
    done
    for name in "namespaces/$SPACE/pod-list/$POD,$POD" "pod-id-list/$id,$id"; do
        past "$name/metrics/$metric?start=$START" '.items | length == 2 and (.[0].metrics | length >= 4)'
        past "$name/metrics-aggregated/max/$metric?start=$START" '.items[1].buckets[0].maximum.floatValue'
    done
    # One bucket against its points, of a range that is over.
    local range
    range="start=$START&end=$(date -u -d '-2 sec' +%FT%TZ)"
    get "/api/v1/historical/nodes/$NODE/metrics/memory/usage?$range" >"$WORK/points"
    past "nodes/$NODE/metrics-aggregated/count,max,min/memory/usage?$range" \
        "([$(jq -c '[.metrics[].value]' "$WORK/points")] | .[0]) as \$v | .buckets[0] |
            .count == (\$v | length) and .maximum.intValue == (\$v | max) and .minimum.intValue == (\$v | min)"
    said "nodes/$NODE/metrics-aggregated/sum/$metric?start=$START" sum
    said "nodes/$NODE/metrics-aggregated/max/$metric" 'start is missing'
    said "nodes/$NODE/metrics-aggregated/max/$metric?start=$START&bucket=x" 'bucket'
    said "nodes/$NODE/metrics/$metric?start=soon" 'soon'
    said "nodes/node-99999/metrics/$metric?start=$START" 'node-99999'
}

cluster_start
case_run 'cycles are recorded' prepare
case_run 'forms' forms
case_run 'mistakes' mistakes
case_run 'the historical API' rest
finish
