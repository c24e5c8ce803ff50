// AES-GCM as mbedTLS gives it here: forwarded to BearSSL by the package's own
// gcm_alt.c, on the CPU's instructions and without them.
#include <mbedtls/aes.h>
#include <mbedtls/gcm.h>
#include <string.h>

#include "../test.h"
#include "base/check.h"

#define DATA_MAX 6000

struct bytes {
    size_t size;
    unsigned char at[DATA_MAX];
};

// --- the reference: NIST SP 800-38D by the letter, on block-level AES --------

struct reference {
    mbedtls_aes_context aes;
    unsigned char h[16];
};

static void
xor16(unsigned char *into, const unsigned char *with)
{
    for (int i = 0; i < 16; i++) {
        into[i] ^= with[i];
    }
}

// x = x * y, section 6.3.
static void
multiply(unsigned char x[16], const unsigned char y[16])
{
    unsigned char z[16] = {0};
    unsigned char v[16];
    memcpy(v, y, 16);
    for (int i = 0; i < 128; i++) {
        if ((x[i / 8] >> (7 - i % 8) & 1) != 0) {
            xor16(z, v);
        }
        bool low = (v[15] & 1) != 0;
        for (int j = 15; j > 0; j--) {
            v[j] = (unsigned char)(v[j] >> 1 | v[j - 1] << 7);
        }
        v[0] = (unsigned char)(v[0] >> 1 ^ (low ? 0xe1 : 0));
    }
    memcpy(x, z, 16);
}

static void
encrypt_block(struct reference *reference, const unsigned char in[16], unsigned char out[16])
{
    CHECK(mbedtls_aes_crypt_ecb(&reference->aes, MBEDTLS_AES_ENCRYPT, in, out) == 0);
}

static void
reference_init(struct reference *reference, const struct bytes *key)
{
    static const unsigned char zero[16];
    mbedtls_aes_init(&reference->aes);
    CHECK(mbedtls_aes_setkey_enc(&reference->aes, key->at, (unsigned)key->size * 8) == 0);
    encrypt_block(reference, zero, reference->h);
}

// The bytes, padded with zeros to whole blocks.
static void
hash_padded(const struct reference *reference, unsigned char y[16], const unsigned char *at,
            size_t size)
{
    for (size_t i = 0; i < size; i += 16) {
        unsigned char block[16] = {0};
        memcpy(block, at + i, size - i < 16 ? size - i : 16);
        xor16(y, block);
        multiply(y, reference->h);
    }
}

static void
length_block(unsigned char block[16], uint64_t first, uint64_t second)
{
    for (int i = 0; i < 8; i++) {
        block[i] = (unsigned char)(first * 8 >> (56 - 8 * i));
        block[8 + i] = (unsigned char)(second * 8 >> (56 - 8 * i));
    }
}

static void
first_counter(const struct reference *reference, const struct bytes *iv, unsigned char j0[16])
{
    memset(j0, 0, 16);
    if (iv->size == 12) {
        memcpy(j0, iv->at, 12);
        j0[15] = 1;
        return;
    }
    unsigned char lengths[16];
    length_block(lengths, 0, iv->size);
    hash_padded(reference, j0, iv->at, iv->size);
    hash_padded(reference, j0, lengths, 16);
}

// The last four bytes count, and wrap by themselves.
static void
count_up(unsigned char counter[16])
{
    for (int i = 15; i >= 12 && ++counter[i] == 0; i--) {
    }
}

static void
reference_encrypt(struct reference *reference, const struct bytes *iv, const struct bytes *ad,
                  const struct bytes *plain, struct bytes *cipher, unsigned char tag[16])
{
    unsigned char j0[16];
    unsigned char counter[16];
    unsigned char mask[16];
    first_counter(reference, iv, j0);
    memcpy(counter, j0, 16);
    cipher->size = plain->size;
    for (size_t i = 0; i < plain->size; i++) {
        if (i % 16 == 0) {
            count_up(counter);
            encrypt_block(reference, counter, mask);
        }
        cipher->at[i] = plain->at[i] ^ mask[i % 16];
    }
    unsigned char lengths[16];
    unsigned char y[16] = {0};
    length_block(lengths, ad->size, plain->size);
    hash_padded(reference, y, ad->at, ad->size);
    hash_padded(reference, y, cipher->at, cipher->size);
    hash_padded(reference, y, lengths, 16);
    encrypt_block(reference, j0, tag);
    xor16(tag, y);
}

// --- what is tested ----------------------------------------------------------

