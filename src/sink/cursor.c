#include "sink/cursor.h"

#include <string.h>

#include "base/hash.h"

#define CURSOR_MAGIC UINT64_C(0x736b657263757231)  // "skercur1"
// Every delivered cycle changes the file, and each write is two syncs.
#define STORE_MS 1000
#define STORE_AGAIN_MS 5000

struct cursor_file {
    uint64_t magic;
    uint64_t checksum;  // of all that follows
    uint32_t seen_s;
    uint32_t range_count;
    struct cursor_range range[CURSOR_RANGES_MAX];
};
_Static_assert(sizeof(struct cursor_file) == 24 + 8 * CURSOR_RANGES_MAX, "the file's layout");

static uint64_t
checksum_of(const struct cursor_file *file)
{
    static const struct hash_key key = {0x637572736f722d63, 0x6865636b73756d31};
    size_t head = offsetof(struct cursor_file, seen_s);
    return hash_bytes(key, (const char *)file + head, sizeof *file - head);
}

void
cursor_init(struct cursor *cursor, const struct platform *platform, const char *path,
            uint32_t step_s)
{
    ASSERT(step_s >= 1);
    *cursor = (struct cursor){.platform = platform, .step_s = step_s};
    struct out out = out_of(cursor->path, sizeof cursor->path);
    out_string(&out, path);
    (void)out_c_string(&out);
    ASSERT(!out.full);
}

static bool
is_sound(const struct cursor_file *file)
{
    if (file->magic != CURSOR_MAGIC || file->checksum != checksum_of(file) ||
        file->range_count > CURSOR_RANGES_MAX) {
        return false;
    }
    for (unsigned i = 0; i < file->range_count; i++) {
        const struct cursor_range *range = &file->range[i];
        if (range->first_s == 0 || range->first_s > range->last_s ||
            (i > 0 && range->first_s <= file->range[i - 1].last_s)) {
            return false;
        }
    }
    return true;
}

int
cursor_load(struct cursor *cursor)
{
    struct cursor_file file;
    char bytes[sizeof file + 1];
    struct text content;
    int error = platform_read_file(cursor->platform, cursor->path, bytes, sizeof bytes, &content);
    if (error != 0) {
        return error == -ERR_TOO_LARGE ? -ERR_MALFORMED : error;
    }
    if (content.size != sizeof file) {
        return -ERR_MALFORMED;
    }
    memcpy(&file, content.at, sizeof file);
    if (!is_sound(&file)) {
        return -ERR_MALFORMED;
    }
    cursor->seen_s = file.seen_s;
    cursor->range_count = file.range_count;
    memcpy(cursor->range, file.range, sizeof file.range);
    return 0;
}

int
cursor_store(struct cursor *cursor, struct mono_ns now, bool at_once)
{
    if (!cursor->changed || (!at_once && mono_before(now, cursor->store_after))) {
        return 0;
    }
    struct cursor_file file = {
        .magic = CURSOR_MAGIC,
        .seen_s = cursor->seen_s,
        .range_count = cursor->range_count,
    };
    memcpy(file.range, cursor->range, cursor->range_count * sizeof file.range[0]);
    file.checksum = checksum_of(&file);
    int error = platform_replace_file(cursor->platform, cursor->path, &file, sizeof file, 0644);
    cursor->store_after = mono_add_ms(now, error == 0 ? STORE_MS : STORE_AGAIN_MS);
    cursor->changed = error != 0;
    cursor->last_error = error;
    return error;
}

static void
drop_range(struct cursor *cursor, unsigned at)
{
    cursor->range_count--;
    memmove(&cursor->range[at], &cursor->range[at + 1],
            (cursor->range_count - at) * sizeof cursor->range[0]);
}

// Makes room for one more: the two that lie closest become one.
static void
merge_closest(struct cursor *cursor)
{
    unsigned best = 1;
    uint32_t least = UINT32_MAX;
    for (unsigned i = 1; i < cursor->range_count; i++) {
        uint32_t between = cursor->range[i].first_s - cursor->range[i - 1].last_s;
        if (between < least) {
            least = between;
            best = i;
        }
    }
    cursor->range[best - 1].last_s = cursor->range[best].last_s;
    drop_range(cursor, best);
}

// Before `at`; room was made.
static void
insert_range(struct cursor *cursor, unsigned at, struct cursor_range range)
{
    ASSERT(cursor->range_count < CURSOR_RANGES_MAX);
    memmove(&cursor->range[at + 1], &cursor->range[at],
            (cursor->range_count - at) * sizeof cursor->range[0]);
    cursor->range[at] = range;
    cursor->range_count++;
}

