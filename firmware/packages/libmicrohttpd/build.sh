#!/bin/bash
# libmicrohttpd without TLS and without threads: the caller's loop drives it.

# Version 1.0.1 compiles connection_get_wait() only with threads but calls it
# without them too: take it out of that condition.
awk '
    / \* Get maximum wait period for the connection/ { print "#endif"; inside = 1 }
    NR > 1 { print held }
    { held = $0 }
    inside && /^}/ { print; held = "#if defined(MHD_USE_POSIX_THREADS) || defined(MHD_USE_W32_THREADS)"; inside = 0 }
    END { print held }
' src/microhttpd/daemon.c >daemon.c.new
mv daemon.c.new src/microhttpd/daemon.c
grep -q '^connection_get_wait' src/microhttpd/daemon.c

./configure --prefix=/ --disable-shared --enable-static --with-threads=none \
    --enable-epoll=yes --enable-poll=yes --enable-https=no \
    --disable-doc --disable-examples --disable-tools --disable-curl \
    --disable-bauth --disable-dauth --disable-postprocessor --disable-httpupgrade \
    --disable-cookie --disable-sha512-256 --disable-dependency-tracking
make -j"$JOBS" -C src/microhttpd
make -C src/microhttpd install DESTDIR="$OUT"
make -C src/include install DESTDIR="$OUT"
rm -rf "$OUT"/lib/*.la "$OUT/lib/pkgconfig" "$OUT/share"
