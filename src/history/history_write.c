// Writing cycles: sets become rows of groups (history_group.h).
#include <string.h>

#include "history/history_group.h"

void
history_forget(struct history *history)
{
    struct history_writer *writer = history->writer;
    for (unsigned kind = 0; kind < KIND_MAIN_COUNT; kind++) {
        memset(writer->rows[kind], 0, writer->limit[kind] * sizeof writer->rows[kind][0]);
    }
    label_cache_forget(&writer->labels);
    writer->in_cycle = false;
    writer->in_group = false;
    writer->work_due = true;
    writer->sweep_due = true;
    writer->swept = 0;
    writer->opened_s = history->newest_s;
}

// --- Sets

static uint64_t
bits_of(const struct metric_value *value, bool is_real)
{
    double real = value->is_double ? value->real : (double)value->u64;
    uint64_t bits;
    if (!is_real) {
        return value->is_double ? (uint64_t)(value->real < 0 ? 0 : value->real) : value->u64;
    }
    memcpy(&bits, &real, sizeof bits);
    return bits;
}

static void
put_value(struct block_rows *rows, unsigned column, unsigned slot, uint64_t bits)
{
    rows->present[column] |= UINT32_C(1) << slot;
    rows->value[column][slot] = bits;
}

static void
put_main(struct history *history, const struct metric_set *set, enum history_kind kind,
         unsigned slot, uint32_t number)
{
    const struct catalogue *catalogue = &history->catalogue;
    struct block_rows *rows = history_main_rows(history);
    rows->used |= UINT32_C(1) << slot;
    rows->entity[slot] = number;
    for (unsigned column = 0; column < catalogue->count[kind]; column++) {
        unsigned metric = catalogue->metric[kind][column];
        if (metric < METRIC_COUNT && set->present[metric]) {
            put_value(rows, column, slot,
                      bits_of(&set->value[metric], catalogue->is_real[kind][column]));
            history->writer->samples++;
        } else if (metric == COLUMN_START && set->start_s != 0) {
            put_value(rows, column, slot, set->start_s);
        }
    }
}

static unsigned
labelled_column(const struct catalogue *catalogue, enum history_kind kind,
                const struct labelled_value *value)
{
    unsigned metric = value->metric != METRIC_COUNT ? value->metric
                      : value->value.is_double      ? COLUMN_EXTRA_REAL
                                                    : COLUMN_EXTRA_WHOLE;
    return catalogue->column[kind][metric];
}

// All values of the set with that label in one row.
static int
put_labelled_row(struct history *history, const struct metric_set *set, unsigned count,
                 uint32_t label, unsigned parent_slot)
{
    struct history_writer *writer = history->writer;
    enum history_kind kind = (enum history_kind)(KIND_LABELLED + writer->kind);
    if (writer->labelled_count == HISTORY_GROUP_ROWS) {
        int error = history_flush_labelled(history);
        if (error != 0) {
            return error;
        }
    }
    if (writer->sub == KIND_SUBS_MAX) {
        return 0;
    }
    struct block_rows *rows = history_labelled_rows(history);
    unsigned slot = writer->labelled_count++;
    rows->used |= UINT32_C(1) << slot;
    rows->entity[slot] = labelled_number(label, parent_slot);
    for (unsigned i = 0; i < count; i++) {
        unsigned column = labelled_column(&history->catalogue, kind, &set->labelled[i]);
        if (writer->label_of[i] == label && column != KIND_NO_COLUMN) {
            put_value(rows, column, slot,
                      bits_of(&set->labelled[i].value, history->catalogue.is_real[kind][column]));
            writer->samples++;
        }
    }
    return 0;
}

static bool
is_first_of_label(const uint32_t *labels, unsigned at)
{
    for (unsigned i = at; i-- > 0;) {  // mostly the one before
        if (labels[i] == labels[at]) {
            return false;
        }
    }
    return true;
}

