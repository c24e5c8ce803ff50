#include "history/rollup.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const enum history_stat gauge_stats[] = {STAT_LEAST, STAT_GREATEST, STAT_LAST,
                                                STAT_AVERAGE};
#define AVERAGE_BEHIND_LEAST 3
_Static_assert(ARRAY_COUNT(gauge_stats) == STAT_COUNT, "a gauge has every stat");

static int
add_column(struct rollup_map *map, unsigned from, bool is_real, enum history_stat stat)
{
    unsigned number = map->to.column_count;
    if (number == BLOCK_COLUMNS_MAX) {
        return -ERR_TOO_MANY;
    }
    map->from[number] = (uint16_t)from;
    map->stat[number] = (uint8_t)stat;
    map->is_real_from[number] = is_real;
    map->to.is_real[number] = is_real || stat == STAT_AVERAGE;
    map->to.column_count++;
    return 0;
}

int
rollup_map_raw(struct rollup_map *map, const struct block_shape *from, const bool is_counter[])
{
    ASSERT(from->column_count <= BLOCK_COLUMNS_MAX);
    *map = (struct rollup_map){0};
    for (unsigned i = 0; i < from->column_count; i++) {
        if (is_counter[i]) {
            if (add_column(map, i, from->is_real[i], STAT_LAST) != 0) {
                return -ERR_TOO_MANY;
            }
            continue;
        }
        for (unsigned k = 0; k < ARRAY_COUNT(gauge_stats); k++) {
            if (add_column(map, i, from->is_real[i], gauge_stats[k]) != 0) {
                return -ERR_TOO_MANY;
            }
        }
    }
    return 0;
}

void
rollup_map_coarse(struct rollup_map *map, const struct rollup_map *from)
{
    *map = *from;
    for (unsigned i = 0; i < map->to.column_count; i++) {
        map->from[i] = (uint16_t)i;
        map->is_real_from[i] = from->to.is_real[i];
    }
}

uint16_t
rollup_column(const struct rollup_map *map, unsigned raw_column, enum history_stat stat)
{
    for (unsigned i = 0; i < map->to.column_count; i++) {
        if (map->from[i] == raw_column && map->stat[i] == (uint8_t)stat) {
            return (uint16_t)i;
        }
    }
    return ROLLUP_NONE;
}

void
rollup_begin(struct rollup *rollup, const struct rollup_map *map, uint32_t time_s)
{
    rollup->map = map;
    rollup->rows.time_s = time_s;
    rollup->rows.used = 0;
    memset(rollup->rows.entity, 0, sizeof rollup->rows.entity);
    memset(rollup->rows.present, 0, sizeof rollup->rows.present);
}

static double
to_real(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static uint64_t
to_bits(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

// Slots that have another entity by now begin anew.
static void
take_entities(struct block_rows *rows, const struct block_rows *finer, unsigned column_count)
{
    uint32_t begun_anew = 0;
    for (uint32_t rest = finer->used; rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctz(rest);
        bool is_other = rows->entity[slot] != finer->entity[slot];
        begun_anew |= (uint32_t)is_other << slot;
        rows->entity[slot] = finer->entity[slot];
    }
    rows->used |= finer->used;
    for (unsigned i = 0; i < column_count && begun_anew != 0; i++) {
        rows->present[i] &= ~begun_anew;
    }
}

static bool
is_less(uint64_t a, uint64_t b, bool is_real)
{
    return is_real ? to_real(a) < to_real(b) : a < b;
}

// The sum stands in the average's place until rollup_end.
static void
fold_average(struct rollup *rollup, unsigned column, unsigned slot, double number)
{
    uint64_t *sum = &rollup->rows.value[column][slot];
    if (!(rollup->rows.present[column] >> slot & 1)) {
        *sum = to_bits(number);
        rollup->count[column][slot] = 1;
        return;
    }
    if (rollup->count[column][slot] < UINT16_MAX) {
        *sum = to_bits(to_real(*sum) + number);
        rollup->count[column][slot]++;
    }
}

static void
fold(struct rollup *rollup, unsigned column, unsigned slot, uint64_t value, bool is_real)
{
    struct block_rows *rows = &rollup->rows;
    uint64_t *kept = &rows->value[column][slot];
    bool is_first = !(rows->present[column] >> slot & 1);
    switch ((enum history_stat)rollup->map->stat[column]) {
    case STAT_LEAST:
        *kept = is_first || is_less(value, *kept, is_real) ? value : *kept;
        break;
    case STAT_GREATEST:
        *kept = is_first || is_less(*kept, value, is_real) ? value : *kept;
        break;
    case STAT_AVERAGE:
        fold_average(rollup, column, slot, is_real ? to_real(value) : (double)value);
        break;
    default:
        *kept = value;
        break;
    }
    rows->present[column] |= UINT32_C(1) << slot;
}

void
rollup_add(struct rollup *rollup, const struct block_rows *finer)
{
    const struct rollup_map *map = rollup->map;
    take_entities(&rollup->rows, finer, map->to.column_count);
    for (unsigned i = 0; i < map->to.column_count; i++) {
        unsigned from = map->from[i];
        bool is_real = map->is_real_from[i];
        for (uint32_t rest = finer->present[from] & finer->used; rest != 0; rest &= rest - 1) {
            unsigned slot = (unsigned)__builtin_ctz(rest);
            fold(rollup, i, slot, finer->value[from][slot], is_real);
        }
    }
}

// A mean of floats needs more digits than it means: rounded it takes half the
// room. One that is exact stays so.
static uint64_t
mean_of(const struct rollup *rollup, unsigned column, unsigned slot)
{
    const struct block_rows *rows = &rollup->rows;
    uint64_t least = rows->value[column - AVERAGE_BEHIND_LEAST][slot];
    uint64_t greatest = rows->value[column - AVERAGE_BEHIND_LEAST + 1][slot];
    if (least == greatest) {
        bool is_real = rollup->map->to.is_real[column - AVERAGE_BEHIND_LEAST];
        return is_real ? least : to_bits((double)least);
    }
    double mean = to_real(rows->value[column][slot]) / rollup->count[column][slot];
    return to_bits(fabs(mean) < (double)FLT_MAX ? (double)(float)mean : mean);
}

const struct block_rows *
rollup_end(struct rollup *rollup)
{
    const struct rollup_map *map = rollup->map;
    for (unsigned i = 0; i < map->to.column_count; i++) {
        if (map->stat[i] != STAT_AVERAGE) {
            continue;
        }
        for (uint32_t rest = rollup->rows.present[i]; rest != 0; rest &= rest - 1) {
            unsigned slot = (unsigned)__builtin_ctz(rest);
            rollup->rows.value[i][slot] = mean_of(rollup, i, slot);
        }
    }
    return &rollup->rows;
}
