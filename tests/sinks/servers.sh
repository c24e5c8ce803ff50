# shellcheck shell=bash
# Real servers on loopback, each with a directory of its own. Sourced after
# lib.sh. For each server NAME:
#
#   NAME_start        starts it, or starts it again on the same port and data
#   NAME_sink         what --sink says
#   NAME_points       lines of points.tsv (lib.sh): of each series the newest point that
#                     is not after HELD, or all points
#   NAME_counts       lines `SECONDS COUNT`: how many points it has of each cycle,
#                     those of file systems and disks apart: LABELLED=yes for these
#   NAME_series METRIC KEY   lines `SECONDS VALUE`, all that it has of one series

# Series are found by type and names: awk functions for all.
ENTITY_KEY='
    function key_of(type, node, space, pod, container) {
        if (type == "cluster") return "cluster"
        if (type == "ns") return "ns/" space
        if (type == "node") return "node/" node
        if (type == "sys_container") return "sys/" node "/" container
        if (type == "pod") return "pod/" space "/" pod
        return "con/" space "/" pod "/" container
    }'

ask() { # URL, name=value...
    local url=$1 arguments=()
    shift
    while [ $# -gt 0 ]; do
        arguments+=(--data-urlencode "$1")
        shift
    done
    curl -sS -G --max-time 60 "${arguments[@]}" "$url"
}

# InfluxDB 1.x

INFLUX_PORT=

influx_start() {
    local rpc scheme=http tls=false
    : "${INFLUX_PORT:=$(free_port)}"
    [ -z "${INFLUX_CERTIFICATE:-}" ] || { scheme=https; tls=true; }
    rpc=$(free_port)
    mkdir -p "$WORK/influx"
    cat >"$WORK/influx.conf" <<END
reporting-disabled = true
bind-address = "127.0.0.1:$rpc"
[meta]
  dir = "$WORK/influx/meta"
[data]
  dir = "$WORK/influx/data"
  wal-dir = "$WORK/influx/wal"
  max-series-per-database = 0
  max-values-per-tag = 0
[http]
  bind-address = "127.0.0.1:$INFLUX_PORT"
  log-enabled = false
  auth-enabled = ${INFLUX_AUTH:-false}
  https-enabled = $tls
  https-certificate = "${INFLUX_CERTIFICATE:-}.crt"
  https-private-key = "${INFLUX_CERTIFICATE:-}.key"
[monitor]
  store-enabled = false
END
    server_start influx influxd -config "$WORK/influx.conf"
    await 30 curl -sfk "$scheme://127.0.0.1:$INFLUX_PORT/ping"
}

influx_sink() {
    echo "influxdb:http://127.0.0.1:$INFLUX_PORT"
}

influx_query() { # QUERY
    curl -sS -G --max-time 60 -H 'Accept: application/csv' "http://127.0.0.1:$INFLUX_PORT/query" \
        --data-urlencode "db=${INFLUX_DB:-k8s}" --data-urlencode epoch=s --data-urlencode "q=$1"
}

# measurement,"tag=value,...",time,value: commas inside of values are escaped.
influx_points() {
    influx_query "SELECT last(\"value\") FROM /.*/ WHERE time <= ${HELD}s GROUP BY *" | awk -v OFS='\t' "$ENTITY_KEY"'
        function tag(name) {
            if (!match(tags, "," name "=[^,\\\\]*")) return ""
            return substr(tags, RSTART + length(name) + 2, RLENGTH - length(name) - 2)
        }
        NR > 1 && match($0, /,".*",/) {
            metric = substr($0, 1, RSTART - 1)
            tags = "," substr($0, RSTART + 2, RLENGTH - 4)
            split(substr($0, RSTART + RLENGTH), rest, ",")
            if (tag("resource_id") != "") metric = metric "[" tag("resource_id") "]"
            print key_of(tag("type"), tag("nodename"), tag("namespace_name"), tag("pod_name"),
                         tag("container_name")), metric, rest[2], rest[1]
        }'
}

influx_counts() {
    local which='/^[^fd]/'
    [ "${LABELLED:-no}" = no ] || which='/^(filesystem|disk)/'
    influx_query "SELECT count(\"value\") FROM $which WHERE time > now() - 1h
        GROUP BY time(${RESOLUTION}s) fill(none)" |
        awk -F, '$3 ~ /^[0-9]+$/ {count[$3] += $4} END {for (t in count) print t, count[t]}' | sort -n
}

influx_series() { # METRIC KEY
    local where
    case $2 in
    node/*) where="type='node' AND nodename='${2#node/}'" ;;
    pod/*) where="type='pod' AND pod_name='${2##*/}'" ;;
    esac
    influx_query "SELECT \"value\" FROM \"$1\" WHERE $where" |
        awk -F, 'NR > 1 {print $(NF - 1), $NF}' | sort -n
}