// Values of one resource come one after the other, with one text.
static bool
has_label_of(const struct labelled_value *value, const struct labelled_value *before)
{
    return value->metric != METRIC_COUNT && before->metric != METRIC_COUNT &&
           value->resource_id.at == before->resource_id.at &&
           value->resource_id.size == before->resource_id.size;
}

static int
find_labels(struct history *history, const struct metric_set *set, unsigned count)
{
    struct history_writer *writer = history->writer;
    int error = 0;
    for (unsigned i = 0; i < count && error == 0; i++) {
        const struct labelled_value *value = &set->labelled[i];
        struct text name = value->metric == METRIC_COUNT ? value->name : TEXT("");
        if (i > 0 && has_label_of(value, value - 1)) {
            writer->label_of[i] = writer->label_of[i - 1];
            continue;
        }
        error = label_number(&history->database, &writer->labels, history->key, name,
                             value->resource_id, writer->cycle_s, &writer->label_of[i]);
    }
    return error;
}

static int
put_labelled(struct history *history, const struct metric_set *set, unsigned parent_slot)
{
    struct history_writer *writer = history->writer;
    unsigned count = set->labelled_count < HISTORY_SET_LABELLED_MAX ? set->labelled_count
                                                                    : HISTORY_SET_LABELLED_MAX;
    int error = find_labels(history, set, count);
    for (unsigned i = 0; i < count && error == 0; i++) {
        if (is_first_of_label(writer->label_of, i)) {
            error = put_labelled_row(history, set, count, writer->label_of[i], parent_slot);
        }
    }
    return error;
}

static uint32_t
check_of(uint64_t identity)
{
    return (uint32_t)(identity ^ identity >> 32);
}

bool
history_knows(const struct history *history, uint32_t index, const struct metric_set *set)
{
    const struct history_writer *writer = history->writer;
    enum history_kind kind = kind_of_entity(set->entity);
    return index < writer->limit[kind] && set->identity != 0 &&
           writer->rows[kind][index].number != 0 &&
           writer->rows[kind][index].check == check_of(set->identity);
}

// The version that the row is now; what it was before has ended.
static int
find_number(struct history *history, enum history_kind kind, uint32_t index,
            const struct metric_set *set, uint32_t *number)
{
    struct history_writer *writer = history->writer;
    struct history_row *row = &writer->rows[kind][index];
    *number = row->number;
    if (history_knows(history, index, set)) {
        return 0;
    }
    struct text data = entity_encode(set, writer->data);
    uint64_t identity = entity_identity(history->key, index, data);
    uint32_t check = check_of(set->identity != 0 ? set->identity : identity);
    if (row->number != 0 && row->check == check) {
        return 0;
    }
    int error = entity_number(&history->database, history->key, index, set, data,
                              writer->cycle_s, number);
    if (error == 0 && row->number != *number) {
        error = history_end_row(history, row);
    }
    *row = (struct history_row){*number, check};
    return error;
}

static int
put(struct history *history, uint32_t index, const struct metric_set *set)
{
    enum history_kind kind = kind_of_entity(set->entity);
    unsigned slot = index % HISTORY_GROUP_ROWS;
    uint32_t number;
    ASSERT(history->writer->in_cycle);
    ASSERT(index < history->writer->limit[kind]);
    int error = history_open_group(history, kind, index / HISTORY_GROUP_ROWS);
    error = error == 0 ? find_number(history, kind, index, set, &number) : error;
    if (error != 0) {
        return error;
    }
    ASSERT((history_main_rows(history)->used >> slot & 1) == 0);
    put_main(history, set, kind, slot, number);
    return put_labelled(history, set, slot);
}

int
history_put(struct history *history, uint32_t index, const struct metric_set *set)
{
    return history_failed(history, put(history, index, set));
}

// --- Cycles

