# What the tests of the virtual machine share, beside tests/cluster/lib.sh:
#
#   vm_build PROGRAM           makes the images of PROGRAM in VM_OUT
#   vm_start NAME MEMORY [qemu's flags]
#                              sets VM, PORT, URL, CONSOLE; -net, serial and
#                              monitor are there; VM_MACHINE and VM_NIC: others
#                              than q35 and virtio-net-pci
#   vm_direct [options]        flags for vm_start: kernel and initramfs
#   vm_stop                    pulls the plug
#   vm_monitor COMMAND         qemu's monitor
#   vm_type LINE               to the debug console (skerry.debug=ttyS1)
#
# Emulated in software: slow, and the same everywhere. What qemu keeps of translated
# code is bounded: it may be a gigabyte otherwise, as each start of a program lies at
# another address, and a restart then takes minutes, because each byte that is loaded
# over old code has qemu look through a page's translations. Times are CPU of qemu, as
# ratios to a bare kernel that starts and ends.

VM_OUT=$WORK/vm
VM=
CONSOLE=
PATH=$PATH:/usr/sbin:/sbin
OVMF=/usr/share/ovmf/OVMF.fd
EFI_MEMORY=96 # MiB; 80 do with one disk: the firmware takes more than BIOS
EFI_TOO_LITTLE=72

vm_tools() {
    local tool
    for tool in qemu-system-x86_64 mcopy mkfs.vfat mke2fs grub-mkimage zstd cpio sfdisk genisoimage python3; do
        command -v "$tool" >/dev/null || { echo "$tool is not there"; return; }
    done
    [ -r "$OVMF" ] || echo "$OVMF is not there"
}

vm_build() { # PROGRAM
    local prefix
    prefix=$(cat "$RELEASE/prefix") && strip -o "$WORK/skerry" "$1" || return
    : >"$WORK/bill"
    vm_key "$WORK/update.pem"
    export SKERRY_UPDATE_KEY=$WORK/update.pem
    firmware/image/rootfs.sh "$WORK/skerry" "$prefix" "$WORK/root" "$WORK/bill" &&
        firmware/image/vm.sh "$WORK/root" 0.0.0 "$prefix" "$VM_OUT" "$WORK/bill" >"$WORK/sizes"
}

vm_key() { # TO: a private key for updates
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$1" 2>/dev/null
}

# The machine's initramfs with the files of FOLDER on top, which may take the place
# of those that are there.
vm_initramfs_with() { # FOLDER
    cat "$VM_OUT/initramfs" && head -c $((-$(stat -c %s "$VM_OUT/initramfs") & 3)) /dev/zero
    (cd "$1" && find . -type f -printf '%P\n' | cpio --quiet -o -H newc -R 0:0)
}

# An update of the machine whose initramfs has the file NAME with that text on
# top, which may take the place of one that is there; signed with KEY.
vm_update() { # TO KEY VERSION NAME TEXT
    local top=$WORK/top slot=$WORK/slot
    rm -rf "$top" "$slot"
    mkdir -p "$top/$(dirname "$4")"
    printf '%s\n' "$5" >"$top/$4"
    chmod 755 "$top/$4"
    vm_initramfs_with "$top" >"$WORK/initramfs"
    truncate -s $((24576 * 512)) "$slot"
    mkfs.vfat "$slot" >/dev/null && mcopy -i "$slot" "$VM_OUT/vmlinuz" "$WORK/initramfs" :: &&
        (. firmware/packages.sh && . firmware/image/update.sh && update_image "$slot" "$WORK/image" &&
            update_file "$2" "$3" "$WORK/image" "$1")
}

# What the boot loader of a disk remembers, a line a variable.
vm_remembers() { # DISK
    mtype -i "$1@@$((2048 * 512))" ::grubenv | tr -d '#'
}

vm_direct() { # options
    DIRECT=(-kernel "$VM_OUT/vmlinuz" -initrd "$VM_OUT/initramfs"
        -append "console=tty0 console=ttyS0 quiet ${VM_DIRECT_OPEN-skerry.listen-ip= skerry.insecure-open} $*")
}

