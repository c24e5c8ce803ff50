#!/bin/bash
# How much CPU a start of the virtual machine takes, as a ratio to a bare kernel
# that starts an init which ends at once:
#
#   boot.sh OUT      OUT holds vmlinuz and initramfs
#
# Emulated in software, so that the ratio is the same everywhere; seconds are not.
set -euo pipefail
out=$1
port=$((20000 + RANDOM % 12000))
work=$(mktemp -d)
vm=
trap 'stop; rm -rf "$work"' EXIT

start() { # COMMAND-LINE
    qemu-system-x86_64 -M q35 -accel tcg -m 64 -display none -nodefaults -no-reboot \
        -serial file:"$work/console" -kernel "$out/vmlinuz" -initrd "$out/initramfs" \
        -append "console=ttyS0 quiet $1" -device virtio-net-pci,netdev=net \
        -netdev user,id=net,hostfwd=tcp:127.0.0.1:"$port"-:8082 </dev/null >"$work/qemu" 2>&1 &
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

has_a_sample() {
    curl -s --max-time 5 "http://127.0.0.1:$port/api/v1/model/nodes/" 2>/dev/null | grep -q '"'
}

# Until the page has values of the machine itself.
sample_ms() {
    local end=$((SECONDS + 300))
    start 'skerry.listen-ip= skerry.insecure-open skerry.metric-resolution=5s'
    until has_a_sample; do
        [ "$SECONDS" -lt "$end" ] && kill -0 "$vm" 2>/dev/null || return 1
        sleep 0.2
    done
    sampled=$(cpu_ms)
    stop
}

for tool in qemu-system-x86_64 curl; do
    command -v "$tool" >/dev/null || { echo "start: not measured, there is no $tool"; exit 0; }
done
bare_ms
sample_ms || { echo 'start: not measured, the machine does not come up here'; exit 0; }
echo "start: first sample after $((sampled * 10 / bare / 10)).$((sampled * 10 / bare % 10)) times the CPU of a bare kernel's ($bare ms, emulated)"
