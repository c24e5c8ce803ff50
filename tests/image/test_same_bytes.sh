#!/bin/bash
# Two builds from clean give the same bytes: the program and both images are made
# once more of a copy of the source, in another place, under another umask and at
# other times. The kernel and the packages come from the cache, by what went in.
set -u
. "$(dirname "$0")/../cluster/lib.sh"

AGAIN=$WORK/elsewhere/skerry
AGAIN_PROGRAM=$AGAIN/build/release/skerry
export SKERRY_UPDATE_KEY=$WORK/update.pem

build() { # SOURCE PROGRAM OUT: all that is handed out, as build.sh does it
    local prefix
    prefix=$(cat "$RELEASE/prefix")
    mkdir -p "$3"
    strip -o "$3/skerry" "$2" && cp "$prefix/bill.txt" "$3/bill" &&
        "$1/firmware/image/rootfs.sh" "$3/skerry" "$prefix" "$3/root" "$3/bill" &&
        "$1/firmware/image/oci.sh" "$3/root" 0.0.0 "$3/skerry-oci.tar" &&
        "$1/firmware/image/vm.sh" "$3/root" 0.0.0 "$prefix" "$3" "$3/bill" &&
        "$1/firmware/image/sbom.sh" "$3/bill" 0.0.0 "$3/skerry.spdx.json" "$3/skerry-oci.tar" \
            "$3/skerry-vm.qcow2" "$3/skerry-update.img"
}

copy_source() {
    mkdir -p "$AGAIN"
    tar -c --exclude=./build --exclude=./out --exclude=./.git . | tar -x -m -C "$AGAIN"
}

the_program_is_the_same() {
    copy_source
    nice make -s -C "$AGAIN" -j2 PROFILE=release PREFIX="$(cat "$RELEASE/prefix")" build/release/skerry \
        >"$WORK/make" 2>&1 || { fail "it does not build: $(tail -n 5 "$WORK/make")"; return; }
    cmp "$RELEASE/skerry" "$AGAIN_PROGRAM" >"$WORK/differs" || {
        # Debugging information may name places; what is handed out has none.
        strip -o "$WORK/a" "$RELEASE/skerry" && strip -o "$WORK/b" "$AGAIN_PROGRAM"
        cmp "$WORK/a" "$WORK/b" || fail "another program"
    }
}

the_images_are_the_same() {
    local file count=0
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$SKERRY_UPDATE_KEY" 2>/dev/null
    build . "$RELEASE/skerry" "$WORK/first" >"$WORK/said" 2>&1 || { fail "no images: $(tail -n 5 "$WORK/said")"; return; }
    (umask 077 && build "$AGAIN" "$AGAIN_PROGRAM" "$WORK/second") >"$WORK/said" 2>&1 ||
        { fail "no images elsewhere: $(tail -n 5 "$WORK/said")"; return; }
    for file in skerry-oci.tar vmlinuz initramfs skerry-vm.img skerry-vm.qcow2 skerry-update.img \
        skerry.spdx.json; do
        cmp "$WORK/first/$file" "$WORK/second/$file" || fail "$file differs"
        count=$((count + 1))
    done
    [ "$count" = 7 ] || fail "$count files"
}

# The README's figures: the archive under 6 MB, the disk under 16 MB.
sizes_are_as_promised() {
    local oci disk
    oci=$(gzip -9 <"$WORK/first/skerry-oci.tar" | wc -c)
    disk=$(stat -c %s "$WORK/first/skerry-vm.qcow2")
    echo "oci $oci bytes compressed, vm disk $disk bytes"
    [ "$oci" -lt 6000000 ] && [ "$(stat -c %s "$WORK/first/skerry-oci.tar")" -lt 6000000 ] || fail "the archive has $oci bytes"
    [ "$disk" -lt 16000000 ] || fail "the disk has $disk bytes"
}

case_run 'the program is the same' the_program_is_the_same
case_run 'the images are the same' the_images_are_the_same
case_run 'sizes are as promised' sizes_are_as_promised
finish
