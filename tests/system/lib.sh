# shellcheck shell=bash
# What the system tests share; each begins by reading this file and ends with
# `finish`. Every test runs in a tree of its own below a temporary directory:
# tree_start NAME [flags...] sets TREE (its directory) and RUNNER (the process of
# run.sh). The program is $PROGRAM, $RELEASE/skerry or out/skerry.
#
# Nothing waits for a time to pass: until_ok polls for an outcome, with a limit.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PROGRAM=$(readlink -f "${PROGRAM:-${RELEASE:-$root/out}/skerry}")
RUN=$root/supervise/run.sh
if ! command -v s6-svscan >/dev/null || ! command -v jq >/dev/null || [ ! -x "$PROGRAM" ]; then
    echo "SKIP system s6, jq or $PROGRAM is not there"
    exit 0
fi

export SKERRY_PROGRAM=$PROGRAM
WORK=$(mktemp -d)
RESULT=$WORK/failed
TREE=
RUNNER=
CASE_FAILED=no
PORT_NEXT=$((20000 + $$ % 12000))
ROLES='collect serve guard'

pass() {
    echo "PASS $CASE"
}

# Prints the first failure of the case; the case goes on unless it returns.
fail() {
    [ "$CASE_FAILED" = no ] || return 1
    CASE_FAILED=yes
    echo "FAIL $CASE $(basename "${BASH_SOURCE[1]}"):${BASH_LINENO[0]} $*"
    touch "$RESULT"
    if [ -n "$TREE" ] && [ -s "$TREE.out" ]; then
        tail -n 25 "$TREE.out" | sed 's/^/  | /'
    fi
    return 1
}

# case_run NAME FUNCTION: PASS when the function called fail nowhere. $ONLY names
# the only cases to run, when it is set.
case_run() {
    CASE=$1
    [[ -z ${ONLY:-} || " $ONLY " == *" $1 "* ]] || return 0
    CASE_FAILED=no
    "$2" || fail "ended with $?"
    [ "$CASE_FAILED" = yes ] || pass
}

now_ms() {
    echo $(($(date +%s%N) / 1000000))
}

# until_ok LIMIT-MS COMMAND...: polls until it succeeds; 1 when it never does.
until_ok() {
    local end=$(($(now_ms) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(now_ms)" -lt "$end" ] || return 1
        sleep 0.05
    done
}

# A port below the ephemeral ones that nobody listens on.
port() {
    PORT_NEXT=$((PORT_NEXT + 1))
    while (exec 3<>"/dev/tcp/127.0.0.1/$PORT_NEXT") 2>/dev/null; do
        PORT_NEXT=$((PORT_NEXT + 1))
    done
    PORT=$PORT_NEXT
}

tree_begin() { # NAME flags...
    TREE=$WORK/$1
    shift
    port
    env --default-signal=INT "$RUN" "$TREE" --heapster-port=$PORT --metric-resolution=5s \
        --nodes=4 "$@" >"$TREE.out" 2>&1 &
    RUNNER=$!
}

tree_start() {
    tree_begin "$@"
    until_ok 15000 all_ready
}

tree_stop() {
    [ -n "$RUNNER" ] || return 0
    kill -TERM "$RUNNER" 2>/dev/null
    wait "$RUNNER" 2>/dev/null
    RUNNER=
}

clean_up() {
    tree_stop
    rm -rf "$WORK"
}
trap clean_up EXIT

finish() {
    [ ! -e "$RESULT" ]
    exit
}

svstat() { # ROLE FIELD
    s6-svstat -o "$2" "$TREE/service/$1" 2>/dev/null
}

pid_of() {
    svstat "$1" pid
}

is_ready() {
    [ "$(svstat "$1" up,ready)" = 'true true' ]
}

all_ready() {
    local role
    for role in $ROLES; do
        is_ready "$role" || return 1
    done
    status >/dev/null
}

# Ready in another process than PID.
is_back() { # ROLE PID
    [ "$(pid_of "$1")" != "$2" ] && is_ready "$1"
}

# Up for longer than the second that s6 leaves between two starts.
is_settled() { # ROLE SECONDS
    is_ready "$1" && [ "$(svstat "$1" updownfor)" -ge "${2:-2}" ]
}

is_gone() {
    local state
    state=$(ps -o stat= -p "$1") || return 0
    [[ $state == Z* ]]
}

status() {
    "$PROGRAM" status --run-dir="$(readlink "$TREE/shm")" "$@"
}

# role_field ROLE FIELD of `skerry status --json`; nothing when it has none.
role_field() {
    status --json | jq -r --arg role "$1" --arg field "$2" \
        '.roles[] | select(.role == $role) | .[$field] | if . == null then "" else . end'
}

field_is() { # ROLE FIELD VALUE
    [ "$(role_field "$1" "$2")" = "$3" ]
}

said() {
    grep -q -e "$1" "$TREE.out"
}

# Processes of this tree; all of them have its variables. Zombies have none.
processes() {
    grep -lzs -e "^SKERRY_SERVICE_DIR=$TREE/service\$" /proc/[0-9]*/environ |
        sed 's|/proc/\([0-9]*\)/.*|\1|'
}

no_processes() {
    [ -z "$(processes)" ]
}
