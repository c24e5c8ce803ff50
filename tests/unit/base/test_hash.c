#include "base/hash.h"

#include <string.h>

#include "../test.h"

// SipHash-1-3 from its definition, byte by byte and with a round count: the
// same code with 2 and 4 rounds must give the vector of the paper, appendix A.
struct plain_sip {
    uint64_t v[4];
};

static uint64_t
left(uint64_t word, unsigned by)
{
    return (word << by) | (word >> (64 - by));
}

static void
rounds(struct plain_sip *sip, int count)
{
    uint64_t *v = sip->v;
    for (int i = 0; i < count; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = left(v[1], 13);
        v[3] = left(v[3], 16);
        v[1] ^= v[0];
        v[3] ^= v[2];
        v[0] = left(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = left(v[1], 17);
        v[3] = left(v[3], 21);
        v[1] ^= v[2];
        v[3] ^= v[0];
        v[2] = left(v[2], 32);
    }
}

static uint64_t
plain(struct hash_key key, const unsigned char *bytes, size_t size, int c, int d)
{
    struct plain_sip sip = {
        {key.k0 ^ UINT64_C(0x736f6d6570736575), key.k1 ^ UINT64_C(0x646f72616e646f6d),
         key.k0 ^ UINT64_C(0x6c7967656e657261), key.k1 ^ UINT64_C(0x7465646279746573)}};
    for (size_t word = 0; word <= size / 8; word++) {
        uint64_t m = 0;
        for (size_t i = 0; i < 8; i++) {
            size_t at = word * 8 + i;
            uint64_t byte = at < size ? bytes[at] : i == 7 ? size & 0xff : 0;
            m |= byte << (8 * i);
        }
        sip.v[3] ^= m;
        rounds(&sip, c);
        sip.v[0] ^= m;
    }
    sip.v[2] ^= 0xff;
    rounds(&sip, d);
    return sip.v[0] ^ sip.v[1] ^ sip.v[2] ^ sip.v[3];
}

static const struct hash_key paper_key = {UINT64_C(0x0706050403020100),
                                          UINT64_C(0x0f0e0d0c0b0a0908)};

TEST(agrees_with_the_definition)
{
    unsigned char bytes[80];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)i;
    }
    CHECK_EQUAL_U64(plain(paper_key, bytes, 15, 2, 4), UINT64_C(0xa129ca6149be45e5));
    for (size_t size = 0; size <= sizeof bytes; size++) {
        CHECK_EQUAL_U64(hash_bytes(paper_key, bytes, size), plain(paper_key, bytes, size, 1, 3));
    }
}

TEST(depends_on_key_and_every_bit)
{
    unsigned char bytes[24] = "namespace/pod";
    uint64_t first = hash_bytes(paper_key, bytes, sizeof bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
        CHECK(hash_bytes(paper_key, bytes, sizeof bytes) != first);
        bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
    }
    CHECK(hash_bytes((struct hash_key){1, 2}, bytes, sizeof bytes) != first);
    CHECK(hash_bytes(paper_key, bytes, sizeof bytes - 1) != first);
    CHECK_EQUAL_U64(hash_bytes(paper_key, bytes, sizeof bytes), first);
}

// Small keys, as row numbers are, fall evenly into a small table.
TEST(mixes_evenly)
{
    static unsigned counts[1024];
    for (uint64_t a = 0; a < 256; a++) {
        for (uint64_t b = 0; b < 256; b++) {
            counts[hash_mix(a, b) % ARRAY_COUNT(counts)]++;
        }
    }
    // 64 each are expected; a deviation of 8 is one sigma.
    for (size_t i = 0; i < ARRAY_COUNT(counts); i++) {
        CHECK(counts[i] > 64 - 48 && counts[i] < 64 + 48);
    }
    CHECK(hash_mix(1, 2) != hash_mix(2, 1));
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"hash_agrees_with_the_definition", agrees_with_the_definition},
        {"hash_depends_on_key_and_every_bit", depends_on_key_and_every_bit},
        {"hash_mixes_evenly", mixes_evenly},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
