#include "history/history.h"

#include <string.h>

#include "history/history_state.h"

// What the journal of one transaction takes at most: a cycle's or a few groups'
// pages, see history_maintain.c.
#define JOURNAL_SHARE 16
// Of the file's pages, kept free for the cycles to come.
#define ROOM_SHARE 16
// Of the file that are checked as a whole at a start, which has 30 s: a gibibyte.
#define VERIFIED_PAGES_MAX (1024 * 1024 * 1024 / DATABASE_PAGE_BYTES)
// Behind SQLite's own locks.
#define WRITER_LOCK_AT (UINT64_C(0x40000000) + 1024)

static uint32_t
pages_limit(const struct history_config *config)
{
    uint64_t bytes = config->bytes_limit - config->bytes_limit / JOURNAL_SHARE;
    uint64_t pages = bytes / DATABASE_PAGE_BYTES;
    return pages > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)pages;
}

// --- Memory

static uint32_t
rows_of(const struct capacity *capacity, enum history_kind kind)
{
    switch (kind) {
    case KIND_NAMESPACE:
        return capacity->namespaces + 1;
    case KIND_NODE:
        return capacity->nodes + 1;
    case KIND_POD:
        return capacity->pods + 1;
    case KIND_CONTAINER:
        return capacity->containers + 1;
    default:
        return 1;
    }
}

static uint32_t
group_words(uint32_t rows)
{
    return rows / (HISTORY_GROUP_ROWS * 64) + 1;
}

static uint32_t
labels_expected(const struct capacity *capacity)
{
    return capacity->pods + capacity->extras / 4;
}

static size_t
writer_footprint(const struct capacity *capacity)
{
    size_t sum = arena_bytes(sizeof(struct history_writer));
    for (unsigned kind = 0; kind < KIND_MAIN_COUNT; kind++) {
        uint32_t rows = rows_of(capacity, (enum history_kind)kind);
        sum += arena_bytes(rows * sizeof(struct history_row));
        sum += arena_bytes(group_words(rows) * sizeof(uint64_t));
    }
    return sum + label_cache_footprint(labels_expected(capacity));
}

static struct history_writer *
writer_new(struct arena *arena, const struct capacity *capacity)
{
    struct history_writer *writer = arena_take(arena, sizeof *writer);
    for (unsigned kind = 0; kind < KIND_MAIN_COUNT; kind++) {
        uint32_t rows = rows_of(capacity, (enum history_kind)kind);
        writer->limit[kind] = rows;
        writer->rows[kind] = arena_take_array(arena, rows, sizeof(struct history_row));
        writer->flushed[kind] = arena_take_array(arena, group_words(rows), sizeof(uint64_t));
    }
    label_cache_init(&writer->labels, arena, labels_expected(capacity));
    return writer;
}

static unsigned
rows_count(const struct history_config *config)
{
    return config->writer ? 3 : 2;
}

size_t
history_footprint(const struct history_config *config)
{
    return arena_bytes(sizeof(struct history)) +
           rows_count(config) * arena_bytes(sizeof(struct block_rows)) +
           (config->writer ? writer_footprint(config->capacity) : 0);
}

// SQLite: its pages, statements and schema as measured (bench_history.c) with a
// quarter more, and a row of the largest size: as it is read, and for the writer
// also as it is put together.
size_t
history_heap_bytes(const struct history_config *config)
{
    size_t rows = config->writer ? 2 : 1;
    size_t rest = config->writer ? (size_t)400 * 1024 : (size_t)200 * 1024;
    return rows * (HISTORY_PACK_BYTES_MAX + DATABASE_PAGE_BYTES) + rest;
}

// --- Opening

static int
take_writer_lock(struct history *history)
{
    int error =
        platform_file_open(&history->platform, history->path,
                           PLATFORM_READ | PLATFORM_WRITE | PLATFORM_CREATE, 0644, &history->lock);
    if (error != 0) {
        return error;
    }
    error = platform_file_lock(&history->platform, history->lock, WRITER_LOCK_AT, 1,
                               PLATFORM_LOCK_EXCLUSIVE);
    if (error != 0) {
        platform_file_close(&history->platform, history->lock);
    }
    history->has_lock = error == 0;
    return error;
}

static void
drop_writer_lock(struct history *history)
{
    if (history->has_lock) {
        platform_file_close(&history->platform, history->lock);
        history->has_lock = false;
    }
}

