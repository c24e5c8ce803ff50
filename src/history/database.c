#include "history/database.h"

#include <string.h>

#include "history/schema.h"

// A reader holds its lock for one row, a writer for one transaction.
#define BUSY_MS 5000
// Pages kept in memory: the upper levels of the trees, and for the writer what a
// transaction of a few groups changes.
#define CACHE_PAGES_WRITER 64
#define CACHE_PAGES_READER 24
// A transaction that needed a larger journal does not leave it behind.
#define JOURNAL_BYTES_KEPT (1024 * 1024)

static const char *const sql_of[STATEMENT_COUNT] = {
#define STATEMENT(id, sql) [STATEMENT_##id] = sql,
#include "history/statement.tbl.h"
#undef STATEMENT
};

static int
error_of(struct database *database, int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return -ERR_BUSY;
    case SQLITE_FULL:
        return -ERR_DISK_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_SCHEMA:
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
        return -ERR_MALFORMED;
    case SQLITE_NOMEM:
        return -ERR_HEAP_FULL;
    case SQLITE_READONLY:
        // A reader found the journal of a writer that died: the next one's work.
        return database->writer ? -ERR_NO_ACCESS : -ERR_BUSY;
    case SQLITE_CANTOPEN:
        return database->vfs.last_error == -ERR_NO_FILE ? -ERR_NO_FILE : -ERR_NO_ACCESS;
    default:
        return -ERR_IO;
    }
}

static int
execute(struct database *database, const char *sql)
{
    return error_of(database, sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL));
}

static int
pragma_number(struct database *database, const char *sql, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database->sqlite, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        *number = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    }
    (void)sqlite3_finalize(statement);
    return error_of(database, code);
}

static int
set_up(struct database *database)
{
    char sql[512];
    struct out out = out_of(sql, sizeof sql);
    out_format(&out,
               "PRAGMA page_size=%d;PRAGMA cache_size=%d;PRAGMA journal_mode=PERSIST;"
               "PRAGMA synchronous=FULL;PRAGMA journal_size_limit=%d;PRAGMA locking_mode=NORMAL;"
               "PRAGMA max_page_count=%u;PRAGMA trusted_schema=0;PRAGMA cell_size_check=1;",
               DATABASE_PAGE_BYTES, database->writer ? CACHE_PAGES_WRITER : CACHE_PAGES_READER,
               JOURNAL_BYTES_KEPT, database->pages_limit);
    (void)sqlite3_busy_timeout(database->sqlite, BUSY_MS);
    return execute(database, out_c_string(&out));
}

static int
make_schema(struct database *database)
{
    int error = execute(database, "BEGIN IMMEDIATE");
    if (error == 0) {
        error = error_of(database, schema_make(database->sqlite, database->vfs.platform));
        error = error == 0 ? database_commit(database) : error;
    }
    if (error != 0) {
        database_rollback(database);
    }
    return error;
}

// An empty file is one that was begun and not finished.
static int
check_schema(struct database *database)
{
    int64_t application = 0;
    int64_t version = 0;
    int64_t tables = 0;
    int error = pragma_number(database, "PRAGMA application_id", &application);
    error = error == 0 ? pragma_number(database, "PRAGMA user_version", &version) : error;
    error =
        error == 0 ? pragma_number(database, "SELECT count(*) FROM sqlite_schema", &tables) : error;
    if (error != 0) {
        return error;
    }
    if (application == 0 && version == 0 && tables == 0) {
        return database->writer ? make_schema(database) : -ERR_NO_FILE;
    }
    if (application != SCHEMA_APPLICATION) {
        return -ERR_MALFORMED;
    }
    if (version > SCHEMA_VERSION) {
        return -ERR_LAYOUT;
    }
    return version == SCHEMA_VERSION ? error_of(database, schema_check(database->sqlite))
                                     : -ERR_MALFORMED;
}

static int
remember_file(struct database *database)
{
    struct platform_status status;
    int error = platform_file_status(database->vfs.platform, database->path, &status);
    if (error == 0) {
        database->device = status.device;
        database->inode = status.inode;
    }
    return error;
}

int
database_open(struct database *database, const struct platform *platform, const char *path,
              uint32_t pages_limit, bool writer)
{
    *database = (struct database){.path = path, .writer = writer, .pages_limit = pages_limit};
    int error = vfs_open(&database->vfs, platform);
    if (error != 0) {
        return error;
    }
    int flags = writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    error = error_of(database, sqlite3_open_v2(path, &database->sqlite, flags, database->vfs.name));
    error = error == 0 ? set_up(database) : error;
    error = error == 0 ? check_schema(database) : error;
    error = error == 0 ? remember_file(database) : error;
    if (error != 0) {
        database_close(database);
    }
    return error;
}

void
database_close(struct database *database)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(database->statements[i]);
        database->statements[i] = NULL;
    }
    int code = sqlite3_close(database->sqlite);
    ASSERT(code == SQLITE_OK);
    database->sqlite = NULL;
    vfs_close(&database->vfs);
}

