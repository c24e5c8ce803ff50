#!/bin/bash
# The image in a real runtime, under exactly the memory that is planned, against
# the simulated cluster: nothing is killed for want of memory, and whatever is
# killed otherwise comes back. $SKERRY_TEST_CYCLES: how long (default 200 cycles).
set -u
. "$(dirname "$0")/../cluster/lib.sh"
. tests/image/lib.sh
use_quick

NODES=100
CYCLES=${SKERRY_TEST_CYCLES:-200}
# A container's start with runc, the first life of each role and s6's second.
START_S=60
# README: back within a second; and the second that s6 leaves between two starts.
BACK_MS=2500

if ! has_podman; then
    echo "SKIP test_container podman with runc does not work here"
    exit 0
fi

# Names a sink nobody answers for, where the program has sinks.
sink_down() {
    local sink=--sink=influxdb:http://127.0.0.1:9
    "$PROGRAM" validate "$sink" >/dev/null 2>&1 && echo "$sink"
}

# start NAME [podman's flags] -- [flags]: with the right memory and a free port.
start() {
    local name=$1 ours=() bytes
    shift
    while [ "$1" != -- ]; do
        ours+=("$1")
        shift
    done
    shift
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    MODEL=$URL/api/v1/model
    bytes=$(planned "$@") || { fail "no plan"; return; }
    # shellcheck disable=SC2086
    container_start "$name" --memory="$bytes" --memory-swap="$bytes" --read-only --tmpfs=/run \
        $RIGHTS -v "$WORK/$name:/data" -v "$WORK/etc:/etc/skerry:ro" "${ours[@]}" -- \
        --heapster-port="$PORT" "$@"
}

# Nothing was killed, and there is room beyond what cannot be given up.
memory_was_enough() {
    local limit kept
    limit=$(cat "$GROUP/memory.limit_in_bytes" "$GROUP/memory.max" 2>/dev/null)
    kept=$(group_kept)
    echo "$1: planned $limit bytes, kept $kept, at most $(group_peak) with pages of files"
    [ "$(group_kills)" = 0 ] || fail "$(group_kills) out-of-memory kills"
    [ "$kept" -lt "$limit" ] || fail "kept $kept of $limit bytes"
}

the_source() { # the cluster as the container sees it
    source_of tls kubeletTLS=verify | sed "s|auth=$SIM_KUBECONFIG|auth=/etc/skerry/kubeconfig|"
}

flood() { # SECONDS: clients that ask, clients that hang, as many as there are files
    local end=$(($(now_ms) + $1 * 1000)) i hanging=()
    for i in $(seq 100); do
        { exec 8<>"/dev/tcp/127.0.0.1/$PORT" && printf 'GET / HT' >&8 && sleep "$1"; } \
            2>/dev/null &
        hanging+=($!)
    done
    while [ "$(now_ms)" -lt "$end" ]; do
        for i in $(seq 20); do
            printf 'url = %s\noutput = /dev/null\n' "$MODEL/nodes" "$URL/" "$URL/metrics"
        done | curl -s -Z --parallel-max 60 --max-time 5 -K - 2>/dev/null
    done
    kill "${hanging[@]}" 2>/dev/null
    wait "${hanging[@]}" 2>/dev/null
}

is_answered() {
    [ "$(curl -s -o "$WORK/flood" --max-time 2 -w '%{http_code}' "$URL/healthz")" = 200 ]
}

runs_within_the_plan() {
    # shellcheck disable=SC2046
    start plan -- --nodes=$NODES --pods=3000 --metric-resolution=1s \
        "--source=$(the_source)" $(sink_down) || { fail "not started"; return; }
    await_scraped $((NODES * 3)) $START_S || { fail "not scraped: $(appliance .errors)"; return; }
    all_ready || fail "not ready: $(appliance .roles)"
    await_cycles $((CYCLES - CYCLES / 4)) $((CYCLES * 2)) || fail "cycles stopped"
    [ "$(pool pods refused) $(pool containers refused)" = '0 0' ] || fail "refused: $(appliance .pools)"
}

