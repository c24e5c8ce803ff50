#!/bin/bash
# Events of the simulated cluster reach every kind of store that takes them, each once
# or more and none too little: while their counts grow, while export and collect are
# killed, and after InfluxDB was away.
set -u
. "$(dirname "$0")/lib.sh"
. tests/sinks/servers.sh
needs influxd python3

NODES=4
ROLES='collect serve record export guard'
MEMBERS='[.uid, .count, .type, .reason, .message, .component, .kind, .name, .last]'

# As the API server has them.
event_truth() {
    api_get '/api/v1/events' | jq -c '.items[] | {
        uid: .metadata.uid, count: (.count // 1), type, reason, message,
        component: (if .source.component then .source.component else .reportingComponent end),
        kind: .involvedObject.kind, name: .involvedObject.name,
        last: ((.lastTimestamp // .eventTime) | sub("\\.[0-9]+"; "") | fromdate)}
        | '"$MEMBERS" | sort
}

influx_json() { # DATABASE QUERY
    curl -sS -G --max-time 60 "http://127.0.0.1:$INFLUX_PORT/query" --data-urlencode "db=$1" \
        --data-urlencode epoch=s --data-urlencode "q=$2"
}

influx_events() {
    influx_json k8s 'SELECT value FROM "log/events"' | jq -c '.results[0].series[0].values[]
        | .[0] as $at | .[1] | fromjson | {
            uid: .metadata.uid, count, type, reason, message, component: .source.component,
            kind: .involvedObject.kind, name: .involvedObject.name,
            last: (.lastTimestamp | fromdate)}
        | select(.last == $at) | '"$MEMBERS" | sort -u
}

# It has no counts.
fields_events() {
    influx_json fields 'SELECT message FROM "events" GROUP BY *' | jq -c '.results[0].series[]
        | .tags as $t | .values[] | {uid: $t.uid, count: 0, type: $t.type, reason: $t.reason,
            message: .[1], component: $t.component, kind: $t.kind, name: $t.object_name,
            last: .[0]} | '"$MEMBERS" | sort -u
}

# The last line may be half a line still.
strict_events() { # NAME
    sed '$!b; /}$/!d' "$WORK/$1.json" | jq -c ".last |= floor | $MEMBERS" | sort -u
}
elasticsearch_events() { strict_events elasticsearch; }
kafka_events() { strict_events kafka; }

has_all() { # NAME, which has at least the truth of now
    local truth
    truth=$(event_truth)
    [ "$1" != fields ] || truth=$(jq -c '.[1] = 0' <<<"$truth" | sort)
    [ -n "$truth" ] && [ -z "$(comm -23 <(echo "$truth") <("${1}_events"))" ]
}

all_have_all() { # NAME...
    local name
    for name in "$@"; do
        await 120 has_all "$name" ||
            fail "$name: $(comm -23 <(event_truth) <("${name}_events") | head -3), $(appliance -c '.sinks[]')"
    done
}

strict_server() { # KIND: sets PORT_OF
    server_start "$1" /usr/bin/python3 -B "$ROOT/tests/sinks/strict_server.py" "$1" "$WORK/$1.json"
    await 20 grep -q '^port ' "$WORK/$1.out" || { fail "$1 does not start"; return 1; }
    PORT_OF=$(sed -n 's/^port //p' "$WORK/$1.out")
}

restart() { # FIRST LAST, numbers of pods
    local line space pod
    while read -r space pod; do
        command_ok "/pod?do=restart&ns=$space&name=$pod&container=0" || fail "no restart of $pod"
    done < <(sed -n "$1,$2p" "$WORK/pods")
}

sink_is() { # JQ, of the sink of influxdb
    [ "$(appliance ".sinks[0] | $1")" = true ]
}

arrive() {
    local elasticsearch kafka
    sim_start --nodes=$NODES
    api_get '/api/v1/pods?limit=20' | jq -r '.items[].metadata | "\(.namespace) \(.name)"' >"$WORK/pods"
    influx_start || { fail "influxd does not start: $(tail -3 "$WORK/influx.out")"; return; }
    strict_server elasticsearch && elasticsearch=$PORT_OF || return
    strict_server kafka && kafka=$PORT_OF || return
    restart 1 3
    tree_start --nodes=$NODES --events=500 --metric-resolution=1s --sink-timeout=5s \
        "--source=$(source_of tls)" "--event-sink=$(influx_sink)" \
        "--event-sink=$(influx_sink)?db=fields&withfields=true" \
        "--event-sink=elasticsearch:http://127.0.0.1:$elasticsearch" \
        "--event-sink=kafka:?brokers=127.0.0.1:$kafka" --event-sink=log
    await_scraped $NODES 120 || { fail "nothing is scraped"; return; }
    all_have_all influx fields elasticsearch kafka
    await 20 grep -rqs 'event Warning Pod .* BackOff count=' "$TREE.out" "$TREE"/log ||
        fail "no line in the log"
    [ "$(appliance -c '[.sinks[].takes] | unique')" = '["events"]' ] || fail "$(appliance .sinks)"
}

count_up() {
    restart 1 2
    restart 2 6
    all_have_all influx fields elasticsearch kafka
}

# Whatever happens in between.
killed() {
    local i
    for i in 1 2 3 4; do
        restart $i $((i + 6))
        role_kill export
        restart $((i + 2)) $((i + 2))
        await 90 role_is_back export || { fail "export is not back"; return; }
    done
    role_kill collect
    restart 5 6
    await 90 role_is_back collect || { fail "collect is not back"; return; }
    restart 6 6
    all_have_all influx fields elasticsearch kafka
}

away() {
    server_kill influx
    restart 1 8
    await 60 sink_is '.state == "retrying"' || fail "$(appliance .sinks[0])"
    all_have_all elasticsearch kafka
    role_kill export
    restart 12 16
    await 90 role_is_back export || { fail "export is not back"; return; }
    await 60 sink_is '.state == "retrying" and .backlogEvents >= 5' || fail "$(appliance .sinks[0])"
    influx_start || { fail "influxd does not start again: $(tail -3 "$WORK/influx.out")"; return; }
    all_have_all influx fields elasticsearch kafka
}

is_well() {
    [ "$(appliance -c '[.sinks[] | [.state, .backlogEvents, .missedEvents, .skipped, .refused]] | unique')" = \
        '[["live",0,0,0,{}]]' ]
}

nothing_was_lost() {
    local kind
    await 60 is_well || fail "$(appliance -c '.sinks[]')"
    # Connections of a process that was killed end anywhere.
    for kind in elasticsearch kafka; do
        ! grep -v '^connection: ' "$WORK/$kind.json.errors" >"$WORK/errors" ||
            fail "not allowed: $(head -c 1000 "$WORK/errors")"
    done
    get /metrics | grep -q '^skerry_sink_missed_events_total{sink="events influxdb:.*} 0$' ||
        fail "$(get /metrics | grep sink_)"
    "$PROGRAM" status --run-dir="$TREE/shm" | grep -q '^  events kafka:' ||
        fail "$("$PROGRAM" status --run-dir="$TREE/shm")"
}

case_run 'events arrive' arrive
case_run 'counts grow' count_up
case_run 'export and collect are killed' killed
case_run 'InfluxDB was away' away
case_run 'nothing was lost or refused' nothing_was_lost
finish
