#!/bin/bash
# Makes the virtual machine of the tree that rootfs.sh made:
#
#   vm.sh TREE VERSION PREFIX OUT BILL
#
# PREFIX is the musl prefix, for its compiler; BILL the bill of materials, which
# gets what only the machine holds. OUT gets vmlinuz and initramfs for a direct boot, skerry-vm.img and
# skerry-vm.qcow2 for BIOS and EFI, skerry-update.img for machines that run. No loop device, no root, and the same bytes
# each time. The disk:
#
#   sector 0          GRUB's first stage, and a DOS partition table
#   1 ..              GRUB for BIOS
#   partition 1       FAT: the start program for EFI, and grubenv: which slot, is one on trial
#   partitions 2, 3   FAT, a slot each: vmlinuz, initramfs
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=../packages.sh
. "$here/../packages.sh"
# shellcheck source=../kernel/build.sh
. "$here/../kernel/build.sh"
# shellcheck source=update.sh
. "$here/update.sh"

SECTOR=512
EFI_START=2048
EFI_SECTORS=4096
SLOT_SECTORS=24576
SLOT_A=$((EFI_START + EFI_SECTORS))
SLOT_B=$((SLOT_A + SLOT_SECTORS))
DISK_SECTORS=$((SLOT_B + SLOT_SECTORS))

GRUB_BIOS='biosdisk memdisk tar regexp part_msdos fat linux normal configfile echo test loadenv reboot serial terminal minicmd sleep'

C_FLAGS='-std=c17 -Os -D_GNU_SOURCE -Wall -Wextra -Werror -Wconversion -Wshadow -Wvla -Wmissing-prototypes
    -Wstrict-prototypes -Wcast-qual -Wformat=2 -Wframe-larger-than=8192 -ffunction-sections -fdata-sections
    -Wl,--gc-sections,--build-id=none'
VM_FLAGS="$C_FLAGS -static -s -fstack-protector-strong -Wl,-z,relro,-z,now"
# Runs in the firmware, at any address: no red zone, nothing before start_main.
EFI_FLAGS="$C_FLAGS -static-pie -ffreestanding -fpie -fvisibility=hidden -mno-red-zone -fno-stack-protector
    -fcf-protection=none -fno-asynchronous-unwind-tables -fno-jump-tables -nostartfiles -nodefaultlibs
    -Wl,-T,$here/efi/efi.lds,--no-dynamic-linker"
EFI_SOURCES=(firmware/image/efi/start.c src/update/{boot_start,boot_block}.c src/base/{text,text_out}.c)

