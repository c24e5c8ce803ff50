# shellcheck shell=bash
# What the tests with real servers share, on top of tests/cluster/lib.sh (the
# simulated cluster, the tree, cases) and values.sh (truth); each test_X.sh
# sources it:
#
#   needs TOOL...                prints SKIP and ends where a tool is missing
#   server_start NAME COMMAND    a server on loopback; server_stop NAME, server_kill NAME
#   cluster_start [flags]        100 simulated nodes, whose values change with each request
#   tree_for SINK [flags]        the tree of the quick build in cycles of RESOLUTION seconds
#   export_status [JQ]           what export says of its first sink
#   settled                      everything up to now is with the server
#   hold                         nothing changes from now on: values_compare_to may be used
#   values_compare_to COMMAND    what the server has last of each series against the truth
#   server_holds_truth NAME N    all of it for one server (servers.sh), N values at least
#
# A server's answers are brought into one form, lines of points.tsv:
#   key, metric, value, time in seconds
# with the keys of values.sh and `metric[resource_id]` for labelled metrics.
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../cluster/lib.sh"
# shellcheck source=tests/cluster/values.sh
. tests/cluster/values.sh
use_quick

NODES=100
PODS_PER_NODE=5
RESOLUTION=2
SEED=${SKERRY_TEST_SEED:-$(($(date +%s) % 100000))}
# Pods, by chance, that are compared value for value with all nodes and sums.
SAMPLE=60
# How many cycles are counted.
CYCLES=5
ROLES='collect serve record export guard'
declare -A SERVER=()
HELD=0
SINCE=0

needs() {
    local tool
    for tool in "$@"; do
        if ! command -v "$tool" >/dev/null; then
            echo "SKIP $TEST $tool is not there"
            exit 0
        fi
    done
}

clean_up() {
    local name
    tree_stop
    for name in "${!SERVER[@]}"; do
        server_kill "$name"
    done
    sim_stop
    rm -rf "$WORK"
}

# Servers

server_start() { # NAME COMMAND...
    local name=$1
    shift
    mkdir -p "$WORK/$name"
    (cd "$WORK/$name" && exec "$@") >>"$WORK/$name.out" 2>&1 &
    SERVER[$name]=$!
}

server_stop() { # NAME [SIGNAL]
    [ -n "${SERVER[$1]:-}" ] || return 0
    kill -"${2:-TERM}" "${SERVER[$1]}" 2>/dev/null
    wait "${SERVER[$1]}" 2>/dev/null
    unset "SERVER[$1]"
}

server_kill() {
    server_stop "$1" KILL
}

# The cluster and the tree

cluster_start() { # flags...
    sim_start --nodes=$NODES --pods-per-node=$PODS_PER_NODE --namespaces=6 --cadence=request \
        --heartbeat=0 "$@"
}

tree_for() { # SINK flags...
    local sink=$1
    shift
    rm -rf "$WORK/tree"
    tree_start --nodes=$NODES --pods=$((NODES * PODS_PER_NODE + 50)) --containers=2000 \
        --metric-resolution=${RESOLUTION}s --history=64M \
        "--source=$(source_of plain kubeletTLS=insecure)" "--sink=$sink" "$@"
}

export_status() { # JQ, of the first sink
    appliance ".sinks[0]${1:-}"
}

export_at_least() { # FIELD NUMBER
    [ "$(export_status ".$1")" -ge "$2" ]
}

is_settled() {
    [ "$(export_status '.state + " " + (.backlogCycles <= 1 | tostring)')" = 'live true' ]
}

# The newest cycle that is complete and that the server has.
settled() {
    local cycles
    cycles=$(export_status .cycles)
    await "${1:-120}" export_at_least cycles $((cycles + 2)) && await "${1:-120}" is_settled
}

# HELD is the cycle by which everything stood still: later ones leave out of the
# sums what was not seen for long.
hold() {
    command_ok '/fault?target=all&kind=http&code=503' && await_cycles 1 30 || return
    HELD=$(last_cycle)
    settled
}

