#include "api/order.h"

#include <string.h>

#include "table/pool.h"
#include "table/string_store.h"

#define REFRESH_MS_MIN 1000

struct sorted {
    enum table_pool pool;
    uint32_t limit;  // rows
    uint32_t count;
    row_index *row;
};

struct order {
    struct sorted sorted[ORDER_KIND_COUNT];
    row_index *scratch;      // as many as the largest has
    uint64_t *seen;          // a bit for each row of it
    uint32_t largest;
    uint32_t generation;     // never 0
    uint32_t structure_seq;  // of the table when it was sorted
    bool valid;
    struct wall_ms refreshed;
};

// What rows are compared by, in room of the caller's.
struct key {
    row_index row;
    struct text group;
    struct text name;
    char group_room[NAME_BYTES_MAX];
    char name_room[NAME_BYTES_MAX];
};

static uint32_t
pool_rows(const struct capacity *capacity, enum order_kind kind)
{
    const uint32_t rows[ORDER_KIND_COUNT] = {
        [ORDER_NODES] = capacity->nodes,
        [ORDER_NAMESPACES] = capacity->namespaces,
        [ORDER_PODS] = capacity->pods,
    };
    return rows[kind];
}

static uint32_t
largest_of(const struct capacity *capacity)
{
    uint32_t largest = 0;
    for (int kind = 0; kind < ORDER_KIND_COUNT; kind++) {
        uint32_t rows = pool_rows(capacity, (enum order_kind)kind);
        largest = rows > largest ? rows : largest;
    }
    return largest;
}

static size_t
seen_words(uint32_t largest)
{
    return (size_t)largest / 64 + 1;
}

size_t
order_footprint(const struct capacity *capacity)
{
    uint32_t largest = largest_of(capacity);
    size_t bytes = arena_bytes(sizeof(struct order));
    for (int kind = 0; kind < ORDER_KIND_COUNT; kind++) {
        size_t rows = pool_rows(capacity, (enum order_kind)kind);
        bytes += arena_bytes(rows * sizeof(row_index));
    }
    bytes += arena_bytes((size_t)largest * sizeof(row_index));
    return bytes + arena_bytes(seen_words(largest) * sizeof(uint64_t));
}

struct order *
order_init(struct arena *arena, const struct capacity *capacity)
{
    static const enum table_pool pools[ORDER_KIND_COUNT] = {
        [ORDER_NODES] = POOL_NODES,
        [ORDER_NAMESPACES] = POOL_NAMESPACES,
        [ORDER_PODS] = POOL_PODS,
    };
    struct order *order = arena_take(arena, sizeof *order);
    order->largest = largest_of(capacity);
    order->generation = 1;
    for (int kind = 0; kind < ORDER_KIND_COUNT; kind++) {
        struct sorted *sorted = &order->sorted[kind];
        sorted->pool = pools[kind];
        sorted->limit = pool_rows(capacity, (enum order_kind)kind);
        sorted->row = arena_take_array(arena, sorted->limit, sizeof(row_index));
    }
    order->scratch = arena_take_array(arena, order->largest, sizeof(row_index));
    order->seen = arena_take_array(arena, seen_words(order->largest), sizeof(uint64_t));
    return order;
}

void
order_forget(struct order *order)
{
    order->valid = false;
}

uint32_t
order_count(const struct order *order, enum order_kind kind)
{
    return order->sorted[kind].count;
}

static struct text
read_name(const struct table_reader *table, enum table_pool pool, row_index row, char *room)
{
    if (row == 0 || row > table->header->pool[pool].limit) {
        return (struct text){room, 0};
    }
    const struct row_head *head = pool_row_const(table->header, pool, row);
    return (struct text){room, string_copy(table->header, head->name, room, NAME_BYTES_MAX)};
}

// Sorting reads names only, without the row's lock: a name that changes
// meanwhile misplaces its row until the next refresh, and whoever uses the row
// reads it again.
static void
read_key(const struct table_reader *table, enum table_pool pool, row_index row, struct key *key)
{
    key->row = row;
    key->name = read_name(table, pool, row, key->name_room);
    key->group = (struct text){key->group_room, 0};
    if (pool == POOL_PODS && row <= table->header->pool[pool].limit) {
        const struct pod_row *pod = pool_row_const(table->header, pool, row);
        key->group = read_name(table, POOL_NAMESPACES, pod->namespace_index, key->group_room);
    }
}

static int
compare_keys(const struct key *a, const struct key *b)
{
    int groups = text_compare(a->group, b->group);
    return groups != 0 ? groups : text_compare(a->name, b->name);
}

static bool
is_live(const struct table_reader *table, enum table_pool pool, row_index row)
{
    if (row == 0 || row > table->header->pool[pool].limit) {
        return false;
    }
    const struct row_head *head = pool_row_const(table->header, pool, row);
    return head->state == ROW_LIVE;
}

// Merges the runs `from`[0, middle) and [middle, count) into `to`.
static void
merge_runs(const struct table_reader *table, enum table_pool pool, const row_index *from,
           uint32_t middle, uint32_t count, row_index *to)
{
    struct key left = {.row = 0};
    struct key right = {.row = 0};
    uint32_t a = 0;
    uint32_t b = middle;
    for (uint32_t at = 0; at < count; at++) {
        if (a < middle && left.row != from[a]) {
            read_key(table, pool, from[a], &left);
        }
        if (b < count && right.row != from[b]) {
            read_key(table, pool, from[b], &right);
        }
        bool take_left = b == count || (a < middle && compare_keys(&left, &right) <= 0);
        to[at] = take_left ? from[a++] : from[b++];
    }
}

