#!/bin/bash
# Updates of the virtual machine: one that is good is kept, one of somebody else's
# is refused, one that does not come up makes way for the version before. What a
# power cut leaves, hostile files, sizes and versions: tests/unit/update.
set -u
. "$(dirname "$0")/../cluster/lib.sh"
. tests/image/vm.sh

# --- Updates: `update.img` on the configuration disk, taken at the start

# Of the machine's firmware; with_efi COMMAND for the other.
FIRMWARE=()
MEMORY=64

with_efi() {
    local FIRMWARE=(-bios "$OVMF") MEMORY=$EFI_MEMORY
    "$@"
}

start_with_update() { # NAME DISK [qemu's flags]
    local name=$1 disk=$2
    shift 2
    CONFIG_SIZE=16M vm_config_disk "$WORK/$name.update" "$WORK/skerry.conf" "$WORK/update.img"
    # shellcheck disable=SC2046
    vm_start "$name" "$MEMORY" "${FIRMWARE[@]}" $(disk_of "$disk") $(disk_of "$WORK/$name.update") "$@"
}

fresh_disk() { # TO
    cp --sparse=always "$VM_OUT/skerry-vm.img" "$1"
}

# Written, tried, kept; the next start is the new version without a trial, and the
# file that still lies there changes nothing.
update_is_kept() {
    local disk=$WORK/kept.img
    fresh_disk "$disk"
    vm_update "$WORK/update.img" "$WORK/update.pem" 0.2.0 etc/marker new || { fail 'no update'; return; }
    start_with_update kept "$disk"
    await $BOOT_S vm_said 'version 0.2.0 is in slot b' || { fail "not written: $(vm_shows)"; return; }
    await $BOOT_S is_up || { fail "the trial is not up: $(vm_shows)"; return; }
    grep -qx 'tried=1' <<<"$(vm_remembers "$disk")" || fail "no trial: $(vm_remembers "$disk")"
    await 180 vm_said 'in slot b is kept' || { fail "not kept: $(vm_shows)"; return; }
    vm_monitor system_reset
    await $BOOT_S vm_said 'is what runs already' || fail "not the new one: $(vm_shows)"
    vm_stop
    [ "$(vm_remembers "$disk" | grep -cE '^(slot=b|trial=.*|tried=.*)$')" = 1 ] ||
        fail "it remembers $(vm_remembers "$disk")"
}

# Signed, and its programs do not run: back by itself, and not tried again.
bad_update_falls_back() {
    local disk=$WORK/fallback.img
    fresh_disk "$disk"
    vm_update "$WORK/update.img" "$WORK/update.pem" 0.2.0 bin/skerry 'no program' || { fail 'no update'; return; }
    start_with_update fallback "$disk"
    await $BOOT_S vm_said 'the version on trial does not start' || { fail "no trial: $(vm_shows)"; return; }
    await $BOOT_S vm_said 'was tried before' || { fail "no way back: $(vm_shows)"; return; }
    await $BOOT_S is_up || fail "not up again: $(vm_shows)"
    vm_stop
    grep -qx 'slot=a' <<<"$(vm_remembers "$disk")" || fail "it remembers $(vm_remembers "$disk")"
}

# By BIOS in 64 MiB, with an update of somebody else's: refused, all else as ever.
foreign_update_is_refused() {
    local disk=$WORK/foreign.img before
    fresh_disk "$disk"
    vm_key "$WORK/foreign.pem"
    vm_update "$WORK/update.img" "$WORK/foreign.pem" 0.2.0 etc/marker new || { fail 'no update'; return; }
    before=$(sha256sum <"$disk")
    start_with_update foreign "$disk"
    await $BOOT_S is_up || { fail "not up: $(vm_shows)"; return; }
    vm_said 'is not signed with the key' || fail "no word of the signature: $(vm_shows)"
    await 30 api_answers || fail 'the page does not answer'
    vm_stop
    [ "$(sha256sum <"$disk")" = "$before" ] || fail 'the disk was written to'
}

# Signed, and the kernel panics before anything of ours runs.
panic_falls_back() {
    local disk=$WORK/panic.img
    fresh_disk "$disk"
    vm_update "$WORK/update.img" "$WORK/update.pem" 0.2.0 vm/init 'no program' || { fail 'no update'; return; }
    start_with_update panic "$disk"
    await $BOOT_S vm_said 'Kernel panic' || { fail "the trial did not run: $(vm_shows)"; return; }
    await $BOOT_S is_up || fail "no way back: $(vm_shows)"
    vm_stop
}

