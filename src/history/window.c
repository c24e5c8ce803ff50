#include "history/window.h"

#include <string.h>

#define SIZE_BITS 17
#define COLUMN_BITS 7
_Static_assert(HISTORY_PACK_BYTES_MAX < 1 << SIZE_BITS, "a piece's size has its bits");
_Static_assert(KIND_COLUMNS_MAX < 1 << COLUMN_BITS, "a kind's columns have their bits");

static uint32_t
group_check(const struct block_id *id)
{
    return (uint32_t)hash_mix((uint64_t)id->kind << 32 | id->group, id->sub + 1) & 0xff;
}

void
piece_head(char head[PIECE_HEAD_BYTES], const struct block_id *id, size_t block_bytes,
           unsigned columns)
{
    uint32_t word = group_check(id) << (SIZE_BITS + COLUMN_BITS) |
                    (uint32_t)block_bytes << COLUMN_BITS | columns;
    ASSERT(block_bytes < 1 << SIZE_BITS && columns < 1 << COLUMN_BITS);
    memcpy(head, &word, sizeof word);
}

int
piece_next(struct text *rest, const struct block_id *id, struct piece *piece)
{
    uint32_t word;
    if (rest->size == 0) {
        return 0;
    }
    if (rest->size < sizeof word) {
        return -ERR_MALFORMED;
    }
    memcpy(&word, rest->at, sizeof word);
    size_t size = word >> COLUMN_BITS & ((1 << SIZE_BITS) - 1);
    if (size > rest->size - sizeof word || word >> (SIZE_BITS + COLUMN_BITS) != group_check(id)) {
        return -ERR_MALFORMED;
    }
    *piece = (struct piece){word & ((1 << COLUMN_BITS) - 1), {rest->at + sizeof word, size}};
    *rest = text_sub(*rest, sizeof word + size, SIZE_MAX);
    return 1;
}

void
window_shape(const struct history *history, enum history_tier tier, enum history_kind kind,
             unsigned columns, struct block_shape *shape)
{
    if (tier == TIER_RAW) {
        catalogue_shape(&history->catalogue, kind, columns, shape);
        return;
    }
    struct rollup_map map;
    catalogue_map(&history->catalogue, kind, columns, &map);
    *shape = map.to;
}

void
window_walk_begin(struct window_walk *walk, struct history *history,
                  const struct history_window *window, enum history_kind kind, uint32_t group,
                  unsigned sub, struct block_rows *key, struct block_rows *now)
{
    *walk = (struct window_walk){
        .history = history,
        .window = window,
        .id = {window->tier, window->start_s, kind, group, sub, 0},
        .key = key,
        .now = now,
    };
}

static void
drop_row(struct window_walk *walk)
{
    if (walk->row != NULL) {
        database_done(walk->row);
        walk->row = NULL;
    }
    walk->rest = TEXT("");
}

static int
take_row(struct window_walk *walk, enum statement which, const struct block_id *id)
{
    int result = database_query(&walk->history->database, which, DATABASE_VALUES(block_id_pack(id)),
                                &walk->row);
    if (result > 0) {
        walk->rest = database_column(walk->row, 0);
    } else {
        walk->row = NULL;
    }
    return result;
}

// The next row of `block`: a part of the group's window.
static int
next_packed(struct window_walk *walk)
{
    if (walk->id.part >= KIND_PARTS_MAX) {
        return 0;
    }
    int result = take_row(walk, STATEMENT_BLOCK_GET, &walk->id);
    if (result > 0) {
        walk->is_packed = true;
        walk->id.part++;
    }
    return result;
}

// The next row of `fresh`: the key, which stands at the window's start whatever
// its time is, then one for each cycle.
static int
next_fresh(struct window_walk *walk)
{
    struct block_id id = walk->id;
    enum statement get = history_fresh(STATEMENT_FRESH0_GET, walk->window);
    id.part = 0;
    if (!walk->is_fresh) {
        walk->is_fresh = true;
        walk->fresh_after_s = walk->window->start_s;
        return take_row(walk, get, &id);
    }
    for (;;) {
        int64_t time_s;
        int result = database_next(&walk->history->database, STATEMENT_CYCLE_NEXT,
                                   (int64_t)walk->fresh_after_s + 1, walk->window->end_s, &time_s);
        if (result <= 0) {
            return result;
        }
        walk->fresh_after_s = (uint32_t)time_s;
        id.time_s = (uint32_t)time_s;
        result = take_row(walk, get, &id);
        if (result != 0) {
            return result;
        }
    }
}

static int
next_row(struct window_walk *walk)
{
    drop_row(walk);
    int result = walk->is_fresh ? 0 : next_packed(walk);
    bool may_be_fresh = walk->window->tier == TIER_RAW && !walk->is_packed;
    return result == 0 && may_be_fresh ? next_fresh(walk) : result;
}

// Whether the block need not be decoded: the window's key is needed for others.
static bool
is_left_out(const struct window_walk *walk, const struct piece *piece)
{
    struct block_head head;
    if (walk->only_s == 0 || block_head(piece->block, &head) != 0) {
        return false;
    }
    bool is_key = head.time_s == head.key_time_s && !walk->has_key;
    return head.time_s != walk->only_s && !is_key;
}

static int
decode_block(const struct window_walk *walk, struct text block, const struct block_rows *key,
             struct block_rows *rows)
{
    const struct block_shape *shape = &walk->shape;
    return walk->wanted == NULL ? block_decode(shape, block, key, rows)
                                : block_decode_columns(shape, block, key, walk->wanted, rows);
}

// The window's first key block is kept; other blocks that stand alone (of a
// program with other columns) are not.
static int
decode(struct window_walk *walk, const struct piece *piece, const struct block_rows **rows)
{
    struct block_head head;
    if (piece->columns > walk->history->catalogue.count[walk->id.kind] ||
        block_head(piece->block, &head) != 0) {
        return -ERR_MALFORMED;
    }
    if (walk->shape_columns != piece->columns) {
        window_shape(walk->history, walk->window->tier, walk->id.kind, piece->columns,
                     &walk->shape);
        walk->shape_columns = piece->columns;
    }
    bool stands_alone = head.time_s == head.key_time_s;
    if (stands_alone && !walk->has_key) {
        int error = decode_block(walk, piece->block, NULL, walk->key);
        walk->has_key = error == 0;
        *rows = walk->key;
        return error;
    }
    if (!stands_alone && !walk->has_key) {
        return -ERR_MALFORMED;
    }
    *rows = walk->now;
    return decode_block(walk, piece->block, stands_alone ? NULL : walk->key, walk->now);
}

int
window_walk_next(struct window_walk *walk, const struct block_rows **rows)
{
    for (;;) {
        struct piece piece;
        int result = piece_next(&walk->rest, &walk->id, &piece);
        if (result > 0 && is_left_out(walk, &piece)) {
            continue;
        }
        if (result > 0 && decode(walk, &piece, rows) == 0) {
            bool is_cut_off = (*rows)->time_s >= walk->window->end_s;
            if (is_cut_off || (walk->only_s != 0 && (*rows)->time_s != walk->only_s)) {
                continue;
            }
            return 1;
        }
        if (result != 0) {
            walk->history->bad_blocks_total++;
            walk->rest = result < 0 ? TEXT("") : walk->rest;
            continue;
        }
        result = next_row(walk);
        if (result <= 0) {
            return result;
        }
    }
}

void
window_walk_end(struct window_walk *walk)
{
    drop_row(walk);
}
