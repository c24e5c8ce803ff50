#!/bin/bash
# `skerry top`, once and in a real terminal (tmux), against the simulated cluster:
# values and shares compared with the truth, order, filter, another size, pause,
# what is shown while collect is dead, and the terminal after every way to end.
set -u
. "$(dirname "$0")/lib.sh"

if ! command -v tmux >/dev/null; then
    echo "SKIP $TEST tmux is not there"
    exit 0
fi
NODES=12
LC_ALL=C
export LC_ALL

# Each terminal is a server of its own: one that is going away takes no sessions.
MUX=0
mux() {
    TMUX= TMUX_TMPDIR=$WORK tmux -L "top$MUX" -f /dev/null "$@"
}

mux_next() {
    mux kill-server 2>/dev/null
    MUX=$((MUX + 1))
}

trap 'mux kill-server 2>/dev/null; clean_up' EXIT

top() {
    "$PROGRAM" top --run-dir="$TREE/shm" "$@"
}

# --- Printed once

# Kubelets answer no more, so that the truth stays what was served last.
hold_and_ask() {
    command_ok '/fault?target=all&kind=http&code=503' || return 1
    await_cycles 1 20 || return 1
    top nodes --once >"$WORK/nodes" && top nodes --json >"$WORK/nodes.json" &&
        top pods --json -n "$SPACE" >"$WORK/pods.json" &&
        top containers --json -n "$SPACE" >"$WORK/containers.json" &&
        top pods --once >"$WORK/pods"
}

# millicores and bytes of an entity
truth_use() { # QUERY
    truth "$1" | jq -r '[.fields | (."cpu/usage".rate_per_s / 1e6), ."memory/working_set".value] | @tsv'
}

# name, CPU and memory wanted beside those got
compare() { # FILE with: name, millicores, bytes, millicores, bytes
    awk -F'\t' '
        function off(a, b) {return a - b > 1 + b / 1e6 || b - a > 1 + b / 1e6}
        NF != 5 || off($2, $4) || off($3, $5) {print; exit}' "$1"
}

agrees() { # FILE COUNT
    local what
    [ "$(wc -l <"$1")" -ge "$2" ] || { fail "$(wc -l <"$1") rows, wanted $2"; return; }
    what=$(compare "$1")
    [ -z "$what" ] || fail "name, wanted, got: $what"
}

nodes_are_true() {
    local name cpu memory
    jq -r '.items[] | [.name, .cpuMillicores, .memoryBytes] | @tsv' "$WORK/nodes.json" |
        while IFS=$'\t' read -r name cpu memory; do
            printf '%s\t%s\t%s\t%s\n' "$name" "$(truth_use "entity=node&name=$name")" "$cpu" "$memory"
        done >"$WORK/compared"
    agrees "$WORK/compared" $NODES
}

pods_are_true() {
    local pod cpu memory
    jq -r '.items[] | select(.cpuMillicores) | [.name, .cpuMillicores, .memoryBytes] | @tsv' "$WORK/pods.json" |
        while IFS=$'\t' read -r pod cpu memory; do
            printf '%s\t%s\t%s\t%s\n' "$pod" "$(truth_use "entity=pod&ns=$SPACE&name=$pod")" "$cpu" "$memory"
        done >"$WORK/compared"
    agrees "$WORK/compared" 3
}

containers_are_true() {
    local pod name cpu memory
    jq -r '.items[] | select(.cpuMillicores) | [.pod, .name, .cpuMillicores, .memoryBytes] | @tsv' \
        "$WORK/containers.json" |
        while IFS=$'\t' read -r pod name cpu memory; do
            printf '%s\t%s\t%s\t%s\n' "$pod/$name" \
                "$(truth_use "entity=container&ns=$SPACE&name=$pod&container=$name")" "$cpu" "$memory"
        done >"$WORK/compared"
    agrees "$WORK/compared" 3
}