# All its roles are up, but it never has an address: back after the limit. The
# machine's clock jumps over what it would wait for, so that the limit is short here.
unsettled_falls_back() {
    local disk=$WORK/unsettled.img
    fresh_disk "$disk"
    vm_update "$WORK/update.img" "$WORK/update.pem" 0.2.0 etc/marker new || { fail 'no update'; return; }
    start_with_update unsettled "$disk" -icount shift=3,sleep=off
    await $BOOT_S vm_monitor 'set_link net off'
    await $BOOT_S vm_said 'version 0.2.0 is in slot b' || { fail "not written: $(vm_shows)"; return; }
    await $BOOT_S vm_said 'address none, all roles are up' || { fail "the trial is not up: $(vm_shows)"; return; }
    await 400 vm_said 'was not well for 60 s at a time: back to the one before' ||
        { fail "not given up: $(vm_shows)"; return; }
    await $BOOT_S vm_said 'was tried before' || fail "no way back: $(vm_shows)"
    vm_stop
    ! vm_said 'in slot b is kept' || fail 'it was kept'
    grep -qx 'slot=a' <<<"$(vm_remembers "$disk")" || fail "it remembers $(vm_remembers "$disk")"
}

# A slot that cannot be started is a sentence, and the other one starts; grubenv
# that cannot be read is one too.
efi_says_what_is_wrong() {
    local disk=$WORK/wrong.img
    local first=$disk@@$((2048 * 512)) slot_b=$disk@@$(((2048 + 4096 + 24576) * 512))
    fresh_disk "$disk"
    put_trial "$first"
    head -c 100000 "$VM_OUT/vmlinuz" >"$WORK/vmlinuz"
    mformat -i "$slot_b" -T 24576 -h 16 -s 32 :: && mcopy -i "$slot_b" "$WORK/vmlinuz" :: || { fail 'no disk'; return; }
    with_efi start_wrong once "$disk" || return
    vm_said 'The firmware cannot load vmlinuz of this slot.' && vm_said 'Slot b cannot be started' ||
        fail "it said: $(vm_shows)"
    grep -qx 'tried=1' <<<"$(vm_remembers "$disk")" || fail "no trial: $(vm_remembers "$disk")"
    with_efi start_wrong again "$disk" || return
    vm_said 'The new version did not come up' || fail "it said: $(vm_shows)"
    put_trial "$first"
    mcopy -o -i "$slot_b" "$VM_OUT/initramfs" ::vmlinuz || { fail 'no disk'; return; }
    with_efi start_wrong no_kernel "$disk" || return
    vm_said 'This slot has no vmlinuz that is a kernel.' || fail "it said: $(vm_shows)"
    head -c 1024 /dev/urandom >"$WORK/grubenv"
    mcopy -o -i "$first" "$WORK/grubenv" :: || { fail 'no disk'; return; }
    with_efi start_wrong unread "$disk" || return
    vm_said 'grubenv of the first partition cannot be read' || fail "it said: $(vm_shows)"
}

put_trial() { # PARTITION
    { printf '# GRUB Environment Block\nslot=a\ntrial=b\n' && head -c 1024 /dev/zero | tr '\0' '#'; } |
        head -c 1024 >"$WORK/grubenv"
    mcopy -o -i "$1" "$WORK/grubenv" ::
}

# The kernel would write anywhere.
efi_finds_no_room() {
    fresh_disk "$WORK/room.img"
    # shellcheck disable=SC2046
    vm_start room $EFI_TOO_LITTLE -bios "$OVMF" $(disk_of "$WORK/room.img")
    await $BOOT_S vm_said 'MiB of memory in one piece: give the machine more memory.' || fail "it said: $(vm_shows)"
    vm_stop
}

start_wrong() { # NAME DISK
    # shellcheck disable=SC2046
    vm_start "$1" "$MEMORY" "${FIRMWARE[@]}" $(disk_of "$2")
    await $BOOT_S is_up || { fail "$1 is not up: $(vm_shows)"; return 1; }
    vm_stop
}

vm_begin
printf 'metric-resolution = 5s\nlisten-ip =\ninsecure-open = true\n' >"$WORK/skerry.conf"
for name in ${SKERRY_TEST_CASES:-update_is_kept efi_update_is_kept bad_update_falls_back efi_bad_update_falls_back \
    foreign_update_is_refused panic_falls_back unsettled_falls_back efi_says_what_is_wrong efi_finds_no_room}; do
    case $name in
    efi_update_is_kept | efi_bad_update_falls_back) case_run "$name" with_efi "${name#efi_}" ;;
    *) case_run "$name" "$name" ;;
    esac
    vm_stop
done
finish
