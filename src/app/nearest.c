#include "app/nearest.h"

static size_t
least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

// One row of the table from the two before it.
static void
next_row(struct text a, struct text b, size_t i, const size_t *before, const size_t *last,
         size_t *row)
{
    row[0] = i;
    for (size_t j = 1; j <= b.size; j++) {
        size_t change = a.at[i - 1] == b.at[j - 1] ? 0 : 1;
        size_t best = least_of(last[j] + 1, row[j - 1] + 1);
        best = least_of(best, last[j - 1] + change);
        if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1]) {
            best = least_of(best, before[j - 2] + 1);
        }
        row[j] = best;
    }
}

size_t
nearest_distance(struct text a, struct text b)
{
    size_t rows[3][NEAREST_BYTES_MAX + 1] = {{0}};
    if (a.size > NEAREST_BYTES_MAX || b.size > NEAREST_BYTES_MAX) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= b.size; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.size; i++) {
        next_row(a, b, i, rows[(i + 1) % 3], rows[(i + 2) % 3], rows[i % 3]);
    }
    return rows[a.size % 3][b.size];
}

size_t
nearest_limit(struct text word)
{
    return word.size / 3;
}