int
history_load_totals(struct history *history)
{
    sqlite3_stmt *row;
    int result = database_query(&history->database, STATEMENT_TOTAL_GET, NULL, 0, &row);
    if (result <= 0) {
        return result < 0 ? result : -ERR_MALFORMED;
    }
    struct text key = database_column(row, 0);
    bool is_sound = key.size == sizeof history->key;
    if (is_sound) {
        memcpy(&history->key, key.at, sizeof history->key);
    }
    history->totals.samples = (uint64_t)sqlite3_column_int64(row, 1);
    history->totals.bytes = (uint64_t)sqlite3_column_int64(row, 2);
    for (int tier = 0; tier < TIER_COUNT; tier++) {
        history->totals.tier_bytes[tier] = (uint64_t)sqlite3_column_int64(row, 3 + tier);
    }
    database_done(row);
    history->kept = history->totals;
    return is_sound ? 0 : -ERR_MALFORMED;
}

static int
load(struct history *history)
{
    int64_t newest = 0;
    int error = catalogue_load(&history->catalogue, &history->database);
    error = error == 0 ? history_load_totals(history) : error;
    if (error == 0) {
        error = database_number(&history->database, STATEMENT_CYCLE_LAST, NULL, 0, &newest);
    }
    history->newest_s = (uint32_t)newest;
    if (history->writer != NULL) {
        history->writer->forget_from_s = 0;  // begun again with the next cycle
    }
    return error < 0 ? error : 0;
}

static int
open_file(struct history *history)
{
    const struct history_config *config = &history->config;
    int error = database_open(&history->database, &history->platform, history->path,
                              config->writer ? pages_limit(config) : 0, config->writer);
    if (error == 0) {
        error = load(history);
        if (error != 0) {
            database_close(&history->database);
        }
    }
    history->is_open = error == 0;
    if (history->writer != NULL) {
        history->writer->pages_wanted = history->database.pages_limit / ROOM_SHARE;
    }
    return error;
}

// Once, where its writer died often: it may be the file that it dies of. Damage in
// blocks is seen whenever they are read.
static int
verify_file(struct history *history)
{
    int64_t pages = 0;
    if (!history->config.is_suspect) {
        return 0;
    }
    history->config.is_suspect = false;
    int error = database_number(&history->database, STATEMENT_PAGES, NULL, 0, &pages);
    if (error >= 0 && pages <= VERIFIED_PAGES_MAX) {
        error = database_verify(&history->database);
    }
    return error < 0 ? error : 0;
}

// The file as it is, opened; closed again when it is damaged.
static int
open_verified(struct history *history)
{
    int error = open_file(history);
    if (error == 0) {
        error = verify_file(history);
        if (error != 0) {
            database_close(&history->database);
            history->is_open = false;
        }
    }
    return error;
}

// PATH.damaged and no journal, which would be taken for the new file's.
static int
set_aside(struct history *history)
{
    char name[HISTORY_PATH_BYTES_MAX + 16];
    struct out out = out_of(name, sizeof name);
    out_format(&out, "%s.damaged", history->path);
    int error = platform_file_rename(&history->platform, history->path, out_c_string(&out));
    if (error != 0 && error != -ERR_NO_FILE) {
        return error;
    }
    out = out_of(name, sizeof name);
    out_format(&out, "%s-journal", history->path);
    error = platform_file_remove(&history->platform, out_c_string(&out));
    history->set_aside_total++;
    return error == -ERR_NO_FILE ? 0 : error;
}

static int
open_writer(struct history *history)
{
    int error = take_writer_lock(history);
    if (error != 0) {
        return error;
    }
    error = history->is_damaged ? -ERR_MALFORMED : open_verified(history);
    if (error == -ERR_MALFORMED) {
        drop_writer_lock(history);
        error = set_aside(history);
        error = error == 0 ? take_writer_lock(history) : error;
        error = error == 0 ? open_file(history) : error;
        history->is_damaged = error != 0 && history->is_damaged;
    }
    if (error != 0) {
        drop_writer_lock(history);
    }
    return error;
}

int
history_reopen(struct history *history, struct out *why)
{
    history_close(history);
    if (history->writer != NULL) {
        history_forget(history);
    }
    history->last_error = 0;
    int error = history->config.writer ? open_writer(history) : open_file(history);
    if (error != 0) {
        history->last_error = error;
        out_format(why, "history %s: %s", history->path, history_sentence(error));
    }
    return error;
}

