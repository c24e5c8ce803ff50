#!/bin/bash
# What is wrong in a --sink is said in one sentence before anything runs (exit
# 100). A server that goes wrong later costs nothing but time: the reason is
# counted and shown, no role dies or hangs, other sinks go on, and every point
# arrives in the end.
set -u
. "$(dirname "$0")/lib.sh"
. tests/sinks/servers.sh
needs python3 influxd

NODES=20
PODS_PER_NODE=2
RESOLUTION=1
FAKE_PORT=

# Refused at start

refused() { # SINK WORDS [flags]: exit 100 and one line that has WORDS
    local sink=$1 words=$2 said code
    shift 2
    said=$("$PROGRAM" validate "--sink=$sink" "$@" 2>&1)
    code=$?
    [ "$code" = 100 ] || { fail "$sink: exit $code, said: $said"; return; }
    [ "$(wc -l <<<"$said")" = 1 ] || fail "$sink: not one sentence: $said"
    grep -qi -e "$words" <<<"$said" || fail "$sink: no word of $words: $said"
    case $said in
    *hunter2*) fail "$sink: tells the password: $said" ;;
    esac
}

at_start() {
    echo 'pass' >"$WORK/password"
    refused 'influxdbb:http://127.0.0.1' 'influxdb'
    refused 'nothing' 'no kind of sink'
    refused 'hawkular:http://127.0.0.1' 'gone'
    refused 'librato:?username=a&token=b' 'gone'
    refused 'influxdb:http://127.0.0.1?databse=x' 'databse'
    refused 'influxdb:http://127.0.0.1?secure=maybe' 'secure'
    refused 'influxdb:http://127.0.0.1:99999' 'port'
    refused 'influxdb:http://127.0.0.1?retention=soon' 'retention'
    refused 'influxdb:http://127.0.0.1?db=' 'db'
    refused 'influxdb:http://127.0.0.1?bucket=' 'bucket'
    refused 'influxdb:http://root:hunter2@127.0.0.1?x=%zz' '%'
    refused "influxdb:http://127.0.0.1?passwordFile=$WORK/none" 'none'
    refused "influxdb:https://127.0.0.1?caCert=$WORK/none" 'none'
    refused "influxdb:https://127.0.0.1?caCert=$WORK/password" 'certificate'
    refused 'prometheus:http://127.0.0.1?label=oops' 'label'
    refused 'prometheus:ftp://127.0.0.1' 'http'
    refused 'graphite:http://127.0.0.1' 'tcp'
    refused 'graphite:tcp://127.0.0.1?prefix=a/b' 'prefix'
    refused 'statsd:udp://127.0.0.1?protocolType=carbon' 'protocolType'
    refused 'kafka:' 'broker'
    refused 'kafka:?brokers=127.0.0.1:9&compression=lz9' 'compression'
    refused 'elasticsearch:' 'nodes\|host'
    refused 'otlp:http://127.0.0.1?header=x' 'header'
    refused 'log:' 'shard' --shard=3/2
    refused 'log:' 'twice' --sink=log:
}

# Goes wrong later

mode() {
    echo "$1" >"$WORK/mode.new"
    mv "$WORK/mode.new" "$WORK/mode"
}

fake_start() {
    mode ok
    server_start fake /usr/bin/python3 "$ROOT/tests/sinks/fake_server.py" "$WORK/mode"
    await 20 grep -q '^port ' "$WORK/fake.out" || return
    FAKE_PORT=$(sed -n 's/^port //p' "$WORK/fake.out")
}

fake_counts() {
    curl -sS "http://127.0.0.1:$FAKE_PORT/counts"
}

shows() { # ERROR-NAMES: of the first sink, newer than SINCE
    [[ $(export_status '.error') =~ ^($1)$ ]] && [ "$(export_status '.retried')" -gt "$SINCE" ] &&
        [ -n "$(export_status '.lastError')" ]
}

# Under load a cycle may be late: it is live again soon, whatever the first one does.
other_is_live() {
    [ "$(appliance '.sinks[1].state')" = live ]
}