# Prometheus and VictoriaMetrics: the names of kubelet and cAdvisor, values in base
# units. What has a name of its own in prometheus_name.tbl.h and a truth is turned
# back here; the rest is counted only.

PROMETHEUS_POINTS='
    def metric: .__name__ as $n | {
        node_cpu_usage_seconds_total: "cpu/usage", pod_cpu_usage_seconds_total: "cpu/usage",
        container_cpu_usage_seconds_total: "cpu/usage",
        container_memory_usage_bytes: "memory/usage", container_memory_rss: "memory/rss",
        node_memory_working_set_bytes: "memory/working_set",
        pod_memory_working_set_bytes: "memory/working_set",
        container_memory_working_set_bytes: "memory/working_set",
        container_network_receive_bytes_total: "network/rx",
        container_network_transmit_bytes_total: "network/tx",
        container_network_receive_errors_total: "network/rx_errors",
        container_network_transmit_errors_total: "network/tx_errors",
        kube_pod_container_status_restarts_total: "restart_count"
    }[$n] // (if $n == "container_memory_failures_total" then
        {pgfault: "memory/page_faults", pgmajfault: "memory/major_page_faults"}[.failure_type // ""]
        elif $n == "kube_pod_container_resource_requests" then
            {cpu: "cpu/request", memory: "memory/request"}[.resource]
        elif $n == "kube_pod_container_resource_limits" then
            {cpu: "cpu/limit", memory: "memory/limit"}[.resource]
        else null end);
    def scale: if .__name__ | test("cpu_usage_seconds") then 1e9
        elif .resource == "cpu" then 1000 else 1 end;
    def key: if .id then "sys/\(.node)/\(.id | ltrimstr("/"))"
        elif .container then "con/\(.namespace)/\(.pod)/\(.container)"
        elif .pod then "pod/\(.namespace)/\(.pod)"
        elif .node then "node/\(.node)"
        elif .namespace then "ns/\(.namespace)" else "cluster" end;'

PROMETHEUS_LABELLED='container_fs_.*|kubelet_volume_.*|.*_(filesystem|disk)_.*'

prometheus_which() {
    if [ "${LABELLED:-no}" = no ]; then
        echo "{__name__!~\"$PROMETHEUS_LABELLED\"}"
    else
        echo "{__name__=~\"$PROMETHEUS_LABELLED\"}"
    fi
}

PROMETHEUS_PORT=

prometheus_start() {
    : "${PROMETHEUS_PORT:=$(free_port)}"
    mkdir -p "$WORK/prometheus"
    echo 'global: {scrape_interval: 1h}' >"$WORK/prometheus.yml"
    server_start prometheus prometheus --config.file="$WORK/prometheus.yml" \
        --storage.tsdb.path="$WORK/prometheus/data" --web.enable-remote-write-receiver \
        --web.listen-address="127.0.0.1:$PROMETHEUS_PORT" --query.max-samples=100000000
    await 30 curl -sf "http://127.0.0.1:$PROMETHEUS_PORT/-/ready"
}

prometheus_sink() {
    echo "prometheus:http://127.0.0.1:$PROMETHEUS_PORT"
}

prometheus_answer() { # QUERY
    ask "http://127.0.0.1:$PROMETHEUS_PORT/api/v1/query" "query=$1"
}

prometheus_points() {
    prometheus_answer "{__name__=~\".+\"}[10m] @ $HELD" | jq -r "$PROMETHEUS_POINTS"'
        .data.result[] | .metric as $m | .values[-1] as $v | ($m | metric) as $name |
        select($name) | [($m | key), $name, ($v[1] | tonumber * ($m | scale)), $v[0]] | @tsv'
}

prometheus_counts() {
    prometheus_answer "$(prometheus_which | sed 's/{/{__name__=~".+",/')[10m]" |
        jq -r '.data.result[].values[][0]' | sort -n | uniq -c | awk '{print $2, $1}'
}

prometheus_selector() { # METRIC KEY, of nodes and pods
    case $2 in
    node/*) echo "node_cpu_usage_seconds_total{node=\"${2#node/}\"}" ;;
    pod/*) echo "pod_cpu_usage_seconds_total{pod=\"${2##*/}\"}" ;;
    esac
}

prometheus_series() {
    prometheus_answer "$(prometheus_selector "$1" "$2")[10m]" |
        jq -r '.data.result[0].values[] | "\(.[0]) \(.[1] | tonumber * 1e9 | round)"'
}

VICTORIA_PORT=
OPENTSDB_PORT=

