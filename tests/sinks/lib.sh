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
ROLES='collect serve record export guard'
declare -A SERVER=()

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
    await "${1:-30}" export_at_least cycles $((cycles + 2)) && await "${1:-30}" is_settled
}

hold() {
    command_ok '/fault?target=all&kind=http&code=503' && await_cycles 2 30 && settled
}

release() {
    command_ok '/fault?target=all&kind=none'
}

# Values

# points.tsv of the newest point of each series -> model.tsv as compare.awk
# reads it, for the keys in keys.txt.
points_as_model() {
    awk -F'\t' -v OFS='\t' -v keys="$WORK/keys.txt" '
        BEGIN {while ((getline key < keys) > 0) wanted[key] = 1}
        function stamp(s) {return strftime("%Y-%m-%dT%H:%M:%SZ", s, 1)}
        !($1 in wanted) {next}
        $4 >= newest[$1, $2] {newest[$1, $2] = $4; value[$1, $2] = $3}
        END {
            for (id in value) {
                split(id, part, SUBSEP)
                print part[1], part[2], value[id], value[id], stamp(newest[id])
            }
        }'
}

# COMMAND prints lines of points.tsv.
values_compare_to() { # COMMAND...
    values_nodes >"$WORK/nodes.tsv"
    values_pods >"$WORK/pods.txt"
    values_keys summary $SAMPLE "$SEED" >"$WORK/keys.txt"
    "$@" >"$WORK/points.tsv"
    points_as_model <"$WORK/points.tsv" >"$WORK/model.tsv"
    {
        values_truth summary
        values_sums
    } >"$WORK/truth.tsv"
    awk -F'\t' -v endpoint=summary -f tests/cluster/compare.awk "$WORK/nodes.tsv" \
        "$WORK/truth.tsv" "$WORK/model.tsv" >"$WORK/difference.txt"
    VALUES_COMPARED=$(sed -n 's/^compared //p' "$WORK/difference.txt")
    ! grep -v '^compared ' "$WORK/difference.txt"
}
