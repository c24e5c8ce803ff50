#!/bin/bash
# Kubelets and the API server go wrong in every way that the simulator knows: the
# others' values stay fresh, what fails is named by its reason, memory does not
# move, and all is well again afterwards.
set -u
. "$(dirname "$0")/lib.sh"
use_quick

NODES=60
RESOLUTION=2

# One line a fault: kind, parameters, what is to be said of the node. `-`: the
# scrape goes on, and the reason is counted; `ok`: nothing is wrong with it.
FAULTS='
refuse;;connect|reset|tls
hang;;timeout
hang-tls;;timeout
reset;;reset
truncated;;reset|truncated
slow;;timeout
garbage;;http_other
garbage-body;;malformed
wrong-length;;reset|truncated
endless;;too_large|timeout|malformed|too_deep
http;code=500;http_5xx
http;code=503;http_5xx
http;code=401;http_401
http;code=403;http_403
http;code=404;http_404
http;code=418;http_4xx
http;code=429&retry-after=2;http_429
expired-cert;;certificate
other-cert;;ok
bad-json;;malformed|-
huge-element;;-too_large
deep;;-too_deep
bad-utf8;;-bad_utf8
duplicate-keys;;-duplicate
bad-numbers;;-bad_number
odd-numbers;;-malformed
skew;seconds=-300;ok
counter-back;;ok
'

# The nodes, in the order of the simulator; two for each fault.
nodes() {
    api_get /api/v1/nodes | jq -r '.items[].metadata.name'
}

each_fault() { # COMMAND, called with node kind parameters expected
    local index=0 kind parameters expected node
    while IFS=';' read -r kind parameters expected; do
        [ -n "$kind" ] || continue
        for node in "${NAMES[index]}" "${NAMES[index + 1]}"; do
            "$1" "$node" "$kind" "$parameters" "$expected" || return 1
        done
        index=$((index + 2))
    done <<<"$FAULTS"
    SOUND=("${NAMES[@]:index}")
}

inject() {
    command_ok "/fault?node=$1&kind=$2${3:+&$3}"
}

last_success() { # NODE...; the oldest, Unix seconds
    local metrics
    metrics=$(get /metrics) || return 1
    local node
    for node in "$@"; do
        grep -F "skerry_node_scrape_last_success_timestamp_seconds{node=\"$node\"" <<<"$metrics"
    done | awk '{printf "%d\n", $NF}' | sort -n | head -1
}

# Successes of the node, minus those of the start.
successes() { # NODE
    get /metrics | grep -F "skerry_node_scrape_successes_total{node=\"$1\"" | awk '{printf "%d\n", $NF}'
}

reason_of() { # NODE
    jq -r --arg node "$1" '.failingNodes[] | select(.node == $node).error' "$WORK/appliance.json"
}

named_rightly() { # node kind parameters expected
    local said
    said=$(reason_of "$1")
    case $4 in
    ok | -*) [ -z "$said" ] || WRONG="$WRONG $2${3:+?$3}:$said" ;;
    *) [[ "|$4|" == *"|${said:--}|"* ]] || WRONG="$WRONG $2${3:+?$3}:${said:-nothing}" ;;
    esac
}

all_named() {
    get /api/v1/appliance >"$WORK/appliance.json"
    WRONG=
    each_fault named_rightly
    [ -z "$WRONG" ]
}

# Reasons that are counted although the scrape went on.
counted() { # node kind parameters expected
    [[ $4 == -?* ]] || return 0
    local reason sum=0
    for reason in $(tr "|" " " <<<"${4#-}"); do
        sum=$((sum + $(error_total "$reason")))
    done
    [ "$sum" -gt 0 ] || WRONG="$WRONG $2"
}

all_counted() {
    WRONG=
    each_fault counted
    [ -z "$WRONG" ]
}

# Nodes without a fault bring a sample in every one of the next cycles. On a machine
# that is too busy the simulator itself may be late: one time of three must do.
others_stay_fresh() { # CYCLES
    local try
    for try in 1 2 3; do
        LATE=
        are_fresh_for "$1" || return
        [ -n "$LATE" ] || return 0
    done
    fail "$LATE"
}

