#!/bin/bash
# mke2fs for a new data disk, and e2fsck for one whose plug was pulled.
./configure --prefix=/ --disable-nls --disable-debugfs --disable-imager --disable-resizer \
    --disable-defrag --disable-fuse2fs --disable-uuidd --disable-tdb --disable-bmap-stats \
    --without-libarchive CC="$CC" CFLAGS="$CFLAGS -Os" LDFLAGS='-static -Wl,--gc-sections'
make -j"$JOBS" libs
make -C misc -j"$JOBS" mke2fs
make -C e2fsck -j"$JOBS" e2fsck
mkdir -p "$OUT/bin"
strip -o "$OUT/bin/mke2fs" misc/mke2fs
strip -o "$OUT/bin/e2fsck" e2fsck/e2fsck
