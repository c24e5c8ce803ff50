#!/bin/bash
# The page in Debian's chromium, headless: every view against the simulated cluster,
# clicked through, values against the truth, no console error, no outside request;
# then with faults. Screenshots stay under out/screenshots/.
set -u
. "$(dirname "$0")/../cluster/lib.sh"
. "$(dirname "$0")/lib.sh"

node tests/web/sink.mjs >"$WORK/sink.port" &
STORE=$!
trap 'kill "$STORE" 2>/dev/null; clean_up' EXIT
await 30 test -s "$WORK/sink.port" || { fail "the store does not start"; exit 1; }
SINK=http://127.0.0.1:$(cat "$WORK/sink.port")

sim_start --nodes=6 --pods-per-node=20 --psi --swap
tree_start --nodes=20 --metric-resolution=5s --history=64M "--sink=influxdb:$SINK?db=k8s" \
    "--source=$(source_of tls kubeletTLS=verify)"
await_scraped 12 90 || { fail "the cluster is not scraped"; exit 1; }
# From here on all stands still, so that values can be compared.
command_ok '/time?do=freeze'
await_cycles 3 90 || { fail "no cycles any more"; exit 1; }

export URL SIM_ADMIN TREE SINK
page_run page.mjs
finish
