#!/bin/bash
# kubectl top, as people run it, against the metrics API: every node and pod with
# the simulator's truth, sorted, selected, container by container, and all of it
# again while the API server is down.
#
# KUBECTL names another kubectl.
set -u
. "$(dirname "$0")/lib.sh"

: "${KUBECTL:=kubectl}"
if ! command -v "$KUBECTL" >/dev/null; then
    echo "SKIP $TEST kubectl is not there"
    exit 0
fi
NODES=12
# Over TLS: who serves is who it should be, and who asks.
KUBE_FLAGS=()

kube() {
    HOME=$WORK "$KUBECTL" --server="$URL" --cache-dir="$WORK/cache" "${KUBE_FLAGS[@]}" "$@" 2>&1
}

api() { # PATH below the group
    get "/apis/metrics.k8s.io/v1beta1$1"
}

# Kubelets answer no more, so that the truth stays what was served last. What is
# shown goes four cycles later: kubectl is asked at once.
hold_and_ask() {
    command_ok '/fault?target=all&kind=http&code=503' || return 1
    await_cycles 1 20 || return 1
    kube top nodes >"$WORK/top.nodes"
    kube top node "$NODE" >"$WORK/top.node"
    kube top pods -n "$SPACE" >"$WORK/top.pods"
    kube top pods -n "$SPACE" --containers >"$WORK/top.containers"
    kube top pod "$POD" -n "$SPACE" >"$WORK/top.pod"
}

# kubectl rounds CPU and memory as Quantity.MilliValue (up) and Value >> 20 do.
usage_of_truth() { # JSON lines of the truth on standard input, a name each
    jq -r '[.fields | (."cpu/usage".rate_per_s / 1e6 | ceil), (."memory/working_set".value / 1048576 | floor)] | @tsv'
}

# name, millicores, MiB of every node, in the order of the names
truth_nodes() {
    local name
    for name in $(api_get /api/v1/nodes | jq -r '.items[].metadata.name' | sort); do
        printf '%s\t%s\n' "$name" "$(truth "entity=node&name=$name" | usage_of_truth)"
    done
}

# namespace, pod, container, millicores, MiB of every container that runs; of the
# pods of one namespace
truth_containers() { # NAMESPACE
    local pod containers container
    api_get "/api/v1/namespaces/$1/pods" | jq -r '.items[] | select(.status.phase == "Running") |
        .metadata.name + " " + ([.spec.containers[].name] | join(" "))' | LC_ALL=C sort |
        while read -r pod containers; do
            for container in $containers; do
                printf '%s\t%s\t%s\n' "$pod" "$container" \
                    "$(truth "entity=container&ns=$1&name=$pod&container=$container" | usage_of_truth)"
            done
        done
}

# What kubectl prints, with single tabs and without units.
plain() {
    sed 1d | sed -E 's/ +$//; s/ +/\t/g; s/(\t[0-9]+)(m|Mi|%)($|\t)/\1\3/g; s/(\t[0-9]+)(m|Mi|%)($|\t)/\1\3/g'
}

# Rates are kept as floats: a value that stands on a whole millicore may be one
# off, and sums of containers are of exact values.
same() { # WANTED GOT SLACK
    paste "$1" "$2" | awk -F'\t' -v slack="$3" '
        {n = NF / 2}
        n != int(n) {print; exit}
        {
            for (i = 1; i <= n; i++) {
                a = $i; b = $(i + n)
                if (a ~ /^[0-9]+$/ && b ~ /^[0-9]+$/ ? (a - b > slack || b - a > slack) : a != b) {
                    print; exit
                }
            }
        }'
}

agrees() { # WANTED GOT SLACK
    local what
    [ -s "$1" ] || { fail "nothing is wanted"; return; }
    [ "$(wc -l <"$1")" = "$(wc -l <"$2")" ] ||
        { fail "$(wc -l <"$2") lines, wanted $(wc -l <"$1"): $(head -3 "$2")"; return; }
    what=$(same "$1" "$2" "$3")
    [ -z "$what" ] || fail "wanted, got: $what"
}

top_nodes() {
    plain <"$WORK/top.nodes" | cut -f1,2,4 | LC_ALL=C sort >"$WORK/got"
    truth_nodes >"$WORK/wanted"
    agrees "$WORK/wanted" "$WORK/got" 1
    plain <"$WORK/top.node" | cut -f1,2,4 >"$WORK/got"
    grep "^$NODE	" "$WORK/wanted" >"$WORK/wanted.one"
    agrees "$WORK/wanted.one" "$WORK/got" 1
}

# Of what is allocatable, which is not of the metrics API.
shares() {
    api_get /api/v1/nodes | jq -r '.items[] | [.metadata.name, .status.allocatable.cpu] | @tsv' |
        LC_ALL=C sort >"$WORK/sizes"
    plain <"$WORK/top.nodes" | cut -f1,2,3 | LC_ALL=C sort >"$WORK/got"
    paste "$WORK/got" "$WORK/sizes" | awk -F'\t' -v OFS='\t' '
        {all = $5 ~ /m$/ ? $5 + 0 : $5 * 1000; print $1, $2, int($2 / all * 100)}' >"$WORK/wanted"
    agrees "$WORK/wanted" "$WORK/got" 1
}

