// A block: the values of up to HISTORY_GROUP_ROWS neighbouring entities of one
// kind at one time, compressed.
//
// A *key* block stands alone; any other block of its window is coded against the
// window's key block, so that two blocks decode any moment and a lost one costs
// only itself. Columns (metrics) are coded one by one: integers as they are, reals
// by the order of their bits as floats (a column with a real that is no float keeps
// 64 bits), each as the difference against the key's value of the same slot and
// entity, that minus nothing, the row before's or the column before's difference,
// whichever takes least; without their common trailing zeros, and without the
// sign and the zeros where that pays, by exponential Golomb codes of the order
// that takes least (Golomb 1966; Teuhola 1978; bits.h). Everything is exact, NaN
// and -0 too. CRC-32C over all. The format is in block_state.h.
//
// Pure; bytes may be damaged or hostile: -ERR_MALFORMED, never a crash.
#ifndef SKERRY_HISTORY_BLOCK_H
#define SKERRY_HISTORY_BLOCK_H

#include "history/history.h"

// Unlabelled metrics of a kind, four stats of each in the coarser tiers.
#define BLOCK_COLUMNS_MAX 256

struct block_shape {
    unsigned column_count;
    bool is_real[BLOCK_COLUMNS_MAX];  // value bits are a double, else a uint64_t
};

// One moment of a group: slot = row index % HISTORY_GROUP_ROWS.
struct block_rows {
    uint32_t time_s;
    uint32_t used;                                // a bit per slot
    uint32_t entity[HISTORY_GROUP_ROWS];          // its number in `entity`
    uint32_t present[BLOCK_COLUMNS_MAX];          // per column a bit per slot
    uint64_t value[BLOCK_COLUMNS_MAX][HISTORY_GROUP_ROWS];
};

#define BLOCK_BYTES_MAX (96 * 1024)

// `key` NULL: makes a key block; else it is a decoded key block of another time
// (-ERR_BAD_TIME), with this shape or a shorter one. What `now` has in slots that
// are not used is left out. -ERR_TOO_LARGE: does not fit into `room`; cannot be
// with BLOCK_BYTES_MAX. Returns bytes.
int64_t block_encode(const struct block_shape *shape, const struct block_rows *now,
                     const struct block_rows *key, void *room, size_t room_bytes);
// `key` must be the decoded key block that it names (key_time_s), or NULL for one.
// Values of absent slots are left as they were. After an error `now` is worthless.
int block_decode(const struct block_shape *shape, struct text bytes,
                 const struct block_rows *key, struct block_rows *now) MUST_USE;
// What a block says of itself, without decoding it.
struct block_head {
    uint32_t time_s;
    uint32_t key_time_s;  // = time_s for a key block
    unsigned column_count;
};
int block_head(struct text bytes, struct block_head *head) MUST_USE;
// Some columns only (bit = column), for reading one metric of one entity: a few
// hundred ns. `key` may have been decoded with the same columns only. used and entity
// are read of all, present up to the last of them and 0 behind; values of other
// columns are worthless.
int block_decode_columns(const struct block_shape *shape, struct text bytes,
                         const struct block_rows *key,
                         const uint64_t wanted[BLOCK_COLUMNS_MAX / 64],
                         struct block_rows *now) MUST_USE;

#endif