vm_start() { # NAME MEMORY [flags]
    local memory=$2
    CONSOLE=$WORK/$1.console
    shift 2
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    MODEL=$URL/api/v1/model
    VM_MONITOR=$(free_port)
    VM_DEBUG=$(free_port)
    : >"$CONSOLE"
    qemu-system-x86_64 -M "${VM_MACHINE:-q35}" -accel tcg,tb-size=128 -m "$memory" -display none -nodefaults \
        -serial file:"$CONSOLE" -serial tcp:127.0.0.1:"$VM_DEBUG",server=on,wait=off \
        -monitor tcp:127.0.0.1:"$VM_MONITOR",server=on,wait=off \
        -netdev user,id=net,hostfwd=tcp:127.0.0.1:"$PORT"-"${HOST_TO:-}":8082 \
        -device "${VM_NIC:-virtio-net-pci}",netdev=net "$@" </dev/null >"$CONSOLE.qemu" 2>&1 &
    VM=$!
}

# Its CPU so far in milliseconds.
vm_cpu_ms() {
    awk -v ticks="$(getconf CLK_TCK)" '{print int(($14 + $15) * 1000 / ticks)}' "/proc/$VM/stat"
}

vm_is_alive() {
    [ -n "$VM" ] && kill -0 "$VM" 2>/dev/null
}

vm_is_gone() {
    ! vm_is_alive
}

vm_stop() {
    [ -n "$VM" ] || return 0
    kill -KILL "$VM" 2>/dev/null
    wait "$VM" 2>/dev/null
    VM=
}

vm_send() { # PORT LINE
    exec 7<>"/dev/tcp/127.0.0.1/$1" || return
    printf '%s\n' "$2" >&7
    # What is not read yet when the connection ends is lost: all of the echo first.
    while read -r -t 1 -n 1 -u 7 _; do :; done
    exec 7>&-
}

vm_monitor() {
    vm_send "$VM_MONITOR" "$1"
}

vm_type() {
    vm_send "$VM_DEBUG" "$1"
}

# What a command of the debug console prints goes to the console, after the word
# NOTE: vm_note NAME COMMAND, then vm_said "NOTE NAME: ...".
vm_note() {
    vm_type "echo \"<3>NOTE $1: \$($2)\" >/dev/kmsg"
}

vm_said() { # TEXT
    grep -aqF "$1" "$CONSOLE"
}

vm_said_times() { # TEXT NUMBER
    [ "$(grep -acF "$1" "$CONSOLE")" -ge "$2" ]
}

vm_shows() { # what went wrong, for fail
    tail -n 15 "$CONSOLE" | tr -d '\r' | sed 's/^/  | /'
}

# A configuration disk of the files named.
vm_config_disk() { # FILE FILES...
    local disk=$1
    shift
    truncate -s "${CONFIG_SIZE:-1M}" "$disk"
    mkfs.vfat -n SKERRY "$disk" >/dev/null && mcopy -i "$disk" "$@" ::
}

disk_of() { # FILE: flags for it as a virtio disk
    echo "-drive file=$1,format=raw,if=virtio"
}

# Seconds of a slow, emulated machine, beside others that are as busy.
BOOT_S=400
SCRAPED_S=400

# How often it was started since vm_start.
starts() {
    grep -acF 'skerry: memory:' "$CONSOLE"
}

api_answers() {
    curl -sS -g --max-time 5 "$URL/readyz" >/dev/null
}

# Since the last start.
is_up() {
    awk '/skerry: memory:/ {up = 0} /skerry: address / {up = !/ not all /} END {exit !up}' "$CONSOLE"
}

# Ends the test as a whole where the machine cannot run; else makes the images.
vm_begin() {
    local missing
    missing=$(vm_tools)
    if [ -n "$missing" ]; then
        echo "SKIP $TEST $missing"
        exit 0
    fi
    trap 'vm_stop; clean_up' EXIT
    if ! vm_build "$PROGRAM"; then
        echo "FAIL $TEST the images cannot be made"
        exit 1
    fi
}
