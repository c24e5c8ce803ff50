#!/bin/bash
# The archive is what podman and docker expect, holds what it should and no more,
# and is the same bytes when it is made again.
set -u
. "$(dirname "$0")/../cluster/lib.sh"
. tests/image/lib.sh

LAYOUT=$WORK/layout
SIZE_MAX=$((6 * 1024 * 1024))

is_blob() { # DIGEST
    [ "$(sha256sum <"$LAYOUT/blobs/sha256/$1" | cut -d' ' -f1)" = "$1" ]
}

# jq on a file of the layout
of() { # FILE PROGRAM
    jq -r "$2" "$LAYOUT/$1"
}

size_is_small() {
    local size
    size=$(stat -c %s "$IMAGE_ARCHIVE")
    echo "skerry-oci.tar $size bytes"
    [ "$size" -lt "$SIZE_MAX" ] || fail "$size bytes"
}

layout_is_whole() {
    local digest count=0
    mkdir "$LAYOUT" && tar -xf "$IMAGE_ARCHIVE" -C "$LAYOUT" || { fail "no tar"; return; }
    [ "$(of oci-layout .imageLayoutVersion)" = 1.0.0 ] || fail "no layout version"
    [ "$(of index.json '.manifests | length')" = 1 ] || fail "not one manifest"
    MANIFEST=$(of index.json '.manifests[0].digest | ltrimstr("sha256:")')
    CONFIG=$(of "blobs/sha256/$MANIFEST" '.config.digest | ltrimstr("sha256:")')
    LAYER=$(of "blobs/sha256/$MANIFEST" '.layers[0].digest | ltrimstr("sha256:")')
    [ "$(of "blobs/sha256/$MANIFEST" '.layers | length')" = 1 ] || fail "not one layer"
    for digest in $MANIFEST $CONFIG $LAYER; do
        is_blob "$digest" || { fail "$digest is not what it says"; return; }
        count=$((count + 1))
    done
    [ "$(find "$LAYOUT/blobs" -type f | wc -l)" = $count ] || fail "blobs that nobody names"
}

