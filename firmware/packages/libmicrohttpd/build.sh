#!/bin/bash
# libmicrohttpd without TLS and without threads: the caller's loop drives it.
./configure --prefix=/ --disable-shared --enable-static --with-threads=none \
    --enable-epoll=yes --enable-poll=yes --enable-https=no \
    --disable-doc --disable-examples --disable-tools --disable-curl \
    --disable-bauth --disable-dauth --disable-postprocessor --disable-httpupgrade \
    --disable-cookie --disable-sha512-256 --disable-dependency-tracking
make -j"$JOBS" -C src/microhttpd
make -C src/microhttpd install DESTDIR="$OUT"
make -C src/include install DESTDIR="$OUT"
rm -rf "$OUT"/lib/*.la "$OUT/lib/pkgconfig" "$OUT/share"
