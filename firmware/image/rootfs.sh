#!/bin/bash
# Puts the tree of the image together:
#
#   rootfs.sh SKERRY PREFIX TREE BILL
#
# SKERRY is the program, PREFIX the musl prefix (for /init), TREE the directory to
# make, BILL the bill of materials that Debian's packages are added to. Modes and
# contents are the same each time; owners and times are given by who packs it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=../packages.sh
. "$here/../packages.sh"
# shellcheck source=debian.sh
. "$here/debian.sh"

# The scripts of supervise/ find these by PATH. The s6-sv* tools and s6-ftrigrd:
# the stop waits for each role by them; s6-svstat is for people.
S6='s6-svscan s6-supervise s6-log s6-svc s6-svscanctl s6-svstat s6-svok s6-svwait s6-svlisten1 s6-ftrigrd'
EXECLINE='cd eltest exit fdmove foreground if ifelse importas redirfd'

INIT_FLAGS='-std=c17 -Os -static -s -D_GNU_SOURCE -Wall -Wextra -Werror -Wconversion -Wshadow
    -Wvla -Wmissing-prototypes -Wstrict-prototypes -Wcast-qual -Wformat=2 -fstack-protector-strong
    -Wframe-larger-than=8192 -ffunction-sections -fdata-sections
    -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,relro,-z,now'

put() { # MODE FILE TO
    install -D -m "$1" "$2" "$tree/$3"
}

put_all() { # MODE FROM TO: a directory's files and those below
    local file
    (cd "$2" && find . -type f) | while read -r file; do
        put "$1" "$2/$file" "$3/${file#./}"
    done
}

# A shared library and its soname, which is what programs ask for.
put_library() { # NAME
    local found
    found=$(find "$debian" -name "$1" | head -n 1)
    [ -n "$found" ] || packages_fail "no package of debian.pins holds $1."
    put 644 "$(readlink -f "$found")" "usr/lib/x86_64-linux-gnu/$1"
}

needed_by() { # FILE...
    readelf -d "$@" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u
}

# What the programs need, and what that needs, until nothing is new.
put_libraries() {
    local name missing=yes
    while [ "$missing" = yes ]; do
        missing=no
        for name in $(needed_by "$tree"/usr/bin/* "$tree"/usr/lib/execline/bin/* \
            "$tree"/usr/lib/x86_64-linux-gnu/*); do
            if [ ! -e "$tree/usr/lib/x86_64-linux-gnu/$name" ]; then
                put_library "$name"
                missing=yes
            fi
        done
    done
}

put_supervision() {
    local name
    for name in $S6; do
        put 755 "$debian/usr/bin/$name" "usr/bin/$name"
    done
    # Not Debian's /usr/bin/execlineb, which is a shell script around this one.
    put 755 "$debian/usr/lib/execline/bin/execlineb" usr/bin/execlineb
    for name in $EXECLINE; do
        put 755 "$debian/usr/lib/execline/bin/$name" "usr/lib/execline/bin/$name"
    done
    put_libraries
    put 755 "$(readlink -f "$tree/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")" \
        lib64/ld-linux-x86-64.so.2
    rm "$tree/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
}

put_services() {
    local directory name
    for directory in "$root"/supervise/*/ "$root"/supervise/.s6-svscan/; do
        name=$(basename "$directory")
        put_all 644 "${directory%/}" "usr/share/skerry/service/$name"
    done
    grep -rlZ '^#!' "$tree/usr/share/skerry/service" | xargs -0 chmod 755
}

put_certificates() {
    mkdir -p "$tree/etc/ssl/certs"
    find "$debian/usr/share/ca-certificates" -name '*.crt' | LC_ALL=C sort | while read -r name; do
        cat "$name"
        # Some end without a line's end.
        [ -z "$(tail -c 1 "$name")" ] || echo
    done >"$tree/etc/ssl/certs/ca-certificates.crt"
    chmod 644 "$tree/etc/ssl/certs/ca-certificates.crt"
}

# Those of the program's own libraries are in the bill of materials.
put_licences() {
    local name
    put 644 "$root/LICENSE" usr/share/doc/skerry/copyright
    while read -r name _; do
        put 644 "$debian/usr/share/doc/$name/copyright" "usr/share/doc/$name/copyright"
    done < <(debian_pins)
}

put_init() {
    # shellcheck disable=SC2086
    "$prefix/bin/musl-gcc" $INIT_FLAGS -ffile-prefix-map="$root=." -o "$work/init" \
        "$root"/rootfs/init/*.c
    put 755 "$work/init" init
}

[ $# = 4 ] || packages_fail 'usage: rootfs.sh SKERRY PREFIX TREE BILL'
program=$1 prefix=$2 tree=$3 bill=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
debian=$work/debian
umask 022

debian_unpack "$debian" "$bill"
rm -rf "$tree"
mkdir -p "$tree"/{bin,data,dev,proc,run,sys,tmp,etc/skerry,lib64}
# A volume or tmpfs that is made from one takes its mode: any --user may write.
chmod 1777 "$tree/data" "$tree/run" "$tree/tmp"
put_all 644 "$root/rootfs/etc" etc
put 755 "$program" bin/skerry
put_supervision
put_services
put_certificates
put_licences
put_init
