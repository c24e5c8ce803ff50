# shellcheck shell=bash
# The third-party packages, fetched, built and cached. To be sourced.
#
#   packages_prefix FLAVOUR   builds what is missing and prints the one folder
#                             that holds include/, lib/, bin/ and bill.txt
#   packages_extra FLAVOUR NAME...  the same with more packages than the usual
#
# A flavour is how the same recipes are built:
#   musl   static, for the appliance; bin/musl-gcc compiles against it
#   asan   this machine's libc, address and undefined-behaviour sanitizers
#
# A prefix is a full sysroot for musl, and only the libraries for asan.
#
# Below the cache folder (SKERRY_CACHE, or ~/.cache/skerry):
#   apt/                    an apt root of our own; the system's is not touched
#   source/NAME-KEY/        the files a pin names, or what took their place
#   package/FLAVOUR-NAME-KEY/  one built package
#   prefix/FLAVOUR-KEY/     the packages merged
# A KEY is a hash of everything that goes in: pin, recipe, flags, compiler, and
# the keys of the packages built upon. A folder gets its final name as its last
# step, so one that has it is finished.

PACKAGES_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PACKAGES_CACHE=${SKERRY_CACHE:-${HOME:-/root}/.cache/skerry}

# In order of building. What a recipe finds is what stands before it here.
PACKAGES_USUAL='musl linux-headers bearssl mbedtls c-ares curl jsmn libyaml libmicrohttpd sqlite3 zlib'

# Any fixed time does: the libraries hold it nowhere, but tools may ask.
PACKAGES_EPOCH=1735689600

packages_say() {
    printf 'packages: %s\n' "$*" >&2
}

packages_fail() {
    packages_say "$*"
    exit 1
}

packages_hash() {
    sha256sum | cut -c1-16
}

# pin_get NAME KEY: the rest of the first line that starts with KEY.
pin_get() {
    local key rest
    while read -r key rest; do
        if [ "$key" = "$2" ]; then
            printf '%s\n' "$rest"
            return
        fi
    done <"$PACKAGES_ROOT/packages/$1/pin"
}

# --- flavours ---------------------------------------------------------------

flavour_has() { # FLAVOUR NAME
    case $1:$2 in
    asan:musl | asan:linux-headers) return 1 ;;
    *) return 0 ;;
    esac
}

flavour_cflags() {
    case $1 in
    musl) echo '-O2 -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong -fstack-clash-protection -fno-plt -fno-asynchronous-unwind-tables' ;;
    asan) echo '-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined' ;;
    *) packages_fail "there is no flavour '$1': take musl or asan." ;;
    esac
}

# --- apt: a root of our own -------------------------------------------------

# The Debian mirror this machine already uses, as 'URI KEYRING'. Both spellings
# of apt's source files are read; the release's own archive is wanted, not its
# security or third-party ones, so the suite must be the release's bare name.
apt_mirror() {
    local codename found files=()
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
    for found in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ ! -f "$found" ] || files+=("$found")
    done
    found=$(
        awk -v suite="$codename" '
            function flush(  i, n, u) {
                if (types ~ /(^| )deb( |$)/ && (" " suites " ") ~ (" " suite " ") &&
                    (" " parts " ") ~ / main / && enabled != "no") {
                    n = split(uris, u, " ")
                    for (i = 1; i <= n; i++) print u[i], (key ~ /^\//) ? key : "-"
                }
                types = uris = suites = parts = key = enabled = ""
            }
            function value() { sub(/^[^:]*:[ \t]*/, ""); return $0 }
            FNR == 1 { flush() }
            /^[ \t]*#/ { next }
            /^deb[ \t]/ {
                types = "deb"
                if (match($0, /\[[^]]*\]/)) {
                    options = substr($0, RSTART + 1, RLENGTH - 2)
                    $0 = substr($0, 1, RSTART - 1) substr($0, RSTART + RLENGTH)
                    if (match(options, /signed-by=[^ ]*/))
                        key = substr(options, RSTART + 10, RLENGTH - 10)
                }
                uris = $2; suites = $3
                $1 = $2 = $3 = ""; parts = $0
                flush(); next
            }
            /^[ \t]*$/ { flush(); next }
            tolower($0) ~ /^types:/ { types = value() }
            tolower($0) ~ /^uris:/ { uris = value() }
            tolower($0) ~ /^suites:/ { suites = value() }
            tolower($0) ~ /^components:/ { parts = value() }
            tolower($0) ~ /^signed-by:/ { key = value() }
            tolower($0) ~ /^enabled:/ { enabled = tolower(value()) }
            END { flush() }
        ' /dev/null "${files[@]}"
    )
    [ -n "$found" ] || packages_fail "no Debian mirror for '$codename' in /etc/apt/sources.list*: add one there."
    grep -m1 -E '/debian/?( |$)' <<<"$found" || head -n1 <<<"$found"
}

