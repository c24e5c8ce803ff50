#include "history/kind.h"

#include <string.h>

enum history_kind
kind_of_entity(enum entity entity)
{
    switch (entity) {
    case ENTITY_NODE:
        return KIND_NODE;
    case ENTITY_POD:
        return KIND_POD;
    case ENTITY_CONTAINER:
    case ENTITY_SYSTEM_CONTAINER:
        return KIND_CONTAINER;
    case ENTITY_NAMESPACE:
        return KIND_NAMESPACE;
    default:
        return KIND_CLUSTER;
    }
}

_Static_assert(KIND_COUNT <= 16 && TIER_COUNT <= 4, "a block's number has their bits");

int64_t
block_id_pack(const struct block_id *id)
{
    ASSERT(id->group < KIND_GROUPS_MAX);
    ASSERT(id->sub < KIND_SUBS_MAX && id->part < KIND_PARTS_MAX);
    return (int64_t)((uint64_t)id->tier << 61 | (uint64_t)id->time_s << 29 |
                     (uint64_t)id->kind << 25 | (uint64_t)id->group << 9 | (uint64_t)id->sub << 3 |
                     id->part);
}

struct block_id
block_id_unpack(int64_t number)
{
    uint64_t bits = (uint64_t)number;
    return (struct block_id){
        .tier = (enum history_tier)(bits >> 61 & 3),
        .time_s = (uint32_t)(bits >> 29),
        .kind = (enum history_kind)(bits >> 25 & 15),
        .group = (uint32_t)(bits >> 9 & 0xffff),
        .sub = (unsigned)(bits >> 3 & 63),
        .part = (unsigned)(bits & 7),
    };
}

int64_t
block_id_floor(enum history_tier tier, uint32_t time_s)
{
    return (int64_t)((uint64_t)tier << 61 | (uint64_t)time_s << 29);
}

// --- Columns

static const char *
column_name(unsigned metric)
{
    switch (metric) {
    case COLUMN_START:
        return "(start)";
    case COLUMN_EXTRA_WHOLE:
    case COLUMN_EXTRA_REAL:
        return "(extra)";
    default:
        return metric_info((enum metric)metric)->name;
    }
}

static bool
column_is_real(unsigned metric)
{
    return metric == COLUMN_EXTRA_REAL ||
           (metric < METRIC_COUNT && metric_info((enum metric)metric)->value_type == METRIC_DOUBLE);
}

static bool
kind_has_metric(enum history_kind kind, enum metric metric)
{
    for (unsigned entity = 0; entity < ENTITY_COUNT; entity++) {
        if (kind_of_entity((enum entity)entity) == kind &&
            metric_is_recorded(metric, (enum entity)entity)) {
            return true;
        }
    }
    return false;
}

static bool
kind_has_column(enum history_kind kind, unsigned metric)
{
    bool is_labelled = kind >= KIND_LABELLED;
    if (metric >= METRIC_COUNT) {
        return metric < COLUMN_UNKNOWN && is_labelled == (metric != COLUMN_START);
    }
    return is_labelled == metric_is_labelled((enum metric)metric) &&
           kind_has_metric((enum history_kind)(kind % KIND_MAIN_COUNT), (enum metric)metric);
}

static bool
column_is_counter(unsigned metric)
{
    return metric == COLUMN_START ||
           (metric < METRIC_COUNT && metric_info((enum metric)metric)->type == METRIC_CUMULATIVE);
}

// What must stay as it was for a column to be that metric's.
#define FLAG_REAL 1
#define FLAG_COUNTER 2

static unsigned
column_flags(unsigned metric)
{
    return (column_is_real(metric) ? FLAG_REAL : 0U) |
           (column_is_counter(metric) ? FLAG_COUNTER : 0U);
}

static void
add_column(struct catalogue *catalogue, enum history_kind kind, unsigned metric, unsigned flags)
{
    unsigned number = catalogue->count[kind]++;
    catalogue->metric[kind][number] = (uint16_t)metric;
    catalogue->is_real[kind][number] = (flags & FLAG_REAL) != 0;
    catalogue->is_counter[kind][number] = (flags & FLAG_COUNTER) != 0;
    if (metric < COLUMN_UNKNOWN) {
        catalogue->column[kind][metric] = (uint8_t)number;
    }
}