static void
set_key(mbedtls_gcm_context *gcm, const struct bytes *key, bool portable)
{
    mbedtls_gcm_init(gcm);
    unsigned bits = (unsigned)key->size * 8;
    CHECK((portable ? gcm_alt_setkey_portable(gcm, key->at, bits)
                    : mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, key->at, bits))
          == 0);
}

static bool
all_zero(const void *at, size_t size)
{
    const unsigned char *bytes = at;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

// One shot: what TLS calls for each record.
static void
check_whole(mbedtls_gcm_context *gcm, const struct bytes *iv, const struct bytes *ad,
            const struct bytes *plain, const struct bytes *cipher, const unsigned char *tag,
            size_t tag_size)
{
    static unsigned char buffer[DATA_MAX];
    unsigned char found[16];
    memcpy(buffer, plain->at, plain->size);
    CHECK(mbedtls_gcm_crypt_and_tag(gcm, MBEDTLS_GCM_ENCRYPT, plain->size, iv->at, iv->size, ad->at,
                                    ad->size, buffer, buffer, tag_size, found)
          == 0);
    CHECK(memcmp(buffer, cipher->at, cipher->size) == 0);
    CHECK(memcmp(found, tag, tag_size) == 0);
    CHECK(mbedtls_gcm_auth_decrypt(gcm, cipher->size, iv->at, iv->size, ad->at, ad->size, tag,
                                   tag_size, cipher->at, buffer)
          == 0);
    CHECK(memcmp(buffer, plain->at, plain->size) == 0);
}

// One wrong bit in any place: refused, and nothing of the text is given away.
static void
check_refused(mbedtls_gcm_context *gcm, const struct bytes *iv, struct bytes *ad,
              struct bytes *cipher, unsigned char *tag, size_t tag_size, uint64_t *random)
{
    static unsigned char buffer[DATA_MAX];
    size_t bit = test_random_below(random, (ad->size + cipher->size + tag_size) * 8);
    size_t at = bit / 8;
    unsigned char *broken = at < ad->size ? ad->at + at : NULL;
    if (broken == NULL) {
        at -= ad->size;
        broken = at < cipher->size ? cipher->at + at : tag + (at - cipher->size);
    }
    *broken ^= (unsigned char)(1u << bit % 8);
    memset(buffer, 0xaa, sizeof(buffer));
    CHECK(mbedtls_gcm_auth_decrypt(gcm, cipher->size, iv->at, iv->size, ad->at, ad->size, tag,
                                   tag_size, cipher->at, buffer)
          == MBEDTLS_ERR_GCM_AUTH_FAILED);
    CHECK(all_zero(buffer, cipher->size));
    *broken ^= (unsigned char)(1u << bit % 8);
}

// In pieces of any size, into another buffer or the same.
static void
check_pieces(mbedtls_gcm_context *gcm, int mode, const struct bytes *iv, const struct bytes *ad,
             const struct bytes *from, const struct bytes *wanted, const unsigned char *tag,
             uint64_t *random)
{
    static unsigned char buffer[DATA_MAX];
    unsigned char found[16];
    size_t written;
    CHECK(mbedtls_gcm_starts(gcm, mode, iv->at, iv->size) == 0);
    for (size_t i = 0, piece; i < ad->size; i += piece) {
        piece = test_random_below(random, 1 + ad->size - i);
        CHECK(mbedtls_gcm_update_ad(gcm, ad->at + i, piece) == 0);
    }
    bool in_place = test_random_below(random, 2) == 0;
    memcpy(buffer, from->at, in_place ? from->size : 0);
    for (size_t i = 0, piece; i < from->size; i += piece) {
        size_t left = from->size - i;
        piece = test_random_below(random, 1 + (left < 200 ? left : 200));
        const unsigned char *at = in_place ? buffer : from->at;
        CHECK(mbedtls_gcm_update(gcm, at + i, piece, buffer + i, piece, &written) == 0);
        CHECK_EQUAL_U64(written, piece);
    }
    CHECK(mbedtls_gcm_finish(gcm, NULL, 0, &written, found, sizeof(found)) == 0);
    CHECK_EQUAL_U64(written, 0);
    CHECK(memcmp(buffer, wanted->at, wanted->size) == 0);
    CHECK(memcmp(found, tag, sizeof(found)) == 0);
}

static struct bytes key, iv, ad, plain, cipher;

// The case in the variables above, against the expected bytes and tag, in every
// way that a caller may go, with the CPU's instructions and without.
static void
check_case(unsigned char tag[16], size_t tag_size, uint64_t *random)
{
    for (int portable = 0; portable < 2; portable++) {
        mbedtls_gcm_context gcm;
        set_key(&gcm, &key, portable == 1);
        check_whole(&gcm, &iv, &ad, &plain, &cipher, tag, tag_size);
        check_pieces(&gcm, MBEDTLS_GCM_ENCRYPT, &iv, &ad, &plain, &cipher, tag, random);
        check_pieces(&gcm, MBEDTLS_GCM_DECRYPT, &iv, &ad, &cipher, &plain, tag, random);
        check_refused(&gcm, &iv, &ad, &cipher, tag, tag_size, random);
        mbedtls_gcm_free(&gcm);
        CHECK(all_zero(&gcm, sizeof(gcm)));
    }
}

// Validation vectors of NIST (gcmEncryptExtIV) and the test cases 4 and 16 of
// the algorithm's paper.
static const struct vector {
    const char *key;
    const char *iv;
    const char *ad;
    const char *plain;
    const char *cipher;
    const char *tag;
} vectors[] = {
    {.key = "1014f74310d1718d1cc8f65f033aaf83",
     .iv = "6bb54c9fd83c12f5ba76cc83f7650d2c",
     .ad = "",
     .plain = "",
     .cipher = "",
     .tag = "0b6b57db309eff920c8133b8691e0cac"},
    {.key = "839664bb6c352e64714254e4d590fb28",
     .iv = "5482db71d85039076a541aaba287e7f7",
     .ad =
         "4d75a10ff29414c74d945da046ed45dc02783da28c1ee58b59cbc6f953dd09788b6d513f7366"
         "be523e6c2d877c36795942690ce9543050f7ab6f6f647d262360994f7f892e9f59941a8d4406"
         "19fda8aa20350be14c13d7924c0451c1489da9a0cafd759c3798776245170ad88dbceb3cacde"
         "6ba122b656601ccb726e99d54115",
     .plain =
         "752c7e877663d10f90e5c96cce2686f4aa846a12272a0aba399e860f2838827c7c718365e704"
         "084fbe1e68adb27ad18e993c800da2e05bcaf44b651944bde766e7b3ac22f068b525dd0b80b4"
         "90b3498d7b7199f60faf69fee338087f7a752fb52147034de8922a3ed73b512d9c741f7bac12"
         "06e9b0871a970271f50688038ab7",
     .cipher =
         "c7ee1c32f8bc0181b53ce57f116e863481db6f21666ba3fa19bd99ce83eee2d573388a0459df"
         "ede92e701982a9cc93d697f313062dbea9866526f1d720a128ab97452a35f458637116f7d929"
         "4ffc76079539061dfeff9642a049db53d89f2480a6d74a05ff25d46d7048cc16d43f7888b5af"
         "f9957b5dc828973afccff63bd42a",
     .tag = "63c8aa731a60076725cd5f9973eeadb5"},
    {.key = "f8022b8988383d5cfd7d9e0e208146e7868d3d714fe85744",
     .iv = "5fccd8cb551cfc9c20998da4cb981d49",
     .ad = "",
     .plain = "",
     .cipher = "",
     .tag = "1b5c6c9a28f5edfa4cf99176b0f14077"},
    {.key = "263451f187b6dcab9d8dc4364217a483dd80c1d75f24fcea",
     .iv = "6c4552b3a03152aa464e88fd5b14356d",
     .ad =
         "435453a304fcd3c4bd6ab90d6ed8c54e6d21f75b9e56c9d48030499b04f6754cff628c4c9216"
         "f7d8a0abed5b8b7ca128c099a7deab74ecfe2c4a494b30d74833f837d254aa00d75aa963ce9c"
         "041f1916eb63d673a4af3f88817c65d4c86f5a3c28a67de2aaf75f08d1b628af333e518a7e99"
         "d980571db608407d3f447563f2df",
     .plain =
         "5e236c282eb4646fbd16a95eff2b27873f625a7e919237d75989a8a112ea80ce8db0b4aeaf5d"
         "a59c3b22649dabb584284ab9673ba7edef59043eb8e99763643941a4788e7cf11bad63e13c9e"
         "f08644044b76beef68928dac22975481da4afc723b3ab3b498189542cbdffbc3f467d190cd02"
         "e9b36b6981122aa80cfa3aa3561f",
     .cipher =
         "12dea5ea9b54957c689c7c9c6a711e2880645109a4057fafe3b32727a60ee1e24f8450310d6b"
         "8402c26b307bb0bf3cb7c6407270d95590efb938e6d77359666b11a7a3833a7122697e959645"
         "d8e9d835e0bd39bdc30397115b4c348ea825c850c1e54a60a2522a6321e4b99fa2ad92152056"
         "28c595b07c6ffed939c779d23ab2",
     .tag = "585677e0f37ae13d886c38202c3860b7"},
    {.key = "fb8094dd2eddb3d8004bb79134023ca2be4de9b668a9e4608abdf2130e8becb8",
     .iv = "491a14e13b591cf2f39da96b6882b5e5",
     .ad = "",
     .plain = "",
     .cipher = "",
     .tag = "80883f2c925434a5edfcefd5b123d520"},
    {.key = "cd8ec237009eab590dbd9b31e76513dfa3501701b1a706982944441d996e1839",
     .iv = "a3cae7aa59edb5f91ee21231002db8e2",
     .ad =
         "45fa52a0e8321d82caea95bd9506f7331923e2aa95e9238908f3ff30e17a96389dfea75e225e"
         "34e1605354eaaf999a950f469c6e2e8722da5ad9daded6722baca00e5d1b8e63266ad1b42cae"
         "161b9c089f4ffdfbbaa2f1fb0245d1a4c306d46e215e8c6c6ae37652a8f6016f92adb7695d40"
         "bde8c202ab9c2d70a96220b4b01b",
     .plain =
         "9eef7c9a0fa3e9a7fcc4b2f9d210a97d6653ded7913f2fb2de825a0dfd78ae1cca68c040f232"
         "8009fffe62937d630ee9d6e0e67bc12c38c0b3d035697d4c2311371aacf41cce0d523016ee43"
         "6a47d93af0df77011131856d072c718c310f0995b71530d70a3da881481f46f21dda62e3e4c8"
         "98bb9f819b22f816b7c4e2fb6729",
     .cipher =
         "833d58f0bbd735c6164ecaa295e95ad1143c564d24817d5f6dded5d2d9b2bed2dc05da4a8a16"
         "e20fdf90f839370832f9ddc94e4e564db3ae647068537669b168cc418ea7d0e55b2bb8fd861f"
         "9f893a3fdba6aace498bc6afe400fea6b2a8c58924c71ce5db98cfce835161a5cf6187870aa3"
         "2f522d406c52f91c30543ea6aa16",
     .tag = "c1df4ee60b10f79173032e9baaf04d3f"},
    {.key = "feffe9928665731c6d6a8f9467308308",
     .iv = "cafebabefacedbaddecaf888",
     .ad = "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     .plain =
         "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c959568"
         "09532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     .cipher =
         "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466"
         "931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
     .tag = "5bc94fbc3221a5db94fae95ae7121a47"},
    {.key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     .iv = "cafebabefacedbaddecaf888",
     .ad = "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     .plain =
         "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c959568"
         "09532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     .cipher =
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590d"
         "bb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     .tag = "76fc6ece0f4e1768cddf8853bb2d551b"},
};

static unsigned
digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void
from_hex(struct bytes *bytes, const char *hex)
{
    bytes->size = strlen(hex) / 2;
    for (size_t i = 0; i < bytes->size; i++) {
        bytes->at[i] = (unsigned char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    }
}

TEST(vectors_of_nist)
{
    static struct bytes tag;
    uint64_t random = 1;
    for (size_t i = 0; i < ARRAY_COUNT(vectors); i++) {
        from_hex(&key, vectors[i].key);
        from_hex(&iv, vectors[i].iv);
        from_hex(&ad, vectors[i].ad);
        from_hex(&plain, vectors[i].plain);
        from_hex(&cipher, vectors[i].cipher);
        from_hex(&tag, vectors[i].tag);
        CHECK_EQUAL_U64(tag.size, 16);
        check_case(tag.at, 16, &random);
    }
}

static void
fill(struct bytes *bytes, size_t size, uint64_t *random)
{
    bytes->size = size;
    for (size_t i = 0; i < size; i++) {
        bytes->at[i] = (unsigned char)test_random(random);
    }
}

TEST(random_cases_agree_with_the_reference)
{
    uint64_t random = test_seed();
    for (int i = 0; i < 300; i++) {
        unsigned char tag[16];
        struct reference reference;
        bool usual = test_random_below(&random, 2) == 0;
        size_t limit = test_random_below(&random, 10) == 0 ? DATA_MAX : 300;
        fill(&key, 16 + 8 * test_random_below(&random, 3), &random);
        fill(&iv, usual ? 12 : 1 + test_random_below(&random, 64), &random);
        fill(&ad, test_random_below(&random, 100), &random);
        fill(&plain, test_random_below(&random, limit), &random);
        reference_init(&reference, &key);
        reference_encrypt(&reference, &iv, &ad, &plain, &cipher, tag);
        check_case(tag, 4 + test_random_below(&random, 13), &random);
        mbedtls_aes_free(&reference.aes);
    }
}

// x = 1 / y: y to the power 2^128 - 2.
static void
invert(unsigned char x[16], const unsigned char y[16])
{
    unsigned char power[16];
    memcpy(power, y, 16);
    memset(x, 0, 16);
    x[0] = 0x80;  // one
    for (int i = 1; i < 128; i++) {
        unsigned char square[16];
        memcpy(square, power, 16);
        multiply(power, square);
        multiply(x, power);
    }
}

// An IV of 16 bytes after which the 32-bit counter soon wraps: the first counter
// is (iv * h + lengths) * h, so it can be solved for the IV.
TEST(the_counter_wraps)
{
    uint64_t random = test_seed();
    for (unsigned before = 0; before < 12; before++) {
        struct reference reference;
        unsigned char tag[16];
        unsigned char inverse[16];
        unsigned char lengths[16];
        unsigned char j0[16];
        fill(&key, 16, &random);
        fill(&ad, 13, &random);
        fill(&plain, 16 * 20 + 5, &random);
        fill(&iv, 16, &random);
        memset(iv.at + 12, 0xff, 4);
        iv.at[15] = (unsigned char)(0xff - before);
        reference_init(&reference, &key);
        invert(inverse, reference.h);
        length_block(lengths, 0, 16);
        multiply(iv.at, inverse);
        xor16(iv.at, lengths);
        multiply(iv.at, inverse);
        first_counter(&reference, &iv, j0);
        CHECK(j0[12] == 0xff && j0[15] == 0xff - before);
        reference_encrypt(&reference, &iv, &ad, &plain, &cipher, tag);
        check_case(tag, 16, &random);
        mbedtls_aes_free(&reference.aes);
    }
}

TEST(misuse_is_refused)
{
    static const unsigned char zero[32];
    unsigned char buffer[64] = {0};
    unsigned char tag[16];
    size_t written;
    mbedtls_gcm_context gcm;
    const int bad = MBEDTLS_ERR_GCM_BAD_INPUT;
    mbedtls_gcm_init(&gcm);
    mbedtls_gcm_free(NULL);
    CHECK(mbedtls_gcm_starts(&gcm, MBEDTLS_GCM_ENCRYPT, zero, 12) == bad);
    CHECK(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_CAMELLIA, zero, 128) == bad);
    CHECK(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, zero, 64) == bad);
    CHECK(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, zero, 128) == 0);
    CHECK(mbedtls_gcm_update_ad(&gcm, zero, 1) == bad);
    CHECK(mbedtls_gcm_update(&gcm, zero, 16, buffer, 16, &written) == bad);
    CHECK(mbedtls_gcm_finish(&gcm, NULL, 0, &written, tag, 16) == bad);
    CHECK(mbedtls_gcm_starts(&gcm, MBEDTLS_GCM_ENCRYPT, zero, 0) == bad);
    CHECK(mbedtls_gcm_starts(&gcm, MBEDTLS_GCM_ENCRYPT, zero, 12) == 0);
    CHECK(mbedtls_gcm_update_ad(&gcm, NULL, 0) == 0);
    CHECK(mbedtls_gcm_update(&gcm, zero, 16, buffer, 15, &written)
          == MBEDTLS_ERR_GCM_BUFFER_TOO_SMALL);
    CHECK(mbedtls_gcm_update(&gcm, buffer, 16, buffer + 8, 16, &written) == bad);
    CHECK(mbedtls_gcm_update(&gcm, NULL, 0, NULL, 0, &written) == 0);
    // Nothing was encrypted yet: there may be more of this.
    CHECK(mbedtls_gcm_update_ad(&gcm, zero, 1) == 0);
    CHECK(mbedtls_gcm_update(&gcm, zero, 16, buffer, 16, &written) == 0);
    CHECK(mbedtls_gcm_update_ad(&gcm, zero, 1) == bad);
    CHECK(mbedtls_gcm_finish(&gcm, NULL, 0, &written, tag, 3) == bad);
    CHECK(mbedtls_gcm_finish(&gcm, NULL, 0, &written, tag, 17) == bad);
    CHECK(mbedtls_gcm_finish(&gcm, NULL, 0, &written, tag, 16) == 0);
    CHECK(mbedtls_gcm_update(&gcm, zero, 16, buffer, 16, &written) == bad);
    mbedtls_gcm_free(&gcm);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"vectors_of_nist", vectors_of_nist},
        {"random_cases_agree_with_the_reference", random_cases_agree_with_the_reference},
        {"the_counter_wraps", the_counter_wraps},
        {"misuse_is_refused", misuse_is_refused},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
