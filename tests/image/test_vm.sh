#!/bin/bash
# The virtual machine under qemu, in software emulation, against the simulated
# cluster on the host, which the guest reaches by the API server's proxy as
# 10.0.2.2. $SKERRY_TEST_PLUGS: how often the plug is pulled (default 20).
set -u
. "$(dirname "$0")/../cluster/lib.sh"
. tests/image/vm.sh
. tests/image/roles.sh

NODES=100
PLUGS=${SKERRY_TEST_PLUGS:-20}
has_nodes() {
    [ "$(curl -sS -g --max-time 10 "$MODEL/nodes/" | jq length)" = "$1" ]
}

guest_source() {
    echo "kubernetes:${SIM_API/127.0.0.1/10.0.2.2}?inClusterConfig=false&insecure=true&auth=/etc/skerry/kubeconfig&access=proxy"
}

make_configuration() {
    printf 'source = %s\nnodes = %s\nlisten-ip =\ninsecure-open = true\nmetric-resolution = 5s\nhistory = 16M\n' \
        "$(guest_source)" "$NODES" >"$WORK/skerry.conf"
    printf '# of the test\nhostname=watcher\n' >"$WORK/machine.conf"
    cp "$SIM_KUBECONFIG" "$WORK/kubeconfig"
    vm_config_disk "$WORK/config.img" "$WORK/skerry.conf" "$WORK/machine.conf" "$WORK/kubeconfig"
}

# The kernel alone, with an init that ends at once: what times are ratios to.
bare() {
    vm_start bare 64 -no-reboot -kernel "$VM_OUT/vmlinuz" -initrd "$VM_OUT/initramfs" \
        -append "console=ttyS0 quiet rdinit=/vm/finish"
    local last=0 now
    while now=$(vm_cpu_ms 2>/dev/null) && [ -n "$now" ] && vm_is_alive; do
        last=$now
        sleep 0.05
    done
    vm_stop
    BARE_MS=$last
    echo "bare kernel boot: $BARE_MS ms of qemu's CPU"
    [ "$BARE_MS" -gt 0 ] || fail 'the bare kernel did not run'
}

# 100 nodes over TLS: everything is scraped and nothing is killed.
collects() { # NAME MEMORY [qemu's flags]
    # shellcheck disable=SC2046
    vm_start "$@" $(disk_of "$WORK/config.img")
    await $BOOT_S is_up || { fail "not up: $(vm_shows)"; return; }
    UP_MS=$(vm_cpu_ms)
    await $SCRAPED_S has_nodes $NODES || { fail "nodes: $(curl -s "$MODEL/nodes/" | jq length)"; return; }
    await_scraped $((5 * NODES)) $SCRAPED_S || { fail 'no five cycles'; return; }
    grep -aF 'skerry: memory' "$CONSOLE"
    [ "$(deaths)" = 0 ] || fail "$(deaths) deaths"
    [ "$(starts)" = 1 ] || fail "$(starts) starts"
    vm_said 'skerry.conf kubeconfig machine.conf' || fail 'configuration was not read'
    ! grep -aqiE 'out of memory|oom-kill' "$CONSOLE" || fail 'killed for want of memory'
    vm_stop
}

cluster_in_64() {
    vm_direct
    collects cluster 64 "${DIRECT[@]}"
    echo "all roles up after $((UP_MS * 100 / BARE_MS)) % of a bare kernel boot's CPU"
}

# The same from the qcow2 by the firmware, with a history.
from_disk() { # NAME MEMORY [qemu's flags]
    cp "$VM_OUT/skerry-vm.qcow2" "$WORK/$1.qcow2"
    truncate -s 64M "$WORK/$1.img"
    # shellcheck disable=SC2046
    collects "$@" -drive file="$WORK/$1.qcow2",if=virtio $(disk_of "$WORK/$1.img")
}

