#!/bin/bash
# Whatever dies or hangs comes back.
. "$(dirname "$0")/lib.sh"

kill_role() { # ROLE
    local pid begin took
    until_ok 10000 is_settled "$1" || { fail "$1 does not settle"; return 1; }
    pid=$(pid_of "$1")
    begin=$(now_ms)
    kill -9 "$pid"
    until_ok 5000 is_back "$1" "$pid" || { fail "$1 is not back"; return 1; }
    took=$(($(now_ms) - begin))
    [ "$took" -le 1500 ] || { fail "$1 took $took ms"; return 1; }
    until_ok 3000 field_is "$1" lastReason 'killed by SIGKILL' ||
        { fail "status says $(role_field "$1" lastReason)"; return 1; }
}

kill_collect() { kill_role collect; }
kill_serve() { kill_role serve; }
kill_guard() { kill_role guard; }

kill_supervisor() {
    local supervisor pid
    pid=$(pid_of collect)
    supervisor=$(pgrep -f "^s6-supervise collect$" | while read -r one; do
        [ "$(readlink "/proc/$one/cwd")" = "$TREE/service/collect" ] && echo "$one"
    done)
    kill -9 "$supervisor" || { fail "no supervisor found"; return 1; }
    until_ok 3000 is_gone "$pid" || { fail "the old collect lives on"; return 1; }
    until_ok 8000 is_back collect "$pid" || fail "collect is not back"
}

kill_logger() {
    local pid
    pid=$(pid_of s6-svscan-log)
    kill -9 "$pid"
    logger_is_back() {
        [ "$(svstat s6-svscan-log up)" = true ] && [ "$(pid_of s6-svscan-log)" != "$pid" ]
    }
    until_ok 3000 logger_is_back || fail "the logger is not back"
}

stop_role() { # ROLE LIMIT-MS
    local pid
    until_ok 10000 is_settled "$1" || { fail "$1 does not settle"; return 1; }
    pid=$(pid_of "$1")
    kill -STOP "$pid"
    until_ok "$2" is_back "$1" "$pid" || { fail "$1 is not back"; return 1; }
    until_ok 3000 field_is "$1" lastCause hang ||
        { fail "status says $(role_field "$1" lastReason)"; return 1; }
}

# Three missed cycles of 5 s, and the grace of 2 s.
stop_collect() { stop_role collect 25000; }
stop_serve() { stop_role serve 25000; }
# The guard's shadow waits 10 s.
stop_guard() { stop_role guard 20000; }

tables_begun() {
    grep -c 'begins a new live table' "$TREE.out"
}

# Kills collect as soon as it is ready, five times: its table is made anew.
five_deaths() {
    local table count pid before
    # The same file: two tables at once are beyond the plan.
    table=$(stat -c %i "$TREE/shm/table")
    before=$(tables_begun)
    for count in 1 2 3 4 5; do
        until_ok 20000 is_ready collect || { fail "no life $count"; return 1; }
        pid=$(pid_of collect)
        kill -9 "$pid"
        until_ok 3000 is_gone "$pid" || { fail "life $count does not end"; return 1; }
    done
    until_ok 20000 is_back collect "$pid" || { fail "collect is not back"; return 1; }
    [ "$(tables_begun)" -gt "$before" ] || { fail "the live table is still the old one"; return 1; }
    [ "$(stat -c %i "$TREE/shm/table")" = "$table" ] ||
        { fail "there is a second live table"; return 1; }
    said 'its own state is set aside' || { fail "the log does not say so"; return 1; }
    until_ok 3000 field_is collect setAside 1 || fail "status does not say so"
}

waits_longer() {
    said 'died again soon after its start; waits 1 s' || fail "no delay was said"
}

if tree_start death; then
    for one in kill_collect kill_serve kill_guard kill_logger stop_collect stop_serve \
        stop_guard five_deaths waits_longer kill_supervisor; do
        case_run "system_$one" "$one"
    done
else
    CASE=system_death_tree
    fail "the tree is not ready"
fi
tree_stop
finish
