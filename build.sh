#!/bin/bash
# Builds Skerry on Debian 12 or newer: installs what is missing by apt, builds
# the third-party packages into a cache, then calls make.
#
#   ./build.sh                    out/skerry, the static binary
#   ./build.sh run [--] [flags]   builds, and runs the supervised tree here in
#                                 the foreground; state in out/run
#   ./build.sh test               builds and runs all tests; the last line says
#                                 how many passed, failed and were skipped.
#                                 TESTS='unit/api cluster/' runs some only
#   ./build.sh images             out/skerry-oci.tar and what else images are made
#                                 for; prints their sizes
#   ./build.sh bench [names]      builds and runs the benches
#   ./build.sh prefix [FLAVOUR]   prints where the packages lie: musl or asan
#   ./build.sh clean              removes build/ and out/; the cache stays
#
# SKERRY_CACHE names the cache folder (default: ~/.cache/skerry), SKERRY_UPDATE_KEY
# the private key that signs updates (default: one of your own, made in the cache).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Debian packages by purpose. tcl: SQLite is put together by it.
DEBIAN_BUILD='gcc libc6-dev make patch xz-utils bzip2 ca-certificates tcl'
# npm bundles the page; one that came from elsewhere does as well.
command -v npm >/dev/null || DEBIAN_BUILD+=' npm'
DEBIAN_RUN='s6 execline'
DEBIAN_IMAGES='binutils jq bc openssl flex bison libelf-dev cpio zstd dosfstools mtools fdisk qemu-utils
    grub-common grub-pc-bin'
DEBIAN_TEST='clang libclang-rt-dev curl jq openssl procps strace podman runc iptables
    qemu-system-x86 ovmf influxdb victoria-metrics prometheus graphite-carbon kcat python3 chromium
    docker.io genisoimage tmux zsh fish'
# One that came from elsewhere does as well, and would be in the package's way.
command -v kubectl >/dev/null || DEBIAN_TEST+=' kubernetes-client'
DEBIAN_BENCH='prometheus victoria-metrics influxdb graphite-carbon kcat jq curl wrk'

# shellcheck source=firmware/packages.sh
. firmware/packages.sh

usage() {
    sed -n '2,/^set /s/^#\( \|$\)//p' build.sh
}

fail() {
    printf 'build.sh: %s\n' "$*" >&2
    exit 1
}

# --- Debian packages --------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "installing packages needs root: run as root, or install by hand: ${missing:-}"
    fi
}

# Which of the named packages are not installed.
debian_missing() {
    comm -23 <(printf '%s\n' "$@" | sort -u) \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
            sed -n 's/^installed //p' | sort -u) | xargs
}

# apt starts the services it installs unless this file says no. It is ours only
# while apt runs, and one that is there already is left as it is.
SERVICE_GUARD=/usr/sbin/policy-rc.d

guard_services() {
    [ ! -e "$SERVICE_GUARD" ] || return 0
    trap unguard_services EXIT
    printf '#!/bin/sh\nexit 101 # written by build.sh for one run of apt\n' |
        as_root tee "$SERVICE_GUARD" >/dev/null
    as_root chmod 755 "$SERVICE_GUARD"
}

unguard_services() {
    if grep -qs 'written by build.sh' "$SERVICE_GUARD"; then
        as_root rm -f "$SERVICE_GUARD"
    fi
    trap - EXIT
}

