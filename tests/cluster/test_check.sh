#!/bin/bash
# `skerry check` and bad configurations: one sentence that says what is wrong and
# how to mend it.
set -u
. "$(dirname "$0")/lib.sh"

# The tool's output and exit code.
check() { # flags...
    "$PROGRAM" check --heapster-port="$FREE" "$@" >"$WORK/check.out" 2>&1
    CODE=$?
}

says() { # REGEX
    grep -qE -e "$1" "$WORK/check.out" || fail "does not say $1: $(cat "$WORK/check.out")"
}

all_is_well() {
    check "--source=$(source_of tls)"
    [ "$CODE" = 0 ] || { fail "exit $CODE: $(cat "$WORK/check.out")"; return; }
    ! grep -q FAIL "$WORK/check.out" || fail "$(cat "$WORK/check.out")"
    says 'ok +API server'
    says 'ok +may list nodes'
    says 'ok +may watch pods'
    says 'ok +may list events'
    [ "$(grep -c 'ok *kubelet of ' "$WORK/check.out")" = 3 ] || fail "not three kubelets: $(cat "$WORK/check.out")"
}

without_rights() {
    SIM_KUBECONFIG=$SIM_DIR/kubeconfig-nobody check "--source=$(SIM_KUBECONFIG=$SIM_DIR/kubeconfig-nobody source_of tls)"
    [ "$CODE" = 1 ] || fail "exit $CODE"
    says 'FAIL +may list (nodes|pods)'
    says 'skerry rbac'
}

one_right_is_missing() { # RESOURCE what
    command_ok "/deny?resource=$1" || { fail "nothing is denied"; return; }
    check "--source=$(source_of tls)"
    command_ok /allow
    [ "$CODE" = 1 ] || fail "exit $CODE"
    says "FAIL.*$2"
}

# What older manifests do not grant.
events_are_forbidden() {
    command_ok '/deny?resource=events' || { fail "nothing is denied"; return; }
    check "--source=$(source_of tls)"
    command_ok /allow
    [ "$CODE" = 0 ] || fail "exit $CODE"
    says 'note +may list events: not allowed.*skerry rbac'
    says 'all [0-9]+ checks passed'
}

token_is_refused() {
    command_ok '/token?do=revoke' || { fail "not revoked"; return; }
    check "--source=$(source_of tls)"
    command_ok '/token?do=restore'
    [ "$CODE" = 1 ] || fail "exit $CODE"
    says '401'
    says 'token or client certificate'
}

api_is_down() {
    command_ok '/api?do=down&cut=1' || { fail "not down"; return; }
    check "--source=$(source_of tls)"
    command_ok '/api?do=up'
    [ "$CODE" = 1 ] || fail "exit $CODE"
    says 'FAIL +API server'
    says 'firewall'
}

wrong_authority() {
    sed 's/^\( *\)certificate-authority-data:.*/\1certificate-authority-data: /' "$SIM_KUBECONFIG" |
        sed '/certificate-authority-data: $/d' >"$WORK/no-ca.kubeconfig"
    check "--source=kubernetes:$SIM_API?inClusterConfig=false&auth=$WORK/no-ca.kubeconfig"
    [ "$CODE" = 1 ] || fail "exit $CODE: $(cat "$WORK/check.out")"
    says 'certificate'
}

kubelet_certificates() {
    command_ok '/fault?target=all&kind=expired-cert' || { fail "no fault"; return; }
    check "--source=$(source_of tls kubeletTLS=verify)"
    command_ok '/fault?target=all&kind=none'
    [ "$CODE" = 1 ] || fail "exit $CODE"
    says 'FAIL +kubelet of'
    says 'kubeletTLS=pin'
}

# Credentials that cannot be used.
bad_kubeconfig() { # FILE-CONTENT regex
    printf '%s' "$1" >"$WORK/bad.kubeconfig"
    check "--source=kubernetes:$SIM_API?inClusterConfig=false&auth=$WORK/bad.kubeconfig"
    [ "$CODE" != 0 ] || fail "exit 0"
    says "$2"
}

no_kubeconfig() {
    check "--source=kubernetes:$SIM_API?inClusterConfig=false&auth=$WORK/none.kubeconfig"
    [ "$CODE" != 0 ] || fail "exit 0"
    says 'none.kubeconfig'
}

EXEC_USER='apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443"}}]
users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}}}]
'

# Refused before anything is started: exit 100 and a sentence.
refused() { # regex flags...
    local regex=$1 code
    shift
    "$PROGRAM" validate "$@" >"$WORK/check.out" 2>&1
    code=$?
    [ "$code" = 100 ] || { fail "exit $code: $(cat "$WORK/check.out")"; return; }
    says "$regex"
    SKERRY_PROGRAM=$PROGRAM timeout 20 supervise/run.sh "$WORK/refused" --heapster-port="$FREE" "$@" \
        >"$WORK/check.out" 2>&1
    code=$?
    [ "$code" = 100 ] || { fail "run.sh: exit $code"; return; }
    says "$regex"
}

manifest() {
    "$PROGRAM" rbac >"$WORK/direct.yaml" && "$PROGRAM" rbac --access=proxy >"$WORK/proxy.yaml" ||
        { fail "exit $?"; return; }
    grep -q 'nodes/stats' "$WORK/direct.yaml" || fail "no nodes/stats"
    ! grep -q 'resources:.*nodes/proxy' "$WORK/direct.yaml" || fail "nodes/proxy without need"
    grep -q 'resources:.*nodes/proxy' "$WORK/proxy.yaml" || fail "no nodes/proxy"
}

FREE=$(free_port)
sim_start --nodes=5 --pods-per-node=5
case_run 'check: all is well' all_is_well
case_run 'check: no rights' without_rights
case_run 'check: 403 for nodes/stats' one_right_is_missing nodes/stats 'nodes/stats'
case_run 'check: 403 for pods' one_right_is_missing pods 'pods'
case_run 'check: events are forbidden' events_are_forbidden
case_run 'check: the token is refused' token_is_refused
case_run 'check: API server down' api_is_down
case_run 'check: unknown authority' wrong_authority
case_run 'check: expired kubelet certificates' kubelet_certificates
case_run 'check: no kubeconfig' no_kubeconfig
case_run 'check: exec user' bad_kubeconfig "$EXEC_USER" 'exec'
case_run 'check: no YAML' bad_kubeconfig '{[' 'bad.kubeconfig|YAML|line'
case_run 'refused: unknown source' refused 'kubernets' --source=kubernets:https://127.0.0.1
case_run 'refused: bad URL' refused 'ftp' --source=kubernetes:ftp://127.0.0.1:6443
case_run 'refused: unknown option' refused 'kubeletPrt' \
    '--source=kubernetes:https://127.0.0.1:6443?kubeletPrt=1'
case_run 'refused: unknown flag' refused 'metric-resolution' --metric-resolutoin=15s
case_run 'refused: resolution' refused 'metric-resolution' --metric-resolution=1s
case_run 'rbac' manifest
finish