int
history_open(struct arena *arena, const struct history_config *config, struct history **opened,
             bool *was_set_aside, struct out *why)
{
    struct history *history = arena_take(arena, sizeof *history);
    struct out path = out_of(history->path, sizeof history->path);
    history->config = *config;
    history->platform = *config->platform;
    for (unsigned i = 0; i < rows_count(config); i++) {
        history->rows[i] = arena_take(arena, sizeof *history->rows[i]);
    }
    if (config->writer) {
        ASSERT(config->capacity != NULL && config->resolution_s > 0);
        history->writer = writer_new(arena, config->capacity);
    }
    *opened = history;
    *was_set_aside = false;
    out_string(&path, config->path);
    (void)out_c_string(&path);
    if (path.full || path.used + 9 > sizeof history->path) {
        out_format(why, "the path of the history is longer than %d bytes", HISTORY_PATH_BYTES_MAX);
        return -ERR_TOO_LONG;
    }
    int error = history_reopen(history, why);
    *was_set_aside = history->set_aside_total > 0;
    return error;
}

void
history_close(struct history *history)
{
    if (history->is_open) {
        database_rollback(&history->database);
        database_close(&history->database);
        history->is_open = false;
    }
    drop_writer_lock(history);
}

// --- What all share

// The file has reached its maximum, and not the disk: more of it must go.
static void
want_room(struct history *history)
{
    struct history_writer *writer = history->writer;
    bool is_disk = history->database.vfs.last_error == -ERR_DISK_FULL;
    if (writer != NULL && !is_disk && writer->pages_wanted < history->database.pages_limit / 4) {
        writer->pages_wanted *= 2;
    }
}

int
history_failed(struct history *history, int error)
{
    if (error < 0) {
        history->last_error = error;
        history->is_damaged |= error == -ERR_MALFORMED;
    }
    if (error == -ERR_DISK_FULL) {
        want_room(history);
    }
    return error;
}

int
history_begin(struct history *history)
{
    history->totals = history->kept;
    history->database.vfs.last_error = 0;
    return database_begin(&history->database);
}

int
history_commit(struct history *history)
{
    struct history_totals *totals = &history->totals;
    int error = database_run(&history->database, STATEMENT_TOTAL_SET,
                             DATABASE_VALUES((int64_t)totals->samples, (int64_t)totals->bytes,
                                             (int64_t)totals->tier_bytes[TIER_RAW],
                                             (int64_t)totals->tier_bytes[TIER_MINUTE],
                                             (int64_t)totals->tier_bytes[TIER_TEN_MINUTES]));
    error = error == 0 ? database_commit(&history->database) : error;
    if (error == 0) {
        history->kept = *totals;
    }
    return error;
}

uint32_t
history_tier_step_s(const struct history *history, enum history_tier tier)
{
    static const uint32_t steps[TIER_COUNT] = {0, 60, 600};
    uint32_t resolution = history->config.resolution_s;
    return tier == TIER_RAW ? resolution : steps[tier] > resolution ? steps[tier] : 0;
}

int
history_window(struct history *history, enum statement which, int64_t first, int64_t end,
               struct history_window *window)
{
    sqlite3_stmt *row;
    int result = database_query(&history->database, which, DATABASE_VALUES(first, end), &row);
    if (result > 0) {
        uint64_t id = (uint64_t)sqlite3_column_int64(row, 0);
        *window = (struct history_window){
            .tier = (enum history_tier)(id >> 32 & 3),
            .start_s = (uint32_t)id,
            .end_s = (uint32_t)sqlite3_column_int64(row, 1),
            .at = sqlite3_column_int64(row, 2),
            .done = sqlite3_column_int64(row, 3) != 0,
        };
        database_done(row);
        bool is_there = (int64_t)id >= first && (int64_t)id < end;
        if (!is_there || window->end_s <= window->start_s) {
            return -ERR_MALFORMED;
        }
    }
    return result;
}

int
history_window_at(struct history *history, enum history_tier tier, uint32_t time_s,
                  struct history_window *window)
{
    int result = history_window(history, STATEMENT_WINDOW_LAST, window_id(tier, 0),
                                window_id(tier, (uint64_t)time_s + 1), window);
    if (result == 0 || (result > 0 && window->end_s <= time_s)) {
        result = history_window(history, STATEMENT_WINDOW_NEXT, window_id(tier, time_s),
                                window_id(tier + 1, 0), window);
    }
    return result;
}

int
history_check(struct history *history)
{
    if (!history->is_open) {
        return history->last_error != 0 ? history->last_error : -ERR_NO_FILE;
    }
    return history->writer == NULL ? database_check(&history->database) : 0;
}

int
history_check_columns(struct history *history)
{
    int error = history_check(history);
    return error == 0 && history->writer == NULL
               ? catalogue_refresh(&history->catalogue, &history->database) : error;
}
