#!/bin/bash
# What the table of restarts promises (supervise/README.md), in the container: one
# start, a case a row.
#
#   what happens                                  case
#   exit or signal                                test_container.sh: each process comes back
#   keeps dying: 1, 2, 4 ... s                    not_ready
#   not ready in time                             not_ready
#   heartbeat older than 3 cycles                 hung_roles
#   5 deaths in a minute                          five_deaths_of_record; test_container.sh: renews within the plan (collect)
#   exit 100: bad configuration                   bad_configuration; test_container.sh: bad starts are refused
#   a kill for want of memory is told as such     memory_kill
#   the data volume is lost                       lost_volume
#   shutdown, in order                            shutdown
set -u
. "$(dirname "$0")/../cluster/lib.sh"
. tests/image/lib.sh
. tests/image/roles.sh
use_quick

START_S=60
# A role's restart, a guard's limit of three cycles, and a busy machine.
BACK_S=60
ROLES_HERE='collect record serve export guard'

if ! has_podman || ! command -v python3 >/dev/null; then
    echo "SKIP test_container_roles podman with runc does not work here, or there is no python3"
    exit 0
fi

# Nobody listens on the sink's port.
start() {
    local bytes flags='--nodes=10 --metric-resolution=1s --history=16M --sink=influxdb:http://127.0.0.1:9'
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    mkdir -m 755 "$WORK/etc" "$WORK/data"
    printf 'clients = 9\n' >"$WORK/etc/skerry.conf"
    # shellcheck disable=SC2086
    bytes=$(planned $flags --clients=9) || { fail 'no plan'; return; }
    # shellcheck disable=SC2086
    container_start roles --memory="$bytes" --memory-swap="$bytes" --read-only --tmpfs=/run \
        $RIGHTS -v "$WORK/data:/data" -v "$WORK/etc:/etc/skerry:ro" -- --heapster-port="$PORT" $flags ||
        { fail 'not started'; return; }
    await $START_S all_ready && await $START_S at_least cycles_total 2 || fail "not up: $(container_log | tail -n 5)"
}

signal() { # SIGNAL ROLE
    kill "-$1" "$(pid_of "/bin/skerry $2")"
}

hung_roles() {
    local name pid
    for name in $ROLES_HERE; do
        pid=$(role "$name" pid)
        signal STOP "$name"
        await $BACK_S is_back "$name" "$pid" || { fail "$name does not come back: $(container_log | tail -n 5)"; return; }
        # The guard's shadow kills without a word of why.
        [ "$name" = guard ] || await $BACK_S role_is "$name" lastReason '*without heartbeat*' ||
            fail "$name: $(role "$name" lastReason)"
    done
}

# Dies until it waits for 4 s, and is stopped while it does. The first case: deaths count.
not_ready() {
    local pid i
    for i in 1 2 3 4; do
        await $BACK_S role_is export state ready || { fail "no life $i: $(appliance .roles)"; return; }
        pid=$(role export pid)
        signal KILL export
        await $BACK_S is_other '/bin/skerry export' "$pid" || { fail "no life $i"; return; }
    done
    pid=$(pid_of '/bin/skerry export')
    kill -STOP "$pid"
    says 'export: died again soon after its start; waits 4 s' || fail "no delay: $(container_log | tail -n 5)"
    await 120 role_is export lastReason 'not ready in time*' || fail "export: $(role export lastReason)"
    await $BACK_S is_back export "$pid" || fail 'export does not come back'
}

# The history is sound, and goes on.
five_deaths_of_record() {
    local from pid i
    await $BACK_S history_begins || { fail "no history: $(appliance .history)"; return; }
    from=$(history_begins)
    for i in 1 2 3 4 5; do
        await $BACK_S role_is record state ready || { fail "no life $i: $(appliance .roles)"; return; }
        pid=$(role record pid)
        signal KILL record
        await $BACK_S is_other '/bin/skerry record' "$pid" || { fail "no life $i"; return; }
    done
    await $BACK_S says 'record: died 5 times within a minute; the history is checked' ||
        { fail "not checked: $(container_log | tail -n 5)"; return; }
    await $BACK_S knows_last && await $BACK_S recorded_since "$LAST" || fail "nothing is recorded: $(appliance .history)"
    [ "$(history_begins)" = "$from" ] || fail "history begins $(history_begins), not $from"
}

