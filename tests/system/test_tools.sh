#!/bin/bash
# The command line tools, and `skerry check` against the simulated cluster.
. "$(dirname "$0")/lib.sh"

# gives CODE PATTERN ARGUMENTS...: the tool ends with CODE and says PATTERN.
gives() {
    local code=$1 pattern=$2 result
    shift 2
    timeout 60 "$PROGRAM" "$@" >"$WORK/out" 2>&1
    result=$?
    [ "$result" = "$code" ] || { fail "$*: exit $result"; sed 's/^/  | /' "$WORK/out"; return 1; }
    grep -q -e "$pattern" "$WORK/out" || { fail "$*: not said: $pattern"; return 1; }
}

words() {
    gives 0 '^skerry ' version
    gives 0 '--metric-resolution' help
    gives 0 '^  check ' --help
    gives 100 'neither a role nor a tool' colect
    gives 100 'did you mean --nodes' plan --nodez=3
    gives 100 'did you mean collect?' colect
    gives 0 '^skerry top \[nodes|pods|containers\]' help top
    gives 0 '^  --sort .*: cpu, memory' top --help
    gives 0 'a role' collect --help
    gives 0 '^skerry update FILE' update --help
    gives 0 '^skerry ' -V
    gives 100 '`podz` is none of nodes, pods' top --sort cpu podz
    gives 100 '`x` is not a flag' plan x
    gives 100 "^skerry: say of what" query
    [ "$("$PROGRAM" query 2>/dev/null)" = '' ] || fail "a mistake on stdout"
    gives 1 'nothing is running' status --run-dir="$WORK"
}

plan_sums_up() {
    gives 0 '"bytes":[0-9]*}$' plan --json --nodes=7
    local parts total
    total=$(sed 's/.*"bytes":\([0-9]*\)}$/\1/' "$WORK/out")
    parts=$(grep -o '"bytesEach":[0-9]*,"bytes":[0-9]*' "$WORK/out" | sed 's/.*://' | paste -sd+)
    # In whole pages.
    [ "$total" = "$(((parts + 4095) / 4096 * 4096))" ] || fail "the parts make $((parts)), the plan $total"
    gives 0 "($total bytes)" plan --nodes=7
}

least_rights() {
    gives 0 'nodes/stats", "nodes/metrics"' rbac
    ! grep -q 'resources:.*nodes/proxy' "$WORK/out" || fail "direct access asks for nodes/proxy"
    ! grep -q 'verbs:.*\(create\|update\|delete\|\*\)' "$WORK/out" || fail "asks to write"
    gives 0 'resources: \["nodes/proxy"\]' rbac --access=proxy
}

host_works() {
    port
    gives 0 "ok    this machine's /proc" check --heapster-port="$PORT"
}

SIM=${RELEASE:-$(dirname "$PROGRAM")}/skerry-sim
sim_start() {
    "$SIM" --port=0 --nodes=5 --pods-per-node=3 --dir="$WORK/sim" >"$WORK/sim.out" 2>&1 &
    SIM_PID=$!
    until_ok 10000 grep -q '^ready' "$WORK/sim.out" || { fail "no simulated cluster"; return 1; }
    ADMIN=$(sed -n 's/.*admin=\([^ ]*\).*/\1/p' "$WORK/sim.out")
}

sim_stop() {
    kill "$SIM_PID" 2>/dev/null
    wait "$SIM_PID" 2>/dev/null
}

check() { # CODE PATTERN KUBECONFIG [options]
    port
    gives "$1" "$2" check --heapster-port="$PORT" "--source=kubernetes:?auth=$WORK/sim/$3${4:-}"
}

cluster_works() {
    sim_start || return
    check 0 'ok    kubelet of node-00002' kubeconfig
    check 0 'ok    may get nodes/metrics' kubeconfig '&endpoint=resource&kubeletTLS=pin'
    check 0 'ok    may get nodes/proxy' kubeconfig '&access=proxy'
    sim_stop
}

cluster_fails() {
    sim_start || return
    check 1 'FAIL  credentials.*the file does not exist' none
    check 1 'FAIL  may list pods' kubeconfig-nobody
    curl -s "$ADMIN/kubelets?do=down" >/dev/null
    check 1 'FAIL  kubelet of node-00000.*refused' kubeconfig
    curl -s "$ADMIN/token?do=revoke" >/dev/null
    check 1 'FAIL  .*401' kubeconfig
    curl -s "$ADMIN/api?do=down&cut=1" >/dev/null
    check 1 'FAIL  API server.*refused' kubeconfig
    sim_stop
}

# heap ROLE FIELD: of the library heap, as `status --json` tells.
heap() {
    status --json | sed -n "s/.*\"role\":\"$1\"[^}]*\"heap\":{[^}]*\"$2\":\([0-9]*\).*/\1/p"
}

serve_takes_more_than() { [ "$(heap serve now)" -gt "$1" ]; }
serve_takes_less_than() { [ "$(heap serve now)" -lt "$1" ]; }

# What is told is of now: it grows with clients and shrinks when they leave.
heaps_are_told() {
    local role planned before held=() file
    tree_start heaps --history=16M || { fail "the tree is not ready"; return 1; }
    # Its share for the history is there from now on.
    until_ok 20000 serve_takes_more_than 16384 || { fail "serve tells $(heap serve now)"; return 1; }
    until_ok 20000 eval '[ "$(heap record now)" -gt 0 ]' || fail "record does not"
    for role in record serve; do
        [ "$(heap $role peak)" -ge "$(heap $role now)" ] || fail "$role: the peak is below"
        [ "$(heap $role limit)" -ge "$(heap $role peak)" ] || fail "$role: the limit is below"
        status | sed "1,/^library heap/d" | grep -q "^$role .* 0\$" || fail "$role: not in status"
    done
    planned=$("$PROGRAM" plan --json --nodes=4 --history=16M |
        sed 's/.*"role":"record","name":"library heap"[^}]*"bytes":\([0-9]*\).*/\1/')
    [ $(($(heap record limit) * 10)) -ge $((planned * 9)) ] || fail "limit $(heap record limit), plan $planned"
    before=$(heap serve now)
    for _ in 1 2 3 4; do
        exec {file}<>"/dev/tcp/127.0.0.1/$PORT"
        printf 'GET / HTTP/1.1\r\n' >&"$file"
        held+=("$file")
    done
    until_ok 20000 serve_takes_more_than $((before + 4096)) || fail "not told anew: $(heap serve now)"
    before=$(heap serve now)
    for file in "${held[@]}"; do
        exec {file}>&-
    done
    until_ok 20000 serve_takes_less_than "$before" || fail "nor after that: $(heap serve now)"
    [ "$(heap serve peak)" -ge "$before" ] || fail "the peak went down"
    tree_stop
}

case_run tool_words words
case_run tool_plan_sums_up plan_sums_up
case_run tool_least_rights least_rights
case_run tool_host_works host_works
case_run tool_heaps_are_told heaps_are_told
if [ -x "$SIM" ]; then
    case_run tool_cluster_works cluster_works
    case_run tool_cluster_fails cluster_fails
else
    echo "SKIP tool_cluster_works $SIM is not there"
fi
finish