// No cycle lies between two that are one step apart. Not a second more: the range
// before a delivered cycle ends a second before it, and must not grow over it.
static bool
touch(const struct cursor *cursor, uint32_t earlier_s, uint32_t later_s)
{
    return later_s <= earlier_s || later_s - earlier_s <= cursor->step_s;
}

// The first range that does not end before `first_s`, or touches it.
static unsigned
place_of(const struct cursor *cursor, uint32_t first_s)
{
    unsigned at = 0;
    while (at < cursor->range_count && !touch(cursor, cursor->range[at].last_s, first_s)) {
        at++;
    }
    return at;
}

void
cursor_add(struct cursor *cursor, uint32_t first_s, uint32_t last_s)
{
    struct cursor_range range = {first_s, last_s};
    ASSERT(first_s >= 1 && first_s <= last_s);
    unsigned at = place_of(cursor, first_s);
    while (at < cursor->range_count && touch(cursor, range.last_s, cursor->range[at].first_s)) {
        const struct cursor_range *other = &cursor->range[at];
        range.first_s = other->first_s < range.first_s ? other->first_s : range.first_s;
        range.last_s = other->last_s > range.last_s ? other->last_s : range.last_s;
        drop_range(cursor, at);
    }
    if (cursor->range_count == CURSOR_RANGES_MAX) {
        merge_closest(cursor);
        at = place_of(cursor, first_s);
        if (at < cursor->range_count && cursor->range[at].first_s <= first_s &&
            cursor->range[at].last_s >= last_s) {
            cursor->changed = true;
            return;
        }
    }
    insert_range(cursor, at, range);
    cursor->changed = true;
}

uint32_t
cursor_see(struct cursor *cursor, uint32_t cycle_s)
{
    uint32_t seen_s = cursor->seen_s;
    uint32_t given_up = 0;
    if (cycle_s == 0 || cycle_s == seen_s) {
        return 0;
    }
    if (cycle_s < seen_s && seen_s - cycle_s > CURSOR_STEP_BACK_S) {
        given_up = cursor_count(cursor);
        cursor_remove(cursor, cycle_s + 1, UINT32_MAX);
        given_up -= cursor_count(cursor);
    }
    bool alone = seen_s == 0 || cycle_s < seen_s || touch(cursor, seen_s, cycle_s);
    cursor->seen_s = cycle_s;
    cursor_add(cursor, alone ? cycle_s : seen_s + 1, cycle_s);
    return given_up;
}

void
cursor_remove(struct cursor *cursor, uint32_t first_s, uint32_t last_s)
{
    unsigned at = 0;
    ASSERT(first_s <= last_s);
    while (at < cursor->range_count) {
        struct cursor_range *range = &cursor->range[at];
        if (range->last_s < first_s || range->first_s > last_s) {
            at++;
            continue;
        }
        cursor->changed = true;
        struct cursor_range behind = {last_s + 1, range->last_s};
        bool has_before = range->first_s < first_s;
        bool has_behind = range->last_s > last_s;
        if (has_before && has_behind) {
            range->last_s = first_s - 1;
            if (cursor->range_count == CURSOR_RANGES_MAX) {
                range->last_s = behind.last_s;  // no room to split: sent twice
            } else {
                insert_range(cursor, at + 1, behind);
            }
            return;
        }
        if (has_before) {
            range->last_s = first_s - 1;
            at++;
        } else if (has_behind) {
            range->first_s = last_s + 1;
            at++;
        } else {
            drop_range(cursor, at);
        }
    }
}

bool
cursor_owes(const struct cursor *cursor, uint32_t cycle_s)
{
    for (unsigned i = 0; i < cursor->range_count; i++) {
        if (cycle_s >= cursor->range[i].first_s && cycle_s <= cursor->range[i].last_s) {
            return true;
        }
    }
    return false;
}

uint32_t
cursor_range_count(const struct cursor *cursor, struct cursor_range range)
{
    return range.last_s / cursor->step_s - (range.first_s - 1) / cursor->step_s;
}

uint32_t
cursor_count(const struct cursor *cursor)
{
    uint32_t count = 0;
    for (unsigned i = 0; i < cursor->range_count; i++) {
        count += cursor_range_count(cursor, cursor->range[i]);
    }
    return count;
}
