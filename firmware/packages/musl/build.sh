#!/bin/bash
# musl, static only, and a compiler wrapper that finds it wherever it lies.
./configure CC=gcc --prefix=/ --syslibdir=/lib --disable-shared --disable-wrapper \
    CFLAGS="$CFLAGS"
make -j"$JOBS"
make install DESTDIR="$OUT"
install -m 755 "$RECIPE/musl-gcc" -D "$OUT/bin/musl-gcc"
install -m 644 "$RECIPE/musl-gcc.specs" "$OUT/lib/musl-gcc.specs"
