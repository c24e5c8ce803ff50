#!/bin/bash
# Servers are away for 20 cycles while export and record are killed again and
# again: afterwards each server has every cycle, and in each the values that the
# kubelets gave at that time.
#
# All servers at once, each a sink of the same tree. The truth of what was missed
# is asked of the simulated kubelets all the time, for some nodes: their CPU
# counters change with each scrape, so that a series must hold each value that was
# served once, in order.
set -u
. "$(dirname "$0")/lib.sh"
. tests/sinks/servers.sh
needs influxd victoria-metrics prometheus carbon-cache

NODES=100
PODS_PER_NODE=1
# What 100 nodes give is taken by all four servers at once, on a busy machine, too.
RESOLUTION=4
OUTAGE=20
WATCHED='node-00002 node-00011 node-00032 node-00061 node-00099'
SERVERS='influx victoria prometheus graphite'
WATCHER=

# seconds and values of each watched node, as served, until it is ended
watch_truth() {
    local node
    while :; do
        for node in $WATCHED; do
            truth "entity=node&name=$node" |
                jq -r --arg node "$node" '.fields["cpu/usage"] | "\($node) \(.time_ms) \(.value)"'
        done
        sleep 0.2
    done >"$WORK/watched.raw" 2>/dev/null
}

sinks_settled() {
    [ "$(appliance '[.sinks[] | select(.state == "live" and .backlogCycles <= 1)] | length')" = 4 ]
}

sinks_fail() {
    [ "$(appliance '[.sinks[] | select(.state == "retrying")] | length')" = 4 ]
}

all_back() {
    local role
    for role in export record; do
        [ "$(s6-svstat -o up,ready "$TREE/service/$role")" = 'true true' ] || return 1
    done
}

outage() {
    local name i sinks=()
    for name in $SERVERS; do
        "${name}_start" || { fail "$name does not start"; return; }
        sinks+=("--sink=$("${name}_sink")")
    done
    tree_for "$(influx_sink)" "${sinks[@]:1}"
    await_scraped $((NODES * 2)) 60 || { fail "not scraped: $(appliance .errors)"; return; }
    await 60 sinks_settled || { fail "not settled: $(appliance -c '.sinks[]')"; return; }
    watch_truth &
    WATCHER=$!
    await_cycles 2 30
    FROM=$(last_cycle)
    for name in $SERVERS; do
        server_stop "$name"
    done
    for ((i = 0; i < OUTAGE; i += 6)); do
        await_cycles 3 60 || { fail "cycles stopped"; return; }
        role_kill_now export
        await_cycles 3 60 || { fail "cycles stopped"; return; }
        role_kill_now record
    done
    await 60 all_back || { fail "killed roles do not come back"; return; }
    await 30 sinks_fail || fail "sinks are not retrying: $(appliance -c '.sinks[]')"
    for name in $SERVERS; do
        "${name}_start" || { fail "$name does not start again"; return; }
    done
    await 150 sinks_settled || { fail "not caught up: $(appliance -c '.sinks[]')"; return; }
    await_cycles 2 60
    TO=$(last_cycle)
    hold || { fail "not settled: $(appliance -c '.sinks[]')"; return; }
    [ "$(appliance '[.sinks[].missedCycles] | add')" = 0 ] ||
        fail "cycles were missed: $(appliance -c '.sinks[] | [.name, .missedCycles]')"
    recorded_cycles
    kill "$WATCHER"
    wait "$WATCHER" 2>/dev/null
    server_stop graphite
}

# The history has every cycle: a record that was killed writes the cycle that ended
# meanwhile, which the live table still has.
recorded_cycles() {
    local missing
    "$PROGRAM" query --state-dir="$TREE/state" --run-dir="$(readlink "$TREE/shm")" --json \
        --metric=cpu/usage --node=node-00002 --start=-10m >"$WORK/query.json" 2>"$WORK/query.err"
    jq -r '.points[].time' "$WORK/query.json" |
        while read -r stamp; do date -d "$stamp" +%s; done >"$WORK/recorded.txt"
    [ "$(wc -l <"$WORK/recorded.txt")" -ge $OUTAGE ] ||
        fail "history has $(wc -l <"$WORK/recorded.txt") cycles: $(head -c 300 "$WORK/query.err" "$WORK/query.json")"
    missing=$(seq $((FROM + RESOLUTION)) "$RESOLUTION" $((TO - RESOLUTION)) |
        grep -vxFf "$WORK/recorded.txt")
    [ -z "$missing" ] || fail "not recorded: $missing"
}

# Each value that was served between FROM and TO is there once or more (a scrape
# can be late, and the next cycle then holds the same), in order, and no other.
series_is_true() { # NAME NODE
    "$1_series" cpu/usage "node/$2" >"$WORK/series.txt"
    awk -v node="$2" '$1 == node && !seen[$3]++ {print int($2 / 1000), $3}' "$WORK/watched.raw" |
        sort -n >"$WORK/served.txt"
    awk -v from="$FROM" -v to="$TO" -v step="$RESOLUTION" -v share="${SHARE_OF[$1]}" '
        FILENAME ~ /served/ {at[++count] = $1; value[count] = $2; next}
        $1 > from && $1 < to {
            points++
            found = 0
            for (i = 1; i <= count; i++) {
                d = value[i] - $2
                if ((d < 0 ? -d : d) <= $2 * share) found = i
            }
            if (!found) {print $1 ": " $2 " was never served"; bad = 1}
            if (found && found < last) {print $1 ": " $2 " is older than the one before"; bad = 1}
            if (found) {there[found] = 1; last = found}
        }
        END {
            if (points < 20) {print "only " points + 0 " points"; bad = 1}
            for (i = 1; i <= count; i++) {
                if (!there[i] && at[i] > from + 2 * step && at[i] < to - 2 * step) {
                    print "served at " at[i] " and not there: " value[i]; bad = 1
                }
            }
            exit bad
        }' "$WORK/served.txt" "$WORK/series.txt"
}

server_has_all() { # NAME
    local node wrong
    wrong=$("$1_counts" | counts_are_whole $((FROM + RESOLUTION)) $((TO - RESOLUTION))) ||
        { fail "counts from $FROM to $TO: $(head -5 <<<"$wrong")"; return; }
    for node in $WATCHED; do
        wrong=$(series_is_true "$1" "$node") || { fail "$node: $(head -5 <<<"$wrong")"; return; }
    done
}

declare -A SHARE_OF=([influx]=0 [victoria]=1e-11 [prometheus]=1e-14 [graphite]=0)
trap '[ -z "$WATCHER" ] || kill "$WATCHER" 2>/dev/null; clean_up' EXIT
FROM=0
TO=0
cluster_start
case_run 'servers away, export and record killed' outage
if [ "$TO" != 0 ]; then
    for name in $SERVERS; do
        case_run "nothing is missing or wrong in $name" server_has_all "$name"
    done
fi
finish
