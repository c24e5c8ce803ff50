#!/bin/bash
# The page with 1,000 nodes, 30,000 pods and 60,000 containers.
set -u
. "$(dirname "$0")/../cluster/lib.sh"
. "$(dirname "$0")/lib.sh"

sim_start --nodes=1000 --pods-per-node=30
tree_start --nodes=1000 --metric-resolution=15s --history=64M "--source=$(source_of plain)"
await 120 at_least scrapes_total 1900 || { fail "the cluster is not scraped"; exit 1; }
await_cycles 2 120 || { fail "no cycles any more"; exit 1; }

export URL
page_run large.mjs
finish