are_fresh_for() { # CYCLES
    local cycles=$1 before after
    before=$(for node in "${SOUND[@]}"; do successes "$node"; done | xargs)
    await_cycles "$cycles" $((cycles * RESOLUTION * 6)) || { fail "cycles stopped"; return 1; }
    after=$(for node in "${SOUND[@]}"; do successes "$node"; done | xargs)
    local b=($before) a=($after) i
    for i in "${!SOUND[@]}"; do
        [ $((a[i] - b[i])) -ge $((cycles - 1)) ] ||
            LATE="${SOUND[i]}: $((a[i] - b[i])) scrapes in $cycles cycles"
    done
}

# A page or two may be touched for the first time by a new kind of failure: the
# stack, or file pages of the program.
memory_is() { # KIB...
    local now=($(memory_of_roles)) then=($1) i
    for i in "${!now[@]}"; do
        [ $((now[i] - then[i])) -le 256 ] || return 1
    done
}

kubelets_fail() {
    await_scraped $((NODES * 3)) 60 || { fail "not scraped: $(appliance .errors)"; return; }
    mapfile -t NAMES < <(nodes)
    MEMORY=$(memory_of_roles)
    each_fault inject || { fail "a fault is not taken"; return; }
    await 40 all_named || { fail "said:$WRONG"; return; }
    await 20 all_counted || fail "not counted:$WRONG"
}

others_go_on() {
    others_stay_fresh 6
}

bad_elements_leave_the_rest() {
    local node now
    now=$(date +%s)
    for node in $(sed -n 's/^\(huge-element\|deep\|bad-utf8\|duplicate-keys\|bad-numbers\|odd-numbers\|skew\|counter-back\);.*/\1/p' \
        <<<"$FAULTS"); do
        local index
        index=$(grep -v '^$' <<<"$FAULTS" | grep -n "^$node;" | cut -d: -f1)
        local name=${NAMES[2 * (index - 1)]}
        [ "$(last_success "$name")" -ge $((now - 3 * RESOLUTION)) ] ||
            { fail "$node: $name is not scraped any more"; return; }
    done
}

memory_stays() {
    memory_is "$MEMORY" || fail "was $MEMORY KiB, is $(memory_of_roles) KiB"
    [ "$(deaths)" = 0 ] || fail "a role died"
}

no_failing() {
    [ "$(failing_count)" = 0 ]
}

kubelets_recover() {
    command_ok '/fault?target=all&kind=none' || { fail "faults do not end"; return; }
    await 40 no_failing || { fail "still failing: $(appliance '.failingNodes[] | [.node, .error]')"; return; }
    others_stay_fresh 3
    memory_is "$MEMORY" || fail "was $MEMORY KiB, is $(memory_of_roles) KiB"
    [ "$(deaths)" = 0 ] || fail "a role died"
}

kubelets_gone() {
    local before
    before=$(counter scrapes_total)
    command_ok '/kubelets?do=down' || { fail "they do not go"; return; }
    await 20 all_failing || { fail "only $(failing_count) fail"; return; }
    await_cycles 4 30 || { fail "cycles stopped"; return; }
    command_ok '/kubelets?do=up' || { fail "they do not come back"; return; }
    await 40 no_failing || { fail "$(failing_count) still fail"; return; }
    [ "$(counter scrapes_total)" -gt "$before" ] || fail "no scrapes"
}

all_failing() {
    [ "$(failing_count)" = $NODES ]
}

# The API server

# A pod that is added now is known in the end: discovery goes on.
sees_changes() { # NAME
    command_ok "/pod?do=add&ns=team-001&name=$1&node=${NAMES[50]}&at-once=1" || return 1
    await 30 knows_pod "$1" || return 1
    command_ok "/pod?do=remove&ns=team-001&name=$1&at-once=1" || return 1
    await 30 forgets_pod "$1"
}