top_pods() {
    truth_containers "$SPACE" >"$WORK/containers"
    plain <"$WORK/top.containers" | LC_ALL=C sort >"$WORK/got"
    LC_ALL=C sort "$WORK/containers" >"$WORK/wanted"
    agrees "$WORK/wanted" "$WORK/got" 1
    awk -F'\t' -v OFS='\t' '{cpu[$1] += $3; memory[$1] += $4; n[$1]++}
        END {for (pod in cpu) print pod, cpu[pod], memory[pod]}' "$WORK/containers" |
        LC_ALL=C sort >"$WORK/wanted"
    plain <"$WORK/top.pods" | LC_ALL=C sort >"$WORK/got"
    agrees "$WORK/wanted" "$WORK/got" 5
    plain <"$WORK/top.pod" >"$WORK/got"
    grep "^$POD	" "$WORK/wanted" >"$WORK/wanted.one"
    agrees "$WORK/wanted.one" "$WORK/got" 5
}

top_all_pods() {
    kube top pods -A | plain | cut -f1,2 | LC_ALL=C sort >"$WORK/got"
    api_get /api/v1/pods | jq -r '.items[] | select(.status.phase == "Running") |
        [.metadata.namespace, .metadata.name] | @tsv' | LC_ALL=C sort >"$WORK/wanted"
    agrees "$WORK/wanted" "$WORK/got" 0
}

sorted_by() {
    local column
    for column in cpu memory; do
        kube top pods -A --sort-by="$column" | plain |
            cut -f"$([ "$column" = cpu ] && echo 3 || echo 4)" >"$WORK/got"
        sort -rn "$WORK/got" | cmp -s - "$WORK/got" || { fail "not sorted by $column"; return; }
        [ "$(sort -u "$WORK/got" | wc -l)" -gt 3 ] || { fail "all are the same"; return; }
    done
}

