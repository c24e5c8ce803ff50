#!/bin/bash
# Every way to log in, against real TLS: token, token file and client certificate,
# inline and by file; another server name; a pod's service account. And several
# sources at once.
set -u
. "$(dirname "$0")/lib.sh"
use_quick

NODES=6

all_scraped() {
    [ "$(appliance '.sources[0].up')" = true ] && at_least scrapes_total $((NODES * 2)) &&
        [ "$(failing_count)" = 0 ]
}

ends_well() {
    await 60 all_scraped ||
        fail "$(appliance -c '[.sources[0], .failingNodes[0], .errors]') $(cat "$TREE.out")"
    [ "$(model_value metrics/node/count)" = "$1" ] || fail "node/count is $(model_value metrics/node/count)"
    tree_stop
    rm -rf "$WORK/tree"
}

logs_in() { # KUBECONFIG options
    tree_start --nodes=$NODES --metric-resolution=1s \
        "--source=kubernetes:?auth=$1&kubeletPort=$SIM_TLS&kubeletTLS=verify${2:+&$2}"
    ends_well $NODES
}

named() { # SERVER-NAME
    sed "s|^\( *\)server: https://.*|&\n\1tls-server-name: $1|" "$SIM_KUBECONFIG" >"$WORK/named"
}

# The name in the kubeconfig counts, not the address.
other_name() {
    named elsewhere
    "$PROGRAM" check --heapster-port="$(free_port)" "--source=kubernetes:?auth=$WORK/named" >"$WORK/out" 2>&1 &&
        { fail "the certificate does not name it, and nobody minds"; return; }
    grep -q 'FAIL.*certificate' "$WORK/out" || { fail "$(cat "$WORK/out")"; return; }
    named kubernetes
    logs_in "$WORK/named"
}

# The second context of two.
other_context() {
    sed 's/^current-context: sim$/current-context: none/' "$SIM_KUBECONFIG" >"$WORK/contexts"
    "$PROGRAM" check --heapster-port="$(free_port)" "--source=kubernetes:?auth=$WORK/contexts" >"$WORK/out" 2>&1 &&
        { fail "a context that does not exist is used"; return; }
    grep -q 'none' "$WORK/out" || { fail "$(cat "$WORK/out")"; return; }
    logs_in "$WORK/contexts" context=sim
}

# Its files lie where only a pod has them: a mount namespace of our own.
service_account() {
    local address=${SIM_API#https://} account=/var/run/secrets/kubernetes.io/serviceaccount
    if ! unshare -m true 2>/dev/null; then
        echo "SKIP $CASE: no mount namespace"
        return
    fi
    unshare -m bash -c "mount -t tmpfs none /run && mkdir -p $account &&
        cp '$SIM_DIR/token' '$SIM_DIR/ca.crt' $account/ &&
        KUBERNETES_SERVICE_HOST=${address%:*} KUBERNETES_SERVICE_PORT=${address#*:} \
        '$PROGRAM' check --heapster-port=$(free_port) '--source=kubernetes:?kubeletPort=$SIM_TLS'" \
        >"$WORK/out" 2>&1 || { fail "$(cat "$WORK/out")"; return; }
    [ "$(grep -c 'ok *kubelet of ' "$WORK/out")" = 3 ] || fail "$(cat "$WORK/out")"
}

both_answer() {
    model_value "nodes/$(uname -n)/metrics/memory/usage" | grep -qE '^[0-9]{6}' &&
        [ "$(model_value metrics/node/count)" = $((NODES + 1)) ]
}

# This machine beside the cluster; the cluster's loss leaves the other alone.
several() {
    local before
    tree_start --nodes=$((NODES + 1)) --metric-resolution=1s "--source=$(source_of tls)" --source=host:
    await 60 all_scraped || { fail "$(appliance -c '[.sources, .errors]')"; return; }
    await 20 both_answer || { fail "node/count $(model_value metrics/node/count)"; return; }
    [ "$(appliance -c '[.sources[] | [.kind, .up]]')" = '[["kubernetes",true],["host",true]]' ] ||
        { fail "$(appliance -c .sources)"; return; }
    command_ok '/api?do=down&cut=1' && command_ok '/kubelets?do=down' || { fail "they stay"; return; }
    await 30 is_down || { fail "$(appliance -c .sources)"; return; }
    before=$(curl -sS "$MODEL/nodes/$(uname -n)/metrics/cpu/usage" | jq -r '.metrics[-1].timestamp')
    await 20 has_newer "$before" || fail "this machine is not read any more"
    command_ok '/api?do=up' && command_ok '/kubelets?do=up' || { fail "they stay away"; return; }
    await 60 all_scraped || fail "$(appliance -c .sources)"
    [ "$(deaths)" = 0 ] || fail "a role died"
    tree_stop
}

is_down() {
    [ "$(appliance '.sources[0].up')" = false ]
}

has_newer() { # THAN
    [ "$(curl -sS "$MODEL/nodes/$(uname -n)/metrics/cpu/usage" | jq -r '.metrics[-1].timestamp')" \> "$1" ]
}

sim_start --nodes=$NODES --pods-per-node=4 --cadence=request
for kind in kubeconfig kubeconfig-cert kubeconfig-token-file kubeconfig-files; do
    case_run "login: $kind" logs_in "$SIM_DIR/$kind"
done
case_run 'login: another server name' other_name
case_run 'login: another context' other_context
case_run 'login: service account' service_account
case_run 'several sources' several
finish
