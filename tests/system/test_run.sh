#!/bin/bash
# run.sh: one tree a directory, an orderly end, and nothing left behind.
. "$(dirname "$0")/lib.sh"

second_run() {
    local code
    timeout 10 "$RUN" "$TREE" >"$WORK/second.out" 2>&1
    code=$?
    [ "$code" = 1 ] || { fail "exit $code"; return 1; }
    grep -q "another run lives in" "$WORK/second.out" || { fail "no sentence"; return 1; }
    all_ready || fail "the first was harmed"
}

# One case a signal: everything is down within 5 s, the tmpfs is clean.
ends_by() { # SIGNAL
    local shm begin took
    shm=$(readlink "$TREE/shm")
    begin=$(now_ms)
    kill "-$1" "$RUNNER"
    wait "$RUNNER"
    took=$(($(now_ms) - begin))
    RUNNER=
    [ "$took" -le 5000 ] || { fail "took $took ms"; return 1; }
    no_processes || { fail "left: $(processes)"; return 1; }
    [ ! -e "$shm" ] || fail "left $shm"
}

end_by_int() { ends_by INT; }
end_by_term() { ends_by TERM; }

# With one role stopped and the logger killed just before.
end_while_ill() {
    kill -STOP "$(pid_of collect)"
    kill -9 "$(pid_of s6-svscan-log)"
    ends_by TERM
}

kill_svscan() {
    local pid svscan
    pid=$(pid_of collect)
    svscan=$(pgrep -f "^s6-svscan .* $TREE/service$")
    kill -9 "$svscan" || { fail "no s6-svscan found"; return 1; }
    until_ok 15000 is_back collect "$pid" || { fail "collect is not back"; return 1; }
    until_ok 15000 all_ready || fail "not all are back"
}

kill_runner() {
    local shm
    shm=$(readlink "$TREE/shm")
    kill -9 "$RUNNER"
    wait "$RUNNER" 2>/dev/null
    RUNNER=
    until_ok 6000 no_processes || { fail "left: $(processes)"; return 1; }
    [ ! -e "$shm" ] || fail "left $shm"
}

# Somebody removes the directory under the running tree.
end_without_directory() {
    local shm
    shm=$(readlink "$TREE/shm")
    rm -rf "$TREE"
    kill -TERM "$RUNNER"
    until_ok 15000 is_gone "$RUNNER" || { fail "does not end"; kill -9 "$RUNNER"; }
    wait "$RUNNER"
    RUNNER=
    until_ok 3000 no_processes || { fail "left: $(processes)"; return 1; }
    [ ! -e "$shm" ] || fail "left $shm"
}

run_again() {
    tree_start run || fail "the tree is not ready again"
}

plan_holds() {
    local pid pss count=0 sum=0 plan
    for pid in $(processes); do
        pss=$(awk '/^Pss:/ {print $2}' "/proc/$pid/smaps_rollup" 2>/dev/null) || continue
        sum=$((sum + ${pss:-0}))
        count=$((count + 1))
    done
    plan=$("$PROGRAM" plan --json --nodes=4 | sed 's/.*"bytes":\([0-9]*\)}$/\1/')
    [ "$count" -ge 10 ] || fail "only $count processes were found"
    [ $((sum * 1024)) -le "$plan" ] ||
        fail "PSS of all is $sum KiB, the plan $((plan / 1024)) KiB"
}

if tree_start run; then
    case_run system_second_run second_run
    case_run system_plan_holds plan_holds
    case_run system_kill_svscan kill_svscan
    case_run system_end_by_int end_by_int
    case_run system_run_again run_again
    case_run system_end_by_term end_by_term
    case_run system_run_after_term run_again
    case_run system_end_while_ill end_while_ill
    case_run system_run_after_ill run_again
    case_run system_end_without_directory end_without_directory
    case_run system_run_after_removal run_again
    case_run system_kill_runner kill_runner
    case_run system_run_after_kill run_again
else
    CASE=system_run_tree
    fail "the tree is not ready"
fi
tree_stop
finish
