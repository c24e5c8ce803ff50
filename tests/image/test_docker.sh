#!/bin/bash
# The image in Docker, as README says it is run, by a daemon of the test's own: it
# comes up within the planned memory, Docker's health check finds it healthy, a
# killed init comes back with its history, and it stops in order. What else the image
# promises is test_container.sh's.
set -u
. "$(dirname "$0")/../cluster/lib.sh"
. tests/image/lib.sh

DOCKER="docker -H unix://$WORK/docker.sock"
DAEMON=
NODES=100
# Of an emulated or busy machine too: the health check alone comes every 30 s.
START_S=240
# Of the health check, as README says.
CHECK_BYTES=$((4 * 1024 * 1024))

# Apart from another that runs here: its own files, its own names where both use one
# containerd, no networks of its own, which need rights over the machine's tables.
daemon_start() {
    echo '{}' >"$WORK/daemon.json"
    setpriv --pdeathsig TERM dockerd --config-file="$WORK/daemon.json" --data-root="$WORK/docker" \
        --exec-root="$WORK/docker-run" -H "unix://$WORK/docker.sock" -p "$WORK/docker.pid" \
        --containerd-namespace=skerry-test --containerd-plugins-namespace=skerry-test-plugins \
        --storage-driver=vfs --iptables=false --ip6tables=false --ip-forward=false --bridge=none \
        </dev/null >"$WORK/dockerd.log" 2>&1 &
    DAEMON=$!
    await 120 daemon_has_answered_or_ended && daemon_answers
}

daemon_answers() {
    timeout 20 $DOCKER version >/dev/null 2>&1
}

daemon_is_gone() {
    ! kill -0 "$DAEMON" 2>/dev/null
}

daemon_has_answered_or_ended() {
    daemon_is_gone || daemon_answers
}

# What the daemon says in its last line, without times and levels.
daemon_says() {
    tail -n 1 "$WORK/dockerd.log" | sed 's/.*msg=//'
}

# Two minutes, then without its consent: it waits for what its containers do.
docker_clean_up() {
    local place
    if [ -n "$DAEMON" ]; then
        timeout 60 $DOCKER rm -f skerry try >/dev/null 2>&1
        kill -TERM "$DAEMON" 2>/dev/null
        await 60 daemon_is_gone || kill -KILL "$DAEMON" 2>/dev/null
        wait "$DAEMON" 2>/dev/null
        # It leaves mounts: that of the network that is shared with the host.
        awk -v work="$WORK/" 'index($2, work) == 1 {print $2}' /proc/mounts | sort -r |
            while read -r place; do umount -l "$place"; done
    fi
    image_clean_up
}

of_container() { # FORMAT
    $DOCKER inspect skerry --format "$1" 2>/dev/null
}

is_state() { # FORMAT VALUE
    [ "$(of_container "$1")" = "$2" ]
}

run() { # [flags]
    $DOCKER run -d --name skerry --restart="${RESTART:-always}" --network=host --memory="$BYTES" \
        --memory-swap="$BYTES" --read-only --tmpfs /run --cap-drop=all \
        --cap-add=SETUID --cap-add=SETGID --cap-add=KILL -v skerry-data:/data \
        -v "$WORK/etc:/etc/skerry:ro" localhost/skerry "$@" >"$WORK/run" 2>&1 || fail "$(cat "$WORK/run")"
}

is_loaded() {
    $DOCKER load -i "$IMAGE_ARCHIVE" >"$WORK/load" 2>&1 || { fail "$(cat "$WORK/load")"; return; }
    [ -n "$($DOCKER images -q localhost/skerry)" ] || fail "it is not there: $(cat "$WORK/load")"
}

# 125: Docker itself could not, whatever the image is.
containers_run() {
    $DOCKER run --rm --name try --network=host --memory="$BYTES" --memory-swap="$BYTES" localhost/skerry \
        roles >"$WORK/try" 2>&1
    [ $? != 125 ]
}

