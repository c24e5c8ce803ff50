// The SQLite file behind the history: opening, settings, the schema, prepared
// statements, transactions, and SQLite's codes in ours:
//   -ERR_BUSY       another process is writing; try again
//   -ERR_DISK_FULL  no room on the disk, or the file has reached its maximum
//   -ERR_MALFORMED  the file is damaged, or is none of ours
//   -ERR_LAYOUT     of a newer version of the program
//   -ERR_HEAP_FULL, -ERR_NO_FILE, -ERR_NO_ACCESS, -ERR_IO
//
// One rollback journal beside the file, synchronous FULL: a transaction is there
// as a whole after a power cut or not at all, and all before it are. The journal
// stays (PERSIST): a commit is the zeroing of its header, one sector, which no
// power cut tears; cutting it to nothing may leave some of it behind.
#ifndef SKERRY_HISTORY_DATABASE_H
#define SKERRY_HISTORY_DATABASE_H

#include <sqlite3.h>

#include "base/text.h"
#include "history/vfs.h"
#include "platform/platform.h"

#define DATABASE_PAGE_BYTES 4096

enum statement {
#define STATEMENT(id, sql) STATEMENT_##id,
#include "history/statement.tbl.h"
#undef STATEMENT
    STATEMENT_COUNT
};

struct database {
    struct vfs vfs;
    const char *path;
    bool writer;
    sqlite3 *sqlite;                            // NULL: closed
    sqlite3_stmt *statements[STATEMENT_COUNT];  // prepared when first used
    uint64_t device, inode;
    uint32_t pages_limit;
};

// Readers find a file or get -ERR_NO_FILE; writers make one.
int database_open(struct database *database, const struct platform *platform, const char *path,
                  uint32_t pages_limit, bool writer) MUST_USE;
void database_close(struct database *database);
// Whether the path still is the file that was opened, with all its pages:
// 0, -ERR_NO_FILE or -ERR_MALFORMED.
int database_check(struct database *database) MUST_USE;

// All of it, as SQLite sees it: 0, -ERR_MALFORMED or another error. Reads every page.
int database_verify(struct database *database) MUST_USE;

int database_begin(struct database *database) MUST_USE;
int database_commit(struct database *database) MUST_USE;
void database_rollback(struct database *database);
bool database_in_transaction(const struct database *database);

// The statement, ready for bindings, integers bound from ?1 on. What is bound
// must live until the statement is done.
int database_prepare(struct database *database, enum statement which, const int64_t *values,
                     unsigned count, sqlite3_stmt **statement) MUST_USE;
// 1: a row; 0: no more, and the statement is done.
int database_step(struct database *database, sqlite3_stmt *statement) MUST_USE;
void database_done(sqlite3_stmt *statement);
// Prepare and step in one, for integers only. After 1 the caller ends it.
int database_query(struct database *database, enum statement which, const int64_t *values,
                   unsigned count, sqlite3_stmt **row) MUST_USE;
// The same for statements without rows: 0 or an error.
int database_run(struct database *database, enum statement which, const int64_t *values,
                 unsigned count) MUST_USE;
// For a row that was just found: -ERR_MALFORMED when it is not there to be
// changed, so that work on a damaged file comes to an end.
int database_change(struct database *database, enum statement which, const int64_t *values,
                    unsigned count) MUST_USE;
int database_run_blob(struct database *database, enum statement which, int64_t value,
                      struct text blob) MUST_USE;
// One integer of one row: 1, 0 (no row) or an error.
int database_number(struct database *database, enum statement which, const int64_t *values,
                    unsigned count, int64_t *number) MUST_USE;
// The same of a statement that looks for the next number from `first` on and before
// `end`. What lies elsewhere is -ERR_MALFORMED: a damaged tree may lead backwards, and
// whoever goes on from there would go round for ever.
int database_next(struct database *database, enum statement which, int64_t first, int64_t end,
                  int64_t *number) MUST_USE;
void database_bind_text(sqlite3_stmt *statement, int at, struct text text);
// Lives until the statement moves on.
struct text database_column(sqlite3_stmt *row, int at);

#define DATABASE_VALUES(...)                                                                       \
    (const int64_t[]){__VA_ARGS__},                                                                \
        (unsigned)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

#endif