// The window that the cycle lies in: the last one while it lasts, else one from
// the next multiple of its length on, but never before the end of the last.
static int
open_window(struct history *history, uint32_t cycle_s)
{
    struct history_window last;
    uint32_t length = history->config.resolution_s * HISTORY_WINDOW_CYCLES;
    uint32_t start = cycle_s - cycle_s % length;
    int found = history_window(history, STATEMENT_WINDOW_LAST, window_id(TIER_RAW, 0),
                               window_id(TIER_RAW + 1, 0), &last);
    if (found < 0) {
        return found;
    }
    if (found > 0 && cycle_s < last.end_s && !last.done) {
        history->writer->window = last;
        return 0;
    }
    if (found > 0 && start < last.end_s) {
        start = last.end_s > cycle_s ? cycle_s : last.end_s;
    }
    struct history_window window = {TIER_RAW, start, cycle_s - cycle_s % length + length,
                                    found > 0 ? ~last.at & 1 : 0, false};
    history->writer->window = window;
    return database_run(&history->database, STATEMENT_WINDOW_ADD,
                        DATABASE_VALUES(window_id(TIER_RAW, start), window.end_s, window.at));
}

static int
begin_cycle(struct history *history, uint32_t cycle_s)
{
    struct history_writer *writer = history->writer;
    ASSERT(!writer->in_cycle);
    if (!history->is_open) {
        return history->last_error != 0 ? history->last_error : -ERR_NO_FILE;
    }
    if (cycle_s <= history->newest_s || writer->forget_from_s != 0) {
        return history_step_note(history, cycle_s);
    }
    int error = database_check(&history->database);
    error = error == 0 ? history_begin(history) : error;
    if (error != 0) {
        return error;
    }
    writer->in_cycle = true;
    writer->in_group = false;
    writer->cycle_s = cycle_s;
    writer->samples = 0;
    writer->bytes = 0;
    writer->blocks = 0;
    for (unsigned kind = 0; kind < KIND_MAIN_COUNT; kind++) {
        size_t words = writer->limit[kind] / (HISTORY_GROUP_ROWS * 64) + 1;
        memset(writer->flushed[kind], 0, words * sizeof writer->flushed[kind][0]);
    }
    return open_window(history, cycle_s);
}

int
history_begin_cycle(struct history *history, uint32_t cycle_s)
{
    return history_failed(history, begin_cycle(history, cycle_s));
}

static int
end_absent(struct history *history)
{
    struct history_writer *writer = history->writer;
    int error = 0;
    for (unsigned kind = 0; kind < KIND_MAIN_COUNT; kind++) {
        uint32_t groups = (writer->limit[kind] - 1) / HISTORY_GROUP_ROWS + 1;
        for (uint32_t group = 0; group < groups && error == 0; group++) {
            if ((writer->flushed[kind][group / 64] >> group % 64 & 1) == 0) {
                error = history_end_unused(history, (enum history_kind)kind, group, 0);
            }
        }
    }
    return error;
}

static int
end_cycle(struct history *history)
{
    struct history_writer *writer = history->writer;
    ASSERT(writer->in_cycle);
    int error = history_flush_group(history);
    error = error == 0 ? end_absent(history) : error;
    if (error == 0) {
        error = database_run(&history->database, STATEMENT_CYCLE_ADD,
                             DATABASE_VALUES(writer->cycle_s, writer->window.start_s));
    }
    history->totals.samples += writer->samples;
    history->totals.bytes += writer->bytes;
    error = error == 0 ? history_upkeep(history) : error;
    error = error == 0 ? history_commit(history) : error;
    if (error == 0) {
        history->newest_s = writer->cycle_s;
        history->last_error = 0;
        writer->in_cycle = false;
        writer->work_due = true;
    }
    return error;
}

int
history_end_cycle(struct history *history)
{
    return history_failed(history, end_cycle(history));
}

void
history_rollback(struct history *history)
{
    if (history->is_open) {
        database_rollback(&history->database);
    }
    history->totals = history->kept;
    history_forget(history);
}
