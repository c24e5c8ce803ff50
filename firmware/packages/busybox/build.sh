#!/bin/bash
# BusyBox for the virtual machine: DHCP, the clock, and the debug console.
make_it() {
    make -s HOSTCC=gcc CC="$CC" AR="$AR" SKIP_STRIP=y "$@"
}

make_it allnoconfig
# A later line would not overrule an earlier one: those named go first.
sed -n 's/^\(CONFIG_[A-Z0-9_]*\)=.*/\/^\\(# \\)\\?\1[ =]\/d/p' "$RECIPE/config" >drop
sed -i -f drop .config
grep '^CONFIG_' "$RECIPE/config" >>.config
# What follows from these takes its default; `yes` ends by a broken pipe.
(yes '' || true) | make_it oldconfig >/dev/null
# The headers here have no version; programs that ask want the oldest kernel.
mkdir -p version/linux
printf '#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))\n#define LINUX_VERSION_CODE KERNEL_VERSION(6, 1, 0)\n' \
    >version/linux/version.h
make_it -j"$JOBS" EXTRA_CFLAGS="$CFLAGS -Os -isystem $PWD/version" busybox
mkdir -p "$OUT/bin"
strip -o "$OUT/bin/busybox" busybox