# What the simulator's own API server leaves of the same selector.
selected() {
    local label selector
    label=$(api_get /api/v1/pods | jq -r '[.items[] | select(.status.phase == "Running")][0].metadata.labels |
        to_entries[0] | .key + "=" + .value')
    for selector in "$label" "${label%%=*}" "${label%%=*}!=${label#*=}" "!${label%%=*}" \
        "${label%%=*} in (${label#*=},x)" "${label%%=*} notin (${label#*=}),${label%%=*}"; do
        api_get /api/v1/pods | jq -r --arg key "${label%%=*}" --arg value "${label#*=}" \
            --arg of "$selector" '.items[] | select(.status.phase == "Running") |
            .metadata as $pod | ($pod.labels[$key]) as $has |
            select(if $of == $key then $has != null
                   elif $of == "!" + $key then $has == null
                   elif ($of | endswith("," + $key)) then $has != null and $has != $value
                   elif ($of | contains("!=")) then $has != $value
                   else $has == $value end) |
            [$pod.namespace, $pod.name] | @tsv' | LC_ALL=C sort >"$WORK/wanted"
        kube top pods -A -l "$selector" | grep -v '^No resources\|^error' | plain | cut -f1,2 |
            LC_ALL=C sort >"$WORK/got"
        cmp -s "$WORK/wanted" "$WORK/got" ||
            { fail "-l '$selector': $(wc -l <"$WORK/got") pods, wanted $(wc -l <"$WORK/wanted")"; return; }
    done
}

by_field() {
    local fields="metadata.name%3D$POD,metadata.namespace%3D$SPACE"
    [ "$(get "/apis/metrics.k8s.io/v1/pods?fieldSelector=$fields" |
        jq -r '.items[].metadata.name')" = "$POD" ] || fail "not only $POD"
}

# kubectl get shows the table that it asked for.
as_table() {
    kube get --raw /apis/metrics.k8s.io/v1beta1/nodes | jq -e '.kind == "NodeMetricsList"' >/dev/null ||
        fail "no list"
    kube get nodes.metrics.k8s.io >"$WORK/got"
    [ "$(sed 1d "$WORK/got" | wc -l)" = $NODES ] || { fail "$(cat "$WORK/got")"; return; }
    head -1 "$WORK/got" | grep -qi 'name *cpu *memory *window' || fail "$(head -2 "$WORK/got")"
}

unknown() {
    kube top node none | grep -q 'Error from server (NotFound): there is no node none' ||
        { fail "$(kube top node none)"; return; }
    kube top pod none -n "$SPACE" | grep -q 'Error from server (NotFound): there is no pod none' ||
        fail "$(kube top pod none -n "$SPACE")"
}

old_prefixes() {
    local prefix name
    name=$(api_get /api/v1/nodes | jq -r '.items[0].metadata.name')
    for prefix in /apis/metrics/v1alpha1 /apis/metrics.k8s.io/v1alpha1; do
        get "$prefix/nodes/$name" | jq -e '.usage.cpu | test("^[0-9]+m$")' >/dev/null ||
            { fail "$prefix: $(get "$prefix/nodes/$name")"; return; }
        [ "$(get "$prefix/nodes/" | jq '.items | length')" = $NODES ] || { fail "$prefix/nodes"; return; }
        [ "$(get "$prefix/namespaces/$SPACE/pods/" | jq '.items | length')" = \
            "$(api "/namespaces/$SPACE/pods" | jq '.items | length')" ] || fail "$prefix/pods"
    done
}

same_without_api_server() {
    command_ok '/api?do=down&cut=1' || { fail "cannot be taken down"; return; }
    kube top nodes | plain | cut -f1,2,4 >"$WORK/got"
    [ "$(wc -l <"$WORK/got")" = $NODES ] || { fail "$(cat "$WORK/got")"; return; }
    await 30 new_values "$WORK/got" || { fail "what is shown stands still"; return; }
    [ "$(kube top pods -A --containers | plain | wc -l)" -gt 100 ] || { fail "no pods"; return; }
    kube top pods -A --sort-by=memory | plain | cut -f4 >"$WORK/got"
    sort -rn "$WORK/got" | cmp -s - "$WORK/got" || fail "not sorted"
}

# Collection goes on without the API server.
new_values() { # FILE
    ! kube top nodes | plain | cut -f1,2,4 | cmp -s - "$1"
}

# What was served before may still be shown while a node fails.
all_answer() {
    [ "$(failing_count)" = 0 ]
}

# Rates need two samples.
all_shown() {
    [ "$(api /pods | jq '.items | length')" = \
        "$(api_get /api/v1/pods | jq '[.items[] | select(.status.phase == "Running")] | length')" ]
}

release() {
    command_ok '/fault?target=all&kind=none'
}

refused() {
    local flags=("${KUBE_FLAGS[@]}")
    KUBE_FLAGS=(--certificate-authority="$CERTIFICATE" --token=wrong-token-of-many-words)
    kube top nodes | grep -qi 'unauthorized\|must be logged in' || fail "a wrong token: $(kube top nodes)"
    KUBE_FLAGS=(--certificate-authority="$CERTIFICATE")
    kube top nodes </dev/null | grep -qi 'unauthorized\|must be logged in\|username' || fail "no token: $(kube top nodes </dev/null)"
    KUBE_FLAGS=(--token="$TOKEN")
    kube top nodes | grep -qi 'certificate' || fail "a certificate of nobody: $(kube top nodes)"
    KUBE_FLAGS=("${flags[@]}")
}

# The same over TLS, with a token.
secure_start() {
    tree_stop
    command_ok '/api?do=up' || return 1
    tree_start --nodes=$NODES --metric-resolution=5s "--source=$(source_of tls kubeletTLS=verify)" --tls
    URL=https://127.0.0.1:$PORT
    await 60 test -s "$TREE/state/serve/token" || return 1
    CERTIFICATE=$TREE/state/serve/tls.crt
    TOKEN=$(cat "$TREE/state/serve/token")
    GET_FLAGS=(--cacert "$CERTIFICATE" -H "Authorization: Bearer $TOKEN")
    KUBE_FLAGS=(--certificate-authority="$CERTIFICATE" --token="$TOKEN")
    await_scraped $((NODES * 3)) 60 && await 60 all_shown
}

sim_start --nodes=$NODES --cadence=request --heartbeat=0
NODE=$(api_get /api/v1/nodes | jq -r '.items[3].metadata.name')
SPACE=$(api_get /api/v1/pods | jq -r '[.items[].metadata.namespace | select(test("^team"))][0]')
POD=$(api_get "/api/v1/namespaces/$SPACE/pods" |
    jq -r '[.items[] | select(.status.phase == "Running")][1].metadata.name')
tree_start --nodes=$NODES --metric-resolution=5s "--source=$(source_of tls kubeletTLS=verify)"
if ! await_scraped $((NODES * 3)) 60 || ! hold_and_ask; then
    echo "FAIL $TEST not scraped"
    exit 1
fi
case_run 'top nodes' top_nodes
case_run 'shares of nodes' shares
case_run 'top pods, their containers' top_pods
release
if ! await 60 all_answer || ! await_cycles 2 60 || ! await 60 all_shown; then
    echo "FAIL $TEST not all pods are shown again"
    exit 1
fi
case_run 'top pods of all namespaces' top_all_pods
case_run 'sorted' sorted_by
case_run 'selected by labels' selected
case_run 'selected by fields' by_field
case_run 'tables' as_table
case_run 'unknown names' unknown
case_run "Heapster's prefixes" old_prefixes
case_run 'without the API server' same_without_api_server
if ! secure_start; then
    echo "FAIL $TEST not scraped, over TLS"
    exit 1
fi
case_run 'over TLS: top pods of all namespaces' top_all_pods
case_run 'over TLS: sorted' sorted_by
case_run 'over TLS: selected by labels' selected
case_run 'over TLS: tables' as_table
case_run 'over TLS: unknown names' unknown
case_run 'over TLS: refused' refused
case_run 'over TLS: without the API server' same_without_api_server
[ "$(deaths)" = 0 ] || case_run 'no role died' fail "$(appliance '.roles')"
finish
