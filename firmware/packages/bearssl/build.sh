#!/bin/bash
# Of BearSSL only AES-GCM, for mbedTLS to use (../mbedtls/gcm_alt.c): AES in
# counter mode and GHASH, each by the CPU's own instructions and in portable
# constant-time code, the one or the other at run time.
units='aead/gcm hash/ghash_ctmul64 hash/ghash_pclmul codec/dec32be codec/dec32le
    codec/dec64be codec/enc32be codec/enc32le codec/enc64be symcipher/aes_common
    symcipher/aes_ct64 symcipher/aes_ct64_ctr symcipher/aes_ct64_enc
    symcipher/aes_x86ni symcipher/aes_x86ni_ctr'
# Unaligned words by memcpy, not by a cast: the sanitizers watch for that.
defines='-DBR_LE_UNALIGNED=0 -DBR_BE_UNALIGNED=0'
objects=()
mkdir build-gcm
for unit in $units; do
    object=build-gcm/bearssl_${unit##*/}.o # mbedTLS has a gcm.o as well
    # shellcheck disable=SC2086
    $CC $CFLAGS $defines -Isrc -Iinc -c -o "$object" "src/$unit.c"
    objects+=("$object")
done
mkdir -p "$OUT/include" "$OUT/lib"
cp inc/bearssl_aead.h inc/bearssl_block.h inc/bearssl_hash.h "$OUT/include/"
$AR rcD "$OUT/lib/libbearssl.a" "${objects[@]}"