put_programs() { # PREFIX
    local name
    # shellcheck disable=SC2086
    "$compiler/bin/musl-gcc" $VM_FLAGS -ffile-prefix-map="$root=." -o "$work/init" "$root"/rootfs/vm/*.c
    install -D -m 755 "$work/init" "$tree/vm/init"
    mkdir "$tree/vm/cgroup"
    for name in attend console network clock debug lease enter finish; do
        ln -s init "$tree/vm/$name"
    done
    for name in busybox mke2fs e2fsck; do
        install -m 755 "$1/bin/$name" "$tree/vm/$name"
    done
    update_public "$key" "$work/update.pub"
    install -D -m 644 "$work/update.pub" "$tree/usr/share/skerry/update.pub"
}

# The machine's services, its own end of the tree, and each role by way of its
# cgroup.
put_services() {
    local file name services=$tree/usr/share/skerry/service
    for file in "$root"/rootfs/vm/service/*/run; do
        name=$(basename "$(dirname "$file")")
        install -D -m 755 "$file" "$tree/vm/service/$name/run"
        echo 2000 >"$tree/vm/service/$name/timeout-kill"
    done
    install -m 755 "$root"/rootfs/vm/s6-svscan/{finish,crash} "$services/.s6-svscan/"
    for file in "$services"/*/run; do
        name=$(basename "$(dirname "$file")")
        [ "$name" != s6-svscan-log ] || continue
        # shellcheck disable=SC2016
        sed -i "s|^\${program} $name\$|/vm/enter $name &|" "$file"
        grep -q '^/vm/enter ' "$file" || packages_fail "$file does not start its program as expected."
    done
}

make_initramfs() {
    find "$tree" -exec touch -h -d "@$PACKAGES_EPOCH" {} +
    (cd "$tree" && find . -mindepth 1 | LC_ALL=C sort |
        cpio --quiet -o -H newc --reproducible -R 0:0) | zstd -q -19 --no-progress >"$work/initramfs"
}

# A FAT file system of so many sectors, with fixed names, numbers and times.
make_fat() { # FILE SECTORS LABEL ID
    truncate -s $(($2 * SECTOR)) "$1"
    mkfs.vfat --invariant -n "$3" -i "$4" "$1" >/dev/null
}

fat_put() { # FILE FROM TO
    touch -d "@$PACKAGES_EPOCH" "$2"
    MTOOLS_SKIP_CHECK=1 mcopy -m -i "$1" "$2" "::$3"
}

# The configuration goes into both as an archive: what is given by -c is read by
# a parser that knows no conditions.
make_grub() {
    mkdir -p "$work/grub/boot/grub"
    cp "$here/grub.cfg" "$work/grub/boot/grub/"
    tar -C "$work/grub" --format=ustar --sort=name --mtime="@$PACKAGES_EPOCH" --owner=0 --group=0 \
        --numeric-owner -cf "$work/memdisk" boot
    # shellcheck disable=SC2086
    grub-mkimage -O i386-pc -p '(memdisk)/boot/grub' -m "$work/memdisk" -o "$work/bios" $GRUB_BIOS
    [ "$(stat -c %s "$work/bios")" -le $(((EFI_START - 1) * SECTOR)) ] ||
        packages_fail 'GRUB for BIOS does not fit before the first partition.'
}

make_efi() {
    # shellcheck disable=SC2086
    (cd "$root" && "$compiler/bin/musl-gcc" $EFI_FLAGS -I src -ffile-prefix-map="$root=." -o "$work/efi.elf" \
        "${EFI_SOURCES[@]}" -lc)
    objcopy -O binary "$work/efi.elf" "$work/BOOTX64.EFI"
}

# What skerry's own tools write too: one line a variable, then # up to 1,024 bytes.
make_environment() {
    { printf '# GRUB Environment Block\nslot=a\nmark_a=%s\n' "$(update_mark "$work/image")" && head -c 1024 /dev/zero | tr '\0' '#'; } |
        head -c 1024 >"$work/environment"
}

at() { # FILE SECTOR [COUNT]: into the disk
    dd if="$1" of="$disk" bs=$SECTOR seek="$2" conv=notrunc,sparse status=none ${3:+count=$3}
}

make_disk() {
    disk=$work/disk
    truncate -s $((DISK_SECTORS * SECTOR)) "$disk"
    sfdisk -q "$disk" <<END
label: dos
label-id: 0x736b6572
start=$EFI_START, size=$EFI_SECTORS, type=ef, bootable
start=$SLOT_A, size=$SLOT_SECTORS, type=c
start=$SLOT_B, size=$SLOT_SECTORS, type=c
END
    # The table lies in the last 66 bytes of the first sector.
    dd if=/usr/lib/grub/i386-pc/boot.img of="$disk" bs=1 count=440 conv=notrunc status=none
    at "$work/bios" 1
    make_fat "$work/efi" $EFI_SECTORS SKERRY-EFI 736b6501
    MTOOLS_SKIP_CHECK=1 mmd -i "$work/efi" ::EFI ::EFI/BOOT
    fat_put "$work/efi" "$work/BOOTX64.EFI" EFI/BOOT/BOOTX64.EFI
    fat_put "$work/efi" "$work/environment" grubenv
    at "$work/efi" $EFI_START
    at "$work/slot" $SLOT_A
}

make_slot() {
    make_fat "$work/slot" $SLOT_SECTORS SLOT 736b6502
    fat_put "$work/slot" "$work/vmlinuz" vmlinuz
    fat_put "$work/slot" "$work/initramfs" initramfs
    update_image "$work/slot" "$work/image"
}

# GRUB is the machine's own: which one it was is said here.
put_bill() { # PREFIX
    cat "$kernel/bill.txt" >>"$bill"
    grep -E '^(busybox|e2fsprogs)	' "$1/bill.txt" >>"$bill" || true
    printf '%s\t%s\tGPL-3.0-or-later\t%s\t%s\n' grub-pc-bin "$(dpkg-query -W -f '${Version}' grub-pc-bin)" \
        "$(sha256sum </usr/lib/grub/i386-pc/kernel.img | cut -d' ' -f1)" kernel.img >>"$bill"
}

figures() {
    local name
    for name in vmlinuz initramfs skerry-vm.img skerry-vm.qcow2 skerry-update.img; do
        printf '%-16s %8d KiB\n' "$name" $(($(stat -c %s "$out/$name") / 1024))
    done
}

[ $# = 5 ] || packages_fail 'usage: vm.sh TREE VERSION PREFIX OUT BILL'
version=$2 compiler=$3 out=$4 bill=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
umask 022
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=$PACKAGES_EPOCH PATH=$PATH:/usr/sbin:/sbin
kernel=$(kernel_folder)
prefix=$(packages_extra musl busybox e2fsprogs)
key=$(update_key)
cp -a "$1" "$tree"
printf '%s\n' "$version" >"$tree/etc/skerry-version"
put_programs "$prefix"
put_services
put_bill "$prefix"
cp "$kernel/vmlinuz" "$work/vmlinuz"
make_initramfs
make_grub
make_efi
make_slot
make_environment
make_disk
mkdir -p "$out"
cp "$work/vmlinuz" "$work/initramfs" "$out/"
cp --sparse=always "$disk" "$out/skerry-vm.img"
qemu-img convert -q -f raw -O qcow2 -c "$disk" "$out/skerry-vm.qcow2"
update_file "$key" "$version" "$work/image" "$out/skerry-update.img"
figures
