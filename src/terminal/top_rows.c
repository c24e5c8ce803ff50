#include "terminal/top_rows.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"

size_t
top_rows_footprint(uint32_t rows)
{
    return arena_bytes(sizeof(struct top_rows)) +
           arena_bytes((size_t)rows * sizeof(struct top_entry));
}

struct top_rows *
top_rows_init(struct arena *arena, uint32_t count)
{
    struct top_rows *rows = arena_take(arena, sizeof *rows);
    rows->entry = arena_take_array(arena, count, sizeof *rows->entry);
    rows->limit = count;
    rows->random = 1;
    return rows;
}

// --- What passes

static bool
contains(struct text text, struct text part)
{
    for (size_t at = 0; at + part.size <= text.size; at++) {
        if (memcmp(text.at + at, part.at, part.size) == 0) {
            return true;
        }
    }
    return false;
}

static bool
passes_filter(const struct top_item *item, struct text filter)
{
    struct text word;
    while (filter.size > 0) {
        (void)text_cut(filter, ' ', &word, &filter);
        if (!contains(item->name, word) && !contains(item->space, word) &&
            !contains(item->pod, word) && !contains(item->node, word)) {
            return false;
        }
    }
    return true;
}

// The kubelet's sum of all pods, which are there one by one.
static bool
is_sum_of_pods(const struct top_item *item)
{
    return item->kind == TOP_CONTAINERS && item->pod.size == 0 &&
           (item->node_view.row.head.flags & ROW_PSEUDO) == 0 &&
           text_equal(item->name, TEXT("pods"));
}

static bool
passes(const struct top_item *item, const struct top_ask *ask)
{
    struct text node = item->kind == TOP_NODES ? item->name : item->node;
    return (ask->space.size == 0 || text_equal(ask->space, item->space)) &&
           (ask->node.size == 0 || text_equal(ask->node, node)) &&
           passes_filter(item, ask->filter);
}

static size_t
larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void
add(struct top_rows *rows, const struct top_item *item)
{
    if (rows->count == rows->limit) {
        rows->dropped++;
        return;
    }
    rows->entry[rows->count++] =
        (struct top_entry){.value = top_item_value(item, rows->ask.sort), .row = item->row};
    rows->space_bytes = larger(rows->space_bytes, item->space.size);
    rows->pod_bytes = larger(rows->pod_bytes, item->pod.size);
    rows->name_bytes = larger(rows->name_bytes, item->name.size);
    rows->node_bytes = larger(rows->node_bytes, item->node.size);
}

void
top_rows_scan(struct top_rows *rows, const struct table_reader *table, const struct top_ask *ask)
{
    enum table_pool pool = top_kind_pool(ask->kind);
    rows->ask = *ask;
    rows->count = rows->total = rows->dropped = 0;
    rows->space_bytes = rows->pod_bytes = rows->name_bytes = rows->node_bytes = 0;
    for (row_index row = table_next_row(table, pool, 0); row != 0;
         row = table_next_row(table, pool, row)) {
        if (top_item_read(&rows->item, table, ask->kind, row)) {
            rows->total += !is_sum_of_pods(&rows->item);
            if (!is_sum_of_pods(&rows->item) && passes(&rows->item, ask)) {
                add(rows, &rows->item);
            }
        }
    }
}

void
top_rows_say_none(const struct top_rows *rows, struct out *out)
{
    const struct top_ask *ask = &rows->ask;
    const struct {
        const char *before;
        struct text text;
        const char *behind;
    } parts[] = {
        {" in namespace ", ask->space, ""},
        {ask->kind == TOP_NODES ? " called " : " on node ", ask->node, ""},
        {" with `", ask->filter, "` in their names"},
    };
    out_format(out, "there are no %s", top_kind_name(ask->kind));
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
        if (parts[i].text.size > 0) {
            out_string(out, parts[i].before);
            out_text(out, parts[i].text);
            out_string(out, parts[i].behind);
        }
    }
}

// --- The order

static struct text
keep(struct top_key *key, size_t *used, struct text text)
{
    size_t size = text.size < NAME_BYTES_MAX ? text.size : NAME_BYTES_MAX;
    char *to = key->buffer + *used;
    memcpy(to, text.at, size);
    *used += size;
    return (struct text){to, size};
}

static void
read_names(struct top_rows *rows, const struct table_reader *table, struct top_key *key)
{
    size_t used = 0;
    bool read = top_item_read(&rows->item, table, rows->ask.kind, key->entry.row);
    const struct top_item *item = &rows->item;
    key->named = true;
    key->space = key->pod = key->name = TEXT("");
    if (read) {
        key->space = keep(key, &used, item->space);
        key->pod = keep(key, &used, item->pod);
        key->name = keep(key, &used, item->name);
    }
}

