# What the tests against the simulated cluster share; each test_X.sh sources it:
#
#   sim_start [flags]      sets SIM_API, SIM_ADMIN, SIM_KUBECONFIG, SIM_TLS, SIM_PLAIN, SIM_DIR
#   tree_start [flags]     the supervised tree; sets TREE, PORT, MODEL
#   case_run NAME COMMAND  prints PASS, or FAIL with the first failure
#
# Environment, as tests/run.sh gives it: RELEASE, the folder of skerry and
# skerry-sim; QUICK, that of the build that allows cycles of 1 s (RELEASE's
# neighbour). Everything started is ended at exit, by its id; everything written
# lies in a temporary directory. Nothing waits for a time to pass: it polls for an
# outcome, with a limit.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$ROOT" || exit 2
: "${RELEASE:=build/release}"
: "${QUICK:=$(dirname "$RELEASE")/quick}"
RELEASE=$(readlink -f "$RELEASE")
QUICK=$(readlink -f "$QUICK")
PROGRAM=$RELEASE/skerry
TEST=$(basename "$0" .sh)
ROLES='collect serve record guard'
SIM=
RUNNER=
TREE=
FAILURES=0
CASE_FAILED=no

for tool in jq curl s6-svscan; do
    if ! command -v "$tool" >/dev/null; then
        echo "SKIP $TEST $tool is not there"
        exit 0
    fi
done
if [ ! -x "$PROGRAM" ] || [ ! -x "$RELEASE/skerry-sim" ]; then
    echo "FAIL $TEST no skerry and skerry-sim in $RELEASE: build them first"
    exit 1
fi
WORK=$(mktemp -d)

use_quick() {
    PROGRAM=$QUICK/skerry
    [ -x "$PROGRAM" ] || { echo "FAIL $TEST no skerry in $QUICK: build it first"; exit 1; }
}

clean_up() {
    tree_stop
    sim_stop
    rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# Cases

# The first failure of a case is printed; `fail ... ; return` leaves it.
fail() {
    [ "$CASE_FAILED" = no ] || return 1
    CASE_FAILED=yes
    FAILURES=$((FAILURES + 1))
    echo "FAIL $CASE $(basename "${BASH_SOURCE[1]}"):${BASH_LINENO[0]} $*"
    if [ -n "$TREE" ] && [ -s "$TREE.out" ]; then
        tail -n 15 "$TREE.out" | sed 's/^/  | /'
        cat "$TREE"/log/*/current 2>/dev/null | tail -n 15 | sed 's/^/  | /'
    fi
    return 1
}

case_run() { # NAME COMMAND...
    CASE=$1
    CASE_FAILED=no
    shift
    "$@" || fail "ended with $?"
    [ "$CASE_FAILED" = yes ] || echo "PASS $CASE"
}

finish() {
    exit $((FAILURES > 0))
}

now_ms() {
    local at=${EPOCHREALTIME/./}
    echo $((at / 1000))
}

# await SECONDS COMMAND...: polls until it succeeds; 1 when it never does.
await() {
    local end=$(($(now_ms) + $1 * 1000))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(now_ms)" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# A TCP port below the ephemeral ones that nobody listens on.
free_port() {
    local port
    while :; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        grep -qi ":$(printf %04X "$port") " /proc/net/tcp /proc/net/tcp6 || break
    done
    echo "$port"
}

# The simulated cluster

sim_start() {
    SIM_DIR=$WORK/sim
    "$RELEASE/skerry-sim" --port=0 --dir="$SIM_DIR" "$@" >"$WORK/sim.out" 2>"$WORK/sim.err" &
    SIM=$!
    if ! await 30 grep -q '^ready ' "$WORK/sim.out"; then
        echo "FAIL $TEST the simulated cluster does not start: $(cat "$WORK/sim.err")"
        exit 1
    fi
    SIM_API=$(sim_says api)
    SIM_ADMIN=$(sim_says admin)
    SIM_KUBECONFIG=$(sim_says kubeconfig)
    SIM_TLS=$(sim_says kubelet)
    SIM_PLAIN=$(sim_says kubelet-plain)
}

sim_says() {
    sed -n "s/.* $1=\([^ ]*\).*/\1/p" "$WORK/sim.out"
}

sim_stop() {
    [ -n "$SIM" ] || return 0
    kill -TERM "$SIM" 2>/dev/null
    wait "$SIM" 2>/dev/null
    SIM=
}

admin() { # PATH?QUERY
    curl -sS -g --max-time 20 "$SIM_ADMIN$1"
}

command_ok() { # PATH?QUERY
    [ "$(admin "$1")" = ok ]
}

truth() { # QUERY
    admin "/truth?$1"
}

sim_stat() { # NAME
    admin /stats | jq -r ".$1"
}

# The API server itself, as an administrator.
api_get() { # PATH
    curl -sS -g --max-time 20 --cacert "$SIM_DIR/ca.crt" --cert "$SIM_DIR/client.crt" \
        --key "$SIM_DIR/client.key" "$SIM_API$1"
}

# --source for it: source_of tls|plain|proxy [option=value&...]
source_of() {
    local ways="kubeletPort=$SIM_TLS&kubeletHttps=true"
    case $1 in
    plain) ways="kubeletPort=$SIM_PLAIN&kubeletHttps=false" ;;
    proxy) ways="access=proxy" ;;
    esac
    echo "kubernetes:$SIM_API?inClusterConfig=false&auth=$SIM_KUBECONFIG&$ways${2:+&$2}"
}

