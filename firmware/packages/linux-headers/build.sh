#!/bin/bash
# The kernel's headers as this machine has them (linux-libc-dev). version.h is
# left out: it alone changes with every kernel update, and nothing asks for it.
mkdir -p "$OUT/include"
cp -rL /usr/include/linux /usr/include/asm-generic "$OUT/include/"
cp -rL "/usr/include/$(gcc -print-multiarch)/asm" "$OUT/include/"
rm -f "$OUT/include/linux/version.h"
printf 'linux-headers\t%s\t%s\t-\tlinux-libc-dev\n' \
    "$(dpkg-query -W -f '${Version}' linux-libc-dev)" "$(sed -n 's/^licence //p' "$RECIPE/pin")" >"$OUT/bill.txt"
