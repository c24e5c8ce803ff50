#!/bin/bash
# Benches of export and record against the simulated cluster, called by run.sh:
#   sinks.sh BUILD sinks       of each kind of sink: samples per second of export's CPU,
#                              its memory; and what vmagent takes to scrape the same
#                              nodes and send them on, and all of Skerry for the same
#   sinks.sh BUILD sinks-KIND  of one of them; `sinks-vmagent`: the comparison alone
#   sinks.sh BUILD history     bytes per sample, CPU of record per node and cycle
#
# Sinks send to the real server where Debian has it (influxd, victoria-metrics,
# prometheus, and the mock cluster of kcat for Kafka), and otherwise to
# null_server.py, which takes everything. So does graphite's: carbon-cache takes
# values more slowly than they come.
set -u
BENCH_BUILD=$(readlink -f "$1")
BENCH=$2
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
RELEASE=$BENCH_BUILD
QUICK=$BENCH_BUILD
. tests/sinks/lib.sh
. tests/sinks/servers.sh

NODES=100
PODS_PER_NODE=30
RESOLUTION=5
ROUNDS=${ROUNDS:-4}

cpu_ns() { # PID
    awk '{s += $1} END {printf "%.0f", s}' /proc/"$1"/task/*/schedstat
}

# CPU of all roles; s6 and the guard's shadow are below a hundredth of it.
roles_cpu_ns() {
    local role total=0
    for role in collect serve record export guard; do
        total=$((total + $(cpu_ns "$(role_pid "$role")")))
    done
    echo "$total"
}

roles_memory_kib() { # FIELD
    local role total=0
    for role in collect serve record export guard; do
        total=$((total + $(memory_kib "$(role_pid "$role")" "$1")))
    done
    echo "$total"
}

bench_tree() { # SINK OPTIONS-OF-THE-SOURCE flags...
    rm -rf "$WORK/tree"
    local sink=$1 options=$2
    shift 2
    tree_start --nodes=$NODES --metric-resolution=${RESOLUTION}s --history=256M \
        "--source=$(source_of plain "kubeletTLS=insecure$options")" ${sink:+"--sink=$sink"} "$@"
    await_scraped $((NODES * 2)) 120 || echo "bench: $BENCH: not scraped" >&2
}

report_rate() { # NAME POINTS NS
    awk -v name="sink_$1" -v points="$2" -v ns="$3" 'BEGIN {
        if (points > 0) {
            printf "%s_rate %.0f samples/s/core\n", name, points / (ns / 1e9)
            printf "%s_cpu %.3f us/sample\n", name, ns / points / 1e3
        } else {
            print name "_rate none"
        }
    }'
}

# What export needs for ROUNDS cycles of one sink.
measure_sink() { # NAME SINK
    local pid points ns
    bench_tree "$2" ''
    await 60 is_settled || echo "bench: $1: not settled: $(export_status)" >&2
    pid=$(role_pid export)
    points=$(export_status .points)
    ns=$(cpu_ns "$pid")
    await_cycles "$ROUNDS" $((RESOLUTION * ROUNDS * 3))
    points=$(($(export_status .points) - points))
    ns=$(($(cpu_ns "$pid") - ns))
    report_rate "$1" "$points" "$ns"
    echo "sink_$1_rss $(memory_kib "$pid" Rss) KiB"
    tree_stop
}

measure_null() { # HOW NAME SINK-BEFORE-THE-PORT [SINK-BEHIND-IT]
    : >"$WORK/null.out"
    server_start null /usr/bin/python3 "$ROOT/tests/bench/null_server.py" "$1"
    await 10 grep -q '^port ' "$WORK/null.out"
    measure_sink "$2" "$3$(sed -n 's/^port //p' "$WORK/null.out")${4:-}"
    server_kill null
}

# All of Skerry on /metrics/resource, scraping, history and all: what stands beside
# vmagent, which scrapes and sends in one process.
measure_tree() { # SINK
    local points ns
    bench_tree "$1" '&endpoint=resource'
    await 60 is_settled
    points=$(export_status .points)
    ns=$(roles_cpu_ns)
    await_cycles "$ROUNDS" $((RESOLUTION * ROUNDS * 3))
    points=$(($(export_status .points) - points))
    ns=$(($(roles_cpu_ns) - ns))
    report_rate skerry_resource_all_roles "$points" "$ns"
    awk -v ns="$ns" -v n=$((NODES * ROUNDS)) \
        'BEGIN {printf "sink_skerry_resource_all_roles_node_cpu %.3f ms/node/cycle\n", ns / n / 1e6}'
    echo "sink_skerry_resource_all_roles_pss $(roles_memory_kib Pss) KiB"
    tree_stop
}

targets() {
    curl -s -k -H "Authorization: Bearer $(cat "$SIM_DIR/token")" "$SIM_API/api/v1/nodes" |
        jq -r '.items[].status.addresses[] | select(.type == "InternalIP") | .address' |
        sed "s/\$/:$SIM_PLAIN/"
}

vmagent_metric() { # NAME
    curl -s "http://127.0.0.1:$1/metrics" | awk -v name="$2" 'index($1, name) == 1 {s += $NF} END {printf "%.0f", s}'
}

vmagent_rows() { # PORT
    vmagent_metric "$1" vmagent_remotewrite_rows_pushed_after_relabel_total
}

vmagent_sent() { # PORT ROWS
    [ "$(vmagent_rows "$1")" -ge "$2" ]
}

resource_asked() { # REQUESTS
    [ "$(sim_stat requests_resource)" -ge "$1" ]
}

# It reads /metrics/resource, since it has no reader for summaries.
measure_vmagent() {
    local port pid ns rows asked
    command -v vmagent >/dev/null || { echo 'sink_vmagent none (not packaged)'; return; }
    port=$(free_port)
    {
        printf 'global: {scrape_interval: %ss}\nscrape_configs:\n- job_name: kubelets\n' "$RESOLUTION"
        printf '  metrics_path: /metrics/resource\n  bearer_token_file: %s\n' "$SIM_DIR/token"
        printf '  static_configs:\n  - targets:\n'
        targets | sed 's/^/    - /'
    } >"$WORK/scrape.yml"
    server_start vmagent vmagent -promscrape.config="$WORK/scrape.yml" \
        -remoteWrite.url="http://127.0.0.1:$VICTORIA_PORT/api/v1/write" \
        -remoteWrite.tmpDataPath="$WORK/vmagent.tmp" -httpListenAddr="127.0.0.1:$port"
    pid=${SERVER[vmagent]}
    asked=$(sim_stat requests_resource)
    # Two rounds to settle.
    await 60 resource_asked $((asked + NODES * 2))
    await 60 vmagent_sent "$port" 1 || echo 'bench: vmagent sends nothing' >&2
    asked=$(sim_stat requests_resource)
    rows=$(vmagent_rows "$port")
    ns=$(cpu_ns "$pid")
    await 120 resource_asked $((asked + NODES * ROUNDS))
    rows=$(($(vmagent_rows "$port") - rows))
    ns=$(($(cpu_ns "$pid") - ns))
    asked=$(($(sim_stat requests_resource) - asked))
    report_rate vmagent_resource "$rows" "$ns"
    awk -v ns="$ns" -v n="$asked" \
        'BEGIN {printf "sink_vmagent_resource_node_cpu %.3f ms/node/cycle\n", ns / n / 1e6}'
    echo "sink_vmagent_resource_rss $(memory_kib "$pid" Rss) KiB"
    server_kill vmagent
}

measure_comparison() {
    measure_tree "$(victoria_sink)"
    measure_vmagent
}

# A real server, if it is there.
with_server() { # TOOL SERVER COMMAND...
    local tool=$1 server=$2
    shift 2
    command -v "$tool" >/dev/null || { echo "sink_$server none ($tool is not packaged)"; return; }
    "${server}_start" || { echo "bench: $server does not start" >&2; return; }
    "$@"
    server_kill "$server"
}

measure_server() { # TOOL SERVER NAME
    with_server "$1" "$2" measure_sink_of "$2" "$3"
}

measure_sink_of() { # SERVER NAME
    measure_sink "$2" "$("$1_sink")"
}

bench_sink() { # KIND
    local here=127.0.0.1
    case $1 in
    influxdb) measure_server influxd influx influxdb ;;
    prometheus) measure_server victoria-metrics victoria prometheus ;;
    prometheus-server) measure_server prometheus prometheus prometheus_server ;;
    vmagent) with_server victoria-metrics victoria measure_comparison ;;
    graphite) measure_null stream graphite "graphite:tcp://$here:" ;;
    kafka) measure_server kcat kafka kafka ;;
    otlp) measure_null http otlp "otlp:http://$here:" ;;
    opentsdb) measure_null http opentsdb "opentsdb:http://$here:" ;;
    elasticsearch) measure_null http elasticsearch "elasticsearch:http://$here:" ;;
    statsd) measure_null datagram statsd "statsd:udp://$here:" ;;
    riemann) measure_null riemann riemann "riemann:$here:" ;;
    wavefront) measure_null stream wavefront "wavefront:$here:" ;;
    log) measure_sink log log: ;;
    *) echo "bench: there is no sink named $1" >&2; return 1 ;;
    esac
}

bench_sinks() {
    local kind
    for kind in influxdb prometheus prometheus-server vmagent graphite kafka otlp opentsdb \
        elasticsearch statsd riemann wavefront log; do
        bench_sink "$kind"
    done
}

bench_history() {
    local pid ns cycles samples bytes
    bench_tree '' ''
    pid=$(role_pid record)
    cycles=$(appliance .history.cycles)
    ns=$(cpu_ns "$pid")
    samples=$(appliance .history.samples)
    bytes=$(appliance '.history.sampleBytes // .history.bytes')
    # A window of blocks is packed after 16 cycles.
    await_cycles 34 $((RESOLUTION * 34 * 2))
    cycles=$(($(appliance .history.cycles) - cycles))
    ns=$(($(cpu_ns "$pid") - ns))
    samples=$(($(appliance .history.samples) - samples))
    bytes=$(($(appliance '.history.sampleBytes // .history.bytes') - bytes))
    awk -v ns="$ns" -v cycles="$cycles" -v nodes=$NODES -v samples="$samples" -v bytes="$bytes" 'BEGIN {
        printf "history_record_cpu %.3f ms/node/cycle\n", ns / cycles / nodes / 1e6
        printf "history_bytes %.2f bytes/sample\n", bytes / samples
        printf "history_samples %.0f samples/node/cycle\n", samples / cycles / nodes
    }'
    echo "history_record_rss $(memory_kib "$pid" Rss) KiB"
    tree_stop
}

sim_start --nodes=$NODES --pods-per-node=$PODS_PER_NODE --containers-per-pod=2
case $BENCH in
sinks) bench_sinks ;;
sinks-*) bench_sink "${BENCH#sinks-}" ;;
history) bench_history ;;
*) echo "bench: there is no bench named $BENCH" >&2; exit 1 ;;
esac