knows_pod() {
    get /api/v1/model/namespaces/team-001/pods/ | jq -e --arg name "$1" 'index($name) != null'
}

forgets_pod() {
    get /api/v1/model/namespaces/team-001/pods/ | jq -e --arg name "$1" 'index($name) == null'
}

source_error_is() { # REASON
    [ "$(appliance '.sources[0].error')" = "$1" ]
}

source_is_well() {
    [ "$(appliance '.sources[0].up')" = true ]
}

# FAULT reason: the API server fails so; nodes are scraped all the while.
api_fault() { # QUERY REASON NAME
    local name
    name=fault-$3
    command_ok "/fault?target=api&$1" && command_ok '/cut?reset=1' ||
        { fail "the fault is not taken"; return; }
    await 30 source_error_is "$2" ||
        { fail "said $(appliance '.sources[0] | .error + ": " + .lastError')"; return; }
    SOUND=("${NAMES[@]}")
    others_stay_fresh 3
    command_ok '/fault?target=api&kind=none' || { fail "the fault does not end"; return; }
    await 60 source_is_well ||
        { fail "not well again: $(appliance '.sources[0].lastError')"; return; }
    sees_changes "$name" || fail "discovery does not go on"
}

api_too_old() {
    local before
    before=$(appliance '.sources[0].lists')
    command_ok '/410?cut=1' || { fail "no 410"; return; }
    sees_changes fault-410 || { fail "discovery does not go on"; return; }
    await 20 relisted "$before" || fail "$before lists before, $(appliance '.sources[0].lists') now"
    [ "$(appliance '.sources[0].relists')" -gt 0 ] || fail "relists are not counted"
    [ "$(appliance '.sources[0].watches')" -gt 3 ] || fail "watches are not counted"
}

relisted() {
    [ "$(appliance '.sources[0].lists')" -gt "$1" ]
}

api_cut() {
    local i
    for i in 1 2 3; do
        command_ok "/cut?reset=$((i % 2))" || { fail "no cut"; return; }
        sees_changes "cut-$i" || { fail "discovery does not go on"; return; }
    done
}

# Rows of pods that are gone stay for some cycles.
pods_are() {
    [ "$(pool pods used)" = "$1" ]
}

# KIND REASON: one more object in every page that is so: it is counted, the others
# are taken.
api_bad_object() {
    local before lists known
    before=$(error_total "$2")
    lists=$(appliance '.sources[0].lists')
    known=$(truth entity=cluster | jq .pods)
    command_ok "/fault?target=api&kind=$1" && command_ok '/410?cut=1' ||
        { fail "the fault is not taken"; return; }
    # After a back-off, of half a minute at most.
    await 60 relisted $((lists + 2)) ||
        { fail "not listed again: $(appliance -c '.sources[0]')"; return; }
    [ "$(error_total "$2")" -gt "$before" ] || fail "not counted: $(appliance -c .errors)"
    await 20 pods_are "$known" || fail "$known pods there are, $(pool pods used) are known"
    source_is_well || fail "said $(appliance '.sources[0].lastError')"
    sees_changes "bad-$1" || fail "discovery does not go on"
    command_ok '/fault?target=api&kind=none' || fail "the fault does not end"
}

# A list that never ends takes nothing from the nodes, and no memory.
api_endless() {
    local memory elements
    memory=$(memory_of_roles)
    command_ok '/fault?target=api&kind=endless&path=/api/v1/pods&bytes=4000000' &&
        command_ok '/410?cut=1' || { fail "the fault is not taken"; return; }
    elements=$(counter api_bytes_total)
    await 20 at_least api_bytes_total $((elements + 20000000)) ||
        { fail "$(($(counter api_bytes_total) - elements)) bytes of it came"; return; }
    SOUND=("${NAMES[@]}")
    others_stay_fresh 4
    memory_is "$memory" || fail "was $memory KiB, is $(memory_of_roles) KiB"
    command_ok '/fault?target=api&kind=none' && command_ok '/api?do=down&cut=1' &&
        command_ok '/api?do=up' || { fail "the fault does not end"; return; }
    await 60 source_is_well || { fail "not well again: $(appliance '.sources[0].lastError')"; return; }
    sees_changes endless || fail "discovery does not go on"
    [ "$(deaths)" = 0 ] || fail "a role died"
}

