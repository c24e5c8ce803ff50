#!/bin/bash
# The history survives: record killed again and again, the file deleted,
# truncated, replaced or made read-only under it, a full disk, two recorders at
# once. After each, cycles are recorded again, what was recorded before is there
# unless the file itself was lost, status says what happened, and nothing else
# than record notices.
set -u
. "$(dirname "$0")/lib.sh"
. tests/sinks/servers.sh

NODES=10
PODS_PER_NODE=2
RESOLUTION=1
NODE=node-00003
WAITS='another process writes into it'
DB=

recorded() { # FIELD of status
    "$PROGRAM" status --json --run-dir="$(readlink "$TREE/shm")" | jq -r ".history.$1"
}

run_query() { # prints `SECONDS VALUE` lines of a node's CPU counter
    "$PROGRAM" query --state-dir="$TREE/state" --run-dir="$(readlink "$TREE/shm")" --json \
        --metric=cpu/usage "--node=$NODE" --start=-10m | jq -r '.points[] | "\(.time) \(.value)"'
}

query_count() {
    run_query 2>/dev/null | wc -l
}

has_more_than() {
    [ "$(query_count)" -gt "$1" ]
}

records_again() { # [SECONDS]
    local before
    before=$(query_count)
    await "${1:-20}" has_more_than $((before + 1))
}

record_ready() {
    [ "$(s6-svstat -o up,ready "$TREE/service/record")" = 'true true' ]
}

is_new() { # PID
    record_ready && [ "$(role_pid record)" != "$1" ]
}

# What was there once stays, value for value, while it is not too old.
still_there() { # FILE
    run_query >"$WORK/now.txt"
    ! grep -vxFf "$WORK/now.txt" "$1"
}

others_live() {
    [ "$(get /healthz | head -c 2)" = ok ] && [ "$(appliance '[.roles[] | select(.role != "record") | .deaths] | add')" = 0 ]
}

start() {
    tree_start --nodes=$NODES --pods=50 --containers=200 --metric-resolution=${RESOLUTION}s \
        --history=8M "--source=$(source_of plain kubeletTLS=insecure)" || return
    DB=$TREE/state/history.db
    await_scraped $((NODES * 2)) 60 && await 20 has_more_than 2
}

second_start() { # [NAME]
    local name=${1:-second}
    mkdir -p "$WORK/$name"
    SKERRY_SERVICE_DIR=$WORK/$name "$PROGRAM" record --nodes=$NODES --pods=50 --containers=200 \
        --metric-resolution=${RESOLUTION}s --history=8M --state-dir="$TREE/state" \
        --run-dir="$(readlink "$TREE/shm")" >"$WORK/$name.out" 2>&1 &
    SERVER[$name]=$!
}

# Twenty deaths, at different moments of a cycle: nothing recorded is lost. The tree
# would leave longer and longer pauses; record is run without it meanwhile.
killed() {
    local i before
    start || { fail "nothing is recorded: $(appliance -c .history)"; return; }
    s6-svc -d "$TREE/service/record"
    for ((i = 0; i < 20; i++)); do
        run_query >"$WORK/before.txt"
        before=$(wc -l <"$WORK/before.txt")
        second_start
        await 20 has_more_than "$before" || { fail "death $i: $(cat "$WORK/second.out")"; return; }
        sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
        server_kill second
        still_there "$WORK/before.txt" >"$WORK/gone.txt" ||
            { fail "death $i: gone: $(head -3 "$WORK/gone.txt")"; return; }
    done
    s6-svc -u "$TREE/service/record"
    records_again || fail "does not record: $(recorded lastError)"
    others_live || fail "others suffered: $(appliance -c '.roles[]')"
    [ "$(recorded badBlocks)" = 0 ] || fail "bad blocks: $(recorded badBlocks)"
    [ "$(recorded setAside)" = 0 ] || fail "a good file was set aside"
}

deleted() {
    rm -f "$DB" "$DB"-*
    await 30 test -s "$DB" || fail 'no new file is begun'
    records_again || fail "does not record: $(recorded lastError)"
}

truncated() {
    truncate -s 5000 "$DB"
    await 30 has_more_than 1
    records_again || fail "does not record: $(recorded lastError)"
}

replaced() {
    head -c 100000 /dev/urandom >"$WORK/other"
    mv "$WORK/other" "$DB"
    await 30 has_more_than 1
    records_again || fail "does not record: $(recorded lastError)"
    "$PROGRAM" status --run-dir="$(readlink "$TREE/shm")" | grep -q 'set aside' ||
        [ "$(recorded setAside)" -ge 1 ] || fail 'status does not tell that a file was set aside'
}