sizes_are_said() {
    local digest size
    while read -r digest size; do
        [ "$(stat -c %s "$LAYOUT/blobs/sha256/${digest#sha256:}")" = "$size" ] ||
            fail "$digest has not $size bytes"
    done < <(of index.json '.manifests[] | "\(.digest) \(.size)"'
        of "blobs/sha256/$MANIFEST" '.config, .layers[] | "\(.digest) \(.size)"')
}

docker_finds_the_same() {
    [ "$(of manifest.json '.[0].Config')" = "blobs/sha256/$CONFIG" ] || fail "another config"
    [ "$(of manifest.json '.[0].Layers | join(" ")')" = "blobs/sha256/$LAYER" ] ||
        fail "another layer"
    [ "$(of manifest.json '.[0].RepoTags[0]')" = localhost/skerry:latest ] || fail "another name"
}

config_says() { # PROGRAM VALUE
    local is
    is=$(of "blobs/sha256/$CONFIG" "$1 | tostring")
    [ "$is" = "$2" ] || fail "$1 is $is"
}

config_is_as_promised() {
    config_says .os linux
    config_says .architecture amd64
    config_says .config.Entrypoint '["/init"]'
    config_says .config.User 0:0
    config_says .config.Volumes '{"/data":{}}'
    config_says .config.StopSignal SIGTERM
    config_says .config.Healthcheck.Test '["CMD","/bin/skerry","status"]'
    config_says '.config.Labels["org.opencontainers.image.title"]' Skerry
    config_says '.config.Labels["org.opencontainers.image.version"]' 0.0.0
    config_says '.rootfs.diff_ids | length' 1
    config_says '.rootfs.diff_ids[0]' \
        "sha256:$(gzip -dc "$LAYOUT/blobs/sha256/$LAYER" | sha256sum | cut -d' ' -f1)"
}

owners_and_times_are_fixed() {
    local odd
    odd=$(TZ=UTC tar -tzvf "$LAYOUT/blobs/sha256/$LAYER" --full-time --numeric-owner |
        awk '$2 != "0/0" || $4 " " $5 != "2025-01-01 00:00:00"' | head -n 3)
    [ -z "$odd" ] || fail "$odd"
    odd=$(find "$IMAGE_TREE" -perm /6000 -o -type f -perm /022)
    [ -z "$odd" ] || fail "modes of $odd"
}

# No shell, and each interpreter and library that something names.
programs_are_complete() {
    local file name
    [ ! -e "$IMAGE_TREE/bin/sh" ] && [ ! -e "$IMAGE_TREE/usr/bin/sh" ] || fail "there is a shell"
    find "$IMAGE_TREE" -type f -perm /111 >"$WORK/programs"
    [ -s "$WORK/programs" ] || { fail "no programs"; return; }
    while read -r file; do
        name=$(head -c 100 "$file" | tr -d '\0' | sed -n '1s/^#!\([^ ]*\).*/\1/p')
        [ -z "$name" ] || [ -x "$IMAGE_TREE$name" ] || fail "$file needs $name"
        for name in $(readelf -d "$file" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
            [ -e "$IMAGE_TREE/usr/lib/x86_64-linux-gnu/$name" ] ||
                [ -e "$IMAGE_TREE/lib64/$name" ] || fail "$file needs $name"
        done
    done <"$WORK/programs"
}

# The words of scripts that stand where execline takes a program.
scripts_find_their_programs() {
    local name
    for name in $(grep -rhv '^#' "$IMAGE_TREE/usr/share/skerry/service" --include=run \
        --include=finish --include='SIG*' --include=crash | grep -o '[a-z0-9-]*' |
        grep -E '^(s6-.*|redirfd|importas|cd|fdmove|if|ifelse|eltest|foreground|exit|background|exec|cat|sleep)$' |
        sort -u); do
        case $name in
        s6-svscan | s6-svscan-log | exit) continue ;;
        esac
        [ -x "$IMAGE_TREE/usr/bin/$name" ] || [ -x "$IMAGE_TREE/usr/lib/execline/bin/$name" ] ||
            fail "a script needs $name"
    done
}

# Roles come from one table; the tree and the users follow it.
roles_have_all() {
    local name offset count=0
    while IFS=, read -r name offset; do
        count=$((count + 1))
        [ -x "$IMAGE_TREE/usr/share/skerry/service/$name/run" ] || fail "no service $name"
        [ "$offset" = 0 ] || grep -q "^$name:x:$((900 + offset)):$((900 + offset)):" \
            "$IMAGE_TREE/etc/passwd" || fail "no user $name"
    done < <(sed -n 's/^ROLE([A-Z]*, "\([a-z]*\)", \([0-9]*\),.*/\1,\2/p' src/app/roles.tbl.h)
    [ "$count" -ge 3 ] || fail "$count roles"
}

licences_are_there() {
    local name
    while read -r name _; do
        [ -s "$IMAGE_TREE/usr/share/doc/$name/copyright" ] || fail "no licence of $name"
    done < <(grep -v '^#' firmware/image/debian.pins; echo skerry)
}

same_bytes_again() {
    local first
    first=$(sha256sum <"$IMAGE_ARCHIVE")
    # Another umask and other times of the files must not show.
    (umask 077 && image_build "$RELEASE/skerry") || { fail "no second image"; return; }
    [ "$(sha256sum <"$IMAGE_ARCHIVE")" = "$first" ] || fail "two builds differ"
}

bill_is_whole() {
    local out=$WORK/bill.json
    firmware/image/sbom.sh "$WORK/bill" 0.0.0 "$out" "$IMAGE_ARCHIVE" || { fail "no bill"; return; }
    [ "$(jq -r .spdxVersion "$out")" = SPDX-2.3 ] || fail "no version"
    [ "$(jq '[.packages[].SPDXID] | length - (unique | length)' "$out")" = 0 ] || fail "doubles"
    [ "$(jq '.packages | length' "$out")" = $(($(sort -u "$WORK/bill" | wc -l) + 1)) ] ||
        fail "not all packages"
    [ "$(jq -r '.packages[0].checksums[0].checksumValue' "$out")" = \
        "$(sha256sum <"$IMAGE_ARCHIVE" | cut -d' ' -f1)" ] || fail "another image"
    [ "$(jq '[.packages[] | select(.versionInfo == "" or .licenseDeclared == "")] | length' \
        "$out")" = 0 ] || fail "packages without version or licence"
}

image_build "$RELEASE/skerry" || { echo "FAIL image_build"; exit 1; }
case_run 'the archive is small' size_is_small
case_run 'the layout is whole' layout_is_whole
case_run 'sizes are as said' sizes_are_said
case_run 'docker finds the same' docker_finds_the_same
case_run 'the config is as promised' config_is_as_promised
case_run 'owners and times are fixed' owners_and_times_are_fixed
case_run 'programs are complete' programs_are_complete
case_run 'scripts find their programs' scripts_find_their_programs
case_run 'each role has service and user' roles_have_all
case_run 'the bill of materials is whole' bill_is_whole
case_run 'licences are there' licences_are_there
case_run 'two builds give the same bytes' same_bytes_again
finish
