#include "api/near.h"

#include <string.h>

static unsigned
least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

// row[j] is the distance of a's first i bytes and b's first j. Only the cells
// within `limit` of the diagonal can matter; the others count as far.
static unsigned
next_row(uint8_t *row, struct text a, struct text b, size_t i, unsigned limit)
{
    unsigned far = limit + 1;
    size_t from = i > limit ? i - limit : 1;
    size_t to = i + limit < b.size ? i + limit : b.size;
    unsigned corner = row[from - 1];
    unsigned best = far;
    row[from - 1] = (uint8_t)(from == 1 ? least((unsigned)i, far) : far);
    for (size_t j = from; j <= to; j++) {
        unsigned above = j == i + limit ? far : row[j];
        unsigned value = corner + (a.at[i - 1] == b.at[j - 1] ? 0 : 1);
        value = least(value, least(above, row[j - 1]) + 1);
        corner = above;
        row[j] = (uint8_t)least(value, far);
        best = least(best, row[j]);
    }
    return best;
}

unsigned
near_distance(struct text a, struct text b, unsigned limit)
{
    ASSERT(limit <= NEAR_DISTANCE_MAX);
    uint8_t row[NAME_BYTES_MAX + 1];
    size_t apart = a.size > b.size ? a.size - b.size : b.size - a.size;
    if (apart > limit || a.size > NAME_BYTES_MAX || b.size > NAME_BYTES_MAX) {
        return limit + 1;
    }
    for (size_t j = 0; j <= b.size; j++) {
        row[j] = (uint8_t)(j > limit ? limit + 1 : j);
    }
    for (size_t i = 1; i <= a.size; i++) {
        if (next_row(row, a, b, i, limit) > limit && i > limit) {
            return limit + 1;
        }
    }
    return row[b.size];
}

void
near_begin(struct near *near, struct text wanted)
{
    near->wanted = wanted;
    near->limit = least(1 + (unsigned)least((unsigned)wanted.size, 64) / 4, NEAR_DISTANCE_MAX);
    near->count = 0;
}

void
near_offer(struct near *near, struct text name)
{
    near_offer_longer(near, name, 0, name);
}

void
near_offer_longer(struct near *near, struct text compared, unsigned further, struct text name)
{
    unsigned distance = near_distance(near->wanted, compared, near->limit);
    if (distance > near->limit || name.size == 0 || name.size > NAME_BYTES_MAX) {
        return;
    }
    distance += further;
    unsigned at = near->count;
    while (at > 0 && near->best[at - 1].distance > distance) {
        at--;
    }
    if (at == NEAR_COUNT_MAX) {
        return;
    }
    unsigned last = least(near->count, NEAR_COUNT_MAX - 1);
    memmove(&near->best[at + 1], &near->best[at], (last - at) * sizeof near->best[0]);
    near->best[at].distance = distance;
    near->best[at].size = (uint16_t)name.size;
    memcpy(near->best[at].name, name.at, name.size);
    near->count = last + 1;
}

void
near_write(const struct near *near, struct out *out)
{
    for (unsigned i = 0; i < near->count; i++) {
        out_string(out, i == 0 ? "; near it: " : ", ");
        out_text(out, (struct text){near->best[i].name, near->best[i].size});
    }
}
