#!/bin/bash
# The virtual machine on the devices of other hypervisors and PCs, and the network as
# it may be set: each start has a disk controller, a network card and a way of
# configuration of its own.
set -u
. "$(dirname "$0")/../cluster/lib.sh"
. tests/image/vm.sh

# start NAME DISK-FLAGS...: from the disk image, with what $WORK/machine.conf says.
start() {
    local name=$1
    shift
    cp --sparse=always "$VM_OUT/skerry-vm.img" "$WORK/$name.img"
    ${CONFIG_AS:-vm_config_disk} "$WORK/$name.config" "$WORK/skerry.conf" "$WORK/machine.conf"
    vm_start "$name" 64 -drive file="$WORK/$name.img",format=raw,if=none,id=disk "$@" \
        -drive file="$WORK/$name.config",format=raw,if=none,id=config,readonly=on \
        -device "${CONFIG_ON:-virtio-blk-pci}",drive=config
    await $BOOT_S is_up || { fail "not up: $(vm_shows)"; return 1; }
    await 30 api_answers || { fail 'the page does not answer'; return 1; }
}

config_cd() { # TO FILES...
    local to=$1
    shift
    genisoimage -quiet -V SKERRY -R -o "$to" "$@"
}

# The kernel found the disk by a driver of its own, as this device.
disk_is() { # DEVICE
    vm_said "slots on /dev/$1" || fail "not $1: $(vm_shows)"
}

# VirtualBox and old PCs: IDE and e1000; DHCP, and IPv6 by itself.
ide_e1000() {
    : >"$WORK/machine.conf"
    VM_MACHINE=pc VM_NIC=e1000 start ide -device ide-hd,drive=disk || return
    disk_is sda
    vm_said 'address 10.0.2.15' || fail "no address by DHCP: $(vm_shows)"
    await 60 vm_said 'address 10.0.2.15 fec0::' || fail "no IPv6 by itself: $(vm_shows)"
    vm_stop
}

# PCs: AHCI and e1000e; all static, the clock by NTP.
ahci_e1000e_static() {
    printf 'address=10.0.2.77/24,fec0::77/64\ngateway=10.0.2.2\ndns=10.0.2.3\nhostname=rock\nntp=10.0.2.2\n' >"$WORK/machine.conf"
    ntp_start
    VM_NIC=e1000e HOST_TO=10.0.2.77 start ahci -device ide-hd,drive=disk -rtc base=2020-01-01T00:00:00 || { ntp_stop; return; }
    disk_is sda
    vm_said 'address 10.0.2.77 fec0::77' || fail "not the addresses given: $(vm_shows)"
    vm_said 'name rock, servers 10.0.2.3' || fail "not the name and servers given: $(vm_shows)"
    if [ -n "$NTP" ]; then
        await 120 clock_is_right || fail "the clock says $(appliance .now)"
    else
        echo "SKIP the clock by NTP: port 123 is not to be had"
    fi
    ntp_stop
    vm_stop
}

clock_is_right() {
    [[ $(appliance .now) > 2025 ]]
}

# VMware: paravirtual SCSI and vmxnet3. qemu's firmware starts from no such disk, so
# it is the one with the configuration.
pvscsi_vmxnet3() {
    echo hostname=reef >"$WORK/machine.conf"
    VM_NIC=vmxnet3 CONFIG_ON=scsi-hd start vmware -device ide-hd,drive=disk -device pvscsi || return
    vm_said 'name reef' || fail "the disk was not read: $(vm_shows)"
    vm_stop
}

# NVMe, two processors, and the configuration as a CD.
nvme_cd() {
    echo hostname=stone >"$WORK/machine.conf"
    CONFIG_AS=config_cd CONFIG_ON=ide-cd start nvme -smp 2 -device nvme,drive=disk,serial=1 || return
    disk_is nvme0n1
    vm_said 'name stone' || fail "the CD was not read: $(vm_shows)"
    vm_stop
}

# A time server of our own, if the port is free: what qemu hands on goes there.
NTP=
ntp_start() {
    python3 - >"$WORK/ntp" 2>&1 <<'END' &
import socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 123))
print("ready", flush=True)
while True:
    data, peer = s.recvfrom(512)
    now = time.time() + 2208988800
    stamp = struct.pack("!II", int(now), int(now % 1 * 2**32))
    s.sendto(struct.pack("!BBbbIII", 0x24, 1, 6, -20, 0, 0, 0x4c4f434c) + stamp + data[40:48] + stamp + stamp, peer)
END
    NTP=$!
    await 10 grep -q ready "$WORK/ntp" || ntp_stop
}

ntp_stop() {
    [ -n "$NTP" ] || return 0
    kill "$NTP" 2>/dev/null
    wait "$NTP" 2>/dev/null
    NTP=
}

vm_begin
trap 'ntp_stop; vm_stop; clean_up' EXIT
printf 'metric-resolution = 5s\nlisten-ip =\ninsecure-open = true\n' >"$WORK/skerry.conf"
for name in ${SKERRY_TEST_CASES:-ide_e1000 ahci_e1000e_static pvscsi_vmxnet3 nvme_cd}; do
    case_run "$name" "$name"
    vm_stop
done
finish
