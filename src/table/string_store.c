#include "table/string_store.h"

#include <string.h>

#include "base/check.h"
#include "table/pool.h"

static size_t
cells_of(size_t size)
{
    if (size <= STRING_HEAD_BYTES) {
        return 1;
    }
    return 1 + (size - STRING_HEAD_BYTES + STRING_CELL_BYTES - 1) / STRING_CELL_BYTES;
}

// The chain's bytes in order; stops at a broken link. Never follows more
// links than `size` needs.
struct walk {
    struct string_cells cells;
    const struct string_cell *cell;
    size_t rest;
    bool first;
};

static const struct string_cell *
cell_at(struct string_cells cells, uint32_t index)
{
    return index == 0 || index > cells.limit ? NULL : &cells.cell[index];
}

static struct text
walk_next(struct walk *walk)
{
    if (walk->cell == NULL || walk->rest == 0) {
        return (struct text){NULL, 0};
    }
    struct text piece;
    if (walk->first) {
        piece = (struct text){walk->cell->first.bytes, STRING_HEAD_BYTES};
        walk->first = false;
    } else {
        piece = (struct text){walk->cell->more, STRING_CELL_BYTES};
    }
    if (piece.size > walk->rest) {
        piece.size = walk->rest;
    }
    walk->rest -= piece.size;
    uint32_t next = __atomic_load_n(&walk->cell->next, __ATOMIC_RELAXED);
    walk->cell = walk->rest != 0 ? cell_at(walk->cells, next) : NULL;
    return piece;
}

struct text
string_cut(struct text text, size_t size_max)
{
    if (text.size <= size_max) {
        return text;
    }
    size_t size = size_max;
    while (size > 0 && ((unsigned char)text.at[size] & 0xc0) == 0x80) {
        size--;  // a byte within a UTF-8 sequence
    }
    return (struct text){text.at, size != 0 ? size : size_max};
}

struct string_cells
string_cells_of(const struct table_header *header)
{
    const struct pool_use *use = &header->pool[POOL_STRINGS];
    const void *cells = (const unsigned char *)header + use->offset;
    return (struct string_cells){cells, use->limit};
}

// Short and mostly equal, so in words, the last two overlapping.
static inline bool
is_same(const char *a, const char *b, size_t size)
{
    uint64_t x;
    uint64_t y;
    if (size < sizeof x) {
        for (size_t i = 0; i < size; i++) {
            if (a[i] != b[i]) {
                return false;
            }
        }
        return true;
    }
    for (size_t i = 0; i < size - sizeof x; i += sizeof x) {
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        if (x != y) {
            return false;
        }
    }
    memcpy(&x, a + size - sizeof x, sizeof x);
    memcpy(&y, b + size - sizeof y, sizeof y);
    return x == y;
}

bool
string_cells_equal(struct string_cells cells, string_ref ref, struct text text)
{
    const struct string_cell *cell = cell_at(cells, ref);
    if (cell == NULL || text.size == 0) {
        return cell == NULL && text.size == 0;
    }
    if (cell->first.size != text.size) {
        return false;
    }
    const char *piece = cell->first.bytes;
    size_t size = STRING_HEAD_BYTES;
    for (;;) {
        size = text.size < size ? text.size : size;
        if (!is_same(piece, text.at, size)) {
            return false;
        }
        text = (struct text){text.at + size, text.size - size};
        if (text.size == 0) {
            return true;
        }
        cell = cell_at(cells, __atomic_load_n(&cell->next, __ATOMIC_RELAXED));
        if (cell == NULL) {
            return false;
        }
        piece = cell->more;
        size = STRING_CELL_BYTES;
    }
}

uint64_t
string_cells_stamp(struct string_cells cells, string_ref ref)
{
    const struct string_cell *cell = cell_at(cells, ref);
    return cell == NULL ? 0 : (uint64_t)cell->first.hash << 16 | cell->first.size;
}

size_t
string_cells_copy(struct string_cells cells, string_ref ref, char *to, size_t room)
{
    const struct string_cell *cell = cell_at(cells, ref);
    if (cell == NULL) {
        return 0;
    }
    size_t size = __atomic_load_n(&cell->first.size, __ATOMIC_RELAXED);
    struct walk walk = {cells, cell, size < room ? size : room, true};
    size_t at = 0;
    for (struct text piece = walk_next(&walk); piece.size != 0; piece = walk_next(&walk)) {
        memcpy(to + at, piece.at, piece.size);
        at += piece.size;
    }
    return at;
}