stands_a_flood() {
    local before
    before=$(counter cycles_total)
    flood 20
    await 30 is_answered || { fail "does not answer after the flood"; return; }
    await 60 at_least cycles_total $((before + 15)) && await "$CYCLES" at_least cycles_total "$CYCLES" ||
        fail "cycles stopped"
    [ "$(deaths)" = 0 ] || fail "$(deaths) roles died"
    memory_was_enough "$NODES nodes, flooded"
}

has_the_healthcheck() {
    inside skerry status >"$WORK/status" || fail "skerry status: $(cat "$WORK/status")"
    memory_was_enough 'with the health check'
}

users_are_apart() {
    local role pid uid count=0
    for role in $(inside skerry roles); do
        pid=$(pid_of "/bin/skerry $role") || { fail "no $role"; continue; }
        uid=$(awk '$1 == "Uid:" {print $2}' "/proc/$pid/status")
        [ "$uid" = "$(awk -F: -v role="$role" '$1 == role {print $3}' rootfs/etc/passwd)" ] ||
            [ "$role" = guard ] || fail "$role runs as $uid"
        count=$((count + 1))
    done
    [ "$count" -ge 3 ] || fail "$count roles"
}

# Whatever is killed is there again; the container goes on.
comes_back() { # PATTERN NAME
    local pid begin
    pid=$(pid_of "$1") || { fail "no $2"; return 1; }
    kill -9 "$pid"
    begin=$(now_ms)
    await 20 is_other "$1" "$pid" || { fail "$2 does not come back"; return 1; }
    [ $(($(now_ms) - begin)) -le $BACK_MS ] || fail "$2 took $(($(now_ms) - begin)) ms"
    await 20 all_ready || { fail "not all ready after $2: $(appliance .roles)"; return 1; }
}

each_process_comes_back() {
    local role first=$PID
    local roles
    roles=$(inside skerry roles) || { fail "no roles"; return; }
    for role in $roles; do
        comes_back "/bin/skerry $role" "$role" || return
        comes_back "s6-supervise $role" "the supervisor of $role" || return
    done
    comes_back 's6-log .*' 'the logger' || return
    comes_back 's6-supervise s6-svscan-log' "the logger's supervisor" || return
    container_look && [ "$PID" = "$first" ] || fail "the container was started again"
    await_cycles 2 20 || fail "no cycles"
    memory_was_enough 'every process killed'
}

stops_in_order() {
    local begin
    begin=$(now_ms)
    podman stop -t 20 "$CONTAINER" >/dev/null
    [ $(($(now_ms) - begin)) -le 6000 ] || fail "took $(($(now_ms) - begin)) ms"
    [ "$(exit_code)" = 0 ] || fail "exit $(exit_code)"
    container_remove
}

offered_three_times() {
    # shellcheck disable=SC2046
    start more -- --nodes=34 --pods=1000 --containers=2000 --metric-resolution=1s \
        "--source=$(the_source)" $(sink_down) || { fail "not started"; return; }
    await_scraped $((NODES * 2)) $START_S || { fail "not scraped: $(appliance .errors)"; return; }
    command_ok '/churn?rate=10' && await_cycles 30 120 || fail "cycles stopped"
    [ "$(pool nodes refused)" -gt 0 ] && [ "$(pool pods refused)" -gt 0 ] &&
        [ "$(pool containers refused)" -gt 0 ] || fail "nothing refused: $(appliance .pools)"
    [ "$(deaths)" = 0 ] || fail "$(deaths) roles died"
    memory_was_enough 'three times the capacity'
    command_ok '/churn?rate=0&settle=1'
    container_remove
}

is_started_again() {
    container_look && [ "$PID" != "$1" ] && at_least cycles_total 1
}

