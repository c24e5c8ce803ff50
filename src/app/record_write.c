#include "app/record_write.h"

#include "model/set_sum.h"

// Sets written between two heartbeats; a hundred take about a millisecond.
#define SETS_PER_BEAT 2000

static int
put(struct record_write *write, row_index index, const struct metric_set *set)
{
    if (++write->sets_total % SETS_PER_BEAT == 0) {
        role_beat(write->beat, platform_mono_now(write->platform));
    }
    return history_put(write->history, index, set);
}

static int
put_pool(struct record_write *write, enum table_pool pool, uint32_t cycle_s)
{
    const struct table_reader *table = write->table;
    const struct metric_set *set;
    int error = 0;
    for (row_index row = table_next_row(table, pool, 0); row != 0 && error == 0;
         row = table_next_row(table, pool, row)) {
        bool is_there = set_reader_values(write->sets, table, pool, row, cycle_s, &set);
        if (is_there && !history_knows(write->history, row, set)) {
            is_there = set_reader_row(write->sets, table, pool, row, cycle_s, &set);
        }
        if (is_there) {
            error = put(write, row, set);
        }
    }
    return error;
}

// With the nodes added up.
static int
put_cluster(struct record_write *write, uint32_t cycle_s)
{
    const struct table_reader *table = write->table;
    const struct metric_set *set;
    struct set_sum sums = {0};
    for (row_index row = table_next_row(table, POOL_NODES, 0); row != 0;
         row = table_next_row(table, POOL_NODES, row)) {
        if (set_reader_values(write->sets, table, POOL_NODES, row, cycle_s, &set)) {
            set_sum_add(&sums, set);
        }
    }
    if (!set_reader_cluster(write->sets, table, cycle_s, &set)) {
        return 0;
    }
    struct metric_set whole = *set;
    set_sum_put(&sums, &whole);
    return put(write, 0, &whole);
}

// In the order that history_put() asks for.
static int
put_all(struct record_write *write, uint32_t cycle_s)
{
    static const enum table_pool pools[] = {POOL_NAMESPACES, POOL_NODES, POOL_PODS,
                                            POOL_CONTAINERS};
    int error = put_cluster(write, cycle_s);
    for (size_t i = 0; i < ARRAY_COUNT(pools) && error == 0; i++) {
        error = put_pool(write, pools[i], cycle_s);
    }
    return error;
}

int
record_write_cycle(struct record_write *write, uint32_t cycle_s)
{
    int error = history_begin_cycle(write->history, cycle_s);
    if (error != 0) {
        return error;
    }
    error = put_all(write, cycle_s);
    error = error == 0 ? history_end_cycle(write->history) : error;
    if (error != 0) {
        history_rollback(write->history);
    }
    return error;
}
