// Sixteen bytes at a time: the inner loops of every decoder.
//
// Each function looks at SCAN_BYTES bytes, all of which must be readable (and
// writable at `copy`), and says how many leading ones belong to a class. Two
// versions of each exist, SSE2 and plain 64-bit words, with the same result;
// scan_NAME is the one that this machine has. Callers keep SCAN_PAD bytes of
// room behind their buffers. Bit tricks: "Bit Twiddling Hacks" (Anderson),
// "Determine if a word has a byte less than n", exact for the lowest match.
#ifndef SKERRY_PARSE_SCAN_H
#define SKERRY_PARSE_SCAN_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SCAN_BYTES 16U
#define SCAN_PAD 64U

#define SCAN_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define SCAN_TOPS SCAN_EACH(0x80U)

// Eight bytes, the first one lowest, on any byte order.
static inline uint64_t
scan_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

// Top bit of each byte of `word` that equals `byte`; exact for every byte.
static inline uint64_t
scan_word_equal(uint64_t word, unsigned byte)
{
    uint64_t other = word ^ SCAN_EACH(byte);
    return ~(((other & ~SCAN_TOPS) + ~SCAN_TOPS) | other | ~SCAN_TOPS);
}

// Top bit of each byte that ends plain JSON text: `"`, `\` or a control.
static inline uint64_t
scan_word_special(uint64_t word)
{
    uint64_t control = (word - SCAN_EACH(0x20U)) & ~word & SCAN_TOPS;
    return control | scan_word_equal(word, '"') | scan_word_equal(word, '\\');
}

static inline uint64_t
scan_word_not_blank(uint64_t word)
{
    uint64_t blank = scan_word_equal(word, ' ') | scan_word_equal(word, '\n') |
                     scan_word_equal(word, '\r') | scan_word_equal(word, '\t');
    return ~blank & SCAN_TOPS;
}

// Top bit of each byte above '9' or below '0'; exact for the lowest one.
static inline uint64_t
scan_word_not_digit(uint64_t word)
{
    uint64_t other = word ^ SCAN_EACH('0');
    return (other | (other + SCAN_EACH(0x80U - 10U))) & SCAN_TOPS;
}

// Bytes before the lowest mark of two words, SCAN_BYTES when there is none.
static inline unsigned
scan_words_before(uint64_t low, uint64_t high)
{
    if (low != 0) {
        return (unsigned)__builtin_ctzll(low) / 8U;
    }
    return high == 0 ? SCAN_BYTES : 8U + (unsigned)__builtin_ctzll(high) / 8U;
}

static inline unsigned
scan_plain_words(const char *at, char *copy, unsigned *high_bytes)
{
    uint64_t low = scan_word(at);
    uint64_t high = scan_word(at + 8);
    memcpy(copy, at, SCAN_BYTES);
    *high_bytes |= ((low | high) & SCAN_TOPS) != 0;
    return scan_words_before(scan_word_special(low), scan_word_special(high));
}

static inline unsigned
scan_blank_words(const char *at)
{
    return scan_words_before(scan_word_not_blank(scan_word(at)),
                             scan_word_not_blank(scan_word(at + 8)));
}

static inline unsigned
scan_digits_words(const char *at, char *copy)
{
    uint64_t low = scan_word(at);
    uint64_t high = scan_word(at + 8);
    memcpy(copy, at, SCAN_BYTES);
    return scan_words_before(scan_word_not_digit(low), scan_word_not_digit(high));
}

#ifdef __SSE2__

static inline __m128i
scan_load(const char *at)
{
    __m128i block;
    memcpy(&block, at, sizeof block);
    return block;
}

static inline void
scan_store(char *at, __m128i block)
{
    memcpy(at, &block, sizeof block);
}

// Bytes before the lowest set bit of a mask of SCAN_BYTES bits.
static inline unsigned
scan_mask_before(int mask)
{
    return (unsigned)__builtin_ctz((unsigned)mask | 1U << SCAN_BYTES);
}

static inline __m128i
scan_equal_each(__m128i block, char byte)
{
    return _mm_cmpeq_epi8(block, _mm_set1_epi8(byte));
}

static inline unsigned
scan_plain_sse2(const char *at, char *copy, unsigned *high_bytes)
{
    __m128i block = scan_load(at);
    scan_store(copy, block);
    __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(block, _mm_set1_epi8(0x1f)), _mm_set1_epi8(0x1f));
    __m128i special = _mm_or_si128(
        _mm_or_si128(scan_equal_each(block, '"'), scan_equal_each(block, '\\')), control);
    *high_bytes |= (unsigned)_mm_movemask_epi8(block);
    return scan_mask_before(_mm_movemask_epi8(special));
}

static inline unsigned
scan_blank_sse2(const char *at)
{
    __m128i block = scan_load(at);
    __m128i blank =
        _mm_or_si128(_mm_or_si128(scan_equal_each(block, ' '), scan_equal_each(block, '\n')),
                     _mm_or_si128(scan_equal_each(block, '\r'), scan_equal_each(block, '\t')));
    return scan_mask_before(~_mm_movemask_epi8(blank));
}

static inline unsigned
scan_digits_sse2(const char *at, char *copy)
{
    __m128i block = scan_load(at);
    scan_store(copy, block);
    __m128i value = _mm_sub_epi8(block, _mm_set1_epi8('0'));
    __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);
    return scan_mask_before(~_mm_movemask_epi8(digit));
}

#define scan_plain scan_plain_sse2
#define scan_blank scan_blank_sse2
#define scan_digits scan_digits_sse2

#else

#define scan_plain scan_plain_words
#define scan_blank scan_blank_words
#define scan_digits scan_digits_words

#endif

// Whether `size` bytes, at most 31, are equal; 32 must be readable at both.
static inline int
scan_equal(const char *a, const char *b, unsigned size)
{
    for (; size >= 8; size -= 8, a += 8, b += 8) {
        if (scan_word(a) != scan_word(b)) {
            return 0;
        }
    }
    uint64_t mask = (UINT64_C(1) << (8U * size)) - 1U;
    return ((scan_word(a) ^ scan_word(b)) & mask) == 0;
}

#endif
