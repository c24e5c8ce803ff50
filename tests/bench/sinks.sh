#!/bin/bash
# Benches of export and record against the simulated cluster, called by run.sh:
#   sinks.sh BUILD sinks    points per second of export's CPU, its memory, and what
#                           vmagent takes to scrape the same nodes and send them on
#   sinks.sh BUILD history  bytes per sample, CPU of record per node and cycle
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
ROUNDS=${ROUNDS:-6}

cpu_ns() { # PID
    awk '{s += $1} END {printf "%.0f", s}' /proc/"$1"/task/*/schedstat
}

bench_tree() { # SINK flags...
    rm -rf "$WORK/tree"
    local sink=$1
    shift
    tree_start --nodes=$NODES --metric-resolution=${RESOLUTION}s --history=256M \
        "--source=$(source_of plain kubeletTLS=insecure)" ${sink:+"--sink=$sink"} "$@"
    await_scraped $((NODES * 2)) 120 || echo "bench: $BENCH: not scraped" >&2
}

# What export needs for ROUNDS cycles of one sink.
measure_sink() { # NAME SINK
    local pid points ns
    bench_tree "$2"
    await 60 is_settled
    pid=$(role_pid export)
    points=$(export_status .points)
    ns=$(cpu_ns "$pid")
    await_cycles $ROUNDS $((RESOLUTION * ROUNDS * 3))
    points=$(($(export_status .points) - points))
    ns=$(($(cpu_ns "$pid") - ns))
    awk -v name="sink_$1" -v points="$points" -v ns="$ns" 'BEGIN {
        if (points > 0) {
            printf "%s_rate %.0f samples/s/core\n", name, points / (ns / 1e9)
            printf "%s_cpu %.3f us/sample\n", name, ns / points / 1e3
        } else {
            print name "_rate none"
        }
    }'
    echo "sink_$1_rss $(memory_kib "$pid" Rss) KiB"
    tree_stop
}

targets() {
    curl -s -k -H "Authorization: Bearer $(cat "$SIM_DIR/token")" "$SIM_API/api/v1/nodes" |
        jq -r '.items[].status.addresses[] | select(.type == "InternalIP") | .address' |
        sed "s/\$/:$SIM_PLAIN/"
}

vmagent_metric() { # NAME
    curl -s "http://127.0.0.1:$1/metrics" | awk -v name="$2" 'index($1, name) == 1 {s += $2} END {printf "%.0f", s}'
}

# vmagent scrapes and sends in one process: its figures hold both. It reads
# /metrics/resource, since it has no reader for summaries.
measure_vmagent() {
    local port pid ns rows
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
    # Two rounds to settle, counted in rows that were sent.
    await 60 vmagent_sent "$port" $((NODES * 100))
    rows=$(vmagent_metric "$port" vmagent_remotewrite_rows_pushed_after_relabel_total)
    [ "${rows:-0}" -gt 0 ] || rows=$(vmagent_metric "$port" vm_promscrape_scraped_samples_sum)
    ns=$(cpu_ns "$pid")
    local begin
    begin=$(sim_stat requests_resource)
    await 120 resource_asked $((begin + NODES * ROUNDS))
    local after
    after=$(vmagent_metric "$port" vmagent_remotewrite_rows_pushed_after_relabel_total)
    [ "${after:-0}" -gt 0 ] || after=$(vmagent_metric "$port" vm_promscrape_scraped_samples_sum)
    ns=$(($(cpu_ns "$pid") - ns))
    awk -v points=$((after - rows)) -v ns="$ns" 'BEGIN {
        if (points > 0) {
            printf "sink_vmagent_rate %.0f samples/s/core, scraping included\n", points / (ns / 1e9)
        } else {
            print "sink_vmagent_rate none"
        }
    }'
    echo "sink_vmagent_rss $(memory_kib "$pid" Rss) KiB"
    server_stop vmagent
}

vmagent_sent() { # PORT ROWS
    [ "$(vmagent_metric "$1" vm_promscrape_scraped_samples_sum)" -ge "$2" ]
}

resource_asked() {
    [ "$(sim_stat requests_resource)" -ge "$1" ]
}

bench_sinks() {
    influx_start && measure_sink influxdb "$(influx_sink)" && server_stop influx
    victoria_start && measure_sink prometheus "$(victoria_sink)" && measure_vmagent && server_stop victoria
    graphite_start && measure_sink graphite "$(graphite_sink)" && server_stop graphite
    kafka_start && measure_sink kafka "$(kafka_sink)" && server_stop kafka
}

bench_history() {
    local pid ns cycles samples bytes
    bench_tree ''
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
history) bench_history ;;
*) echo "bench: there is no bench named $BENCH" >&2; exit 1 ;;
esac