# Of what the API server says is allocatable; limits as in the specs.
shares_are_true() {
    local wrong
    wrong=$(api_get /api/v1/nodes | jq -r --slurpfile top "$WORK/nodes.json" '
        def milli: if endswith("m") then .[:-1] | tonumber else tonumber * 1000 end;
        .items[] | .metadata.name as $name | (.status.allocatable.cpu | milli) as $whole |
        $top[0].items[] | select(.name == $name and .cpuAllocatable != $whole).name')
    [ -z "$wrong" ] || { fail "allocatable CPU of $wrong"; return; }
    wrong=$(api_get "/api/v1/namespaces/$SPACE/pods" | jq -r --slurpfile top "$WORK/pods.json" '
        def milli: if . == null then null elif endswith("m") then .[:-1] | tonumber else tonumber * 1000 end;
        .items[] | .metadata.name as $name | [.spec.containers[].resources.limits.cpu | milli] as $limits |
        (if any($limits[]; . == null) then null else $limits | add end) as $whole |
        $top[0].items[] | select(.name == $name and .cpuLimit != $whole) | "\(.name) \(.cpuLimit) \($whole)"')
    [ -z "$wrong" ] || { fail "limit of $wrong"; return; }
    # The column is the quotient.
    wrong=$(jq -r '.items[] | [.name, (.cpuMillicores / .cpuAllocatable * 100)] | @tsv' "$WORK/nodes.json" |
        while read -r name share; do
            awk -v name="$name" -v share="$share" '$1 == name {
                shown = $3 + 0; if (shown - share > 0.51 || share - shown > 0.51) print}' "$WORK/nodes"
        done)
    [ -z "$wrong" ] || fail "shown: $wrong"
}

orders() {
    local order key
    for order in cpu:cpuMillicores memory:memoryBytes restarts:restarts; do
        key=${order#*:}
        top pods --json --sort="${order%:*}" | jq -e --arg key "$key" \
            '[.items[] | .[$key] // -1] | . == (sort | reverse) and length > 100' >/dev/null ||
            { fail "not sorted by $order"; return; }
    done
    top pods --json --sort=name | jq -e '[.items[] | [.namespace, .name]] | . == sort' >/dev/null ||
        fail "not sorted by name"
    top pods --json --sort=network |
        jq -e '[.items[] | if .receiveBytesPerSecond then .receiveBytesPerSecond + .transmitBytesPerSecond else -1 end] |
            . == (sort | reverse)' >/dev/null || fail "not sorted by traffic"
}

filters() {
    local count
    count=$(top pods --json --filter="$SPACE" | jq '.items | length')
    [ "$count" = "$(api_get "/api/v1/namespaces/$SPACE/pods" | jq '.items | length')" ] ||
        fail "$count pods of $SPACE"
    count=$(top containers --json --node="$NODE" | jq -r '.items[].node' | sort -u)
    [ "$count" = "$NODE" ] || fail "of nodes $count"
    # The kubelet's sum of all pods would count them twice.
    top containers --json | jq -e '[.items[] | select(.pod == null and .name == "pods")] == []' >/dev/null ||
        fail "pods twice"
    top containers --json | jq -e '[.items[] | select(.pod == null)] | length > 0' >/dev/null ||
        fail "no system containers"
    [ "$(top pods --json --filter='no such thing' 2>/dev/null | jq '.items | length')" = 0 ] || fail "something passes"
    [ "$(top pods --namespace=nix 2>&1 >/dev/null)" = 'skerry: there are no pods in namespace nix' ] ||
        fail "says nothing of a namespace that is none"
}

plain_when_not_in_a_terminal() {
    ! grep -q $'\033' "$WORK/pods" || fail "escapes in a file"
    [ "$(head -1 "$WORK/pods" | awk '{print $1, $2, $3}')" = 'NAMESPACE NAME CPU' ] || fail "$(head -1 "$WORK/pods")"
    [ "$(wc -l <"$WORK/pods")" = $(($(pool pods used) + 1)) ] || fail "$(wc -l <"$WORK/pods") lines"
}

bad_words() {
    local said code
    said=$(top podz 2>&1)
    code=$?
    [ "$code" = 100 ] && [[ $said = *'`podz` is none of nodes, pods, containers'* ]] || fail "exit $code: $said"
    said=$(top --sort=cpux 2>&1)
    code=$?
    [ "$code" = 100 ] && [[ $said = *'--sort=cpux is not one of cpu, memory'* ]] || fail "exit $code: $said"
    said=$("$PROGRAM" top --run-dir="$WORK/none" 2>&1)
    code=$?
    [ "$code" = 1 ] && [[ $said = *'no live table below'*'is the appliance running?'* ]] || fail "exit $code: $said"
}

# --- In a terminal

screen() {
    mux capture-pane -p
}

shows() { # PATTERN
    screen | grep -qE -e "$1"
}

await_shown() { # PATTERN
    await 30 shows "$1" || fail "not shown: $1
$(screen)"
}

keys() {
    mux send-keys "$@"
}

# The shell's own prompt line is back, echo and line mode are on, and the screen
# is the one from before.
is_given_back() { # CODE
    has_ended "$1" && shows '^before$' && ! shows 'skerry top'
}

has_ended() { # CODE
    shows "^ended $1\$" && shows '^icanon echo$'
}

# A shell that runs top and then says how it ended and what the terminal is like.
live() { # COLUMNS ROWS [flags]
    local columns=$1 rows=$2
    shift 2
    mux_next
    cat >"$WORK/live.sh" <<EOF
stty sane
echo before
(echo \$BASHPID >'$WORK/top.pid'; exec env $ENVIRONMENT '$PROGRAM' top --run-dir='$TREE/shm' $*)
echo "ended \$?"
stty -a | grep -oE -- '-?\b(icanon|echo)\b' | xargs
exec cat
EOF
    mux new-session -d -x "$columns" -y "$rows" "TERM=screen-256color bash '$WORK/live.sh'"
    await_shown 'skerry top'
}
ENVIRONMENT=

starts_and_quits() {
    live 80 24 pods
    await_shown '^NAMESPACE +NAME +\*CPU'
    await_shown "of $(pool pods used) +q quit"
    [ "$(screen | head -24 | awk 'length > 80' | wc -l)" = 0 ] || fail "longer than 80"
    keys q
    await 20 is_given_back 0 || fail "not given back: $(screen)"
}

# Of one cycle: the table goes on between the two.
are_same() {
    top nodes --once --sort=name | sed 1d | awk '{print $1, $2, $3, $4, $5}' >"$WORK/wanted"
    screen | grep -E '^node-' | awk '{print $1, $2, $3, $4, $5}' >"$WORK/got"
    cmp -s "$WORK/wanted" "$WORK/got"
}

# The rows of the terminal are those of the file.
same_values() {
    live 200 50 nodes --sort=name
    await_shown "$NODE"
    await 30 are_same || fail "$(diff "$WORK/wanted" "$WORK/got" | head -3)"
    keys q
}

sorts_and_filters() {
    live 120 30 pods
    keys m
    await_shown '\*MEMORY'
    screen | awk '/^NAMESPACE/ {on = 1; next} /^ *$/ {on = 0} on && NF > 5' | sed '$d' |
        grep -oE '[0-9.]+[KMG]i' | head -1 | grep -q . || fail "no memory: $(screen)"
    keys n
    await_shown '\*NAME'
    keys / "$SPACE"
    await_shown "filter: ${SPACE}_"
    keys Enter
    await_shown "with .$SPACE."
    [ "$(screen | grep -c "^$SPACE ")" -gt 2 ] || fail "no rows: $(screen)"
    ! screen | sed -n '4,28p' | grep -qE '^(kube-system|default) ' || fail "others too"
    keys Escape
    await_shown '^kube-system '
    keys 1
    await_shown '^node-00000 '
    keys q
}

changes_size() {
    live 80 24 pods
    await_shown '1-20 of'
    mux resize-window -x 160 -y 40
    await_shown '1-36 of'
    await_shown ' NODE *$'
    mux resize-window -x 60 -y 10
    await_shown '1-6 of'
    [ "$(screen | wc -l)" -le 10 ] || fail "more lines than the window has"
    keys q
    await 20 has_ended 0 || fail "not given back: $(screen)"
}

colours() {
    live 120 30 nodes
    await_shown '^node-'
    mux capture-pane -pe | grep -q $'\033\[32m' || fail "no green"
    keys q
    ENVIRONMENT='NO_COLOR=1'
    live 120 30 nodes
    await_shown '^node-'
    ! mux capture-pane -pe | grep -qE $'\033\[[0-9;]*3[0-7]m' || fail "colours with NO_COLOR"
    keys q
    ENVIRONMENT=
    live 120 30 nodes --no-color
    await_shown '^node-'
    ! mux capture-pane -pe | grep -qE $'\033\[[0-9;]*3[0-7]m' || fail "colours with --no-color"
    keys q
}

pauses() {
    live 120 30 nodes
    keys p
    await_shown PAUSED
    screen | grep -E '^node-' >"$WORK/before"
    await_cycles 2 60 || { fail "no cycles"; return; }
    screen | grep -E '^node-' >"$WORK/after"
    cmp -s "$WORK/before" "$WORK/after" || fail "rows changed: $(diff "$WORK/before" "$WORK/after")"
    keys p
    await 30 rows_changed || fail "rows stay"
    keys q
}

rows_changed() {
    ! screen | grep -E '^node-' | cmp -s - "$WORK/before"
}

# A dumb terminal gets the rows once.
dumb() {
    mux_next
    mux new-session -d -x 120 -y 40 "TERM=dumb '$PROGRAM' top nodes --run-dir='$TREE/shm'; echo ended \$?; exec cat"
    await_shown '^ended 0$'
    shows '^node-00000' || fail "no rows"
}

# However it ends, the terminal is as before.
ends_by_signal() { # SIGNAL CODE
    live 80 24 pods
    await_shown '^NAMESPACE'
    kill "-$1" "$(cat "$WORK/top.pid")"
    await 20 is_given_back "$2" || fail "after SIG$1: $(screen)"
}

# ^Z gives the terminal to the shell, fg takes it back.
stops_and_goes_on() {
    mux_next
    mux new-session -d -x 80 -y 24 "TERM=screen-256color PS1='shell> ' bash --norc --noprofile"
    keys "'$PROGRAM' top pods --run-dir='$TREE/shm'" Enter
    await_shown '^NAMESPACE'
    keys C-z
    await_shown '^shell>$'
    ! shows 'q quit' || fail "the picture stays"
    keys fg Enter
    await_shown '^NAMESPACE'
    keys q
    await_shown '^shell>$'
}

killed_collect_is_shown() {
    live 120 30 pods
    await_shown '^NAMESPACE'
    role_kill collect
    await_shown '^collect (died .* ago and runs again|is not running).*SIGKILL'
    shows '^team-' || fail "no rows: $(screen)"
    keys q
}

# The rows stay while neither collect nor serve runs.
dead_roles() {
    s6-svc -d "$TREE/service/collect"
    s6-svc -d "$TREE/service/serve"
    live 120 30 nodes
    await_shown 'collect is not running: no sign of life for'
    shows '^node-00000 ' || fail "no rows"
    await_shown '^node-00000 .*data [0-9]+ (s|min) old'
    top nodes 2>&1 >/dev/null | grep -q 'collect is not running' || fail "printed without a word"
    keys q
    s6-svc -u "$TREE/service/serve"
    s6-svc -u "$TREE/service/collect"
    await 60 status_says '^every role is ready' || fail "they do not come back: $(status)"
}

api_server_is_down() {
    command_ok '/api?do=down&cut=1' || { fail "not down"; return; }
    live 160 30 pods
    await_shown 'the API server does not answer'
    command_ok '/api?do=up'
    keys q
}

# --- The other tools that people look at

# No line of status is longer than the terminal but for a word that is; the first
# says whether it is well.
status_fits() {
    command_ok '/api?do=down&cut=1' && command_ok "/fault?node=$NODE&kind=http&code=503" ||
        { fail "no faults"; return; }
    await 60 status_says 'nodes that cannot be scraped' || fail "not shown: $(status)"
    status_says "^  $NODE  the server failed" || fail "no $NODE: $(status)"
    status_says '^  http_5xx +[0-9]+  the server failed' || fail "no reasons: $(status)"
    await 30 status_says '^    connect: ' || fail "no source: $(status)"
    await 30 status_says '^every role is ready' || fail "$(status | head -1)"
    mux_next
    mux new-session -d -x 80 -y 100 "'$PROGRAM' status --run-dir='$TREE/shm'; echo ended \$?; exec cat"
    await_shown '^ended 0$'
    [ -z "$(mux capture-pane -p -J | awk 'length > 80')" ] || fail "too long: $(mux capture-pane -p -J | awk 'length > 80')"
    [ -n "$(status | awk 'length > 80')" ] || fail "broken for scripts too"
    command_ok '/api?do=up' && command_ok '/fault?target=all&kind=none'
}

status() {
    "$PROGRAM" status --run-dir="$TREE/shm"
}

status_says() { # PATTERN
    status | grep -qE -e "$1"
}

status_of_a_role_that_is_down() {
    s6-svc -d "$TREE/service/serve"
    await 30 status_says '^not well: serve is down' || fail "$(status)"
    status >"$WORK/status"
    [ $? = 1 ] || fail "well"
    status_says '^serve +down' || fail "$(status)"
    s6-svc -u "$TREE/service/serve"
    await 30 status_says '^every role is ready' || fail "$(status)"
}

# A kubelet that says nothing: what is waited for is shown, and replaced.
check_tells_what_it_tries() {
    command_ok '/fault?target=all&kind=hang' || { fail "no fault"; return; }
    mux_next
    mux new-session -d -x 120 -y 50 "TERM=screen-256color '$PROGRAM' check --heapster-port=$(free_port) '--source=$(source_of tls kubeletTLS=verify)'; echo ended \$?; exec cat"
    await_shown '^  \.\.\.   kubelet of node-'
    await_shown '^  FAIL  kubelet of node-'
    command_ok '/fault?target=all&kind=none'
    await 60 shows '^ended 1$' || fail "$(screen)"
    ! shows '\.\.\.  ' || fail "something stays: $(screen)"
    shows '^[1-3] of [0-9]+ checks failed$' || fail "$(screen)"
    "$PROGRAM" check --heapster-port="$(free_port)" "--source=$(source_of tls kubeletTLS=verify)" >"$WORK/check"
    ! grep -qE $'\r|\033|\\.\\.\\.  ' "$WORK/check" || fail "drawn into a file"
}

all_answer() {
    [ "$(failing_count)" = 0 ]
}

sim_start --nodes=$NODES --cadence=request --heartbeat=0
NODE=$(api_get /api/v1/nodes | jq -r '.items[3].metadata.name')
SPACE=$(api_get /api/v1/pods | jq -r '[.items[].metadata.namespace | select(test("^team"))][0]')
tree_start --nodes=$NODES --metric-resolution=5s "--source=$(source_of tls kubeletTLS=verify)"
if ! await_scraped $((NODES * 3)) 60 || ! hold_and_ask; then
    echo "FAIL $TEST not scraped"
    exit 1
fi
case_run 'nodes' nodes_are_true
case_run 'pods' pods_are_true
case_run 'containers' containers_are_true
case_run 'shares' shares_are_true
command_ok '/fault?target=all&kind=none'
if ! await 60 all_answer || ! await_cycles 2 60; then
    echo "FAIL $TEST not scraped again"
    exit 1
fi
case_run 'orders' orders
case_run 'filters' filters
case_run 'plain text' plain_when_not_in_a_terminal
case_run 'bad words' bad_words
case_run 'starts and quits' starts_and_quits
case_run 'the same values in a terminal' same_values
case_run 'sorts and filters by keys' sorts_and_filters
case_run 'another size' changes_size
case_run 'colours' colours
case_run 'pause' pauses
case_run 'a dumb terminal' dumb
case_run 'SIGTERM' ends_by_signal TERM 0
case_run 'SIGINT' ends_by_signal INT 0
case_run 'SIGHUP' ends_by_signal HUP 0
case_run 'SIGABRT' ends_by_signal ABRT 134
case_run 'SIGSEGV' ends_by_signal SEGV 139
case_run 'stopped and continued' stops_and_goes_on
case_run 'killed collect' killed_collect_is_shown
case_run 'dead roles' dead_roles
case_run 'API server down' api_server_is_down
case_run 'status in 80 columns' status_fits
case_run 'status of a role that is down' status_of_a_role_that_is_down
case_run 'check says what it tries' check_tells_what_it_tries
finish
