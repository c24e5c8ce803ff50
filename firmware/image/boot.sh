#!/bin/bash
# How much CPU a start of the virtual machine takes until its first sample, as a
# ratio to a bare kernel that starts an init which ends at once, and as the guest
# counts it where each instruction is a nanosecond:
#
#   boot.sh OUT      OUT holds vmlinuz and initramfs
#
# Emulated in software, so that both are the same everywhere; seconds are not.
set -euo pipefail
out=$1
port=$((20000 + RANDOM % 12000))
work=$(mktemp -d)
vm=
trap 'stop; rm -rf "$work"' EXIT

start() { # COMMAND-LINE [qemu's flags]
    qemu-system-x86_64 -M q35 -accel tcg -m 64 -display none -nodefaults -no-reboot \
        -serial file:"$work/console" -kernel "$out/vmlinuz" -initrd "$out/initramfs" \
        -append "console=ttyS0 quiet $1" -device virtio-net-pci,netdev=net \
        -netdev user,id=net,hostfwd=tcp:127.0.0.1:"$port"-:8082 "${@:2}" </dev/null >"$work/qemu" 2>&1 &
    vm=$!
}

stop() {
    [ -n "$vm" ] || return 0
    kill -KILL "$vm" 2>/dev/null || true
    wait "$vm" 2>/dev/null || true
    vm=
}

cpu_ms() {
    awk -v ticks="$(getconf CLK_TCK)" '{print int(($14 + $15) * 1000 / ticks)}' "/proc/$vm/stat" 2>/dev/null
}

# Until it ends by itself.
bare_ms() {
    local now last=0
    start rdinit=/vm/finish
    while now=$(cpu_ms) && [ -n "$now" ] && kill -0 "$vm" 2>/dev/null; do
        [ "$now" -lt "$last" ] || last=$now
        sleep 0.02
    done
    stop
    bare=$last
}

model() { # PATH
    curl -s --max-time 5 "http://127.0.0.1:$port/api/v1/model/nodes/$1" 2>/dev/null
}

# Until the page has values of the machine itself.
first_sample() { # [qemu's flags]
    local end=$((SECONDS + 300))
    start 'skerry.listen-ip= skerry.insecure-open skerry.metric-resolution=5s' "$@"
    until model '' | grep -q '"'; do
        [ "$SECONDS" -lt "$end" ] && kill -0 "$vm" 2>/dev/null || return 1
        sleep 0.2
    done
}

sample_ms() {
    first_sample || return 1
    sampled=$(cpu_ms)
    stop
}

# All that is not idle, up to the first sample, which says it itself.
guest_ms() {
    first_sample -icount shift=0 || return 1
    counted=$(model "$(model '' | jq -r '.[0]')/metrics/cpu/usage" | jq '.metrics[0].value / 1000000 | floor')
    stop
}

for tool in qemu-system-x86_64 curl jq; do
    command -v "$tool" >/dev/null || { echo "start: not measured, there is no $tool"; exit 0; }
done
bare_ms
sample_ms && guest_ms || { echo 'start: not measured, the machine does not come up here'; exit 0; }
echo "start: first sample after $((sampled * 10 / bare / 10)).$((sampled * 10 / bare % 10)) times the CPU of a bare kernel's ($bare ms, emulated)"
echo "start: $counted ms of the guest's CPU until then, at a billion instructions a second"