# The message names what is missing.
api_denies() {
    command_ok '/deny?resource=pods' && command_ok '/410?cut=1&reset=1' ||
        { fail "nothing is denied"; return; }
    await 30 source_error_is http_403 ||
        { fail "said $(appliance '.sources[0] | .error + ": " + .lastError')"; return; }
    local said
    said=$(appliance '.sources[0].lastError')
    [[ $said == *pods* ]] || fail "does not name pods: $said"
    SOUND=("${NAMES[@]}")
    others_stay_fresh 2
    command_ok /allow || { fail "nothing is allowed"; return; }
    await 60 source_is_well || { fail "not well again"; return; }
    sees_changes denied || fail "discovery does not go on"
}

kubelets_deny() {
    command_ok '/deny?resource=nodes/stats' || { fail "nothing is denied"; return; }
    await 20 all_failing || { fail "only $(failing_count) fail"; return; }
    [ "$(appliance '[.failingNodes[].error] | unique | join(" ")')" = http_403 ] ||
        fail "said $(appliance '[.failingNodes[].error] | unique')"
    command_ok /allow || { fail "nothing is allowed"; return; }
    await 40 no_failing || fail "$(failing_count) still fail"
}

scraped_more() { # THAN
    [ "$(counter scrapes_total)" -gt "$1" ]
}

api_is_down() {
    local names pid before
    names=$(get /api/v1/model/nodes/)
    command_ok '/api?do=down&cut=1' || { fail "it does not go down"; return; }
    await 20 source_error_is connect ||
        { fail "said $(appliance '.sources[0] | .error + ": " + .lastError')"; return; }
    SOUND=("${NAMES[@]}")
    others_stay_fresh 4
    [ "$(get /api/v1/model/nodes/)" = "$names" ] || fail "nodes are forgotten"
    pid=$(role_pid collect)
    before=$(counter scrapes_total)
    kill -9 "$pid"
    await 10 is_another "$pid" || { fail "collect is not back"; return; }
    [ "$(get /api/v1/model/nodes/)" = "$names" ] || fail "nodes are forgotten by the restart"
    await 20 scraped_more $((before + 2 * NODES)) ||
        { fail "$(counter scrapes_total) scrapes, $before before: known nodes are not scraped"; return; }
    others_stay_fresh 3
    get /api/v1/model/namespaces/team-001/pods/ | jq -e 'length > 0' >/dev/null ||
        fail "pods are forgotten by the restart"
    command_ok '/api?do=up' || { fail "it does not come up"; return; }
    await 60 source_is_well || { fail "not well again"; return; }
    sees_changes after-down || fail "discovery does not go on"
    [ "$(deaths)" = 1 ] || fail "$(deaths) deaths, 1 was ours"
}

is_another() { # PID
    local now
    now=$(role_pid collect)
    [ "$now" != "$1" ] && [ "$now" -gt 0 ] && s6-svstat -o ready "$TREE/service/collect" | grep -q true
}

# A tree with a token file: the token changes, and then the file.
token_changes() {
    tree_stop
    rm -rf "$WORK/tree"
    SIM_KUBECONFIG=$SIM_DIR/kubeconfig-token-file
    tree_start --nodes=$NODES --metric-resolution=${RESOLUTION}s "--source=$(source_of tls)"
    await_scraped $((NODES * 2)) 60 || { fail "not scraped: $(appliance .errors)"; return; }
    command_ok '/token?do=rotate' && command_ok '/cut?reset=1' || { fail "no new token"; return; }
    await 20 all_failing || { fail "only $(failing_count) fail"; return; }
    await 20 source_error_is http_401 || fail "said $(appliance '.sources[0].error')"
    [ "$(appliance '[.failingNodes[].error] | unique | join(" ")')" = http_401 ] ||
        fail "said $(appliance '[.failingNodes[].error] | unique')"
    command_ok '/token?do=write' || { fail "the file is not written"; return; }
    await 40 no_failing || { fail "$(failing_count) still fail"; return; }
    await 60 source_is_well || { fail "the API server is not reached again"; return; }
    at_least token_reads_total 1 || fail "the file was not read again"
    mapfile -t NAMES < <(nodes)
    sees_changes after-token || fail "discovery does not go on"
}

