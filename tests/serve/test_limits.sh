#!/bin/bash
# Requests that are none: smuggling shapes, tricks with paths, heads without end, too
# slow ones; plain and over TLS, against the program itself.
set -u
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "SKIP $TEST python3 is not there"; exit 0; }
HERE=$(cd "$(dirname "$0")" && pwd)

lived_through() { # flags...
    [ "$(deaths)" = 0 ] || fail "a role died"
    [ "$(metric 'skerry_heap_failures_total{role="serve"}')" = 0 ] || fail "the heap was full"
    [ "$(metric 'skerry_http_refusals_total{reason="timeout"}')" -ge 5 ] || fail "slow ones are not counted"
    is_below_plan "$@"
}


case_run plain_starts plain_start
python3 "$HERE/limits.py" --port="$PORT" >"$WORK/plain" 2>&1 || FAILURES=$((FAILURES + 1))
cat "$WORK/plain"
case_run plain_lived_through lived_through
tree_stop
case_run tls_starts secure_start
python3 "$HERE/limits.py" --port="$PORT" --tls --token="$TOKEN" >"$WORK/tls" 2>&1 || FAILURES=$((FAILURES + 1))
cat "$WORK/tls"
case_run tls_lived_through lived_through --tls
finish