bool
string_equals(const struct table_header *header, string_ref ref, struct text text)
{
    return string_cells_equal(string_cells_of(header), ref, text);
}

size_t
string_copy(const struct table_header *header, string_ref ref, char *to, size_t room)
{
    return string_cells_copy(string_cells_of(header), ref, to, room);
}

static string_ref
find(struct table_header *header, struct text text, uint64_t hash)
{
    string_ref ref = *pool_bucket(header, POOL_STRINGS, hash);
    while (ref != 0) {
        const struct string_cell *cell = string_row_at(header, ref);
        if (cell->first.hash == (uint32_t)hash && string_equals(header, ref, text)) {
            return ref;
        }
        ref = cell->first.chain;
    }
    return 0;
}

// Takes and fills the chain from its end, so that every cell knows its next.
static string_ref
build(struct table_header *header, struct text text, uint64_t hash, row_index near)
{
    size_t count = cells_of(text.size);
    uint32_t next = 0;
    for (size_t i = count; i-- > 1;) {
        size_t from = STRING_HEAD_BYTES + (i - 1) * STRING_CELL_BYTES;
        struct text piece = text_sub(text, from, STRING_CELL_BYTES);
        uint32_t index = pool_take_near(header, POOL_STRINGS, near);
        ASSERT(index != 0);
        struct string_cell *cell = string_row_at(header, index);
        cell->next = next;
        memcpy(cell->more, piece.at, piece.size);
        next = index;
    }
    string_ref ref = pool_take_near(header, POOL_STRINGS, near);
    ASSERT(ref != 0);
    struct string_cell *first = string_row_at(header, ref);
    row_index *bucket = pool_bucket(header, POOL_STRINGS, hash);
    struct text piece = text_sub(text, 0, STRING_HEAD_BYTES);
    memcpy(first->first.bytes, piece.at, piece.size);
    first->next = next;
    first->first.hash = (uint32_t)hash;
    first->first.size = (uint16_t)text.size;
    first->first.references = 1;
    first->first.chain = *bucket;
    *bucket = ref;
    return ref;
}

string_ref
string_take(struct table_header *header, struct text text, row_index near, bool *full)
{
    if (text.size == 0) {
        return 0;
    }
    text = string_cut(text, UINT16_MAX);
    uint64_t hash = hash_bytes(header->hash_key, text.at, text.size);
    string_ref ref = find(header, text, hash);
    if (ref != 0) {
        struct string_cell *cell = string_row_at(header, ref);
        if (cell->first.references < UINT16_MAX) {
            cell->first.references++;
        }
        return ref;
    }
    struct pool_use *use = &header->pool[POOL_STRINGS];
    if (use->limit - use->used < cells_of(text.size)) {
        use->refused_total++;
        *full = true;
        return 0;
    }
    return build(header, text, hash, near);
}

static void
unchain(struct table_header *header, string_ref ref, uint32_t hash)
{
    row_index *link = pool_bucket(header, POOL_STRINGS, hash);
    while (*link != ref) {
        ASSERT(*link != 0);
        link = &string_row_at(header, *link)->first.chain;
    }
    *link = string_row_at(header, ref)->first.chain;
}

void
string_drop(struct table_header *header, string_ref ref)
{
    if (ref == 0) {
        return;
    }
    struct string_cell *cell = string_row_at(header, ref);
    ASSERT(cell->first.references > 0);
    if (cell->first.references == UINT16_MAX) {
        return;  // saturated: the true count is unknown, so the text stays
    }
    if (--cell->first.references > 0) {
        return;
    }
    // The bucket needs only the low bits of the hash, which the cell keeps:
    // there are never more than 2^32 buckets.
    unchain(header, ref, cell->first.hash);
    uint32_t index = ref;
    while (index != 0) {
        uint32_t next = string_row_at(header, index)->next;
        pool_give(header, POOL_STRINGS, index);
        index = next;
    }
}
