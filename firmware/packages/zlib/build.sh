#!/bin/bash
# zlib, for chunks and for pages that go out compressed.
./configure --prefix=/ --static
make -j"$JOBS" libz.a
make install DESTDIR="$OUT"
rm -rf "$OUT/share" "$OUT/lib/pkgconfig"