killed_init_comes_back() {
    start init --restart=always -- --nodes=$NODES --metric-resolution=1s \
        "--source=$(the_source)" || { fail "not started"; return; }
    local first=$PID history
    await $START_S at_least cycles_total 3 || { fail "no cycles"; return; }
    history=$(stat -c %i "$WORK/init/state/history.db") || fail "no history"
    kill -9 "$PID"
    await $START_S is_started_again "$first" || { fail "not started again"; return; }
    await 20 all_ready || fail "not all ready: $(appliance .roles)"
    [ "$(stat -c %i "$WORK/init/state/history.db")" = "$history" ] || fail "another history"
    memory_was_enough 'init killed'
    container_remove
}

# A user of one's own, no rights at all, configuration by file and by variable.
runs_with_no_rights() {
    printf 'metric-resolution = 1s\n' >"$WORK/etc/skerry.conf"
    mkdir -m 1777 "$WORK/user"
    RIGHTS=--cap-drop=all start user --user=12345:12345 -e SKERRY_NODES=7 -e SKERRY_CLIENTS=9 -- ||
        { fail "not started"; return; }
    await $START_S at_least cycles_total 3 || { fail "no cycles: $(container_log)"; return; }
    all_ready || fail "not ready: $(appliance .roles)"
    [ "$(pool nodes limit)" = 7 ] || fail "the variable is not heard"
    [ "$(stat -c %u "$WORK/user/state")" = 12345 ] || fail "no state"
    inside skerry status >"$WORK/status" || fail "$(cat "$WORK/status")"
    stops_in_order
    rm "$WORK/etc/skerry.conf"
}

# As rootless containers are: with 65,536 users, and with one.
runs_in_user_namespaces() {
    local users
    for users in 65536 1; do
        PORT=$(free_port)
        URL=http://127.0.0.1:$PORT
        # shellcheck disable=SC2086
        container_start space --uidmap=0:100000:$users --gidmap=0:100000:$users --read-only \
            --tmpfs=/run $RIGHTS -- --heapster-port="$PORT" --metric-resolution=1s ||
            { fail "not started with $users users"; return; }
        await $START_S at_least cycles_total 2 || { fail "no cycles: $(container_log)"; return; }
        await 20 all_ready || fail "not ready: $(appliance .roles)"
        stops_in_order
    done
}

# Neither tmpfs nor volume nor the capabilities; the page is told of by name.
runs_with_nothing_given() {
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    container_start bare --cap-drop=all -- --heapster-port="$PORT" --metric-resolution=1s ||
        { fail "not started"; return; }
    await $START_S at_least cycles_total 2 || { fail "no cycles: $(container_log)"; return; }
    says '/run is no tmpfs' || [ -n "$(inside skerry status)" ] || fail "no word of /run"
    says 'the roles share one user' || fail "no word of users"
    says '127.0.0.1 of this container only' || fail "no word of the address"
    podman restart -t 10 "$CONTAINER" >/dev/null
    container_look && await $START_S at_least cycles_total 2 ||
        fail "no second life: $(container_log)"
    container_remove
}

# From another address than loopback: TLS, the certificate that was said, the token.
is_reached_from_outside() {
    local token code
    PORT=$(free_port)
    URL=https://127.0.0.1:$PORT
    container_start outside --read-only --tmpfs=/run $RIGHTS -- --heapster-port="$PORT" \
        --listen-ip= --metric-resolution=1s || { fail "not started"; return; }
    await $START_S token_is_there || { fail "no token: $(cat "$WORK/token")"; return; }
    token=$(head -n 1 "$WORK/token")
    podman cp "$CONTAINER:/data/state/serve/tls.crt" "$WORK/tls.crt" || fail 'no certificate'
    code=$(curl -s -o "$WORK/page" -w '%{http_code}' --cacert "$WORK/tls.crt" "$URL/api/v1/model/nodes/")
    [ "$code" = 401 ] || fail "without a token: $code"
    await $START_S sees_nodes "$token" || fail "with the token: $(cat "$WORK/page")"
    container_remove
}