bad_configuration() {
    printf 'no-such-flag = 1\n' >>"$WORK/etc/skerry.conf"
    signal KILL record
    await $BACK_S role_is record lastReason '*bad configuration*' || { fail "record: $(appliance .roles)"; return; }
    says 'record: .*no-such-flag' || fail 'no word of it'
    await_cycles 3 $BACK_S || fail 'no cycles meanwhile'
    ! pid_of '/bin/skerry record' >/dev/null || fail 'it is started again all the same'
    printf 'clients = 9\n' >"$WORK/etc/skerry.conf"
    await $BACK_S role_is record state ready || fail "record does not come back: $(appliance .roles)"
}

# Somebody else in the container's cgroup takes all that is left. serve is the first
# to be killed for that, the thief the next.
memory_kill() {
    local pid kills
    pid=$(role serve pid) kills=$(group_kills)
    echo 1000 >"/proc/$(pid_of '/bin/skerry serve')/oom_score_adj"
    (
        echo "$BASHPID" >"$GROUP/cgroup.procs" && echo 999 >/proc/self/oom_score_adj &&
            exec dd if=/dev/zero of="/proc/$PID/root/run/all" bs=64k count=4096
    ) >/dev/null 2>&1
    rm -f "/proc/$PID/root/run/all"
    [ "$(group_kills)" -gt "$kills" ] || { fail 'nothing was killed'; return; }
    await $BACK_S is_back serve "$pid" || { fail "serve does not come back: $(container_log | tail -n 5)"; return; }
    await $BACK_S role_is serve lastReason '*out of memory*' || fail "serve: $(role serve lastReason)"
    await $BACK_S all_ready || fail "not all ready: $(appliance .roles)"
}

# There is no program for it in the image.
detach_data() {
    python3 - "$PID" <<'END'
import ctypes, os, sys

CLONE_NEWNS, MNT_DETACH = 0x20000, 2
libc = ctypes.CDLL(None, use_errno=True)
space = os.open(f"/proc/{sys.argv[1]}/ns/mnt", os.O_RDONLY)
for code in libc.setns(space, CLONE_NEWNS), libc.umount2(b"/data", MNT_DETACH):
    if code != 0:
        sys.exit(os.strerror(ctypes.get_errno()))
END
}

# Nothing is below /data any more: record and export live on without.
lost_volume() {
    local died
    died="$(role record deaths) $(role export deaths)"
    detach_data || { fail 'the volume stays'; return; }
    await $BACK_S history_is_ill || { fail "nobody says so: $(appliance .history)"; return; }
    await_cycles 5 $BACK_S || fail 'cycles stopped'
    [ "$(role record state) $(role export state)" = 'ready ready' ] || fail "not ready: $(appliance .roles)"
    [ "$(role record deaths) $(role export deaths)" = "$died" ] || fail "died: $(appliance .roles)"
}

shutdown() {
    local begin
    begin=$(now_ms)
    podman stop -t 20 "$CONTAINER" >/dev/null
    [ $(($(now_ms) - begin)) -le 10000 ] || fail "took $(($(now_ms) - begin)) ms"
    [ "$(exit_code)" = 0 ] || fail "exit $(exit_code)"
}

image_build "$PROGRAM" && image_load || { echo 'FAIL test_container_roles no image'; exit 1; }
case_run start start
if [ "$CASE_FAILED" = no ]; then
    for name in ${SKERRY_TEST_CASES:-not_ready hung_roles five_deaths_of_record bad_configuration memory_kill lost_volume shutdown}; do
        case_run "$name" "$name"
    done
fi
finish
