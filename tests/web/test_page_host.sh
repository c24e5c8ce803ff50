#!/bin/bash
# The page of a machine alone, as a newcomer sees it first: with history and without.
set -u
. "$(dirname "$0")/../cluster/lib.sh"
. "$(dirname "$0")/lib.sh"

BARE_PORT=$(free_port)
BARE=http://127.0.0.1:$BARE_PORT
SKERRY_PROGRAM=$PROGRAM supervise/run.sh "$WORK/bare" --heapster-port="$BARE_PORT" \
    --metric-resolution=5s --history=0 >"$WORK/bare.out" 2>&1 &
BARE_RUNNER=$!
trap 'kill -TERM "$BARE_RUNNER" 2>/dev/null; wait "$BARE_RUNNER" 2>/dev/null; clean_up' EXIT
tree_start --metric-resolution=5s --history=64M
await 90 at_least cycles_total 5 || { fail "no cycles"; exit 1; }
await 90 curl -fsS "$BARE/readyz" || { fail "the tree without history has nothing"; exit 1; }

export URL BARE
page_run host.mjs
finish