debian_install() { # PACKAGE...
    local missing log
    missing=$(debian_missing "$@")
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || fail "this needs Debian 12 or newer: there is no apt-get."
    echo "build.sh: installing $missing" >&2
    log=$(mktemp)
    guard_services
    # shellcheck disable=SC2086
    if ! { as_root apt-get -q update &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get -q -y install --no-install-recommends $missing; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        fail "apt could not install $missing; all of what it said is in $log."
    fi
    rm -f "$log"
    unguard_services
}

# --- commands ---------------------------------------------------------------

# Sets PREFIX_MUSL, where the packages for the static binary lie.
prepare() { # DEBIAN-PACKAGE...
    # shellcheck disable=SC2086
    debian_install $DEBIAN_BUILD "$@"
    PREFIX_MUSL=$(packages_prefix musl)
    mkdir -p out
    cp "$PREFIX_MUSL/bill.txt" out/bill-of-materials.txt
}

call_make() {
    make -j"$(nproc)" "$@"
}

build_release() {
    call_make PROFILE=release PREFIX="$PREFIX_MUSL"
}

# Passes lines on, but holds the tests' closing line back until the very end.
closing_line_last() {
    local line held=
    while IFS= read -r line || [ -n "$line" ]; do
        if [[ $line =~ ^[0-9]+\ passed,\ [0-9]+\ failed ]]; then
            held=$line
        else
            printf '%s\n' "$line"
        fi
    done
    [ -z "$held" ] || printf '%s\n' "$held"
}

command_build() {
    prepare
    build_release
}

command_run() {
    [ "${1:-}" != -- ] || shift
    # shellcheck disable=SC2086
    prepare $DEBIAN_RUN
    build_release
    # A try takes little of a disk; --history=BYTES overrides it.
    export SKERRY_HISTORY=${SKERRY_HISTORY:-64M}
    exec supervise/run.sh out/run "$@"
}

command_test() {
    local prefix_asan
    # shellcheck disable=SC2086
    prepare $DEBIAN_RUN $DEBIAN_TEST $DEBIAN_IMAGES
    prefix_asan=$(packages_prefix asan)
    case " ${TESTS:-image} " in *' image'*) image_packages ;; esac
    call_make PROFILE=asan PREFIX="$prefix_asan" MUSL_PREFIX="$PREFIX_MUSL" test 2>&1 |
        closing_line_last
}

command_bench() {
    # shellcheck disable=SC2086
    prepare $DEBIAN_RUN $DEBIAN_TEST $DEBIAN_BENCH
    build_release
    # One at a time: what is measured must have the machine to itself.
    make -j1 PROFILE=release PREFIX="$PREFIX_MUSL" BENCHES="$*" bench
}

# --- images: a list of steps, each with what stands before it --------------

IMAGE_TREE=build/image/root

image_version() {
    sed -n 's/^#define SKERRY_VERSION "\(.*\)"$/\1/p' src/base/version.h
}

# What only images need, the kernel among it: built before the tests, none of which
# should wait for it.
image_packages() {
    (
        # shellcheck source=firmware/kernel/build.sh
        . firmware/kernel/build.sh
        kernel_folder
        packages_extra musl busybox e2fsprogs
    ) >/dev/null
}

image_rootfs() {
    firmware/image/rootfs.sh out/skerry "$PREFIX_MUSL" "$IMAGE_TREE" out/bill-of-materials.txt
}

image_oci() {
    firmware/image/oci.sh "$IMAGE_TREE" "$(image_version)" out/skerry-oci.tar
}

# Its own packages go into the bill too.
image_vm() {
    [ -x firmware/image/vm.sh ] || return 0
    firmware/image/vm.sh "$IMAGE_TREE" "$(image_version)" "$PREFIX_MUSL" out out/bill-of-materials.txt
}

# What there is of the images that are handed out.
image_files() {
    find out -maxdepth 1 \( -name skerry-oci.tar -o -name skerry-vm.qcow2 \
        -o -name skerry-update.img \) | LC_ALL=C sort
}

image_bill() {
    # shellcheck disable=SC2046
    firmware/image/sbom.sh out/bill-of-materials.txt "$(image_version)" out/skerry.spdx.json \
        $(image_files)
}

image_sizes() {
    # shellcheck disable=SC2046
    stat -c '%n %s bytes' $(image_files)
    firmware/image/boot.sh out
}

command_images() {
    # shellcheck disable=SC2086
    prepare $DEBIAN_IMAGES
    build_release
    image_rootfs
    image_oci
    image_vm
    image_bill
    image_sizes
}

command_prefix() {
    # shellcheck disable=SC2086
    debian_install $DEBIAN_BUILD
    packages_prefix "${1:-musl}"
}

command_clean() {
    rm -rf build out
}

main() {
    local command=${1:-build}
    [ $# = 0 ] || shift
    case $command in
    build | run | test | images | bench | prefix | clean) "command_$command" "$@" ;;
    help | -h | --help) usage ;;
    *)
        echo "build.sh: there is no command '$command'." >&2
        usage >&2
        exit 2
        ;;
    esac
}

main "$@"