# One fault: it is shown, everybody else goes on, and it is over when it is over.
fault() { # MODE ERROR-NAMES
    SINCE=$(export_status .retried)
    mode "$1"
    await 30 shows "$2" || fail "$1: not shown as $2: $(export_status)"
    "$PROGRAM" status --run-dir="$(readlink "$TREE/shm")" | grep -Eq "last error .*: ($2): ." ||
        fail "$1: not in status"
    await_cycles 2 20 || fail "$1: cycles stopped"
    await 20 other_is_live || fail "$1: the other sink: $(appliance -c '.sinks[1]')"
    mode ok
    await 60 is_settled || fail "$1: not settled: $(export_status)"
}

later() {
    local from to wrong
    fake_start || { fail 'the fake server does not start'; return; }
    influx_start || { fail 'influxd does not start'; return; }
    tree_for "influxdb:http://root:hunter2@127.0.0.1:$FAKE_PORT" "--sink=$(influx_sink)" \
        --sink-timeout=2s
    await_scraped $((NODES * 2)) 60 && settled || { fail "not settled: $(export_status)"; return; }
    from=$(last_cycle)
    fault 401 http_401
    fault 503 http_5xx
    fault 429 http_429
    fault nonsense "http_other|reset|malformed"
    fault half "reset|truncated"
    fault hang timeout
    fault slow timeout
    fault endless "http_5xx|timeout"
    fault huge "http_other|reset|too_large"
    await_cycles 2 20
    to=$(last_cycle)
    await_cycles 1 20
    settled || fail "not settled: $(export_status)"
    wrong=$(fake_counts | counts_are_whole $((from + RESOLUTION)) $((to - RESOLUTION))) ||
        fail "from $from to $to: $wrong"
    [ "$(deaths)" = 0 ] || fail "a role died: $(appliance -c '.roles[]')"
    [ "$(export_status .missedCycles)" = 0 ] || fail "missed: $(export_status)"
    ! grep -rq hunter2 "$TREE.out" "$TREE/log" || fail 'the password is in the log'
    case $(get /api/v1/appliance; get /metrics) in
    *hunter2*) fail 'the password is in an answer' ;;
    esac
}

# 400 is for ever: counted by reason, and the sink goes on with what follows.
refused_points() {
    mode 400
    await 20 jq_of_status '.refused | length > 0' || { fail "not counted: $(export_status)"; return; }
    export_status .lastError | grep -q 'unable to parse' || fail "why: $(export_status)"
    mode ok
    await 20 is_settled || fail "not settled: $(export_status)"
    tree_stop
    server_kill fake
}

jq_of_status() {
    [ "$(export_status " | $1")" = true ]
}

# A real InfluxDB with accounts: a wrong password, then an account that may
# neither make the database nor write to it, until somebody lets it.

influx_admin() { # QUERY
    curl -sS -u admin:secret "http://127.0.0.1:$INFLUX_PORT/query" --data-urlencode "q=$1"
}

accounts() {
    server_kill influx
    rm -rf "$WORK/influx"
    INFLUX_AUTH=true influx_start || { fail 'influxd does not start'; return; }
    influx_admin "CREATE USER admin WITH PASSWORD 'secret' WITH ALL PRIVILEGES" >/dev/null
    influx_admin "CREATE USER writer WITH PASSWORD 'w'" >/dev/null
    tree_for "influxdb:http://127.0.0.1:$INFLUX_PORT?user=writer&pw=hunter2"
    await_scraped $((NODES * 2)) 60
    SINCE=0
    await 20 shows http_401 || fail "a wrong password: $(export_status)"
    tree_stop
    tree_for "influxdb:http://127.0.0.1:$INFLUX_PORT?user=writer&pw=w&rp="
    await_scraped $((NODES * 2)) 60
    await 20 jq_of_status '.state == "retrying" and (.lastError | test("writer|k8s|not authorized"))' ||
        fail "an account without rights: $(export_status)"
    influx_admin 'CREATE DATABASE k8s' >/dev/null
    influx_admin 'GRANT ALL ON k8s TO writer' >/dev/null
    await 60 is_settled || fail "not settled: $(export_status)"
    [ "$(export_status .missedCycles)" = 0 ] || fail "missed: $(export_status)"
    tree_stop
}

cluster_start
case_run 'refused before anything runs' at_start
case_run 'a server that goes wrong' later
case_run 'points that are refused' refused_points
case_run 'accounts of InfluxDB' accounts
finish
