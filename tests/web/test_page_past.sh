#!/bin/bash
# The page on thirty days of history with gaps, written at once by skerry-past: every
# range of a node, a pod, a namespace, the cluster, values against what was written.
set -u
. "$(dirname "$0")/../cluster/lib.sh"
. "$(dirname "$0")/lib.sh"

STEP=60
DAYS=30
NAMES=$WORK/names
sim_start --nodes=3 --pods-per-node=4 --namespaces=2
{
    api_get /api/v1/nodes | jq -r '.items[] | "node \(.metadata.name)"'
    api_get /api/v1/pods | jq -r '.items[] | "pod \(.metadata.namespace) \(.metadata.name) \(.spec.nodeName)"'
    api_get /api/v1/namespaces | jq -r '.items[] | "namespace \(.metadata.name)"'
    echo cluster
} >"$NAMES"
END=$(($(date +%s) / STEP * STEP))
mkdir -p "$WORK/tree/state"
# Written in memory, as the disk may be slow.
FILE=$(mktemp -d /dev/shm/skerry-past.XXXXXX)/history.db
trap 'rm -rf "${FILE%/*}"; clean_up' EXIT
"$RELEASE/skerry-past" "$FILE" "$END" "$DAYS" "$STEP" <"$NAMES" || { fail "no history is written"; exit 1; }
mv "$FILE" "$WORK/tree/state/history.db"
tree_start --nodes=10 --metric-resolution=5s --history=1G "--source=$(source_of plain)"
await_scraped 6 90 || { fail "the cluster is not scraped"; exit 1; }

export URL NAMES END STEP
page_run past.mjs
finish
