#!/bin/bash
# A bad configuration is said in one sentence and not tried again until mended.
. "$(dirname "$0")/lib.sh"

# refused SENTENCE flags...: run.sh ends with 100 and starts nothing.
refused() {
    local sentence=$1 code
    shift
    tree_begin refused "$@"
    until_ok 20000 has_ended "$RUNNER" || { fail "it runs: $*"; tree_stop; return 1; }
    wait "$RUNNER"
    code=$?
    RUNNER=
    [ "$code" = 100 ] || { fail "exit $code"; return 1; }
    grep -q -e "$sentence" "$TREE.out" || { fail "no sentence: $sentence"; return 1; }
    no_processes || fail "something was started"
}

has_ended() { # PID
    ! kill -0 "$1" 2>/dev/null
}

unknown_flag() { refused 'did you mean --metric-resolution' --metric-resolutoin=10s; }
bad_value() { refused 'is not a whole number' --pods=many; }
over_memory() { refused 'but --memory is 2.0 MiB' --memory=2M; }
bad_source() { refused 'source=kubernetes:https://x:1' '--source=kubernetes:https://x:1?auht=y'; }
no_config_file() { refused 'cannot be read' --config="$WORK/none.conf"; }

is_refused() {
    field_is "$1" state refused
}

broken_later() {
    local starts until
    echo 'clients = many' >"$WORK/skerry.conf"
    kill -9 "$(pid_of serve)"
    until_ok 5000 is_refused serve || { fail "serve is $(role_field serve state)"; return 1; }
    said "serve: .*line 1: --clients=many is not a whole number" ||
        { fail "the log does not say why"; return 1; }
    starts=$(role_field serve starts)
    # The guard notes two more seconds, and nobody tried.
    local until=$(($(now_ms) + 2000))
    guard_wrote() { [ "$(status --json | sed 's/.*"writtenMs":\([0-9]*\).*/\1/')" -gt "$until" ]; }
    until_ok 5000 guard_wrote
    [ "$(role_field serve starts)" = "$starts" ] && is_refused serve ||
        fail "serve was tried again"
}

# The guard reads the same broken file and must live to see it mended.
guard_survives() {
    local pid
    pid=$(pid_of guard)
    kill -9 "$pid"
    until_ok 5000 is_back guard "$pid" || fail "the guard is not back"
}

# The same of the flags file, which it knows by a variable of the tree.
guard_survives_flags() {
    local pid
    pid=$(pid_of guard)
    cp "$TREE/flags" "$WORK/flags"
    echo --no-such-flag >>"$TREE/flags"
    kill -9 "$pid"
    until_ok 5000 is_back guard "$pid" || fail "the guard is not back"
    cp "$WORK/flags" "$TREE/flags"
}

mended() {
    echo 'clients = 8' >"$WORK/skerry.conf"
    until_ok 10000 all_ready || fail "serve is $(role_field serve state)"
    said 'the configuration changed; serve is started again' || fail "the log does not say so"
}

port_in_use() {
    local first=$TREE runner=$RUNNER taken=$PORT
    tree_begin second --heapster-port="$taken"
    until_ok 10000 is_refused serve || fail "serve is $(role_field serve state)"
    said "serve: .*$taken" || fail "no sentence names the port"
    tree_stop
    TREE=$first RUNNER=$runner
}

# The rest goes on, the page and `skerry status` say why, and nobody tries again.
bad_login() {
    local starts
    cat >"$WORK/exec.kubeconfig" <<'END'
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443"}}]
users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}}}]
END
    tree_begin login "--source=kubernetes:?auth=$WORK/exec.kubeconfig"
    until_ok 10000 is_refused collect || { fail "collect is $(role_field collect state)"; return 1; }
    until_ok 5000 tells_why || { fail "nobody says why: $(status)"; return 1; }
    until_ok 10000 page_tells_why || fail "the page does not say why"
    starts=$(role_field collect starts)
    s6-svstat "$TREE/service/collect" | grep -q '^down' || fail "collect is tried again"
    [ "$(role_field collect starts)" = "$starts" ] || fail "collect was tried again"
    tree_stop
}

page_tells_why() {
    curl -s "http://127.0.0.1:$PORT/plain" | grep -q 'exec (a login by a helper program) is not supported'
}

tells_why() {
    status | grep -q 'collect .*exec (a login by a helper program) is not supported'
}

case_run system_unknown_flag unknown_flag
case_run system_bad_value bad_value
case_run system_over_memory over_memory
case_run system_bad_source bad_source
case_run system_no_config_file no_config_file
case_run system_bad_login bad_login
echo '# nothing yet' >"$WORK/skerry.conf"
if tree_start config --config="$WORK/skerry.conf"; then
    case_run system_broken_later broken_later
    case_run system_guard_survives guard_survives
    case_run system_guard_survives_flags guard_survives_flags
    case_run system_mended mended
    case_run system_port_in_use port_in_use
else
    CASE=system_config_tree
    fail "the tree is not ready"
fi
tree_stop
finish