# The tree

tree_start() { # flags...
    TREE=$WORK/tree
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    MODEL=$URL/api/v1/model
    SKERRY_PROGRAM=$PROGRAM supervise/run.sh "$TREE" --heapster-port="$PORT" "$@" \
        >"$TREE.out" 2>&1 &
    RUNNER=$!
}

tree_stop() {
    [ -n "$RUNNER" ] || return 0
    kill -TERM "$RUNNER" 2>/dev/null
    wait "$RUNNER" 2>/dev/null
    RUNNER=
}

# GET_FLAGS: what curl needs besides, such as a token.
GET_FLAGS=()
get() { # PATH [curl arguments]
    local path=$1
    shift
    curl -sS -g --max-time 10 "${GET_FLAGS[@]}" "$@" "$URL$path"
}

appliance() { # JQ-PROGRAM [jq arguments]
    get /api/v1/appliance | jq -r "$@"
}

counter() { # NAME, of counter.tbl.h
    appliance ".counters.$1"
}

at_least() { # COUNTER NUMBER
    [ "$(counter "$1")" -ge "$2" ]
}

error_total() { # REASON
    appliance --arg reason "$1" '[.errors[] | select(.reason == $reason).total] | add // 0'
}

pool() { # POOL FIELD
    appliance --arg pool "$1" ".pools[] | select(.pool == \$pool).$2"
}

failing_count() {
    appliance '.failingNodes | length'
}

deaths() {
    appliance '[.roles[].deaths] | add'
}

# "down" instead of the -1 of a role that is down, which kill takes for all processes.
role_pid() { # ROLE
    s6-svstat -o pid "$TREE/service/$1" | sed 's/^-1$/down/'
}

# kill -9, as soon as it is up; sets KILLED.
role_kill() { # ROLE
    await 60 role_kill_now "$1" || fail "$1 does not run"
}

role_kill_now() {
    KILLED=$(role_pid "$1")
    [[ $KILLED =~ ^[1-9][0-9]*$ ]] && [ "$KILLED" -gt 1 ] && kill -KILL "$KILLED"
}

# The role that was killed last is ready, as another process.
role_is_back() { # ROLE
    [ "$(s6-svstat -o up,ready "$TREE/service/$1")" = 'true true' ] && [ "$(role_pid "$1")" != "$KILLED" ]
}

# N more cycles are published from now on.
await_cycles() { # N SECONDS
    local now
    await "$2" at_least cycles_total 0 || return 1
    now=$(counter cycles_total)
    await "$2" at_least cycles_total $((now + $1))
}

# So many scrapes, and their sums.
await_scraped() { # NODES SECONDS
    await "$2" at_least scrapes_total "$1" && await_cycles 1 "$2"
}

# The newest value of a series: its floating point form if it has one.
model_value() { # PATH below the model
    curl -sS -g --max-time 10 "$MODEL/$1" |
        jq -r '.metrics[-1] | if has("floatValue") then .floatValue else .value end'
}

# Memory of a process, in KiB: Rss or Pss.
memory_kib() { # PID FIELD
    awk -v field="$2:" '$1 == field {print $2}' "/proc/$1/smaps_rollup"
}

# Parts of a number within a share: near A B SHARE.
near() {
    awk -v a="$1" -v b="$2" -v share="$3" 'BEGIN {
        d = a - b; if (d < 0) d = -d
        m = a > b ? a : b; if (m < 0) m = -m
        exit !(d <= m * share)
    }'
}

# Resident KiB of each role.
memory_of_roles() {
    local role
    for role in $ROLES; do
        memory_kib "$(role_pid "$role")" Rss
    done | xargs
}

# All processes below PID, itself included.
family() { # PID
    local todo=$1 pid children
    while [ -n "$todo" ]; do
        pid=${todo%% *}
        todo=${todo#"$pid"}
        todo=${todo# }
        [ -d "/proc/$pid" ] || continue
        echo "$pid"
        children=$(cat /proc/"$pid"/task/*/children 2>/dev/null | xargs)
        [ -z "$children" ] || todo="$children${todo:+ $todo}"
    done
}

# Each role's own pages within its part of the plan (and the stack and program
# data that the plan counts for the system), all processes within the whole.
tree_is_below_plan() { # flags...
    local plan role own planned pid sum=0
    plan=$("$PROGRAM" plan --json "$@") || { fail "no plan"; return; }
    for role in $ROLES; do
        planned=$(jq --arg role "$role" '.roles[$role] + (288 * 1024)' <<<"$plan")
        own=$(memory_kib "$(role_pid "$role")" Pss_Anon)
        [ $((own * 1024)) -le "$planned" ] || fail "$role: $((own * 1024)) bytes, planned $planned"
    done
    # The shell that runs the tree is not part of it.
    for pid in $(family "$RUNNER" | tail -n +2); do
        sum=$((sum + $(memory_kib "$pid" Pss || echo 0)))
    done
    [ $((sum * 1024)) -le "$(jq .bytes <<<"$plan")" ] ||
        fail "$((sum * 1024)) bytes, planned $(jq .bytes <<<"$plan")"
}
