#!/bin/bash
# libcurl: HTTP and HTTPS, by c-ares and mbedTLS, and the proxy support that a
# closed network may need.
# Both walk over every kept connection, which costs more than a request where
# thousands are kept: the first at the end of each request, for the sake of
# CONNECT_ONLY handles, which we have none of; the second each second, to close
# those that the peer closed, which is also looked at when one is used again.
sed -i 's/^  if(data->state.lastconnect_id != -1) {$/  if(data->set.connect_only \&\& data->state.lastconnect_id != -1) {/' lib/multi.c
grep -q 'set.connect_only && data->state.lastconnect_id' lib/multi.c
sed -i '/^void Curl_cpool_prune_dead/,/^}/s/elapsed >= 1000L/elapsed >= 15000L/' lib/conncache.c
grep -q 'elapsed >= 15000L' lib/conncache.c
# And every request looks its connection up by its host: with 97 places, as curl has
# it, a thousand hosts stand ten deep.
places=-DCURL_CONNECTION_HASH_SIZE=1021

off() { # disable|without 'NAME...'
    # shellcheck disable=SC2086
    printf -- "--$1-%s " $2
}
# shellcheck disable=SC2046
./configure CPPFLAGS="$places" --prefix=/ --disable-shared --enable-static \
    --with-mbedtls="$PREFIX" --enable-ares="$PREFIX" \
    --disable-dependency-tracking --disable-maintainer-mode \
    $(off disable 'ftp file ipfs ldap ldaps rtsp dict telnet tftp pop3 imap smb smtp gopher mqtt websockets') \
    $(off disable 'manual docs libcurl-option versioned-symbols threaded-resolver ca-search') \
    $(off disable 'digest-auth kerberos-auth negotiate-auth ntlm tls-srp') \
    $(off disable 'cookies doh mime form-api netrc alt-svc hsts get-easy-options progress-meter dnsshuffle') \
    $(off without 'ca-bundle ca-path ca-fallback zlib brotli zstd libpsl libgsasl librtmp libssh2 libssh') \
    $(off without 'libidn2 nghttp2 ngtcp2 nghttp3 quiche openssl gnutls')
make -j"$JOBS" -C lib
make -C lib install DESTDIR="$OUT"
make -C include install DESTDIR="$OUT"
rm -rf "$OUT"/lib/*.la "$OUT/lib/pkgconfig"