# Nothing configured: TLS, the token and the certificate that the console shows.
page_from_outside() {
    local token shown seen code
    VM_DIRECT_OPEN= vm_direct skerry.metric-resolution=5s
    vm_start outside 64 "${DIRECT[@]}"
    await $BOOT_S is_up && await $BOOT_S vm_said 'skerry: certificate' || { fail "not up: $(vm_shows)"; return; }
    # Nobody takes it.
    vm_type 'echo "<3>NOTE a shell" >/dev/kmsg'
    vm_said 'page https://10.0.2.15:8082' || fail "no address: $(vm_shows)"
    token=$(console_says token) shown=$(console_says certificate | sed 's/.* sha256 //')
    seen=$(openssl s_client -connect "127.0.0.1:$PORT" </dev/null 2>/dev/null |
        openssl x509 -noout -fingerprint -sha256 | sed 's/.*=//')
    [ -n "$seen" ] && [ "$(tr -d : <<<"${seen,,}")" = "$(tr -d : <<<"${shown,,}")" ] ||
        fail "the certificate is $seen, the console shows $shown"
    code=$(curl -sk -o "$WORK/page" -w '%{http_code}' "https://127.0.0.1:$PORT/api/v1/model/nodes/")
    [ "$code" = 401 ] || fail "without the token: $code"
    await $SCRAPED_S seen_from_outside "$token" || fail "with the token: $(cat "$WORK/page")"
    ! vm_said 'NOTE a shell' || fail 'there is a shell on the second terminal'
    vm_stop
}

console_says() { # WORD: what followed it last
    tr -d '\r' <"$CONSOLE" | sed -n "s/.*skerry: $1 //p" | tail -n 1
}

seen_from_outside() { # TOKEN
    curl -sk --max-time 20 -o "$WORK/page" -H "Authorization: Bearer $1" \
        "https://127.0.0.1:$PORT/api/v1/model/nodes/" && [ "$(jq length "$WORK/page")" = 1 ]
}

# 25 rows of 80, however much there is to say and whatever the kernel writes there:
# address, token and a row for each role, from the top.
screen() {
    truncate -s 64M "$WORK/screen.img"
    VM_DIRECT_OPEN='' vm_direct skerry.debug=ttyS1 skerry.metric-resolution=5s skerry.history=16M
    # shellcheck disable=SC2046
    vm_start screen 64 "${DIRECT[@]}" -device VGA $(disk_of "$WORK/screen.img")
    await $BOOT_S is_up && await $BOOT_S vm_said 'skerry: certificate' || { fail "not up: $(vm_shows)"; return; }
    await 60 screen_is_right || { fail "it shows: $(screen_shows)"; return; }
    # More deaths than are shown; below five a minute.
    # shellcheck disable=SC2016
    vm_type 'for i in 1 2 3 4; do for r in collect record serve; do s6-svc -wR -T 60000 -k /run/service/$r; done; done'
    await 240 screen_has 'older ones' || fail "it shows: $(screen_shows)"
    vm_type 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24; do echo "<3>a line of the kernel" >/dev/kmsg; done'
    await 60 screen_is_right || fail "it shows: $(screen_shows)"
    vm_stop
}

# The kernel's copy of it, which the debug console writes to the serial one.
screen_look() {
    local looks
    looks=$(grep -acF 'SCREEN ENDS' "$CONSOLE")
    vm_type '{ echo; echo SCREEN BEGINS; cat /dev/vcs1; echo; echo SCREEN ENDS; } >/dev/ttyS0'
    await 30 vm_said_times 'SCREEN ENDS' $((looks + 1))
}

screen_shows() {
    tr -d '\r' <"$CONSOLE" | sed -n '/^SCREEN BEGINS$/{n;h};${g;p}' | fold -w 80
}

screen_has() { # TEXT
    screen_look && screen_shows | grep -qF "$1"
}

screen_is_right() {
    local role rows
    screen_look || return
    rows=$(screen_shows | sed 's/ *$//')
    [ "$(sed -n 1,2p <<<"$rows")" = "Skerry on https://10.0.2.15:8082"$'\n'"token $(console_says token)" ] || return
    for role in collect record serve guard; do
        grep -q "^$role  *ready " <<<"$rows" || return
    done
}

