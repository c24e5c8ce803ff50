#include "base/crc32c.h"

#include <stdbool.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are taken as they lie");

// Eight bytes at a time by eight tables (Kounavis, Berry: "A systematic approach
// to building high performance software-based CRC generators", 2005). A table is
// linear in its index, so that the entries of single bits make all of it:
// BASIS_k(n) is the sum of a byte n that k zero bytes follow.
#define BITS(n, b0, b1, b2, b3, b4, b5, b6, b7)                                      \
    (((n)&1 ? b0 : 0) ^ ((n)&2 ? b1 : 0) ^ ((n)&4 ? b2 : 0) ^ ((n)&8 ? b3 : 0) ^     \
     ((n)&16 ? b4 : 0) ^ ((n)&32 ? b5 : 0) ^ ((n)&64 ? b6 : 0) ^ ((n)&128 ? b7 : 0))
// clang-format off
#define BASIS_0(n) BITS(n, 0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, \
    0x105ec76f, 0x20bd8ede, 0x417b1dbc, 0x82f63b78)
#define BASIS_1(n) BITS(n, 0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, \
    0x3fc5f181, 0x7f8be302, 0xff17c604, 0xfbc3faf9)
#define BASIS_2(n) BITS(n, 0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, \
    0x70a27d8a, 0xe144fb14, 0xc76580d9, 0x8b277743)
#define BASIS_3(n) BITS(n, 0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, \
    0xe964b13d, 0xd725148b, 0xaba65fe7, 0x52a0c93f)
#define BASIS_4(n) BITS(n, 0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, \
    0x8f2261d3, 0x1ba8b557, 0x37516aae, 0x6ea2d55c)
#define BASIS_5(n) BITS(n, 0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, \
    0xc00c303e, 0x85f4168d, 0x0e045beb, 0x1c08b7d6)
#define BASIS_6(n) BITS(n, 0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, \
    0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a, 0xf56e0ef4)
#define BASIS_7(n) BITS(n, 0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, \
    0x847609b4, 0x0d006599, 0x1a00cb32, 0x34019664)
// clang-format on

#define ROW_4(basis, n) basis((n)), basis((n) + 1), basis((n) + 2), basis((n) + 3)
#define ROW_16(basis, n) \
    ROW_4(basis, (n)), ROW_4(basis, (n) + 4), ROW_4(basis, (n) + 8), ROW_4(basis, (n) + 12)
#define ROW_64(basis, n) \
    ROW_16(basis, (n)), ROW_16(basis, (n) + 16), ROW_16(basis, (n) + 32), ROW_16(basis, (n) + 48)
#define ROW_256(basis) \
    {ROW_64(basis, 0), ROW_64(basis, 64), ROW_64(basis, 128), ROW_64(basis, 192)}

static const uint32_t table[8][256] = {
    ROW_256(BASIS_0), ROW_256(BASIS_1), ROW_256(BASIS_2), ROW_256(BASIS_3),
    ROW_256(BASIS_4), ROW_256(BASIS_5), ROW_256(BASIS_6), ROW_256(BASIS_7),
};

uint32_t
crc32c_by_table(uint32_t sum, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint32_t crc = ~sum;
    for (; size >= 8; size -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        word ^= crc;
        crc = table[7][word & 255] ^ table[6][word >> 8 & 255] ^ table[5][word >> 16 & 255] ^
              table[4][word >> 24 & 255] ^ table[3][word >> 32 & 255] ^
              table[2][word >> 40 & 255] ^ table[1][word >> 48 & 255] ^ table[0][word >> 56];
    }
    for (; size > 0; size--, at++) {
        crc = crc >> 8 ^ table[0][(crc ^ *at) & 255];
    }
    return ~crc;
}

#ifdef __x86_64__

__attribute__((target("sse4.2"))) static uint32_t
by_instruction(uint32_t sum, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t crc = ~sum;
    for (; size >= 8; size -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        crc = __builtin_ia32_crc32di(crc, word);
    }
    for (; size > 0; size--, at++) {
        crc = __builtin_ia32_crc32qi((uint32_t)crc, *at);
    }
    return ~(uint32_t)crc;
}

uint32_t
crc32c(uint32_t sum, const void *bytes, size_t size)
{
    bool has_instruction = __builtin_cpu_supports("sse4.2");
    return has_instruction ? by_instruction(sum, bytes, size)
                           : crc32c_by_table(sum, bytes, size);
}

#else

uint32_t
crc32c(uint32_t sum, const void *bytes, size_t size)
{
    return crc32c_by_table(sum, bytes, size);
}

#endif
