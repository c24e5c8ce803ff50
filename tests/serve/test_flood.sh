#!/bin/bash
# Floods: 10,000 connections, half handshakes, slow heads, greedy readers, requests as
# fast as they go; plain and over TLS. All the while a normal client of another address
# is served, collection of the simulated cluster misses no cycle, and serve keeps its
# planned memory.
set -u
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "SKIP $TEST python3 is not there"; exit 0; }
HERE=$(cd "$(dirname "$0")" && pwd)
use_quick
FLOOD=
NODES=20
CONNECTIONS=10000

flood_is_over() {
    [ -z "$FLOOD" ] || ! kill -0 "$FLOOD" 2>/dev/null
}

end_flood() {
    [ -z "$FLOOD" ] || { kill "$FLOOD" 2>/dev/null; wait "$FLOOD" 2>/dev/null; }
    FLOOD=
}

cycles() {
    get /api/v1/appliance --interface 127.0.0.1 | jq -r .counters.cycles_total
}

# KIND COUNT SECONDS [flags]: floods, and asks meanwhile as anybody does.
under() {
    local kind=$1 count=$2 seconds=$3 tries=0 good=0 before after began pid took
    shift 3
    pid=$(role_pid serve)
    before=$(cycles)
    began=$(now_ms)
    # shellcheck disable=SC2086
    python3 "$HERE/flood.py" "$kind" $WAY --port="$PORT" --count="$count" --seconds="$seconds" \
        --source=127.0.0.2 "$@" >"$WORK/flood" 2>&1 &
    FLOOD=$!
    while ! flood_is_over; do
        tries=$((tries + 1))
        [ "$(get '/healthz?verbose' --max-time 5 -o /dev/null -w '%{http_code}' 2>/dev/null)" != 200 ] || good=$((good + 1))
        sleep 0.2
    done
    wait "$FLOOD"
    FLOOD=
    after=$(cycles)
    took=$((($(now_ms) - began) / 1000))
    echo "# $WAY $kind: $(cat "$WORK/flood"); $good of $tries answered; $((after - before)) cycles in $took s"
    [ "$tries" -ge 3 ] || fail "asked $tries times only: $(cat "$WORK/flood")"
    [ $((good * 10)) -ge $((tries * 9)) ] || fail "$good of $tries requests were answered"
    # Of one second each; one may have been under way at either end.
    [ $((after - before + 2)) -ge "$took" ] || fail "$((after - before)) cycles in $took s"
    [ "$(role_pid serve)" = "$pid" ] || fail "serve died"
}

keeps_its_plan() { # flags...
    [ "$(deaths)" = 0 ] || fail "a role died"
    [ "$(metric 'skerry_heap_failures_total{role="serve"}')" = 0 ] || fail "the heap was full"
    [ "$(metric 'skerry_http_clients{value="peak"}')" -le "$(metric 'skerry_http_clients{value="limit"}')" ] ||
        fail "more clients than planned"
    tree_is_below_plan --nodes=$NODES --pods=600 --containers=1300 --history=0 \
        --source="$(source_of plain)" "$@"
}

refusals_are_counted() {
    [ "$(get /metrics | grep -v '^#' | grep -E 'refusals_total.*"(full|evicted|timeout|tls)"' |
        awk '{sum += $2} END {print sum}')" -gt 1000 ] || fail "$(get /metrics | grep refusals)"
}

begin() { # serve's flags
    tree_start --metric-resolution=1s --nodes=$NODES --pods=600 --containers=1300 --history=0 \
        --source="$(source_of plain)" "$@"
    ROLES='collect serve guard'
    GET_FLAGS=()
    if [ -n "$WAY" ]; then
        URL=https://127.0.0.1:$PORT
        await 60 serve_is_up || { fail "serve does not come up"; return 1; }
        learn_token
    else
        await 60 serve_is_up || { fail "serve does not come up"; return 1; }
    fi
    await_scraped $NODES 60 || { fail "nothing is collected"; return 1; }
}

all_floods() {
    local name=plain token=()
    [ -z "$WAY" ] || { name=tls; token=(--token="$TOKEN"); }
    case_run "${name}_connections" under connect $CONNECTIONS 8
    case_run "${name}_slow_heads" under slow 200 6
    case_run "${name}_greedy" under greedy 60 6 "${token[@]}"
    case_run "${name}_requests" under requests 60 6 "${token[@]}"
    [ -z "$WAY" ] || case_run half_handshakes under half 2000 6
    case_run "${name}_refusals_are_counted" refusals_are_counted
    case_run "${name}_keeps_its_plan" keeps_its_plan "$@"
}

trap 'end_flood; clean_up' EXIT
sim_start --nodes=$NODES --pods-per-node=30
WAY=
case_run plain_starts begin
all_floods
tree_stop
WAY=--tls
case_run tls_starts begin --tls
all_floods --tls
finish