apt_ours() { # TOOL ARGUMENTS...
    local root=$PACKAGES_CACHE/apt tool=$1
    shift
    "$tool" -q \
        -o "Dir::State::lists=$root/lists" -o "Dir::Cache=$root/cache" \
        -o "Dir::Etc::sourcelist=$root/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o APT::Sandbox::User=root -o Acquire::Retries=2 "$@"
}

# Fetches the signed indexes, once per run and not again within the hour.
apt_update() {
    local root=$PACKAGES_CACHE/apt uri key suite
    [ -z "$(find "$root/updated" -mmin -60 2>/dev/null)" ] || return 0
    packages_say 'reading the indexes of source packages'
    mkdir -p "$root/lists/partial" "$root/cache/archives/partial"
    read -r uri key <<<"$(apt_mirror)"
    [ "$key" != - ] || key=/usr/share/keyrings/debian-archive-keyring.gpg
    for suite in bookworm trixie sid; do
        echo "deb-src [signed-by=$key] $uri $suite main"
    done >"$root/sources.list"
    apt_ours apt-get update >"$root/log" 2>&1 ||
        packages_fail "apt cannot read the source indexes; see $root/log."
    touch "$root/updated"
}

# --- sources ----------------------------------------------------------------

# The upstream part of a Debian version.
version_upstream() {
    local v=${1#*:}
    v=${v%-*}
    v=${v##*really}
    echo "${v%%[+~]dfsg*}"
}

# Versions worth trying: the pin's, then what the index has of each of its series,
# newest first.
source_versions() { # NAME
    local pinned offered series version
    read -r pinned _ <<<"$(pin_get "$1" debian)"
    offered=$(apt_ours apt-cache showsrc --only-source "$(pin_get "$1" source)" 2>/dev/null |
        sed -n 's/^Version: //p' | sort -Vru)
    echo "$pinned"
    for series in $(pin_get "$1" series); do
        for version in $offered; do
            case $(version_upstream "$version") in
            "$series" | "$series".*) [ "$version" = "$pinned" ] || echo "$version" ;;
            esac
        done
    done
}

# Downloads what the recipe needs of one version into the current folder: the
# upstream archive, and Debian's patches if the pin names them. apt checks each
# file against the signed index.
source_download() { # NAME VERSION
    local source
    source=$(pin_get "$1" source)
    apt_ours apt-get source --download-only --tar-only --only-source "$source=$2" >>log 2>&1 || return 1
    if grep -q '^file .*\.debian\.tar' "$PACKAGES_ROOT/packages/$1/pin"; then
        apt_ours apt-get source --download-only --diff-only --only-source "$source=$2" >>log 2>&1 || return 1
    fi
}

# Checks the pin's own sums over the current folder.
source_matches_pin() { # NAME
    sed -n 's/^file \([0-9a-f]*\) \(.*\)$/\1  \2/p' "$PACKAGES_ROOT/packages/$1/pin" |
        sha256sum --quiet -c - >/dev/null 2>&1
}

source_bill() { # NAME VERSION: one line a file that is used
    local file
    for file in *.tar.*; do
        case $file in
        *.asc | *.orig-*) continue ;;
        esac
        printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$(pin_get "$1" licence)" \
            "$(sha256sum "$file" | cut -d' ' -f1)" "$file"
    done
}

