// What writing and reading of blocks share; for block_encode.c and
// block_decode.c only.
//
// A block, little-endian: struct block_front; the entities as codes, filled up
// to a byte, unless BLOCK_ENTITIES_KEPT; a bit per column that is not as the key
// says; a column head for each of those; their payloads as bits, one after the
// other; CRC-32C of all before it.
//
// Columns are coded as differences: a value's ordinal (its order among values of
// its class, as an integer) minus that of the key's row of the same slot and
// entity, or minus 0 where there is none (always so in a key block). What is
// stored is the difference minus what the mode predicts.
#ifndef SKERRY_HISTORY_BLOCK_STATE_H
#define SKERRY_HISTORY_BLOCK_STATE_H

#include <string.h>

#include "history/bits.h"
#include "history/block.h"

#define BLOCK_MAGIC 0xb1
#define BLOCK_ENTITIES_KEPT 1  // flag: slots used, and their entities, are the key's
#define BLOCK_SUM_BYTES 4

struct block_front {
    uint8_t magic, flags;
    uint16_t column_count;
    uint32_t time_s, key_time_s;
    uint32_t used;
};
_Static_assert(sizeof(struct block_front) == 16, "the front is stored as it lies");

enum block_mode {
    BLOCK_MODE_KEY,     // predicts 0: the value is the key's
    BLOCK_MODE_ROW,     // predicts the difference of the row before
    BLOCK_MODE_COLUMN,  // predicts the same row's difference in the column before
    BLOCK_MODE_COUNT
};

enum block_class { BLOCK_WHOLE, BLOCK_FLOAT, BLOCK_DOUBLE };

// How one column is stored, 32 bits from the lowest: payload bits 12, shift 6,
// order 6, mode 2, then a bit for each of the rest.
struct block_column_head {
    unsigned bits;   // of the payload
    unsigned shift;  // zeros cut off from the end of every difference
    unsigned order;  // of the codes
    enum block_mode mode;
    bool is_plain;   // none is negative: no sign
    bool is_sparse;  // a bit per row tells which are not zero, only those follow
    bool is_float;   // reals that are floats all of them
    bool has_present;  // 32 bits tell the slots; else as expected
};

// Every row in use takes at most 65 bits (its code of order 63), and two masks.
_Static_assert(HISTORY_GROUP_ROWS * 65 + 64 < 1 << 12, "the length of a payload has 12 bits");
_Static_assert(sizeof(struct block_front) + HISTORY_GROUP_ROWS * 10 + BLOCK_COLUMNS_MAX / 8 +
                       BLOCK_COLUMNS_MAX * (4 + 8 + (HISTORY_GROUP_ROWS * 65 + 64) / 8) + 16 <=
                   BLOCK_BYTES_MAX,
               "no block is larger than the largest");

// Orders of the codes of entity numbers: those that the key has too, and others.
#define BLOCK_ORDER_KEPT 0
#define BLOCK_ORDER_NEW 8

static inline uint64_t
block_zigzag(uint64_t number)
{
    return number << 1 ^ (number >> 63 ? UINT64_MAX : 0);
}

static inline uint64_t
block_unzigzag(uint64_t number)
{
    return number >> 1 ^ (number & 1 ? UINT64_MAX : 0);
}

// Reals as integers in the same order, 0 for 0; each its own reverse.
static inline uint64_t
block_order_double(uint64_t bits)
{
    return bits ^ (bits >> 63 ? UINT64_MAX >> 1 : 0);
}

static inline uint32_t
block_order_float(uint32_t bits)
{
    return bits ^ (bits >> 31 ? UINT32_MAX >> 1 : 0);
}

static inline bool
block_as_float(uint64_t bits, float *number)
{
    double wide;
    memcpy(&wide, &bits, sizeof wide);
    *number = (float)wide;
    double back = (double)*number;
    return memcmp(&back, &bits, sizeof back) == 0;
}

// A double that is no float counts as 0 among floats: it can only be the key's.
static inline uint64_t
block_ordinal(uint64_t bits, enum block_class class)
{
    if (class == BLOCK_WHOLE) {
        return bits;
    }
    if (class == BLOCK_DOUBLE) {
        return block_order_double(bits);
    }
    float number;
    uint32_t narrow = 0;
    if (block_as_float(bits, &number)) {
        memcpy(&narrow, &number, sizeof narrow);
    }
    return (uint64_t)(int64_t)(int32_t)block_order_float(narrow);
}

static inline uint64_t
block_value(uint64_t ordinal, enum block_class class)
{
    if (class == BLOCK_WHOLE) {
        return ordinal;
    }
    if (class == BLOCK_DOUBLE) {
        return block_order_double(ordinal);
    }
    uint32_t narrow = block_order_float((uint32_t)ordinal);
    float number;
    memcpy(&number, &narrow, sizeof number);
    double wide = (double)number;
    uint64_t bits;
    memcpy(&bits, &wide, sizeof bits);
    return bits;
}

static inline enum block_class
block_class_of(bool is_real, bool is_float)
{
    return !is_real ? BLOCK_WHOLE : is_float ? BLOCK_FLOAT : BLOCK_DOUBLE;
}

// Slots whose entity is the key's.
static inline uint32_t
block_kept(const struct block_rows *now, const struct block_rows *key)
{
    uint32_t kept = 0;
    for (uint32_t rest = key != NULL ? now->used & key->used : 0; rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctz(rest);
        kept |= (uint32_t)(now->entity[slot] == key->entity[slot]) << slot;
    }
    return kept;
}

// The slots that a column has unless it says otherwise: those of the key, and
// new ones when the key has any at all; without a key all that are used.
static inline uint32_t
block_expected(uint32_t used, uint32_t kept, const struct block_rows *key, unsigned column)
{
    if (key == NULL) {
        return used;
    }
    uint32_t present = key->present[column] & key->used;
    return (present & kept) | (present != 0 ? used & ~kept : 0);
}

// The slots of a mask, one after the other. Returns how many.
static inline unsigned
block_slots(uint32_t mask, uint8_t slots[HISTORY_GROUP_ROWS])
{
    unsigned count = 0;
    for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
        slots[count++] = (uint8_t)__builtin_ctz(rest);
    }
    return count;
}

#endif
