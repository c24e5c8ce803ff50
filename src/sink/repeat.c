#include "sink/repeat.h"

#include <string.h>

#include "base/check.h"

static uint32_t
load(const char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static size_t
slot_of(uint32_t word)
{
    return word * UINT32_C(0x1e35a7bd) >> (32 - REPEAT_TABLE_BITS);
}

struct repeat_search
repeat_search(struct repeat_table *table, struct text text, size_t begin_tail, size_t end_tail)
{
    ASSERT(text.size <= REPEAT_TEXT_BYTES_MAX);
    ASSERT(begin_tail >= REPEAT_BYTES_MIN + end_tail);
    memset(table, 0, sizeof *table);
    // Position 0 is what an empty place of the table means.
    return (struct repeat_search){
        .table = table,
        .text = text,
        .first_end = text.size > begin_tail ? text.size - begin_tail : 0,
        .end = text.size > end_tail ? text.size - end_tail : 0,
        .at = 1,
        .missed = 32,
    };
}

static size_t
length_of(const char *earlier, const char *now, const char *end)
{
    const char *from = now;
    while (now < end && *earlier == *now) {
        earlier++;
        now++;
    }
    return (size_t)(now - from);
}

bool
repeat_next(struct repeat_search *search, struct repeat *repeat)
{
    const char *base = search->text.at;
    const char *end = base + search->end;
    size_t at = search->at;
    while (at < search->first_end) {
        uint32_t word = load(base + at);
        uint16_t *slot = &search->table->position[slot_of(word)];
        size_t earlier = *slot;
        *slot = (uint16_t)at;
        if (load(base + earlier) != word) {
            // Bytes without a repeat make the steps longer: what does not repeat is
            // passed quickly.
            at += search->missed++ >> 5;
            continue;
        }
        size_t more =
            length_of(base + earlier + REPEAT_BYTES_MIN, base + at + REPEAT_BYTES_MIN, end);
        *repeat = (struct repeat){at, REPEAT_BYTES_MIN + more, at - earlier};
        search->at = at + repeat->size;
        search->missed = 32;
        return true;
    }
    search->at = at;
    return false;
}