# Prints the folder that holds the package's files, fetching them if need be.
source_folder() { # NAME
    local folder work version pinned
    folder=$PACKAGES_CACHE/source/$1-$(packages_hash <"$PACKAGES_ROOT/packages/$1/pin")
    if [ -d "$folder" ]; then
        echo "$folder"
        return
    fi
    apt_update
    read -r pinned _ <<<"$(pin_get "$1" debian)"
    work=$(packages_work fetch)
    for version in $(source_versions "$1"); do
        rm -rf "$work/files" && mkdir -p "$work/files"
        if (cd "$work/files" && source_download "$1" "$version"); then
            if [ "$version" = "$pinned" ]; then
                (cd "$work/files" && source_matches_pin "$1") ||
                    packages_fail "$1 $version is not what its pin says: the sha256 of a file differs."
            else
                packages_say "$1 $pinned is not on the mirror; $version is used instead."
            fi
            (cd "$work/files" && source_bill "$1" "$version" >bill.txt && rm -f log)
            mkdir -p "${folder%/*}"
            mv -T "$work/files" "$folder" && rm -rf "$work"
            echo "$folder"
            return
        fi
    done
    rm -rf "$work"
    packages_fail "the mirror has no $1 of the series $(pin_get "$1" series): change firmware/packages/$1/pin."
}

# Unpacks into ./source and applies Debian's patches but those the pin skips.
# All files get one time, so that no rule of make regenerates anything.
source_unpack() { # NAME FOLDER
    local archive patch skip
    skip=" $(pin_get "$1" skip-patches) "
    mkdir source
    for archive in "$2"/*.orig.tar.*; do
        case $archive in
        *.asc) ;;
        *) tar -xf "$archive" -C source --strip-components=1 --no-same-owner || return 1 ;;
        esac
    done
    for archive in "$2"/*.debian.tar.*; do
        [ -e "$archive" ] || continue
        tar -xf "$archive" -C source --no-same-owner || return 1
        while read -r patch _; do
            case $patch in '' | \#*) continue ;; esac
            [[ $skip != *" $patch "* ]] || continue
            patch -d source -p1 -s -f -i "debian/patches/$patch" ||
                packages_fail "$1: Debian's patch $patch does not apply."
        done < <(cat source/debian/patches/series 2>/dev/null || true)
    done
    find source -exec touch -h -d "@$PACKAGES_EPOCH" {} +
}

# --- building ---------------------------------------------------------------

# A new folder for work, on the same file system as what it will become. Its
# name is always the same, because sanitizers write file names into objects;
# the lock that packages_extra holds keeps a second build away.
packages_work() { # NAME
    rm -rf "$PACKAGES_CACHE/work/$1"
    mkdir -p "$PACKAGES_CACHE/work/$1"
    echo "$PACKAGES_CACHE/work/$1"
}

# What a package's key covers besides the keys of the packages before it.
package_inputs() { # FLAVOUR NAME SOURCE-FOLDER
    local file
    for file in "$PACKAGES_ROOT/packages/$2"/*; do
        echo "${file##*/}"
        cat "$file" || return 1
    done
    flavour_cflags "$1"
    if [ -n "$3" ]; then
        cat "$3/bill.txt"
    else
        package_headers_sum
    fi
}

# The kernel's headers come from the machine: their content is the key.
package_headers_sum() {
    local multiarch
    multiarch=$(gcc -print-multiarch)
    find /usr/include/linux "/usr/include/$multiarch/asm" /usr/include/asm-generic \
        -name '*.h' ! -path /usr/include/linux/version.h -print0 |
        LC_ALL=C sort -z | xargs -0 cat | packages_hash
}