int
database_check(struct database *database)
{
    struct platform_status status;
    int64_t pages = 0;
    int error = platform_file_status(database->vfs.platform, database->path, &status);
    if (error == 0 && (status.inode != database->inode || status.device != database->device)) {
        error = -ERR_NO_FILE;
    }
    if (error != 0) {
        return error;
    }
    error = database_number(database, STATEMENT_PAGES, NULL, 0, &pages);
    // Its size after that: a writer may have let it grow meanwhile.
    error = error < 0 ? error
                      : platform_file_status(database->vfs.platform, database->path, &status);
    if (error < 0) {
        return error;
    }
    return status.size < (uint64_t)pages * DATABASE_PAGE_BYTES ? -ERR_MALFORMED : 0;
}

// Its first row is "ok", or the first of what is wrong.
int
database_verify(struct database *database)
{
    sqlite3_stmt *statement = NULL;
    bool is_sound = false;
    int code = sqlite3_prepare_v2(database->sqlite, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        is_sound = code == SQLITE_ROW && text_equal(database_column(statement, 0), TEXT("ok"));
    }
    (void)sqlite3_finalize(statement);
    return code == SQLITE_ROW && !is_sound ? -ERR_MALFORMED : error_of(database, code);
}

int
database_begin(struct database *database)
{
    return execute(database, database->writer ? "BEGIN IMMEDIATE" : "BEGIN");
}

int
database_commit(struct database *database)
{
    return execute(database, "COMMIT");
}

bool
database_in_transaction(const struct database *database)
{
    return database->sqlite != NULL && sqlite3_get_autocommit(database->sqlite) == 0;
}

void
database_rollback(struct database *database)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        if (database->statements[i] != NULL) {
            (void)sqlite3_reset(database->statements[i]);
        }
    }
    if (database_in_transaction(database)) {
        (void)execute(database, "ROLLBACK");
    }
}

int
database_prepare(struct database *database, enum statement which, const int64_t *values,
                 unsigned count, sqlite3_stmt **statement)
{
    sqlite3_stmt **kept = &database->statements[which];
    if (*kept == NULL) {
        int code = sqlite3_prepare_v3(database->sqlite, sql_of[which], -1,
                                      SQLITE_PREPARE_PERSISTENT, kept, NULL);
        if (code != SQLITE_OK) {
            *statement = NULL;
            return error_of(database, code);
        }
    }
    (void)sqlite3_reset(*kept);
    for (unsigned i = 0; i < count; i++) {
        (void)sqlite3_bind_int64(*kept, (int)i + 1, values[i]);
    }
    *statement = *kept;
    return 0;
}

int
database_step(struct database *database, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        return 1;
    }
    (void)sqlite3_reset(statement);
    return error_of(database, code);
}

void
database_done(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
}

int
database_query(struct database *database, enum statement which, const int64_t *values,
               unsigned count, sqlite3_stmt **row)
{
    int error = database_prepare(database, which, values, count, row);
    return error == 0 ? database_step(database, *row) : error;
}

int
database_run(struct database *database, enum statement which, const int64_t *values, unsigned count)
{
    sqlite3_stmt *row;
    int result = database_query(database, which, values, count, &row);
    if (result > 0) {
        database_done(row);
    }
    return result < 0 ? result : 0;
}

int
database_change(struct database *database, enum statement which, const int64_t *values,
                unsigned count)
{
    int error = database_run(database, which, values, count);
    return error == 0 && sqlite3_changes(database->sqlite) != 1 ? -ERR_MALFORMED : error;
}

int
database_run_blob(struct database *database, enum statement which, int64_t value, struct text blob)
{
    sqlite3_stmt *statement;
    int error = database_prepare(database, which, &value, 1, &statement);
    if (error == 0) {
        database_bind_text(statement, 2, blob);
        error = database_step(database, statement);
        (void)sqlite3_bind_null(statement, 2);
    }
    return error;
}

int
database_number(struct database *database, enum statement which, const int64_t *values,
                unsigned count, int64_t *number)
{
    sqlite3_stmt *row;
    int result = database_query(database, which, values, count, &row);
    *number = result > 0 ? sqlite3_column_int64(row, 0) : 0;
    if (result > 0) {
        database_done(row);
    }
    return result;
}

int
database_next(struct database *database, enum statement which, int64_t first, int64_t end,
              int64_t *number)
{
    int result = database_number(database, which, DATABASE_VALUES(first, end), number);
    return result > 0 && (*number < first || *number >= end) ? -ERR_MALFORMED : result;
}

void
database_bind_text(sqlite3_stmt *statement, int at, struct text text)
{
    (void)sqlite3_bind_blob(statement, at, text.size == 0 ? "" : text.at, (int)text.size,
                            SQLITE_STATIC);
}

struct text
database_column(sqlite3_stmt *row, int at)
{
    const char *bytes = sqlite3_column_blob(row, at);
    int size = sqlite3_column_bytes(row, at);
    return bytes == NULL ? TEXT("") : (struct text){bytes, (size_t)size};
}
