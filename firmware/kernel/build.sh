# shellcheck shell=bash
# The kernel of the virtual machine, built and cached. To be sourced after
# packages.sh.
#
#   kernel_folder   builds what is missing and prints the folder that holds
#                   vmlinuz, config (complete), size.txt and bill.txt
#
# The source is Debian's, by firmware/packages/linux/pin; the configuration is
# tinyconfig and the file beside this. The folder's name is a hash of both, of
# this script and of the compiler; a build of its own takes about ten minutes.

KERNEL_ROOT=$PACKAGES_ROOT/kernel

kernel_make() {
    nice make -s -j"$(nproc)" ARCH=x86_64 HOSTCC=gcc \
        KBUILD_BUILD_TIMESTAMP="@$PACKAGES_EPOCH" KBUILD_BUILD_USER=skerry \
        KBUILD_BUILD_HOST=skerry KBUILD_BUILD_VERSION=1 "$@"
}

# Lines of the fragment that the kernel's rules overruled; each is an error,
# because the machine would lack what the line was written for.
kernel_refused() { # CONFIG
    local line name
    grep '^CONFIG_' "$KERNEL_ROOT/config" | while read -r line; do
        name=${line%%=*}
        case $line in
        *=n) ! grep -q "^$name=" "$1" || echo "$name" ;;
        *) grep -qxF "$line" "$1" || echo "$name" ;;
        esac
    done
}

kernel_configure() {
    local refused
    kernel_make tinyconfig
    grep -v '^#' "$KERNEL_ROOT/config" | sed -n 's/^\(CONFIG_[A-Z0-9_a-z]*\)=.*/\1/p' |
        sed 's/.*/\/^\\(# \\)\\?&[ =]\/d/' >drop
    sed -i -f drop .config
    grep '^CONFIG_' "$KERNEL_ROOT/config" >>.config
    kernel_make olddefconfig
    refused=$(kernel_refused .config | xargs)
    [ -z "$refused" ] || {
        echo "these lines of the configuration did not hold: $refused"
        return 1
    }
}

# Runs in the unpacked source; what it makes goes to the folder named.
kernel_compile() { # OUT
    # A timestamp of the machine's locale or zone would be in the bytes.
    export LC_ALL=C TZ=UTC
    kernel_configure && kernel_make bzImage || return 1
    cp arch/x86/boot/bzImage "$1/vmlinuz"
    cp .config "$1/config"
    size vmlinux >"$1/size.txt"
}

kernel_inputs() { # SOURCE-FOLDER
    cat "$KERNEL_ROOT/config" "$KERNEL_ROOT/build.sh" "$1/bill.txt"
    gcc --version | head -n1
    ld --version | head -n1
}

kernel_build() { # SOURCE-FOLDER RESULT
    local work log=$PACKAGES_CACHE/log/kernel start=$SECONDS
    work=$(packages_work kernel)
    packages_say 'building the kernel; this takes about ten minutes'
    mkdir -p "$work/out" "${log%/*}"
    if ! (
        cd "$work" && source_unpack linux "$1" && cp "$1/bill.txt" out/ &&
            cd source && kernel_compile "$work/out"
    ) >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        packages_fail "the kernel did not build; all of what it said is in $log."
    fi
    mkdir -p "${2%/*}" && mv -T "$work/out" "$2" || exit 1
    rm -rf "$work"
    packages_say "built the kernel in $((SECONDS - start)) s"
}

# The packages' lock is held for the download only: others need not wait for the
# compiler.
kernel_folder() {
    (
        source=$(packages_lock && source_folder linux) || exit 1
        folder=$PACKAGES_CACHE/kernel/$(kernel_inputs "$source" | packages_hash)
        if [ ! -d "$folder" ]; then
            exec 8>"$PACKAGES_CACHE/lock-kernel"
            flock 8
            [ -d "$folder" ] || kernel_build "$source" "$folder"
        fi
        echo "$folder"
    )
}