victoria_start() {
    : "${VICTORIA_PORT:=$(free_port)}" "${OPENTSDB_PORT:=$(free_port)}"
    server_start victoria victoria-metrics -storageDataPath="$WORK/victoria/data" \
        -httpListenAddr="127.0.0.1:$VICTORIA_PORT" -retentionPeriod=1 \
        -opentsdbHTTPListenAddr="127.0.0.1:$OPENTSDB_PORT" \
        -memory.allowedPercent=10 -search.latencyOffset=0s
    await 30 curl -sf "http://127.0.0.1:$VICTORIA_PORT/health"
}

victoria_sink() {
    echo "prometheus:http://127.0.0.1:$VICTORIA_PORT"
}

# What was written is searched from a second later on, or as soon as it is flushed.
victoria_export() { # SELECTOR
    curl -sS "http://127.0.0.1:$VICTORIA_PORT/internal/force_flush"
    ask "http://127.0.0.1:$VICTORIA_PORT/api/v1/export" "match[]=$1"
}

victoria_points() {
    victoria_export '{__name__!=""}' | jq -r "$PROMETHEUS_POINTS"'
        .metric as $m | ($m | metric) as $name | select($name) | range(.values | length) as $i |
        select(.timestamps[$i] <= '"$HELD"'000) |
        [($m | key), $name, .values[$i] * ($m | scale), (.timestamps[$i] / 1000)] | @tsv'
}

# It keeps a point that it was given twice, twice: that is no harm.
victoria_counts() {
    victoria_export "$(prometheus_which)" | jq -r '.timestamps | unique[] / 1000' | sort -n | uniq -c |
        awk '{print $2, $1}'
}

victoria_series() {
    victoria_export "$(prometheus_selector "$1" "$2")" | jq -r '
        . as $s | range($s.values | length) |
        "\($s.timestamps[.] / 1000) \($s.values[.] * 1e9 | round)"'
}

# Graphite's carbon-cache, which writes whisper files.

GRAPHITE_PORT=

graphite_start() {
    : "${GRAPHITE_PORT:=$(free_port)}"
    local dir=$WORK/graphite pickle query
    pickle=$(free_port)
    query=$(free_port)
    mkdir -p "$dir/conf" "$dir/storage/log" "$dir/storage/whisper"
    cat >"$dir/conf/carbon.conf" <<END
[cache]
STORAGE_DIR = $dir/storage/
CONF_DIR = $dir/conf/
LOG_DIR = $dir/storage/log/
PID_DIR = $dir/storage/
LOCAL_DATA_DIR = $dir/storage/whisper/
MAX_CACHE_SIZE = inf
MAX_UPDATES_PER_SECOND = inf
MAX_CREATES_PER_MINUTE = inf
MAX_UPDATES_PER_SECOND_ON_SHUTDOWN = inf
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = $GRAPHITE_PORT
ENABLE_UDP_LISTENER = True
UDP_RECEIVER_INTERFACE = 127.0.0.1
UDP_RECEIVER_PORT = $GRAPHITE_PORT
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = $pickle
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = $query
CARBON_METRIC_INTERVAL = 0
LOG_UPDATES = False
WHISPER_AUTOFLUSH = False
END
    cat >"$dir/conf/storage-schemas.conf" <<END
[all]
pattern = .*
retentions = ${RESOLUTION}s:10m
END
    rm -f "$dir/storage/"*.pid
    server_start graphite carbon-cache --config="$dir/conf/carbon.conf" --nodaemon start
    await 30 grep -qi ":$(printf %04X "$GRAPHITE_PORT") " /proc/net/tcp
}

graphite_sink() {
    echo "graphite:tcp://127.0.0.1:$GRAPHITE_PORT"
}

# carbon writes what it holds when it is asked to end.
graphite_read() { # points|counts|series PATH
    /usr/bin/python3 tests/sinks/whisper_read.py \
        "$WORK/graphite/storage/whisper/${WHISPER_PREFIX:-kubernetes}" "$@"
}

graphite_points() {
    graphite_read points "$HELD"
}

graphite_counts() {
    graphite_read counts
}

graphite_series() { # METRIC KEY
    graphite_read series "$1" "$2"
}

# Kafka: there is no broker in Debian. A consumer of kcat, whose library holds a
# mock cluster in the same process, prints what arrives in it; it is gone with it.

KAFKA_PORT=

kafka_start() {
    rm -f "$WORK/kafka.out"
    kcat -C -b none:1 -X test.mock.num.brokers=1 -d mock -t heapster-metrics -o beginning -q -u \
        >"$WORK/kafka.json" 2>"$WORK/kafka.out" &
    SERVER[kafka]=$!
    await 20 grep -q 'Mock cluster enabled: .* 127.0.0.1:[0-9]*$' "$WORK/kafka.out" || return
    KAFKA_PORT=$(sed -n 's/.*Mock cluster enabled: .*:\([0-9]*\)$/\1/p' "$WORK/kafka.out")
}

kafka_sink() {
    echo "kafka:?brokers=127.0.0.1:$KAFKA_PORT${KAFKA_OPTIONS:-}"
}

