#!/bin/bash
# The page over TLS with a token: the login leads to the view that was asked for, and
# a reader whose cookie is gone is sent there and comes back.
set -u
. "$(dirname "$0")/../cluster/lib.sh"
. "$(dirname "$0")/lib.sh"

tree_start --metric-resolution=5s --history=64M --tls
URL=https://127.0.0.1:$PORT
has_cycles() {
    [ "$(curl -sk -H "Authorization: Bearer $TOKEN" "$URL/api/v1/appliance" | jq '.counters.cycles_total')" -ge 2 ]
}
await 90 test -s "$TREE/state/serve/token" || { fail "no token is made"; exit 1; }
TOKEN=$("$PROGRAM" token --state-dir="$TREE/state" | head -n 1)
await 90 has_cycles || { fail "no cycles"; exit 1; }

export URL TOKEN
page_run token.mjs
finish