static unsigned
metric_of_column(enum history_kind kind, struct text name, unsigned flags)
{
    for (unsigned metric = 0; metric < COLUMN_UNKNOWN; metric++) {
        if (kind_has_column(kind, metric) && column_flags(metric) == flags &&
            text_equal(name, text_of(column_name(metric)))) {
            return metric;
        }
    }
    return COLUMN_UNKNOWN;
}

static int
take_column(struct catalogue *catalogue, sqlite3_stmt *row)
{
    int64_t kind = sqlite3_column_int64(row, 0);
    unsigned flags = (unsigned)sqlite3_column_int64(row, 3);
    if (kind < 0 || kind >= KIND_COUNT || catalogue->count[kind] >= KIND_COLUMNS_MAX ||
        sqlite3_column_int64(row, 1) != catalogue->count[kind]) {
        return -ERR_MALFORMED;
    }
    unsigned metric = metric_of_column((enum history_kind)kind, database_column(row, 2), flags);
    add_column(catalogue, (enum history_kind)kind, metric, flags);
    return 0;
}

static int
store_column(struct database *database, enum history_kind kind, unsigned number, unsigned metric)
{
    sqlite3_stmt *statement;
    int error = database_prepare(database, STATEMENT_COLUMN_ADD,
                                 DATABASE_VALUES(kind, number, column_flags(metric)), &statement);
    if (error == 0) {
        database_bind_text(statement, 4, text_of(column_name(metric)));
        error = database_step(database, statement);
    }
    return error;
}

static int
add_missing(struct catalogue *catalogue, struct database *database, enum history_kind kind)
{
    int error = 0;
    for (unsigned metric = 0; metric < COLUMN_UNKNOWN && error == 0; metric++) {
        if (!kind_has_column(kind, metric) || catalogue->column[kind][metric] != KIND_NO_COLUMN) {
            continue;
        }
        if (catalogue->count[kind] == KIND_COLUMNS_MAX) {
            return -ERR_TOO_MANY;
        }
        error = store_column(database, kind, catalogue->count[kind], metric);
        add_column(catalogue, kind, metric, column_flags(metric));
    }
    return error;
}

static int
store_missing(struct catalogue *catalogue, struct database *database)
{
    int error = database_begin(database);
    for (unsigned kind = 0; kind < KIND_COUNT && error == 0; kind++) {
        error = add_missing(catalogue, database, (enum history_kind)kind);
    }
    error = error == 0 ? database_commit(database) : error;
    if (error != 0) {
        database_rollback(database);
    }
    return error;
}

int
catalogue_load(struct catalogue *catalogue, struct database *database)
{
    sqlite3_stmt *row;
    memset(catalogue, 0, sizeof *catalogue);
    memset(catalogue->column, KIND_NO_COLUMN, sizeof catalogue->column);
    int more = database_query(database, STATEMENT_COLUMN_ALL, NULL, 0, &row);
    while (more > 0) {
        int error = take_column(catalogue, row);
        if (error != 0) {
            database_done(row);
            return error;
        }
        more = database_step(database, row);
    }
    return more == 0 && database->writer ? store_missing(catalogue, database) : more;
}

int
catalogue_refresh(struct catalogue *catalogue, struct database *database)
{
    int64_t stored;
    int64_t known = 0;
    int result = database_number(database, STATEMENT_COLUMN_COUNT, NULL, 0, &stored);
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        known += catalogue->count[kind];
    }
    return result < 0 ? result : stored == known ? 0 : catalogue_load(catalogue, database);
}

void
catalogue_shape(const struct catalogue *catalogue, enum history_kind kind, unsigned count,
                struct block_shape *shape)
{
    ASSERT(count <= catalogue->count[kind]);
    shape->column_count = count;
    memcpy(shape->is_real, catalogue->is_real[kind], count * sizeof shape->is_real[0]);
}

void
catalogue_map(const struct catalogue *catalogue, enum history_kind kind, unsigned count,
              struct rollup_map *map)
{
    struct block_shape raw;
    catalogue_shape(catalogue, kind, count, &raw);
    int error = rollup_map_raw(map, &raw, catalogue->is_counter[kind]);
    ASSERT(error == 0);
}
