#!/bin/bash
# c-ares: without it one slow answer of a name server would stall the loop. For
# size: it is asked seldom.
export CFLAGS="$CFLAGS -Os"
./configure --prefix=/ --disable-shared --enable-static --disable-tests \
    --disable-cares-threads --disable-dependency-tracking --disable-maintainer-mode
make -j"$JOBS" -C src/lib
make -C src/lib install DESTDIR="$OUT"
make -C include install DESTDIR="$OUT"
rm -rf "$OUT"/lib/*.la