# README's own command: the qcow2 by BIOS, on qemu's default machine, with an empty
# disk for data.
as_readme_says() {
    local command
    command=$(sed -n '/^qemu-system-x86_64 /,/[^\\]$/p' README.md | tr -d '\\\n')
    [ -n "$command" ] || { fail 'README has no command'; return; }
    cp "$VM_OUT/skerry-vm.qcow2" "$WORK/readme.qcow2"
    truncate -s 2G "$WORK/readme.img"
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    CONSOLE=$WORK/readme.console
    command=${command//out\/skerry-vm.qcow2/$WORK/readme.qcow2}
    command=${command//=config.img/=$WORK/config.img}
    command=${command//=data.img/=$WORK/readme.img}
    command=${command//:8082-/:$PORT-}
    : >"$CONSOLE"
    $command -display none -serial file:"$CONSOLE" </dev/null >"$CONSOLE.qemu" 2>&1 &
    VM=$!
    await $BOOT_S is_up || { fail "not up: $(cat "$CONSOLE.qemu") $(vm_shows)"; return; }
    vm_said 'is formatted as the data disk' || fail "no data disk: $(vm_shows)"
    await 60 api_answers || fail 'the page does not answer'
    vm_stop
}

start_with_data() { # NAME
    vm_direct
    # shellcheck disable=SC2046
    vm_start "$1" 64 "${DIRECT[@]}" $(disk_of "$WORK/config.img") $(disk_of "$WORK/data.img")
    await $BOOT_S is_up || { fail "not up: $(vm_shows)"; return 1; }
}

# When the oldest value of the history was taken; none if it was set aside.
first_recorded() {
    appliance '.history | select(.setAside == 0 and .badBlocks == 0).tiers.raw.oldest // empty'
}

is_recorded() {
    [ -n "$(first_recorded)" ]
}

# The cluster's first recorded value from then on is of that time.
is_kept() { # TIME
    [ "$(get "/api/v1/historical/metrics/cpu/usage_rate?start=$1" | jq -r '.metrics[0].timestamp')" = "$1" ]
}

# Formatted once; the power button stops in order, and what was not on the disk yet
# is written; kept at the next start.
data_is_kept() {
    local last
    truncate -s 64M "$WORK/data.img"
    start_with_data first || return
    vm_said 'is formatted as the data disk' || fail 'an empty disk was not formatted'
    await $SCRAPED_S is_recorded || { fail 'nothing was recorded'; return; }
    FIRST=$(first_recorded)
    await 60 knows_last || { fail "no last cycle: $(appliance .history)"; return; }
    last=$LAST
    vm_monitor system_powerdown
    await 120 vm_is_gone || { fail "the power button does nothing: $(vm_shows)"; return; }
    vm_said 'stopped in order: poweroff' || fail 'not in order'
    VM=
    start_with_data second || return
    ! vm_said 'is formatted' || fail 'formatted again'
    await $SCRAPED_S is_recorded || { fail 'nothing is recorded'; return; }
    [ "$(first_recorded)" = "$FIRST" ] || fail "history begins $(first_recorded), not $FIRST"
    await 60 is_kept "$last" || fail "the cycle of $last is lost"
    vm_stop
}

# Configured by the data disk itself, which was made elsewhere.
configured_by_data() {
    mkdir -p "$WORK/made/config"
    printf 'listen-ip =\ninsecure-open = true\nmetric-resolution = 5s\nhistory = 16M\nnodes = 7\n' >"$WORK/made/config/skerry.conf"
    echo hostname=keeper >"$WORK/made/config/machine.conf"
    mke2fs -q -t ext4 -L skerry-data -d "$WORK/made" "$WORK/made.img" 64M >/dev/null || { fail 'no disk'; return; }
    VM_DIRECT_OPEN='' vm_direct
    # shellcheck disable=SC2046
    vm_start made 64 "${DIRECT[@]}" $(disk_of "$WORK/made.img")
    await $BOOT_S is_up || { fail "not up: $(vm_shows)"; return; }
    vm_said 'configuration from the data disk: skerry.conf machine.conf' || fail "it said: $(vm_shows)"
    vm_said 'name keeper' || fail "no name: $(vm_shows)"
    [ "$(pool nodes limit)" = 7 ] || fail "skerry.conf is not heard: $(appliance .pools)"
    ! vm_said 'is formatted' || fail 'it was formatted'
    vm_stop
}

# A disk with anything on it is left alone, wherever it lies.
others_are_left_alone() {
    truncate -s 64M "$WORK/other.img"
    printf 'a letter' | dd of="$WORK/other.img" bs=1 seek=$((64 * 1024 * 1024 - 70000)) \
        conv=notrunc status=none
    local before after
    before=$(sha256sum <"$WORK/other.img")
    vm_direct
    # shellcheck disable=SC2046
    vm_start other 64 "${DIRECT[@]}" $(disk_of "$WORK/config.img") $(disk_of "$WORK/other.img")
    await $BOOT_S vm_said 'there is no data disk' || fail "the disk was taken: $(vm_shows)"
    await $BOOT_S is_up || fail "not up: $(vm_shows)"
    vm_stop
    after=$(sha256sum <"$WORK/other.img")
    [ "$before" = "$after" ] || fail 'the disk was written to'
}

pulled_plug() {
    local i
    for ((i = 1; i <= PLUGS; i++)); do
        start_with_data "plug$i" || return
        await $SCRAPED_S is_recorded || { fail "pull $i: no history"; return; }
        [ "$(first_recorded)" = "$FIRST" ] ||
            { fail "pull $i: history begins $(first_recorded), not $FIRST"; return; }
        vm_stop
        ! vm_said 'is formatted' || { fail "pull $i: formatted"; return; }
    done
}

# Nobody feeds the watchdog: the machine is reset and comes up again.
frozen() {
    vm_direct skerry.debug=ttyS1
    vm_start frozen 64 "${DIRECT[@]}" -device i6300esb -action watchdog=reset
    await $BOOT_S is_up || { fail "not up: $(vm_shows)"; return; }
    # shellcheck disable=SC2016
    vm_type 'for p in /proc/[0-9]*; do case "$(cat $p/cmdline 2>/dev/null)" in s6-supervise*guard*|*skerry*guard*) kill -STOP ${p#/proc/};; esac; done'
    await 180 vm_said_times 'skerry: memory:' 2 || { fail "not reset: $(vm_shows)"; return; }
    await $BOOT_S is_up || fail "not up again: $(vm_shows)"
    vm_stop
}

# The guard lives, but collect makes no progress for its five minutes: it is held by
# its cgroup, whatever the guard does. The machine's clock jumps over what it would
# wait for.
no_progress() {
    vm_direct skerry.debug=ttyS1
    vm_start progress 64 "${DIRECT[@]}" -device i6300esb -action watchdog=reset -icount shift=3,sleep=off
    await $BOOT_S is_up || { fail "not up: $(vm_shows)"; return; }
    vm_type 'echo 1 >/vm/cgroup/skerry/collect/cgroup.freeze'
    await 300 vm_said_times 'skerry: memory:' 2 || { fail "not reset: $(vm_shows)"; return; }
    vm_said 'collect is not ready after' && ! vm_said 'the guard is stuck' || fail "not for want of progress: $(vm_shows)"
    await $BOOT_S is_up || fail "not up again: $(vm_shows)"
    vm_stop
}

# A sentence instead of a loop of deaths, until somebody switches it off.
stops_with() { # NAME SENTENCE [options]
    local name=$1 sentence=$2
    shift 2
    vm_direct "$@"
    vm_start "$name" 64 "${DIRECT[@]}"
    await $BOOT_S vm_said 'stopped; the power button' || { fail "did not stop: $(vm_shows)"; return; }
    vm_said "$sentence" || fail "it said: $(vm_shows)"
    vm_monitor system_powerdown
    await 120 vm_is_gone || fail 'the power button does nothing'
    vm_stop
}

too_small() {
    stops_with small 'the plan for 5000 nodes takes' skerry.nodes=5000
}

bad_flag() {
    stops_with flag 'no-such-flag is not known' skerry.no-such-flag=1
    ! vm_said 'there is no plan' || fail 'it speaks of memory'
}

vm_begin
cat "$WORK/sizes"
sim_start --nodes=$NODES --cadence=5
make_configuration
CASES=${SKERRY_TEST_CASES:-bare cluster_in_64 page_from_outside screen as_readme_says bios efi data_is_kept configured_by_data others_are_left_alone pulled_plug frozen no_progress too_small bad_flag}
for name in $CASES; do
    case $name in
    bios) case_run bios from_disk bios 64 ;;
    efi) case_run efi from_disk efi "$EFI_MEMORY" -bios "$OVMF" ;;
    *) case_run "$name" "$name" ;;
    esac
    vm_stop
done
finish
