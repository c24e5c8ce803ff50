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
    ${CONFIG_AS:-vm_config_disk} "$WORK/$name.config" "${CONFIG:-$WORK/skerry.conf}" "$WORK/machine.conf"
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

# PCs: AHCI and e1000e; all static; names are asked for, by the NTP client and by
# collect, which has a resolver of its own.
ahci_e1000e_static() {
    printf 'address=10.0.2.77/24,fec0::77/64\ngateway=10.0.2.2\ndns=10.0.2.2\nhostname=rock\nntp=clock.test\n' >"$WORK/machine.conf"
    mkdir "$WORK/named"
    printf 'source = host:\nsource = cadvisor:http://peer.test:9\n' |
        cat "$WORK/skerry.conf" - >"$WORK/named/skerry.conf"
    servers_start
    CONFIG=$WORK/named/skerry.conf VM_NIC=e1000e HOST_TO=10.0.2.77 start ahci -device ide-hd,drive=disk -rtc base=2020-01-01T00:00:00 || { servers_stop; return; }
    disk_is sda
    vm_said 'address 10.0.2.77 fec0::77' || fail "not the addresses given: $(vm_shows)"
    vm_said 'name rock, servers 10.0.2.2' || fail "not the name and servers given: $(vm_shows)"
    if [ -n "$SERVERS" ]; then
        await 120 clock_is_right || fail "the clock says $(appliance .now); asked for: $(cat "$WORK/servers")"
        await 120 grep -q 'peer.*test' "$WORK/servers" || fail "collect asked for: $(cat "$WORK/servers")"
    else
        echo "SKIP the clock and names: ports 53 and 123 are not to be had"
    fi
    servers_stop
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

# A time server and one for names of our own, if the ports are free: what qemu hands
# on goes there. Each name is 10.0.2.2, and has no IPv6 address.
SERVERS=
servers_start() {
    python3 - >"$WORK/servers" 2>&1 <<'END' &
import select, socket, struct, time


def bound(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", port))
    return s


def time_of(data):
    now = time.time() + 2208988800
    stamp = struct.pack("!II", int(now), int(now % 1 * 2**32))
    return struct.pack("!BBbbIII", 0x24, 1, 6, -20, 0, 0, 0x4c4f434c) + stamp + data[40:48] + stamp + stamp


def name_of(data):
    end = data.index(0, 12) + 5
    address = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\2\2" if data[end - 4 : end - 2] == b"\0\1" else b""
    print(data[12 : end - 4], flush=True)
    return data[:2] + struct.pack("!HHHHH", 0x8180, 1, address != b"", 0, 0) + data[12:end] + address


names, clock = bound(53), bound(123)
print("ready", flush=True)
while True:
    for s in select.select([names, clock], [], [])[0]:
        data, peer = s.recvfrom(512)
        s.sendto(name_of(data) if s is names else time_of(data), peer)
END
    SERVERS=$!
    await 10 grep -q ready "$WORK/servers" || servers_stop
}

servers_stop() {
    [ -n "$SERVERS" ] || return 0
    kill "$SERVERS" 2>/dev/null
    wait "$SERVERS" 2>/dev/null
    SERVERS=
}

vm_begin
trap 'servers_stop; vm_stop; clean_up' EXIT
printf 'metric-resolution = 5s\nlisten-ip =\ninsecure-open = true\n' >"$WORK/skerry.conf"
for name in ${SKERRY_TEST_CASES:-ide_e1000 ahci_e1000e_static pvscsi_vmxnet3 nvme_cd}; do
    case_run "$name" "$name"
    vm_stop
done
finish