# The last line may be half a line still.
kafka_messages() { # JQ
    sed '$d' "${MESSAGES:-$WORK/kafka.json}" | jq -r "$1"
}

kafka_points() {
    kafka_messages '.MetricsTags as $t | {
            cluster: "cluster", ns: "ns/\($t.namespace_name)", node: "node/\($t.nodename)",
            sys_container: "sys/\($t.nodename)/\($t.container_name)",
            pod: "pod/\($t.namespace_name)/\($t.pod_name)",
            pod_container: "con/\($t.namespace_name)/\($t.pod_name)/\($t.container_name)"
        }[$t.type] as $key |
        [$key, .MetricsName + (if $t.resource_id then "[\($t.resource_id)]" else "" end),
            .MetricsValue.value, (.MetricsTimestamp | fromdate)] | @tsv'
}

# A cycle of which some came too late to be read is sent again, whole.
kafka_counts() {
    local which='has("resource_id") | not'
    [ "${LABELLED:-no}" = no ] || which='has("resource_id")'
    kafka_messages "select(.MetricsTags | $which) |
            \"\\(.MetricsTimestamp | fromdate) \\(.MetricsName) \\(.MetricsTags)\"" |
        sort -u | cut -d' ' -f1 | uniq -c | awk '{print $2, $1}'
}

# Stores that no package provides: strict_server.py gives what they took as the
# messages of Kafka. One at a time.

STRICT_PORT=

strict_start() { # KIND [CERTIFICATE KEY]
    MESSAGES=$WORK/strict.json
    server_start strict /usr/bin/python3 -B "$ROOT/tests/sinks/strict_server.py" "$1" "$MESSAGES" \
        "${@:2}"
    await 20 grep -q '^port ' "$WORK/strict.out" || return
    STRICT_PORT=$(sed -n 's/^port //p' "$WORK/strict.out")
}

# Nothing but what the protocol allows was sent.
strict_stop() {
    server_kill strict
    [ ! -s "$MESSAGES.errors" ] || fail "not allowed: $(head -c 1000 "$MESSAGES.errors")"
    rm -f "$WORK/strict.out" "$MESSAGES"
}

otlp_sink() {
    echo "otlp:http://127.0.0.1:$STRICT_PORT"
}

elasticsearch_sink() {
    echo "elasticsearch:http://127.0.0.1:$STRICT_PORT"
}

aws_sink() {
    echo "opensearch:http://127.0.0.1:$STRICT_PORT?awsRegion=eu-west-1&user=AKIDEXAMPLE&passwordFile=$WORK/secret"
}

riemann_sink() {
    echo "riemann:127.0.0.1:$STRICT_PORT"
}

wavefront_sink() {
    echo "wavefront:127.0.0.1:$STRICT_PORT"
}

statsd_sink() {
    echo "statsd:udp://127.0.0.1:$STRICT_PORT?protocolType=influxstatsd"
}

kafka_tls_sink() {
    echo "kafka:?brokers=127.0.0.1:$STRICT_PORT&user=writer&password=hunter2&cacert=$WORK/good.crt"
}

for kind in otlp elasticsearch aws riemann wavefront kafka_tls; do
    eval "${kind}_points() { kafka_points; }; ${kind}_counts() { kafka_counts; }"
done

# OpenTSDB's HTTP API, as VictoriaMetrics serves it.

opentsdb_sink() {
    echo "opentsdb:http://127.0.0.1:$OPENTSDB_PORT?tags=20"
}

opentsdb_points() {
    victoria_export '{__name__!=""}' | jq -r '
        .metric as $m | ($m.__name__ | sub("_(gauge|cumulative)$"; "") |
            sub("^(?<f>cpu|memory|network|filesystem|disk|ephemeral_storage|accelerator)_"; "\(.f)/") |
            . + (if $m.resource_id then "[\($m.resource_id)]" else "" end)) as $name |
        ({
            cluster: "cluster", ns: "ns/\($m.namespace_name)", node: "node/\($m.nodename)",
            sys_container: "sys/\($m.nodename)/\($m.container_name)",
            pod: "pod/\($m.namespace_name)/\($m.pod_name)",
            pod_container: "con/\($m.namespace_name)/\($m.pod_name)/\($m.container_name)"
        }[$m.type]) as $key |
        select(($m.resource_id | not) and ($name | test("/|^uptime$|^restart_count$"))) | range(.values | length) as $i |
        select(.timestamps[$i] <= '"$HELD"'000) |
        [$key, $name, .values[$i], (.timestamps[$i] / 1000)] | @tsv'
}

opentsdb_counts() {
    victoria_export '{resource_id=""}' | jq -r '.timestamps | unique[] / 1000' | sort -n | uniq -c |
        awk '{print $2, $1}'
}
