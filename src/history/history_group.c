#include "history/history_group.h"

#include <string.h>

#include "history/window.h"

static void
clear_rows(struct block_rows *rows, uint32_t time_s, unsigned columns)
{
    rows->time_s = time_s;
    rows->used = 0;
    memset(rows->present, 0, columns * sizeof rows->present[0]);
}

// --- Blocks

// The window's key block of that group into rows[2]: 1; 0: there is none yet;
// another error: there is one that does not serve.
static int
find_key(struct history *history, const struct block_id *id, const struct block_shape *shape)
{
    sqlite3_stmt *row;
    struct piece piece;
    struct block_id key = *id;
    const struct history_window *window = &history->writer->window;
    key.time_s = window->start_s;
    int result = database_query(&history->database, history_fresh(STATEMENT_FRESH0_GET, window),
                                DATABASE_VALUES(block_id_pack(&key)), &row);
    if (result <= 0) {
        return result;
    }
    struct text rest = database_column(row, 0);
    result = piece_next(&rest, id, &piece);
    if (result > 0 && piece.columns == shape->column_count &&
        block_decode(shape, piece.block, NULL, history->rows[2]) == 0) {
        database_done(row);
        return 1;
    }
    database_done(row);
    return -ERR_MISSING;
}

static int
add_row(struct history *history, enum statement which, const struct block_id *id, struct text data)
{
    int error = database_run_blob(&history->database, which, block_id_pack(id), data);
    history->totals.tier_bytes[id->tier] += data.size;
    return error;
}

// The first block of a group in a window stands at the window's start, where the
// others find it.
static int
write_block(struct history *history, enum history_kind kind, const struct block_rows *rows)
{
    struct history_writer *writer = history->writer;
    struct block_shape shape;
    struct block_id id = {
        TIER_RAW, writer->cycle_s, kind, writer->group, kind >= KIND_LABELLED ? writer->sub : 0, 0};
    unsigned columns = history->catalogue.count[kind];
    catalogue_shape(&history->catalogue, kind, columns, &shape);
    int found = find_key(history, &id, &shape);
    if (found < 0 && found != -ERR_MISSING) {
        return found;
    }
    id.time_s = found == 0 ? writer->window.start_s : writer->cycle_s;
    int64_t size =
        block_encode(&shape, rows, found > 0 ? history->rows[2] : NULL,
                     writer->pack + PIECE_HEAD_BYTES, sizeof writer->pack - PIECE_HEAD_BYTES);
    if (size < 0) {
        return (int)size;
    }
    piece_head(writer->pack, &id, (size_t)size, columns);
    struct text data = {writer->pack, (size_t)size + PIECE_HEAD_BYTES};
    writer->bytes += data.size;
    writer->blocks++;
    return add_row(history, history_fresh(STATEMENT_FRESH0_ADD, &writer->window), &id, data);
}

int
history_flush_labelled(struct history *history)
{
    struct history_writer *writer = history->writer;
    struct block_rows *rows = history_labelled_rows(history);
    enum history_kind kind = (enum history_kind)(KIND_LABELLED + writer->kind);
    if (rows->used == 0) {
        return 0;
    }
    int error = write_block(history, kind, rows);
    writer->sub++;
    clear_rows(rows, writer->cycle_s, history->catalogue.count[kind]);
    writer->labelled_count = 0;
    return error;
}

// --- Groups

int
history_end_row(struct history *history, struct history_row *row)
{
    uint32_t number = row->number;
    *row = (struct history_row){0};
    return number == 0 ? 0
                       : database_run(&history->database, STATEMENT_ENTITY_END,
                                      DATABASE_VALUES(number, history->newest_s));
}

// Rows of a group that were not put in this cycle have come to an end.
int
history_end_unused(struct history *history, enum history_kind kind, uint32_t group, uint32_t used)
{
    struct history_writer *writer = history->writer;
    uint32_t first = group * HISTORY_GROUP_ROWS;
    int error = 0;
    for (unsigned slot = 0; slot < HISTORY_GROUP_ROWS && error == 0; slot++) {
        if ((used >> slot & 1) == 0 && first + slot < writer->limit[kind] &&
            writer->rows[kind][first + slot].number != 0) {
            error = history_end_row(history, &writer->rows[kind][first + slot]);
        }
    }
    return error;
}

int
history_flush_group(struct history *history)
{
    struct history_writer *writer = history->writer;
    if (!writer->in_group) {
        return 0;
    }
    writer->in_group = false;
    writer->flushed[writer->kind][writer->group / 64] |= UINT64_C(1) << writer->group % 64;
    int error = history_flush_labelled(history);
    error = error == 0 ? write_block(history, writer->kind, history_main_rows(history)) : error;
    return error == 0 ? history_end_unused(history, writer->kind, writer->group, history_main_rows(history)->used)
                      : error;
}

int
history_open_group(struct history *history, enum history_kind kind, uint32_t group)
{
    struct history_writer *writer = history->writer;
    if (writer->in_group && writer->kind == kind && writer->group == group) {
        return 0;
    }
    int error = history_flush_group(history);
    ASSERT((writer->flushed[kind][group / 64] >> group % 64 & 1) == 0);
    writer->in_group = true;
    writer->kind = kind;
    writer->group = group;
    writer->sub = 0;
    writer->labelled_count = 0;
    clear_rows(history_main_rows(history), writer->cycle_s, history->catalogue.count[kind]);
    clear_rows(history_labelled_rows(history), writer->cycle_s,
               history->catalogue.count[KIND_LABELLED + kind]);
    return error;
}
