#!/bin/bash
# Benches against the simulated cluster: CPU of all processes per node and
# scrape, memory, discovery, requests per second, and what vmagent and
# Prometheus take for the same nodes.
# usage: tests/bench/cluster.sh BUILD cluster-NODES|peers-NODES|memory|discovery|api
#
# CPU time is read from /proc/PID/schedstat (ns on a CPU) over all processes of
# the tree, s6 included, between two readings of the number of scrapes. Memory
# is the sum of PSS (smaps_rollup).
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
build=$1
name=$2
work=$(mktemp -d)
sim=
tree=
null=

end() {
    [ -z "$null" ] || { kill -TERM "$null" 2>/dev/null && wait "$null" 2>/dev/null; }
    [ -z "$tree" ] || { kill -TERM "$tree" 2>/dev/null && wait "$tree" 2>/dev/null; }
    [ -z "$sim" ] || { kill -TERM "$sim" 2>/dev/null && wait "$sim" 2>/dev/null; }
    rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT TERM

fail() {
    echo "bench: $*" >&2
    exit 1
}

# Waits until the command succeeds, at most so many seconds.
await() {
    local limit=$1 i
    shift
    for ((i = 0; i < limit * 5; i++)); do
        "$@" && return 0
        sleep 0.2
    done
    return 1
}

start_sim() {
    : >"$work/sim.out"
    "$build/skerry-sim" --dir="$work/sim" --port=0 "$@" >"$work/sim.out" 2>"$work/sim.err" &
    sim=$!
    await 60 grep -q '^ready ' "$work/sim.out" || fail "the simulated cluster does not start: $(cat "$work/sim.err")"
    api=$(sed -n 's/.*api=\([^ ]*\).*/\1/p' "$work/sim.out")
    admin=$(sed -n 's/.*admin=\([^ ]*\).*/\1/p' "$work/sim.out")
    kubelet_port=$(sed -n 's/.* kubelet=\([0-9]*\).*/\1/p' "$work/sim.out")
    plain_port=$(sed -n 's/.* kubelet-plain=\([0-9]*\).*/\1/p' "$work/sim.out")
    kubeconfig=$(sed -n 's/.*kubeconfig=\([^ ]*\).*/\1/p' "$work/sim.out")
}

start_tree() {
    SKERRY_PROGRAM=$PWD/out/skerry supervise/run.sh "$work/run" --heapster-port="$port" "$@" \
        >"$work/tree.out" 2>&1 &
    tree=$!
}

# All processes below the given ones, themselves included.
family() {
    local todo=$* pid children
    while [ -n "$todo" ]; do
        pid=${todo%% *}
        todo=${todo#"$pid"}
        todo=${todo# }
        [ -d "/proc/$pid" ] || continue
        echo "$pid"
        children=$(cat /proc/"$pid"/task/*/children 2>/dev/null | xargs)
        [ -z "$children" ] || todo="$children${todo:+ $todo}"
    done
}

# The shell that waits for the tree is ours, not part of it.
tree_pids() {
    family "$tree" | while read -r pid; do
        case $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) in
        *run.sh* | '') ;;
        *) echo "$pid" ;;
        esac
    done
}

cpu_ns() {
    local pid total=0 ns
    for pid in "$@"; do
        ns=$(cat /proc/"$pid"/task/*/schedstat 2>/dev/null | awk '{s += $1} END {printf "%.0f", s}')
        total=$((total + ${ns:-0}))
    done
    echo "$total"
}

pss_kib() {
    local pid
    for pid in "$@"; do
        cat /proc/"$pid"/smaps_rollup 2>/dev/null
    done | awk '/^Pss:/ {s += $2} END {print s + 0}'
}

metric() {
    curl -s --max-time 5 "http://127.0.0.1:$port/metrics" | awk -v name="$1" '$1 == name {print $2}'
}

# Answers of the simulated kubelets; asked of the simulator, so that counting
# costs the tree nothing.
answers() {
    curl -s --max-time 5 "$admin/stats" | jq '.requests_summary + .requests_resource'
}

answered() {
    [ "$(answers)" -ge "$1" ] 2>/dev/null
}

mib() {
    awk -v kib="$1" 'BEGIN {printf "%.1f", kib / 1024}'
}

# Of the page and API; another for each bench that runs at the same time.
port=$((21000 + $$ % 1000))

# One combination: nodes, endpoint, tls or plain.
measure_tree() {
    local nodes=$1 endpoint=$2 mode=$3 label="n$1_$2_$3"
    local options="auth=$kubeconfig&inClusterConfig=false&endpoint=$endpoint&kubeletTLS=insecure"
    if [ "$mode" = tls ]; then
        options="$options&kubeletHttps=true&kubeletPort=$kubelet_port"
    else
        options="$options&kubeletHttps=false&kubeletPort=$plain_port"
    fi
    # The history has figures of its own (bench history).
    local flags=(--nodes="$nodes" --metric-resolution=15s --history="${HISTORY:-0}" "--source=kubernetes.summary_api:$api?$options")
    local begin pids from_ns to_ns from to
    begin=$(answers)
    start_tree "${flags[@]}"
    await 120 answered $((begin + nodes * 2)) || fail "$label: no second round: $(tail -3 "$work/tree.out")"
    mapfile -t pids < <(tree_pids)
    from=$(answers)
    from_ns=$(cpu_ns "${pids[@]}")
    await 120 answered $((from + nodes * rounds)) || fail "$label: scraping stopped"
    to=$(answers)
    to_ns=$(cpu_ns "${pids[@]}")
    awk -v n="$label" -v ns=$((to_ns - from_ns)) -v s=$((to - from)) \
        'BEGIN {printf "%s_cpu %.3f ms/node/scrape\n", n, ns / s / 1e6}'
    echo "${label}_pss $(mib "$(pss_kib "${pids[@]}")") MiB"
    echo "${label}_plan $("$PWD/out/skerry" plan --json "${flags[@]}" | jq .bytes | awk '{printf "%.1f", $1 / 1048576}') MiB"
    echo "${label}_failures $(metric skerry_scrape_failures_total) scrapes"
    kill -TERM "$tree"
    wait "$tree" 2>/dev/null
    tree=
}

bench_cluster() {
    local nodes=$1 endpoint mode
    # The thousand are what the goals are about.
    rounds=2
    [ "$nodes" -ne 1000 ] || rounds=3
    start_sim --nodes="$nodes" --pods-per-node=30 --containers-per-pod=2
    for endpoint in ${ENDPOINTS:-summary resource}; do
        for mode in ${MODES:-plain tls}; do
            measure_tree "$nodes" "$endpoint" "$mode"
        done
    done
}

# Memory of everything at 100 nodes, TLS connections kept: alone, with the history, and
# with the history and a sink that takes all.
measure_memory() { # LABEL flags...
    local label=n100_$1 pids cycles
    shift
    local flags=(--nodes=100 --metric-resolution=5s
        "--source=kubernetes.summary_api:$api?auth=$kubeconfig&inClusterConfig=false&kubeletTLS=insecure&kubeletHttps=true&kubeletPort=$kubelet_port"
        "$@")
    start_tree "${flags[@]}"
    cycles=20 # more than a window of the history, so that all its work was done once
    await 300 cycled "$cycles" || fail "$label: no $cycles cycles: $(tail -3 "$work/tree.out")"
    mapfile -t pids < <(tree_pids)
    echo "${label}_pss $(mib "$(pss_kib "${pids[@]}")") MiB"
    echo "${label}_plan $("$PWD/out/skerry" plan --json "${flags[@]}" | jq .bytes | awk '{printf "%.1f", $1 / 1048576}') MiB"
    local pid
    for pid in "${pids[@]}"; do
        awk -v label="$label" -v name="$(tr '\0' ' ' <"/proc/$pid/cmdline" | awk '{sub(/.*\//, "", $1); print $1 "_" $2}')" \
            '/^Pss:/ {print label "_pss_of_" name, $2, "KiB"}' "/proc/$pid/smaps_rollup"
    done
    kill -TERM "$tree"
    wait "$tree" 2>/dev/null
    tree=
}

cycled() {
    [ "$(metric skerry_cycles_total)" -ge "$1" ] 2>/dev/null
}

bench_memory() {
    start_sim --nodes=100 --pods-per-node=30 --containers-per-pod=2
    /usr/bin/python3 tests/bench/null_server.py http >"$work/null.out" &
    null=$!
    await 10 grep -q '^port ' "$work/null.out" || fail "the null server does not start"
    measure_memory alone --history=0
    measure_memory record --history=64M
    measure_memory record_export --history=64M \
        "--sink=prometheus:http://127.0.0.1:$(sed -n 's/^port //p' "$work/null.out")"
}

# vmagent and Prometheus scraping /metrics/resource of the same nodes over TLS.
targets() {
    curl -s -k -H "Authorization: Bearer $(cat "$work/sim/token")" "$api/api/v1/nodes" |
        jq -r '.items[].status.addresses[] | select(.type == "InternalIP") | .address' |
        sed "s/\$/:$kubelet_port/"
}

scrape_config() {
    echo 'global: {scrape_interval: 15s}'
    echo 'scrape_configs:'
    echo '- job_name: kubelets'
    echo '  scheme: https'
    echo '  metrics_path: /metrics/resource'
    echo '  tls_config: {insecure_skip_verify: true}'
    echo "  bearer_token_file: $work/sim/token"
    echo '  static_configs:'
    echo '  - targets:'
    targets | sed 's/^/    - /'
}

measure_peer() {
    local label=$1 nodes=$2
    shift 2
    "$@" >"$work/peer.out" 2>&1 &
    local peer=$! from_ns to_ns from to
    sleep 32 # two rounds to settle; peers give no event to wait for
    from=$(answers)
    from_ns=$(cpu_ns "$peer")
    sleep 45
    to=$(answers)
    to_ns=$(cpu_ns "$peer")
    awk -v n="n${nodes}_resource_tls_$label" -v ns=$((to_ns - from_ns)) -v s=$((to - from)) \
        'BEGIN {if (s > 0) printf "%s_cpu %.3f ms/node/scrape\n", n, ns / s / 1e6; else print n "_cpu none"}'
    echo "n${nodes}_resource_tls_${label}_pss $(mib "$(pss_kib "$peer")") MiB"
    kill -TERM "$peer"
    wait "$peer" 2>/dev/null
}

bench_peers() {
    local nodes=$1
    start_sim --nodes="$nodes" --pods-per-node=30 --containers-per-pod=2
    scrape_config >"$work/scrape.yml"
    if command -v vmagent >/dev/null; then
        measure_peer vmagent "$nodes" vmagent -promscrape.config="$work/scrape.yml" \
            -remoteWrite.url=http://127.0.0.1:9/ -remoteWrite.tmpDataPath="$work/vmagent" \
            -httpListenAddr=127.0.0.1:21429
    else
        echo "n${nodes}_resource_tls_vmagent none (not packaged)"
    fi
    if command -v prometheus >/dev/null; then
        measure_peer prometheus "$nodes" prometheus --config.file="$work/scrape.yml" \
            --storage.tsdb.path="$work/prometheus" --web.listen-address=127.0.0.1:21090
    else
        echo "n${nodes}_resource_tls_prometheus none (not packaged)"
    fi
}

# CPU and memory of collect from its start until 30,000 pods are listed.
# Nodes, namespaces and pods are each listed whole.
listed() {
    [ "$(metric skerry_lists_total)" -ge 3 ] 2>/dev/null
}

bench_discovery() {
    start_sim --nodes=1000 --pods-per-node=30 --containers-per-pod=2
    # A port where no kubelet answers keeps scraping out of the figure.
    start_tree --nodes=1000 --metric-resolution=1h \
        "--source=kubernetes.summary_api:$api?auth=$kubeconfig&inClusterConfig=false&kubeletPort=9&kubeletHttps=false"
    await 120 listed || fail "discovery: 30,000 pods were not listed"
    local pids
    mapfile -t pids < <(tree_pids)
    awk -v ns="$(cpu_ns "${pids[@]}")" 'BEGIN {printf "discovery_30000_pods_cpu %.2f s\n", ns / 1e9}'
    echo "discovery_30000_pods_pss $(mib "$(pss_kib "${pids[@]}")") MiB"
}

bench_api() {
    command -v wrk >/dev/null || { echo "api none (wrk is missing)"; return; }
    start_sim --nodes=100 --pods-per-node=30 --containers-per-pod=2
    start_tree --nodes=100 \
        "--source=kubernetes.summary_api:$api?auth=$kubeconfig&inClusterConfig=false&kubeletPort=$kubelet_port&kubeletHttps=true&kubeletTLS=insecure"
    await 60 answered 100 || fail "api: no scrapes"
    local space pod
    space=$(curl -s "http://127.0.0.1:$port/api/v1/model/namespaces/" | jq -r '.[-1]')
    pod=$(curl -s "http://127.0.0.1:$port/api/v1/model/namespaces/$space/pods/" | jq -r '.[0]')
    for path in "namespaces/$space/pods/$pod/metrics/cpu/usage_rate" "namespaces/$space/pods/" "metrics/memory/usage"; do
        wrk -t1 -c8 -d5 "http://127.0.0.1:$port/api/v1/model/$path" |
            awk -v n="api_$(echo "${path##*/pods}" | tr -c 'a-z\n' '_')" '/Requests\/sec/ {print n, $2, "requests/s"}'
    done
}

case $name in
cluster-*) bench_cluster "${name#cluster-}" ;;
peers-*) bench_peers "${name#peers-}" ;;
memory) bench_memory ;;
discovery) bench_discovery ;;
api) bench_api ;;
*) fail "there is no bench named $name" ;;
esac