comes_up_healthy() {
    run --nodes=$NODES --heapster-port="$PORT" "--source=$THE_SOURCE" || return
    await_scraped $((NODES * 2)) $START_S || { fail "not scraped: $($DOCKER logs skerry 2>&1 | tail -n 5)"; return; }
    all_ready || fail "not ready: $(appliance .roles)"
    await $START_S is_state '{{.State.Health.Status}}' healthy || fail "health: $(of_container '{{json .State.Health}}')"
    memory_was_enough
}

memory_was_enough() {
    [ "$(of_container '{{.HostConfig.Memory}}')" = "$BYTES" ] || fail 'another limit'
    is_state '{{.State.OOMKilled}}' false || fail 'killed for want of memory'
    [ "$(deaths)" = 0 ] || fail "$(deaths) roles died"
}

is_another_life() { # PID
    local pid
    pid=$(of_container '{{.State.Pid}}') && [ "$pid" != 0 ] && [ "$pid" != "$1" ] && at_least cycles_total 1
}

killed_init_comes_back() {
    local pid history=$WORK/docker/volumes/skerry-data/_data/state/history.db before
    pid=$(of_container '{{.State.Pid}}')
    before=$(stat -c %i "$history") || { fail 'no history'; return; }
    kill -9 "$pid"
    await $START_S is_another_life "$pid" || { fail "not started again: $($DOCKER logs skerry 2>&1 | tail -n 5)"; return; }
    await 60 all_ready || fail "not all ready: $(appliance .roles)"
    [ "$(stat -c %i "$history")" = "$before" ] || fail 'another history'
    memory_was_enough
}

stops_in_order() {
    $DOCKER stop -t 60 skerry >/dev/null || fail 'docker stop fails'
    is_state '{{.State.Status}} {{.State.ExitCode}}' 'exited 0' || fail "$(of_container '{{.State.Status}} {{.State.ExitCode}}')"
    $DOCKER rm skerry >/dev/null
}

bad_flag_is_refused() {
    RESTART=no run --no-such-flag
    await $START_S is_state '{{.State.Status}} {{.State.ExitCode}}' 'exited 100' ||
        fail "$(of_container '{{.State.Status}} {{.State.ExitCode}}')"
    $DOCKER logs skerry 2>&1 | grep -q 'is not known' || fail "it says $($DOCKER logs skerry 2>&1)"
}

for tool in docker dockerd setpriv; do
    if ! command -v $tool >/dev/null || [ "$(id -u)" != 0 ]; then
        echo "SKIP $TEST $tool is not there, or this is not root"
        exit 0
    fi
done
trap docker_clean_up EXIT
if ! daemon_start; then
    echo "SKIP $TEST dockerd does not run here: $(daemon_says)"
    exit 0
fi
image_build "$PROGRAM" || { echo "FAIL $TEST no image"; exit 1; }
sim_start --nodes=$NODES --pods-per-node=29 --cadence=5
mkdir -m 755 "$WORK/etc"
cp "$SIM_KUBECONFIG" "$WORK/etc/kubeconfig"
printf 'metric-resolution = 5s\n' >"$WORK/etc/skerry.conf"
THE_SOURCE=$(source_of tls kubeletTLS=verify | sed "s|auth=$SIM_KUBECONFIG|auth=/etc/skerry/kubeconfig|")
BYTES=$(($(planned --nodes=$NODES --metric-resolution=5s "--source=$(source_of tls kubeletTLS=verify)") + CHECK_BYTES))
PORT=$(free_port)
URL=http://127.0.0.1:$PORT
MODEL=$URL/api/v1/model

case_run 'docker load' is_loaded
if [ "$CASE_FAILED" = no ] && ! containers_run; then
    echo "SKIP $TEST dockerd starts no containers here: $(tail -n 1 "$WORK/try")"
    exit 0
fi
case_run 'comes up healthy within the plan' comes_up_healthy
case_run 'a killed init comes back' killed_init_comes_back
case_run 'stops in order' stops_in_order
case_run 'a bad flag is refused' bad_flag_is_refused
finish