# As the user whose it is: root has no right to others' files here.
token_is_there() {
    $PODMAN exec --user serve "$CONTAINER" skerry token >"$WORK/token" 2>&1 && grep -q 'sha256' "$WORK/token"
}

sees_nodes() { # TOKEN
    curl -s -o "$WORK/page" --cacert "$WORK/tls.crt" -H "Authorization: Bearer $1" \
        "$URL/api/v1/model/nodes/" && [ "$(jq length "$WORK/page")" -ge 1 ]
}

# Five deaths within a minute: the table is laid out anew, within the same memory.
renews_within_the_plan() {
    local i pid
    start five -- --nodes=$NODES --metric-resolution=1s "--source=$(the_source)" ||
        { fail "not started"; return; }
    await_scraped "$NODES" $START_S || { fail "not scraped: $(appliance .errors)"; return; }
    for i in 1 2 3 4 5; do
        await 20 all_ready || { fail "no life $i: $(container_log | tail -n 5)"; return; }
        pid=$(pid_of '/bin/skerry collect') && kill -9 "$pid"
        await 20 is_other '/bin/skerry collect' "$pid" || { fail "no life $i"; return; }
    done
    await 30 says 'its own state is set aside' || fail "not renewed: $(container_log | tail -n 5)"
    await_scraped "$NODES" $START_S || fail "not scraped after that: $(appliance .errors)"
    memory_was_enough 'renewed after five deaths'
    container_remove
}

refuses_with_a_sentence() { # SENTENCE podman's flags and flags
    local sentence=$1
    shift
    container_start refused "$@"
    await $START_S state_is exited || { fail "goes on"; container_remove; return; }
    [ "$(exit_code)" = 100 ] || fail "exit $(exit_code)"
    says "$sentence" || fail "says $(container_log)"
    container_remove
}

bad_starts_are_refused() {
    refuses_with_a_sentence 'is not known' -- --no-such-flag
    refuses_with_a_sentence 'mount a tmpfs on /run' --read-only --read-only-tmpfs=false \
        --tmpfs=/dev/shm:ro --
    refuses_with_a_sentence "but the cgroup's limit is" --memory=12m --memory-swap=12m -- \
        --nodes=1000
}

tools_run_alone() {
    local out
    # shellcheck disable=SC2086
    out=$($PODMAN run --rm $LIMITS "$IMAGE" plan --nodes=10 2>&1)
    grep -q 'limit to give' <<<"$out" || fail "$out"
}

image_build "$PROGRAM" && image_load || { echo "FAIL test_container no image"; exit 1; }
sim_start --nodes=$NODES --pods-per-node=29 --cadence=request --heartbeat=0
mkdir -m 755 "$WORK/etc" "$WORK/plan" "$WORK/more" "$WORK/init" "$WORK/five"
cp "$SIM_KUBECONFIG" "$WORK/etc/kubeconfig"
# Only root of the container may read it, and collect is another user then.
chmod 600 "$WORK/etc/kubeconfig"

case_run "$CYCLES cycles within the plan" runs_within_the_plan
case_run 'stands a flood of clients' stands_a_flood
case_run 'the health check fits in' has_the_healthcheck
case_run 'each role has a user' users_are_apart
case_run 'each process comes back' each_process_comes_back
case_run 'stops in order' stops_in_order
case_run 'three times the capacity' offered_three_times
case_run 'renews within the plan' renews_within_the_plan
case_run 'a killed init comes back' killed_init_comes_back
case_run 'no rights, a user of its own' runs_with_no_rights
case_run 'user namespaces' runs_in_user_namespaces
case_run 'nothing given' runs_with_nothing_given
case_run 'reached from outside by TLS and token' is_reached_from_outside
case_run 'bad starts are refused' bad_starts_are_refused
case_run 'tools run alone' tools_run_alone
finish
