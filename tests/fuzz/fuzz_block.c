// Blocks of history: input is a byte for the number of columns, one for which are
// reals, two for the size of a key block, that block, and one coded against it.
// Sums are made right first, so that damage reaches what lies behind them. What
// can be read must be sound, be written again and come back the same, and some
// columns alone must be what they are among all.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "history/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) ((condition) ? (void)0 : fail(#condition, __LINE__))

static _Noreturn void
fail(const char *what, int line)
{
    fprintf(stderr, "fuzz_block.c:%d: %s\n", line, what);
    abort();
}

static struct block_shape shape;
static struct block_rows key, now, again, some;
static char room[BLOCK_BYTES_MAX];

// A copy of exactly its size with a right sum; a step beyond it is seen.
static struct text
copy_of(const uint8_t *data, size_t size)
{
    char *copy = malloc(size == 0 ? 1 : size);
    REQUIRE(copy != NULL);
    memcpy(copy, data, size);
    if (size >= sizeof(uint32_t)) {
        uint32_t sum = crc32c(0, copy, size - sizeof sum);
        memcpy(copy + size - sizeof sum, &sum, sizeof sum);
    }
    return (struct text){copy, size};
}

static void
require_same(const struct block_rows *a, const struct block_rows *b, const uint64_t *wanted)
{
    REQUIRE(a->time_s == b->time_s);
    REQUIRE(a->used == b->used);
    REQUIRE(memcmp(a->entity, b->entity, sizeof a->entity) == 0);
    for (unsigned i = 0; i < shape.column_count; i++) {
        bool is_wanted = wanted == NULL || (wanted[i / 64] >> i % 64 & 1);
        REQUIRE(a->present[i] == b->present[i] || (!is_wanted && b->present[i] == 0));
        REQUIRE((a->present[i] & ~a->used) == 0);
        for (unsigned slot = 0; slot < HISTORY_GROUP_ROWS; slot++) {
            REQUIRE(!is_wanted || !(a->present[i] >> slot & 1) ||
                    a->value[i][slot] == b->value[i][slot]);
        }
    }
}

static void
check(struct text bytes, const struct block_rows *against, struct block_rows *rows)
{
    static const uint64_t wanted[BLOCK_COLUMNS_MAX / 64] = {UINT64_C(0x1111222244448888)};
    REQUIRE(block_decode_columns(&shape, bytes, against, wanted, &some) == 0);
    require_same(rows, &some, wanted);
    int64_t written = block_encode(&shape, rows, against, room, sizeof room);
    REQUIRE(written > 0);
    struct text text = {room, (size_t)written};
    REQUIRE(block_decode(&shape, text, against, &again) == 0);
    require_same(rows, &again, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4) {
        return 0;
    }
    shape.column_count = data[0];
    for (unsigned i = 0; i < BLOCK_COLUMNS_MAX; i++) {
        shape.is_real[i] = data[1] >> i % 8 & 1;
    }
    size_t rest = size - 4;
    size_t key_size = (size_t)data[2] | (size_t)data[3] << 8;
    key_size = key_size < rest ? key_size : rest;
    struct text key_bytes = copy_of(data + 4, key_size);
    struct text bytes = copy_of(data + 4 + key_size, rest - key_size);
    struct block_head head;
    bool has_key = block_decode(&shape, key_bytes, NULL, &key) == 0;
    if (has_key) {
        check(key_bytes, NULL, &key);
    }
    bool has_head = block_head(bytes, &head) == 0;
    if (block_decode(&shape, bytes, has_key ? &key : NULL, &now) == 0) {
        REQUIRE(has_head && head.time_s == now.time_s);
        check(bytes, has_key ? &key : NULL, &now);
    }
    free((void *)(uintptr_t)key_bytes.at);
    free((void *)(uintptr_t)bytes.at);
    return 0;
}
