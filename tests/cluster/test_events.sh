#!/bin/bash
# Events from the API server to the page: the same as the cluster has, counted once,
# through restarts of the watch and of collect; and their right denied, which leaves
# all else as it is.
set -u
. "$(dirname "$0")/lib.sh"
use_quick

EVENTS=/api/v1/page/events
COLUMNS='[.namespace, .kind, .name, .type, .reason, .component, .message, .count, .last]'

# As the API server has them.
event_truth() {
    api_get '/api/v1/events' | jq -cS '[.items[] | {
        namespace: (.involvedObject.namespace // ""), kind: .involvedObject.kind,
        name: .involvedObject.name, type: (.type | ascii_downcase), reason,
        component: (if .source.component then .source.component else .reportingComponent end),
        message, count: (.count // 1),
        last: ((.lastTimestamp // .eventTime) | sub("\\.[0-9]+"; "") | fromdate * 1000)}
        | '"$COLUMNS"'] | sort'
}

shown() { # [QUERY]
    get "$EVENTS?${1:-}" | jq -cS '.columns as $c | [.rows[] | . as $r
        | [range($c | length) | {key: $c[.], value: $r[.]}] | from_entries | '"$COLUMNS"'] | sort'
}

is_true() {
    [ "$(shown)" = "$(event_truth)" ] && [ "$(shown)" != '[]' ]
}

is_the_truth() {
    await 20 is_true || fail "$(diff <(event_truth | jq .) <(shown | jq .) | head -20)"
}

restart() { # TIMES
    local i
    for ((i = 0; i < $1; i++)); do
        command_ok "/pod?do=restart&ns=$NAMESPACE&name=$POD&container=0" || fail "no restart"
    done
}

back_off_count() { # N
    [ "$(get "$EVENTS?reason=BackOff&object=$POD" | jq -c '[.rows[][2]]')" = "[$1]" ]
}

minutes_sum() {
    get "$EVENTS" | jq '[.minutes[] | .[1] + .[2]] | add // 0'
}

starts() {
    sim_start --nodes=4
    read -r NAMESPACE POD < <(api_get '/api/v1/pods?limit=1' | jq -r '.items[0].metadata | "\(.namespace) \(.name)"')
    restart 2
    tree_start --nodes=4 --metric-resolution=1s "--source=$(source_of tls)"
    await_scraped 4 60 || { fail "nothing is scraped"; return; }
    is_the_truth
}

counts_up() {
    local before
    before=$(counter events_total)
    restart 3
    await 20 back_off_count 5 || fail "$(get "$EVENTS?reason=BackOff")"
    is_the_truth
    [ "$(counter events_total)" = $((before + 3)) ] || fail "events_total $(counter events_total), was $before"
    [ "$(pool events used)" = "$(event_truth | jq length)" ] || fail "$(pool events used) rows"
}

chooses() {
    [ "$(get "$EVENTS?type=warning" | jq -c '[.rows[][3]] | unique')" = '["warning"]' ] || fail "not only warnings"
    [ "$(shown 'namespace=none')" = '[]' ] || fail "$(shown 'namespace=none')"
    [ "$(get "$EVENTS?limit=1" | jq -c '[(.rows | length), .truncated]')" = "[1,$([ "$(event_truth | jq length)" -gt 1 ] && echo true || echo false)]" ] ||
        fail "$(get "$EVENTS?limit=1")"
    [ "$(get "$EVENTS?limit=x" -o /dev/null -w '%{http_code}')" = 400 ] || fail "limit=x is taken"
}

too_old() {
    local before
    before=$(counter events_total)
    command_ok '/410?cut=1' || { fail "not too old"; return; }
    restart 1
    await 30 back_off_count 6 || fail "$(get "$EVENTS?reason=BackOff")"
    is_the_truth
    [ "$(counter events_total)" = $((before + 1)) ] || fail "events_total $(counter events_total), was $before"
}

collect_dies() {
    local sum total
    sum=$(minutes_sum)
    total=$(counter events_total)
    role_kill collect
    await 30 back_off_count 6 || fail "$(get "$EVENTS?reason=BackOff")"
    await_cycles 3 60 || fail "no more cycles"
    restart 1
    await 30 back_off_count 7 || fail "$(get "$EVENTS?reason=BackOff")"
    is_the_truth
    [ "$(counter events_total)" = $((total + 1)) ] || fail "events_total $(counter events_total), was $total"
    [ "$(minutes_sum)" = $((sum + 1)) ] || fail "$(minutes_sum) in the minutes, were $sum"
}

is_forbidden() {
    [ "$(get $EVENTS | jq -c '.sources[0].forbidden')" = "${1:-true}" ]
}

forbidden() {
    tree_stop
    rm -rf "$WORK/tree"
    command_ok '/deny?resource=events' || { fail "nothing is denied"; return; }
    tree_start --nodes=4 --metric-resolution=1s "--source=$(source_of tls)"
    await_scraped 4 60 || { fail "nothing is scraped"; return; }
    await 20 is_forbidden || fail "$(get $EVENTS)"
    [ "$(appliance '.sources[0].up')" = true ] || fail "$(appliance '.sources[0]')"
    [ "$(failing_count)" = 0 ] || fail "nodes fail"
    [ "$(error_total http_403)" -ge 1 ] || fail "it is not counted"
    grep -rqs 'list events:.*skerry rbac' "$TREE.out" "$TREE"/log || fail "it is not said"
    [ "$(shown)" = '[]' ] || fail "$(shown)"
    command_ok /allow
    await 90 is_forbidden false || fail "$(get $EVENTS | jq .sources)"
    is_the_truth
}


off() {
    tree_stop
    rm -rf "$WORK/tree"
    tree_start --nodes=4 --events=0 --metric-resolution=1s "--source=$(source_of tls)"
    await_scraped 4 60 || { fail "nothing is scraped"; return; }
    [ "$(get $EVENTS | jq -c '[.room, .kept, .rows]')" = '[0,0,[]]' ] || fail "$(get $EVENTS)"
    [ "$(get $EVENTS | jq -c '.sources[0].error')" = '""' ] || fail "$(get $EVENTS)"
    [ "$(appliance '.sources[0].up')" = true ] || fail "$(appliance '.sources[0]')"
}

case_run starts starts
case_run counts_up counts_up
case_run chooses chooses
case_run too_old too_old
case_run collect_dies collect_dies
case_run forbidden forbidden
case_run off off
finish
