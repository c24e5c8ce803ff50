# shellcheck shell=bash
# What the tests of the server share, on top of those of the cluster:
#
#   plain_start [flags]    a tree on this machine alone, http://
#   secure_start [flags]   the same over TLS; sets TOKEN, CERTIFICATE; `get` uses them
. "$(dirname "${BASH_SOURCE[0]}")/../cluster/lib.sh"

serve_is_up() {
    [ "$(curl -sk -o /dev/null -w '%{http_code}' --max-time 5 "$URL/readyz")" = 200 ]
}

plain_start() {
    tree_start --metric-resolution=5s --nodes=4 --history=0 "$@"
    ROLES='collect serve guard'
    GET_FLAGS=()
    await 60 serve_is_up || { fail "serve does not come up"; return 1; }
}

secure_start() {
    tree_start --metric-resolution=5s --nodes=4 --history=0 --tls "$@"
    ROLES='collect serve guard'
    URL=https://127.0.0.1:$PORT
    MODEL=$URL/api/v1/model
    await 60 serve_is_up || { fail "serve does not come up"; return 1; }
    learn_token
}

learn_token() {
    CERTIFICATE=$TREE/state/serve/tls.crt
    TOKEN=$(cat "$TREE/state/serve/token" 2>/dev/null)
    GET_FLAGS=(--cacert "$CERTIFICATE" -H "Authorization: Bearer $TOKEN")
}

# The status of an answer alone.
status_of() { # PATH [curl arguments]
    local path=$1
    shift
    curl -sS -g -o /dev/null -w '%{http_code}' --max-time 10 --cacert "$CERTIFICATE" "$@" "$URL$path"
}

# One series of /metrics.
metric() { # SERIES
    get /metrics | grep -v "^#" | grep -F "$1 " | sed 's/.* //'
}

# Every line that the tree logged, whichever way.
all_logs() {
    cat "$TREE.out" "$TREE"/log/* "$TREE"/log/*/* 2>/dev/null
}

is_below_plan() { # what the tree was started with
    tree_is_below_plan --metric-resolution=5s --nodes=4 --history=0 "$@"
}
