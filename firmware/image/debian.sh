# shellcheck shell=bash
# Debian's binary packages, pinned, fetched and cached like the sources are
# (../packages.sh, whose apt root this uses). To be sourced after it.
#
#   debian_unpack DIRECTORY BILL   unpacks all of debian.pins into DIRECTORY and
#                                  adds a line for each to BILL
#
# Below the cache folder: deb/KEY/ holds the .deb files of one debian.pins.

DEBIAN_PINS=$(dirname "${BASH_SOURCE[0]}")/debian.pins
DEBIAN_SUITE=bookworm

# The same tool on an index of binary packages, beside that of the sources.
debian_apt() { # TOOL ARGUMENTS...
    local root=$PACKAGES_CACHE/apt tool=$1
    shift
    apt_ours "$tool" -o "Dir::State::lists=$root/lists-binary" \
        -o "Dir::Etc::sourcelist=$root/sources-binary.list" \
        -o APT::Architecture=amd64 -o APT::Architectures=amd64 "$@"
}

debian_update() {
    local root=$PACKAGES_CACHE/apt uri key
    [ -z "$(find "$root/updated-binary" -mmin -60 2>/dev/null)" ] || return 0
    packages_say 'reading the index of binary packages'
    mkdir -p "$root/lists-binary/partial" "$root/cache/archives/partial"
    read -r uri key <<<"$(apt_mirror)"
    [ "$key" != - ] || key=/usr/share/keyrings/debian-archive-keyring.gpg
    echo "deb [signed-by=$key] $uri $DEBIAN_SUITE main" >"$root/sources-binary.list"
    debian_apt apt-get update >"$root/log-binary" 2>&1 ||
        packages_fail "apt cannot read the index of $DEBIAN_SUITE; see $root/log-binary."
    touch "$root/updated-binary"
}

debian_pins() {
    grep -v '^#' "$DEBIAN_PINS"
}

# The newest of the series that the index has.
debian_newest() { # NAME SERIES
    local version
    debian_apt apt-cache madison "$1" 2>/dev/null | awk '{print $3}' | sort -Vru |
        while read -r version; do
            case $version in
            "$2"*) echo "$version" && return ;;
            esac
        done
}

# apt checks the file against the signed index, we check the pin's own sum.
debian_fetch_one() { # NAME VERSION SERIES LICENCE SHA256
    local used=$2
    if ! debian_apt apt-get download "$1=$2" >>log 2>&1; then
        used=$(debian_newest "$1" "$3")
        { [ -n "$used" ] && debian_apt apt-get download "$1=$used" >>log 2>&1; } ||
            packages_fail "the mirror has no $1 of the series $3: change firmware/image/debian.pins."
        packages_say "$1 $2 is gone from the mirror; $used of the same series is used instead."
    elif ! echo "$5  $(echo "$1"_*.deb)" | sha256sum --quiet -c - >/dev/null 2>&1; then
        packages_fail "$1 $2 is not what its pin says: the sha256 differs."
    fi
    printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$used" "$4" \
        "$(sha256sum "$1"_*.deb | cut -d' ' -f1)" "$(echo "$1"_*.deb)" >>bill.txt
}

# Prints the folder of the .deb files.
debian_folder() {
    local folder work pin
    folder=$PACKAGES_CACHE/deb/$(packages_hash <"$DEBIAN_PINS")
    if [ ! -d "$folder" ]; then
        debian_update
        work=$(packages_work deb)
        while read -r -a pin; do
            (cd "$work" && debian_fetch_one "${pin[@]}") || exit 1
        done < <(debian_pins)
        rm -f "$work/log"
        mkdir -p "${folder%/*}"
        mv -T "$work" "$folder"
    fi
    echo "$folder"
}

debian_unpack() { # DIRECTORY BILL
    local folder file
    folder=$(packages_lock && debian_folder) || exit 1
    mkdir -p "$1"
    for file in "$folder"/*.deb; do
        dpkg-deb --fsys-tarfile "$file" | tar -x -C "$1" --no-same-owner || exit 1
    done
    cat "$folder/bill.txt" >>"$2"
}