static int
compare_names(struct top_rows *rows, const struct table_reader *table, struct top_key *a,
              struct top_key *b)
{
    if (!a->named) {
        read_names(rows, table, a);
    }
    if (!b->named) {
        read_names(rows, table, b);
    }
    int result = text_compare(a->space, b->space);
    result = result != 0 ? result : text_compare(a->pod, b->pod);
    result = result != 0 ? result : text_compare(a->name, b->name);
    return result != 0 ? result : a->entry.row < b->entry.row ? -1 : 1;
}

// Whether `a` comes before `b`. Names change while they are compared, so that
// nothing below relies on an order without contradictions.
static bool
before(struct top_rows *rows, const struct table_reader *table, struct top_key *a,
       struct top_key *b)
{
    if (a->entry.value != b->entry.value) {
        return (a->entry.value > b->entry.value) != rows->ask.reversed;
    }
    bool by_name = compare_names(rows, table, a, b) < 0;
    return rows->ask.sort == TOP_SORT_NAME ? by_name != rows->ask.reversed : by_name;
}

static bool
entry_before(struct top_rows *rows, const struct table_reader *table, uint32_t a, uint32_t b)
{
    struct top_key *left = &rows->key[0];
    struct top_key *right = &rows->key[1];
    left->entry = rows->entry[a];
    right->entry = rows->entry[b];
    left->named = right->named = false;
    return before(rows, table, left, right);
}

static void
swap(struct top_rows *rows, uint32_t a, uint32_t b)
{
    struct top_entry kept = rows->entry[a];
    rows->entry[a] = rows->entry[b];
    rows->entry[b] = kept;
}

static uint32_t
random_below(struct top_rows *rows, uint32_t limit)
{
    rows->random = hash_mix(rows->random, limit);
    return (uint32_t)(rows->random % limit);
}

// Moves what comes before a pivot of [low, high) in front of it; its place.
static uint32_t
partition(struct top_rows *rows, const struct table_reader *table, uint32_t low, uint32_t high)
{
    struct top_key *pivot = &rows->key[0];
    struct top_key *other = &rows->key[1];
    uint32_t place = low;
    swap(rows, low + random_below(rows, high - low), high - 1);
    pivot->entry = rows->entry[high - 1];
    pivot->named = false;
    for (uint32_t i = low; i < high - 1; i++) {
        other->entry = rows->entry[i];
        other->named = false;
        if (before(rows, table, other, pivot)) {
            swap(rows, i, place++);
        }
    }
    swap(rows, place, high - 1);
    return place;
}

// Whatever comes before the place `at` of the order lies before it in
// [low, high) after this.
static void
split_at(struct top_rows *rows, const struct table_reader *table, uint32_t low, uint32_t high,
         uint32_t at)
{
    while (low + 1 < high) {
        uint32_t place = partition(rows, table, low, high);
        if (place == at) {
            return;
        }
        if (place < at) {
            low = place + 1;
        } else {
            high = place;
        }
    }
}

// The heap has the entry that comes last at its top.
static void
sift_down(struct top_rows *rows, const struct table_reader *table, uint32_t first, uint32_t at,
          uint32_t count)
{
    while (2 * at + 1 < count) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < count &&
            entry_before(rows, table, first + child, first + child + 1)) {
            child++;
        }
        if (!entry_before(rows, table, first + at, first + child)) {
            return;
        }
        swap(rows, first + at, first + child);
        at = child;
    }
}

static void
sort(struct top_rows *rows, const struct table_reader *table, uint32_t first, uint32_t count)
{
    for (uint32_t at = count / 2; at > 0; at--) {
        sift_down(rows, table, first, at - 1, count);
    }
    for (uint32_t left = count; left > 1; left--) {
        swap(rows, first, first + left - 1);
        sift_down(rows, table, first, 0, left - 1);
    }
}

void
top_rows_select(struct top_rows *rows, const struct table_reader *table, uint32_t first,
                uint32_t count)
{
    if (first >= rows->count) {
        return;
    }
    if (count > rows->count - first) {
        count = rows->count - first;
    }
    if (first > 0) {
        split_at(rows, table, 0, rows->count, first);
    }
    if (first + count < rows->count) {
        split_at(rows, table, first, rows->count, first + count);
    }
    sort(rows, table, first, count);
}
