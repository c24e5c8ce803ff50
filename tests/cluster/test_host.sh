#!/bin/bash
# Without any configuration: this machine, with real figures, within 5 s.
set -u
. "$(dirname "$0")/lib.sh"

HOST=$(uname -n)

page_has_host() {
    get / >"$WORK/page.html" && grep -qF "$HOST" "$WORK/page.html" &&
        grep -q 'id="nodes"' "$WORK/page.html" && model_value metrics/node/count | grep -qx 1
}

shows_at_once() {
    local begin took
    begin=$(now_ms)
    tree_start
    await 5 page_has_host || { fail "the page after 5 s: $(sed 's/<[^>]*>/ /g' "$WORK/page.html" | tr -s ' \n' | tail -c 300)"; return; }
    took=$(($(now_ms) - begin))
    [ "$took" -le 5000 ] || fail "took $took ms"
}

node_value() { # METRIC
    model_value "nodes/$HOST/metrics/$1"
}

has_rate() {
    node_value cpu/usage_rate | grep -qE '^[0-9]'
}

# The machine's own word, read at the same moment give or take a cycle.
cpu_is_right() {
    local ours theirs
    await 20 has_rate || { fail "no cpu/usage_rate"; return; }
    ours=$(node_value cpu/usage)
    # user nice system irq softirq steal; guest is in user
    theirs=$(awk -v hz="$(getconf CLK_TCK)" '/^cpu / {
        printf "%.0f", ($2 + $3 + $4 + $7 + $8 + $9) / hz * 1e9}' /proc/stat)
    near "$ours" "$theirs" 0.05 || fail "cpu/usage $ours, /proc/stat $theirs"
    [ "$(node_value cpu/node_capacity)" = $(($(nproc --all) * 1000)) ] ||
        fail "cpu/node_capacity $(node_value cpu/node_capacity), $(nproc --all) processors"
}

memory_is_right() {
    local ours theirs total
    total=$(awk '/^MemTotal:/ {print $2 * 1024}' /proc/meminfo)
    near "$(node_value memory/node_capacity)" "$total" 0.001 ||
        fail "memory/node_capacity $(node_value memory/node_capacity), MemTotal $total"
    ours=$(node_value memory/available)
    theirs=$(awk '/^MemAvailable:/ {print $2 * 1024}' /proc/meminfo)
    near "$ours" "$theirs" 0.1 || fail "memory/available $ours, MemAvailable $theirs"
}

filesystem_is_right() {
    local ours theirs
    ours=$(model_value "nodes/$HOST/metrics/filesystem/limit?labels=resource_id:/")
    theirs=$(df -B1 --output=size / | tail -1 | tr -d ' ')
    near "$ours" "$theirs" 0.001 || fail "filesystem/limit $ours, df $theirs"
    ours=$(model_value "nodes/$HOST/metrics/filesystem/usage?labels=resource_id:/")
    theirs=$(df -B1 --output=used / | tail -1 | tr -d ' ')
    near "$ours" "$theirs" 0.05 || fail "filesystem/usage $ours, df $theirs"
}

uptime_is_right() {
    local ours theirs
    ours=$(node_value uptime)
    theirs=$(awk '{printf "%.0f", $1 * 1000}' /proc/uptime)
    near "$ours" "$theirs" 0.05 || [ $((theirs - ours)) -le 20000 ] || fail "uptime $ours, /proc $theirs"
}

is_healthy() {
    [ "$(get /healthz)" = ok ] || fail "healthz: $(get /healthz)"
    [ "$(deaths)" = 0 ] || fail "a role died"
}

case_run 'this machine on the page within 5 s' shows_at_once
case_run 'cpu' cpu_is_right
case_run 'memory' memory_is_right
case_run 'file system' filesystem_is_right
case_run 'uptime' uptime_is_right
case_run 'healthy' is_healthy
finish