# The owner is the only one with rights here: root may write anything, so that it
# is tried by a mount where that can be had.
read_only() {
    records_again || fail 'does not record before'
    mount --bind -o ro "$TREE/state" "$TREE/state" 2>/dev/null && mount -o remount,bind,ro "$TREE/state" ||
        { echo "SKIP $CASE no mounts here"; CASE_FAILED=yes; return; }
    # An open file of a mount below goes on: record has to begin anew to see it.
    local pid
    pid=$(role_pid record)
    kill -KILL "$pid"
    await 60 is_new "$pid" || fail 'record does not start without a disk'
    await 20 says_error || fail "nothing is said: $(appliance -c .history)"
    others_live || fail 'others suffered'
    umount "$TREE/state"
    records_again 30 || fail "does not record: $(recorded lastError)"
}

says_error() {
    [ -n "$(recorded lastError)" ] &&
        [ "$(recorded lastError)" = "$(appliance .history.lastError)" ]
}

# On a file system of its own that is filled by somebody else.
disk_full() {
    tree_stop
    rm -rf "$WORK/tree"
    mkdir -p "$WORK/tree/state"
    mount -t tmpfs -o size=2m none "$WORK/tree/state" 2>/dev/null ||
        { echo "SKIP $CASE no mounts here"; CASE_FAILED=yes; return; }
    start || { fail 'nothing is recorded'; return; }
    head -c 4000000 /dev/zero >"$WORK/tree/state/filler" 2>/dev/null
    await 60 says_error || fail "a full disk is not told: $(appliance -c .history)"
    others_live || fail 'others suffered'
    run_query >"$WORK/before.txt"
    [ -s "$WORK/before.txt" ] || fail 'the history cannot be read'
    rm "$WORK/tree/state/filler"
    records_again 30 || fail "does not record: $(recorded lastError)"
    still_there "$WORK/before.txt" >"$WORK/gone.txt" || fail "gone: $(head -3 "$WORK/gone.txt")"
}

two_recorders() {
    run_query >"$WORK/before.txt"
    second_start
    await 10 grep -q "$WAITS" "$WORK/second.out" || fail "the second says $(cat "$WORK/second.out")"
    records_again || fail "the first does not record: $(recorded lastError)"
    server_stop second
    still_there "$WORK/before.txt" >"$WORK/gone.txt" || fail "gone: $(head -3 "$WORK/gone.txt")"
    [ "$(recorded badBlocks)" = 0 ] || fail "bad blocks: $(recorded badBlocks)"
}

# Both begin at the same moment, and there is no file: one makes it and records, the
# other waits, and goes on when the first is dead.
at_once() {
    local first=one other=two before
    s6-svc -d "$TREE/service/record"
    await 20 record_down || { fail 'record does not end'; return; }
    rm -f "$DB" "$DB"-*
    second_start one
    second_start two
    await 20 has_more_than 2 || { fail "nothing is recorded: $(cat "$WORK/one.out" "$WORK/two.out")"; return; }
    await 20 grep -q "$WAITS" "$WORK/one.out" "$WORK/two.out" || fail 'neither waits'
    if grep -q "$WAITS" "$WORK/one.out"; then
        first=two
        other=one
    fi
    ! grep -q "$WAITS" "$WORK/$first.out" || fail 'both wait'
    run_query >"$WORK/before.txt"
    before=$(wc -l <"$WORK/before.txt")
    server_kill "$first"
    await 30 has_more_than $((before + 2)) || fail "the other does not go on: $(cat "$WORK/$other.out")"
    still_there "$WORK/before.txt" >"$WORK/gone.txt" || fail "gone: $(head -3 "$WORK/gone.txt")"
    server_stop "$other"
    s6-svc -u "$TREE/service/record"
    records_again || fail "does not record: $(recorded lastError)"
    [ "$(recorded setAside)" = 0 ] || fail 'a good file was set aside'
}

record_down() {
    [ "$(s6-svstat -o up "$TREE/service/record")" = false ]
}

clean_up_record() {
    tree_stop
    umount "$WORK/tree/state" 2>/dev/null
    clean_up
}
trap clean_up_record EXIT

ROLES='collect serve record guard'
cluster_start
case_run 'killed twenty times' killed
case_run 'two recorders' two_recorders
case_run 'two recorders at once' at_once
case_run 'the file is deleted' deleted
case_run 'the file is truncated' truncated
case_run 'the file is replaced' replaced
case_run 'read-only' read_only
case_run 'the disk is full' disk_full
finish