release() {
    command_ok '/fault?target=all&kind=none'
}

# Values

# COMMAND prints lines of points.tsv. SOME=1 and SHARE: compare.awk.
values_compare_to() { # COMMAND...
    values_nodes >"$WORK/nodes.tsv"
    values_pods >"$WORK/pods.txt"
    values_keys summary $SAMPLE "$SEED" >"$WORK/keys.txt"
    {
        values_truth summary
        values_sums
    } >"$WORK/truth.tsv"
    "$@" >"$WORK/points.tsv"
    awk -v some="${SOME:-0}" -v share="${SHARE:-0}" -v held="$HELD" -v since="$SINCE" \
        -f tests/sinks/compare.awk \
        "$WORK/truth.tsv" "$WORK/points.tsv" >"$WORK/difference.txt"
    VALUES_COMPARED=$(sed -n 's/^compared //p' "$WORK/difference.txt")
    ! grep -v '^compared ' "$WORK/difference.txt"
}

last_cycle() { # in seconds
    date -d "$(appliance 'first(.. | objects | .cycle // empty)')" +%s
}

# Lines `SECONDS COUNT`: each cycle from FROM to TO must be there, all with as
# many points. Prints what is wrong.
counts_are_whole() { # FROM TO, of counts on standard input
    awk -v from="$1" -v to="$2" -v step="$RESOLUTION" '
        $1 >= from && $1 <= to {count[$1] = $2; if ($2 > most) most = $2}
        END {
            if (most == 0) print "no points at all"
            for (t = from; t <= to; t += step) {
                if (count[t] != most) {
                    print t ": " count[t] + 0 " points instead of " most
                    bad = 1
                }
            }
            exit bad || most == 0
        }'
}

# A sink's whole test: cycles, counts, values. FLOOR: how many values at least.
server_holds_truth() { # NAME FLOOR
    tree_for "$("$1_sink")"
    server_compares "$@"
    release
    tree_stop
}

server_compares() { # NAME FLOOR
    local from to wrong
    await_scraped $((NODES * 2)) 60 || { fail "not scraped: $(appliance .errors)"; return; }
    from=$(last_cycle) || { fail "no cycle"; return; }
    SINCE=$from
    await_cycles $CYCLES $((CYCLES * RESOLUTION * 4)) || { fail "no more cycles"; return; }
    to=$(last_cycle)
    hold || { fail "not settled: $(export_status)"; return; }
    [ "$(deaths)" = 0 ] || fail "a role died"
    if [ -n "${FLUSH:-}" ]; then
        $FLUSH
    fi
    if ! wrong=$("$1_counts" | counts_are_whole $((from + RESOLUTION)) $((to - RESOLUTION))); then
        fail "counts, cycles $from to $to: $wrong"
    elif ! values_compare_to "$1_points" >"$WORK/what.txt"; then
        fail "seed $SEED: $(cat "$WORK/what.txt")"
    elif [ "$VALUES_COMPARED" -lt "$2" ]; then
        fail "only $VALUES_COMPARED values were compared"
    fi
    [ "$(export_status ' | [.refused, .skipped, .missedCycles]' | jq -c .)" = '[{},0,0]' ] ||
        fail "lost: $(export_status)"
}

# File systems and disks are in each cycle, of all nodes, pods and containers.
server_holds_labelled() { # NAME
    local from to wrong
    tree_for "$("$1_sink")"
    await_scraped $((NODES * 2)) 60
    from=$(last_cycle)
    await_cycles $CYCLES $((CYCLES * RESOLUTION * 4))
    to=$(last_cycle)
    hold || fail "not settled: $(export_status)"
    release
    tree_stop
    wrong=$(LABELLED=yes "$1_counts" |
        counts_are_whole $((from + RESOLUTION)) $((to - RESOLUTION))) || fail "$wrong"
}
