// Bits in a row, the lowest first: a bounded writer, a reader that never reads
// beyond its bytes, and the variable-length codes of blocks.
//
// A number of order k: as many zeros as it has binary digits beyond k, a one,
// then its low digits without the leading one if it has any beyond (exponential
// Golomb: Teuhola, "A compression method for clustered bit-vectors", 1978, the
// variant with Elias gamma classes). Inline where it is the inner loop.
#ifndef SKERRY_HISTORY_BITS_H
#define SKERRY_HISTORY_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are stored as they lie");

// Highest order of a code: a digit of a 64-bit number stays beyond it.
#define BITS_ORDER_MAX 63u
// Bits that one look ahead is sure to show.
#define BITS_PEEK 57u

struct bit_writer {
    uint8_t *at;
    size_t size;    // room, bytes
    size_t used;    // bytes stored, whole words
    uint64_t word;  // not stored yet
    unsigned fill;  // bits in it, below 64
    bool full;      // something did not fit and was dropped
};

struct bit_reader {
    const uint8_t *at;
    size_t size;    // bytes
    size_t place;   // bits; what lies beyond the end reads as zeros
    bool broken;    // a code that no writer makes
};

struct bit_writer bits_writer(void *at, size_t size);
void bits_store_word(struct bit_writer *writer);
// Stores what is left, filled up with zeros to a byte. Returns all bytes used.
size_t bits_end(struct bit_writer *writer);
size_t bits_written(const struct bit_writer *writer);  // bits

struct bit_reader bits_reader(const void *at, size_t size, size_t place);
uint64_t bits_peek_end(const struct bit_reader *reader);
uint64_t bits_take_long_code(struct bit_reader *reader, unsigned order);

// Digits of `number` in binary; 0 has none.
static inline unsigned
bits_length(uint64_t number)
{
    return number == 0 ? 0 : 64U - (unsigned)__builtin_clzll(number);
}

static inline uint64_t
bits_low(uint64_t number, unsigned count)
{
    return number & ((UINT64_C(1) << count) - 1);  // count is below 64
}

// At most 64 bits; those above `count` must be zero.
static inline void
bits_put(struct bit_writer *writer, uint64_t bits, unsigned count)
{
    unsigned fill = writer->fill + count;
    writer->word |= bits << writer->fill;
    if (fill >= 64) {
        bits_store_word(writer);
        writer->word = writer->fill == 0 ? 0 : bits >> (64 - writer->fill);
        fill -= 64;
    }
    writer->fill = fill;
}

static inline void
bits_put_code(struct bit_writer *writer, uint64_t number, unsigned order)
{
    unsigned length = bits_length(number);
    unsigned beyond = length > order ? length - order : 0;
    unsigned low_count = beyond > 0 ? length - 1 : order;
    uint64_t low = bits_low(number, low_count);
    if (beyond + 1 + low_count <= 64) {
        bits_put(writer, (low << 1 | 1) << beyond, beyond + 1 + low_count);
        return;
    }
    bits_put(writer, 0, beyond);
    bits_put(writer, 1, 1);
    bits_put(writer, low, low_count);
}

// Bits of that code.
static inline unsigned
bits_code_size(unsigned length, unsigned order)
{
    return length > order ? 2 * length - order : order + 1;
}

// The next BITS_PEEK bits at least.
static inline uint64_t
bits_peek(const struct bit_reader *reader)
{
    size_t byte = reader->place >> 3;
    uint64_t word;
    if (byte + sizeof word > reader->size) {
        return bits_peek_end(reader);
    }
    memcpy(&word, reader->at + byte, sizeof word);
    return word >> (reader->place & 7);
}

// Below BITS_PEEK bits.
static inline uint64_t
bits_take(struct bit_reader *reader, unsigned count)
{
    uint64_t bits = bits_low(bits_peek(reader), count);
    reader->place += count;
    return bits;
}

static inline uint64_t
bits_take_code(struct bit_reader *reader, unsigned order)
{
    uint64_t word = bits_peek(reader);
    unsigned beyond = (unsigned)__builtin_ctzll(word | UINT64_C(1) << 63);
    unsigned low_count = beyond > 0 ? order + beyond - 1 : order;
    if (beyond + 1 + low_count > BITS_PEEK) {
        return bits_take_long_code(reader, order);
    }
    reader->place += beyond + 1 + low_count;
    uint64_t low = bits_low(word >> (beyond + 1), low_count);
    return low | (uint64_t)(beyond > 0) << low_count;
}

#endif
