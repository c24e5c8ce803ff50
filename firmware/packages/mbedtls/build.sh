#!/bin/bash
# mbedTLS with our own configuration in place of its default, so that whoever
# includes its headers needs no extra define, and with BearSSL's AES-GCM inside
# libmbedcrypto.a (gcm_alt.c).
cp "$RECIPE/mbedtls_config.h" "$RECIPE/gcm_alt.h" include/mbedtls/
cp "$RECIPE/gcm_alt.c" library/
case $FLAVOUR in
musl) CFLAGS+=' -O3' ;;
esac
make -j"$JOBS" -C library static CFLAGS="$CFLAGS" CC="$CC" AR="$AR"

# shellcheck disable=SC2086
$CC $CFLAGS -std=c17 -Wall -Wextra -Werror -Iinclude -I"$PREFIX/include" \
    -c -o library/gcm_alt.o library/gcm_alt.c
mkdir bearssl
(cd bearssl && $AR x "$PREFIX/lib/libbearssl.a")
$AR rsD library/libmbedcrypto.a library/gcm_alt.o bearssl/*.o

# mbedTLS' own test of GCM (vectors of NIST) against what was just built.
cat >gcm_check.c <<'END'
#include "mbedtls/gcm.h"
int main(void) { return mbedtls_gcm_self_test(1); }
END
# shellcheck disable=SC2086
$CC $CFLAGS -DMBEDTLS_SELF_TEST -Iinclude -o gcm_check gcm_check.c library/gcm.c \
    library/libmbedcrypto.a
./gcm_check

mkdir -p "$OUT/include" "$OUT/lib"
cp -r include/mbedtls include/psa 3rdparty/everest/include/everest "$OUT/include/"
cp library/libmbedtls.a library/libmbedx509.a library/libmbedcrypto.a "$OUT/lib/"