// Bottom-up merge sort: no recursion, reads of names n log n.
static void
sort_rows(const struct table_reader *table, enum table_pool pool, row_index *row, uint32_t count,
          row_index *scratch)
{
    for (uint64_t width = 1; width < count; width *= 2) {
        for (uint64_t at = 0; at < count; at += 2 * width) {
            uint64_t rest = count - at;
            uint64_t middle = rest < width ? rest : width;
            uint64_t both = rest < 2 * width ? rest : 2 * width;
            merge_runs(table, pool, row + at, (uint32_t)middle, (uint32_t)both, scratch + at);
        }
        memcpy(row, scratch, count * sizeof *row);
    }
}

// Keeps the rows that are live and still in order; says in `seen` which.
static void
keep_sorted(struct order *order, const struct table_reader *table, struct sorted *sorted)
{
    struct key keys[2] = {{.row = 0}, {.row = 0}};
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sorted->count; i++) {
        row_index row = sorted->row[i];
        struct key *key = &keys[kept % 2];
        struct key *before = &keys[(kept + 1) % 2];
        if (!is_live(table, sorted->pool, row)) {
            continue;
        }
        read_key(table, sorted->pool, row, key);
        if (kept == 0 || compare_keys(before, key) < 0) {
            sorted->row[kept++] = row;
            order->seen[row / 64] |= UINT64_C(1) << (row % 64);
        }
    }
    sorted->count = kept;
}

static void
add_unseen(struct order *order, const struct table_reader *table, struct sorted *sorted)
{
    row_index row = table_next_row(table, sorted->pool, 0);
    while (row != 0 && row <= sorted->limit && sorted->count < sorted->limit) {
        if ((order->seen[row / 64] & (UINT64_C(1) << (row % 64))) == 0) {
            sorted->row[sorted->count++] = row;
        }
        row = table_next_row(table, sorted->pool, row);
    }
}

static void
refresh_kind(struct order *order, const struct table_reader *table, struct sorted *sorted)
{
    memset(order->seen, 0, seen_words(order->largest) * sizeof(uint64_t));
    keep_sorted(order, table, sorted);
    uint32_t kept = sorted->count;
    add_unseen(order, table, sorted);
    uint32_t added = sorted->count - kept;
    if (added == 0) {
        return;
    }
    sort_rows(table, sorted->pool, sorted->row + kept, added, order->scratch);
    if (kept > 0) {
        merge_runs(table, sorted->pool, sorted->row, kept, sorted->count, order->scratch);
        memcpy(sorted->row, order->scratch, sorted->count * sizeof(row_index));
    }
}

void
order_refresh(struct order *order, const struct table_reader *table, struct wall_ms now)
{
    uint32_t seq = atomic_load_explicit(&table->header->structure_seq, memory_order_acquire);
    int64_t age_ms = now.ms - order->refreshed.ms;
    if (order->valid && (seq == order->structure_seq || (age_ms >= 0 && age_ms < REFRESH_MS_MIN))) {
        return;
    }
    for (int kind = 0; kind < ORDER_KIND_COUNT; kind++) {
        if (!order->valid) {
            order->sorted[kind].count = 0;
        }
        refresh_kind(order, table, &order->sorted[kind]);
    }
    order->valid = true;
    order->structure_seq = seq;
    order->refreshed = now;
    order->generation = order->generation == UINT32_MAX ? 1 : order->generation + 1;
}

// The first position whose key lies behind `key`.
static uint32_t
position_behind(const struct sorted *sorted, const struct table_reader *table,
                const struct key *key)
{
    uint32_t low = 0;
    uint32_t high = sorted->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct key there;
        read_key(table, sorted->pool, sorted->row[middle], &there);
        if (compare_keys(&there, key) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void
find_position(const struct order *order, const struct table_reader *table,
              const struct sorted *sorted, struct order_cursor *cursor)
{
    if (cursor->generation == order->generation) {
        return;
    }
    struct key key;
    key.row = 0;
    key.name = (struct text){cursor->name, cursor->name_bytes};
    key.group = (struct text){cursor->group, cursor->group_bytes};
    bool begun = cursor->name_bytes > 0 || cursor->group_bytes > 0;
    cursor->position = begun ? position_behind(sorted, table, &key) : 0;
    cursor->generation = order->generation;
}

row_index
order_next(const struct order *order, const struct table_reader *table, enum order_kind kind,
           struct order_cursor *cursor)
{
    const struct sorted *sorted = &order->sorted[kind];
    find_position(order, table, sorted, cursor);
    if (cursor->position >= sorted->count) {
        return 0;
    }
    struct key key;
    row_index row = sorted->row[cursor->position++];
    read_key(table, sorted->pool, row, &key);
    memcpy(cursor->name, key.name.at, key.name.size);
    memcpy(cursor->group, key.group.at, key.group.size);
    cursor->name_bytes = (uint16_t)key.name.size;
    cursor->group_bytes = (uint16_t)key.group.size;
    return row;
}

void
order_begin_namespace(const struct order *order, const struct table_reader *table,
                      struct text namespace_name, struct order_cursor *cursor)
{
    ASSERT(namespace_name.size <= NAME_BYTES_MAX);
    cursor->generation = 0;
    cursor->name_bytes = 0;
    cursor->group_bytes = (uint16_t)namespace_name.size;
    memcpy(cursor->group, namespace_name.at, namespace_name.size);
    find_position(order, table, &order->sorted[ORDER_PODS], cursor);
}