# Runs a recipe in ./source with nothing of the caller's in its environment.
package_make() { # FLAVOUR NAME PREFIX
    local work=$PWD cc=gcc flags
    [ ! -x "$3/bin/musl-gcc" ] || cc=$3/bin/musl-gcc
    flags="$(flavour_cflags "$1") -ffile-prefix-map=$work/source=$2 -ffile-prefix-map=$3=prefix"
    mkdir -p source && cd source || return 1
    env -i PATH="$PATH" HOME="${HOME:-/}" LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH="$PACKAGES_EPOCH" \
        PKG_CONFIG_LIBDIR=/nonexistent ASAN_OPTIONS=detect_leaks=0 \
        FLAVOUR="$1" PREFIX="$3" OUT="$work/out" RECIPE="$PACKAGES_ROOT/packages/$2" \
        JOBS="$(nproc)" CC="$cc" CFLAGS="$flags" AR=ar RANLIB=ranlib \
        bash -euo pipefail "$PACKAGES_ROOT/packages/$2/build.sh"
}

package_build() { # FLAVOUR NAME SOURCE-FOLDER RESULT PREFIX-OF-WHAT-STANDS-BEFORE
    local work start=$SECONDS log
    work=$(packages_work build)
    log=$PACKAGES_CACHE/log/$1-$2
    mkdir -p "$work/out" "${log%/*}"
    if ! (
        cd "$work" || exit 1
        if [ -n "$3" ]; then
            source_unpack "$2" "$3" && cp "$3/bill.txt" out/ || exit 1
        fi
        package_make "$1" "$2" "$5"
    ) >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        packages_fail "$2 ($1) did not build; all of what it said is in $log."
    fi
    mkdir -p "${4%/*}" && mv -T "$work/out" "$4" || exit 1
    rm -rf "$work"
    packages_say "built $2 ($1) in $((SECONDS - start)) s"
}

# Adds a package's files to a prefix, by hard link.
prefix_add() { # PREFIX PACKAGE-FOLDER
    local part
    for part in include lib bin; do
        [ ! -d "$2/$part" ] || cp -al "$2/$part" "$1/" || return 1
    done
    cat "$2/bill.txt" >>"$1/bill.txt"
}

# Builds what is missing of names, sources and folders, which packages_extra has
# filled, and merges all into one folder.
prefix_build() { # FLAVOUR RESULT
    local work i
    work=$(packages_work merge)
    mkdir "$work/prefix"
    for i in "${!names[@]}"; do
        [ -d "${folders[i]}" ] ||
            package_build "$1" "${names[i]}" "${sources[i]}" "${folders[i]}" "$work/prefix"
        prefix_add "$work/prefix" "${folders[i]}" ||
            packages_fail "cannot write below $PACKAGES_CACHE: is the disk full?"
    done
    mkdir -p "${2%/*}" && mv -T "$work/prefix" "$2" || exit 1
    rm -rf "$work"
}

# Held until the calling subshell ends.
packages_lock() {
    if ! { mkdir -p "$PACKAGES_CACHE" && exec 9>"$PACKAGES_CACHE/lock"; }; then
        packages_fail "cannot write to $PACKAGES_CACHE: set SKERRY_CACHE to a folder of your own."
    fi
    flock -n 9 && return
    packages_say 'waiting for another build to finish'
    flock 9
}

# The path of the prefix that holds the usual packages and the named ones. All
# happens in a subshell, under a lock, so that a failure may simply exit.
packages_extra() { # FLAVOUR NAME...
    (
        flavour=$1 names=() sources=() folders=()
        shift
        flavour_cflags "$flavour" >/dev/null
        # What decides besides a package's own inputs; each key joins it in turn.
        keys=$(gcc --version | head -n1 && declare -f source_unpack package_make package_build prefix_add)
        packages_lock
        for name in $PACKAGES_USUAL "$@"; do
            flavour_has "$flavour" "$name" || continue
            source=
            if [ "$name" != linux-headers ]; then
                source=$(source_folder "$name") || exit 1
            fi
            inputs=$(package_inputs "$flavour" "$name" "$source") || exit 1
            key=$(packages_hash <<<"$keys $inputs")
            keys+=" $key"
            names+=("$name")
            sources+=("$source")
            folders+=("$PACKAGES_CACHE/package/$flavour-$name-$key")
        done
        prefix=$PACKAGES_CACHE/prefix/$flavour-$key
        [ -d "$prefix" ] || prefix_build "$flavour" "$prefix"
        echo "$prefix"
    )
}

packages_prefix() { # FLAVOUR
    packages_extra "$1"
}
