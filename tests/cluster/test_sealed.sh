#!/bin/bash
# 200 cycles under churn, with strace on every role: after it is ready, none maps,
# unmaps, protects, grows or forks; resident memory stays below the plan.
set -u
. "$(dirname "$0")/lib.sh"
use_quick
if ! command -v strace >/dev/null; then
    echo "SKIP $TEST strace is not there"
    exit 0
fi

NODES=30
CYCLES=200
CALLS=mmap,munmap,mremap,mprotect,brk,madvise,clone,clone3,fork,vfork,execve
FLAGS="--nodes=$NODES --metric-resolution=1s"
TRACERS=

end_tracers() {
    local pid
    for pid in $TRACERS; do
        kill -INT "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    TRACERS=
}
trap 'end_tracers; clean_up' EXIT

attached() { # PID
    [ "$(awk '/^TracerPid:/ {print $2}' "/proc/$1/status")" != 0 ]
}

trace_roles() {
    local role pid
    for role in $ROLES; do
        pid=$(role_pid "$role")
        strace -f -qq -e trace=$CALLS -o "$WORK/trace.$role" -p "$pid" 2>"$WORK/strace.$role" &
        TRACERS="$TRACERS $!"
        await 10 attached "$pid" || { fail "strace: $(cat "$WORK/strace.$role")"; return 1; }
    done
}

# strace does see such calls: a shell under it makes some.
tracer_works() {
    strace -f -qq -e trace=$CALLS -o "$WORK/trace.shell" sh -c : &&
        grep -qE '^[0-9]+ +(mmap|brk|execve)' "$WORK/trace.shell" ||
        fail "strace sees nothing: $(cat "$WORK/trace.shell")"
}

cycles_pass() {
    await_scraped $((NODES * 3)) 60 || { fail "not scraped: $(appliance .errors)"; return; }
    PIDS=$(for role in $ROLES; do role_pid "$role"; done | xargs)
    trace_roles || return
    command_ok '/churn?rate=10' || { fail "no churn"; return; }
    local from=$(counter cycles_total) kind
    # Other paths than those of every day, while strace looks on.
    for kind in http=500 hang reset garbage truncated deep huge-element; do
        command_ok "/fault?nodes=0/5&kind=$kind" || { fail "no $kind"; return; }
        await_cycles 3 20 || { fail "cycles stopped"; return; }
        get / >/dev/null && get /metrics >/dev/null && get /api/v1/model/debug/allkeys >/dev/null ||
            { fail "serve does not answer"; return; }
    done
    command_ok '/fault?target=all&kind=none' && command_ok '/410?cut=1' ||
        { fail "faults do not end"; return; }
    await $((CYCLES + 60)) at_least cycles_total $((from + CYCLES)) || fail "cycles stopped"
    await 20 [ "$(appliance '.failingNodes | length')" = 0 ] || fail "nodes still fail"
    end_tracers
}

no_calls() {
    local role
    for role in $ROLES; do
        [ -e "$WORK/trace.$role" ] || { fail "$role was not traced"; return; }
        [ ! -s "$WORK/trace.$role" ] || fail "$role: $(head -3 "$WORK/trace.$role")"
    done
}

below_plan() {
    tree_is_below_plan $FLAGS "--source=$(source_of tls kubeletTLS=verify)"
}

no_deaths() {
    [ "$(deaths)" = 0 ] || fail "$(deaths) deaths"
    [ "$(for role in $ROLES; do role_pid "$role"; done | xargs)" = "$PIDS" ] || fail "other processes"
}

sim_start --nodes=$NODES --pods-per-node=20 --cadence=request --heartbeat=10
# shellcheck disable=SC2086
tree_start $FLAGS "--source=$(source_of tls kubeletTLS=verify)"
case_run 'strace sees calls' tracer_works
case_run '200 cycles' cycles_pass
case_run 'no call for memory or processes' no_calls
case_run 'memory is below the plan' below_plan
case_run 'no deaths' no_deaths
finish
