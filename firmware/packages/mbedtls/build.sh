#!/bin/bash
# mbedTLS with our own configuration in place of its default, so that whoever
# includes its headers needs no extra define.
cp "$RECIPE/mbedtls_config.h" include/mbedtls/mbedtls_config.h
case $FLAVOUR in
musl) CFLAGS+=' -O3' ;;
esac
make -j"$JOBS" -C library static CFLAGS="$CFLAGS" CC="$CC" AR="$AR"
mkdir -p "$OUT/include" "$OUT/lib"
cp -r include/mbedtls include/psa 3rdparty/everest/include/everest "$OUT/include/"
cp library/libmbedtls.a library/libmbedx509.a library/libmbedcrypto.a "$OUT/lib/"