# A changed certificate is refused while it is another than the pinned one.
pin_holds() {
    tree_stop
    rm -rf "$WORK/tree"
    tree_start --nodes=$NODES --metric-resolution=${RESOLUTION}s \
        "--source=$(source_of tls kubeletTLS=pin)"
    await_scraped $((NODES * 2)) 60 || { fail "not scraped: $(appliance .errors)"; return; }
    command_ok '/fault?nodes=0/10&kind=other-cert' || { fail "no other certificate"; return; }
    await 20 pins_refuse ||
        { fail "said $(appliance '[.failingNodes[] | .node + " " + .error]')"; return; }
    at_least pin_changes_total 6 || fail "pin_changes_total is $(counter pin_changes_total)"
    command_ok '/fault?target=all&kind=none' || { fail "it does not end"; return; }
    await 40 no_failing || fail "$(failing_count) still fail"
}

pins_outlive_a_restart() {
    local pid
    command_ok '/fault?nodes=0/10&kind=other-cert' && await 20 pins_refuse ||
        { fail "said $(appliance -c "[.failingNodes[].error]")"; return; }
    pid=$(role_pid collect)
    kill -9 "$pid"
    await 10 is_another "$pid" || { fail "collect is not back"; return; }
    await_cycles 3 30 || { fail "no cycles"; return; }
    pins_refuse || fail "the changed certificates are trusted after a restart"
}

pins_refuse() {
    [ "$(appliance '[.failingNodes[].error] | join(" ")')" = \
        "$(printf 'certificate_changed %.0s' 1 2 3 4 5 6 | sed 's/ $//')" ]
}

sim_start --nodes=$NODES --pods-per-node=10 --cadence=5 --heartbeat=5
tree_start --nodes=$NODES --metric-resolution=${RESOLUTION}s \
    "--source=$(source_of tls kubeletTLS=verify)"
case_run 'kubelets fail, each by its reason' kubelets_fail
case_run 'other nodes go on' others_go_on
case_run 'a bad element costs only itself' bad_elements_leave_the_rest
case_run 'memory under faults' memory_stays
case_run 'kubelets recover' kubelets_recover
case_run 'all kubelets gone and back' kubelets_gone
case_run 'kubelets deny' kubelets_deny
case_run 'API server: 500' api_fault 'kind=http&code=500' http_5xx 500
case_run 'API server: 429' api_fault 'kind=http&code=429&retry-after=1' http_429 429
case_run 'API server: 401' api_fault 'kind=http&code=401' http_401 401
case_run 'API server: hang' api_fault 'kind=hang' timeout hang
case_run 'API server: garbage' api_fault 'kind=garbage' http_other garbage
case_run 'API server: 410' api_too_old
case_run 'API server: watches are cut' api_cut
for fault in huge-element:too_large deep:too_deep bad-utf8:bad_utf8 duplicate-keys:duplicate \
    bad-numbers:bad_number odd-numbers:malformed; do
    case_run "API server: ${fault%:*}" api_bad_object "${fault%:*}" "${fault#*:}"
done
case_run 'API server: a list without end' api_endless
case_run 'API server: 403' api_denies
case_run 'API server down, collect killed' api_is_down
case_run 'a token is replaced' token_changes
case_run 'a pinned certificate changes' pin_holds
case_run 'pins outlive a restart' pins_outlive_a_restart
finish
