#include "history/schema.h"

#include "base/hash.h"
#include "history/database.h"

// Texts are kept as blobs: they come from outside and need not be UTF-8, and
// their order is that of their bytes.
static const char tables[] =
    "CREATE TABLE total(hash_key BLOB, samples INTEGER, bytes INTEGER,"
    " raw INTEGER, minute INTEGER, ten INTEGER);"
    "CREATE TABLE metric(kind INTEGER, number INTEGER, name BLOB, flags INTEGER,"
    " PRIMARY KEY(kind, number)) WITHOUT ROWID;"
    "CREATE TABLE cycle(time_s INTEGER PRIMARY KEY, window_s INTEGER);"
    "CREATE TABLE span(id INTEGER PRIMARY KEY, end_s INTEGER, at INTEGER, done INTEGER);"
    "CREATE TABLE fresh0(id INTEGER PRIMARY KEY, data BLOB);"
    "CREATE TABLE fresh1(id INTEGER PRIMARY KEY, data BLOB);"
    "CREATE TABLE block(id INTEGER PRIMARY KEY, data BLOB);"
    "CREATE TABLE entity(id INTEGER PRIMARY KEY, own INTEGER, identity INTEGER, kind INTEGER, row "
    "INTEGER,"
    " parent INTEGER, uid INTEGER, first_s INTEGER, last_s INTEGER, leaf BLOB, data BLOB);"
    "CREATE INDEX entity_identity ON entity(identity);"
    "CREATE INDEX entity_name ON entity(kind, parent, leaf, first_s);"
    "CREATE INDEX entity_uid ON entity(uid) WHERE uid IS NOT NULL;"
    "CREATE TABLE label(id INTEGER PRIMARY KEY, own INTEGER, identity INTEGER, last_s INTEGER, "
    "name BLOB,"
    " resource BLOB);"
    "CREATE INDEX label_identity ON label(identity);";

static int
set_number(sqlite3 *sqlite, const char *pragma, unsigned number)
{
    char sql[64];
    struct out out = out_of(sql, sizeof sql);
    out_format(&out, "PRAGMA %s=%u", pragma, number);
    return sqlite3_exec(sqlite, out_c_string(&out), NULL, NULL, NULL);
}

static int
add_total(sqlite3 *sqlite, const struct platform *platform)
{
    struct hash_key key;
    sqlite3_stmt *statement = NULL;
    if (platform_random_bytes(platform, &key, sizeof key) != 0) {
        return SQLITE_IOERR;
    }
    int code =
        sqlite3_prepare_v2(sqlite, "INSERT INTO total VALUES(?1,0,0,0,0,0)", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        (void)sqlite3_bind_blob(statement, 1, &key, (int)sizeof key, SQLITE_STATIC);
        code = sqlite3_step(statement);
    }
    int final = sqlite3_finalize(statement);
    return code == SQLITE_DONE ? final : code;
}

int
schema_make(sqlite3 *sqlite, const struct platform *platform)
{
    int code = sqlite3_exec(sqlite, tables, NULL, NULL, NULL);
    if (code == SQLITE_OK) {
        code = add_total(sqlite, platform);
    }
    if (code == SQLITE_OK) {
        code = set_number(sqlite, "application_id", SCHEMA_APPLICATION);
    }
    if (code == SQLITE_OK) {
        code = set_number(sqlite, "user_version", SCHEMA_VERSION);
    }
    return code;
}

int
schema_check(sqlite3 *sqlite)
{
    sqlite3_stmt *statement = NULL;
    struct text rest = text_of(tables);
    struct text made;
    bool is_same = true;
    int code = sqlite3_prepare_v2(sqlite, "SELECT sql FROM sqlite_schema ORDER BY rowid", -1,
                                  &statement, NULL);
    if (code != SQLITE_OK) {
        return code;
    }
    while (is_same && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        is_same = rest.size > 0;
        text_cut(rest, ';', &made, &rest);
        is_same = is_same && text_equal(database_column(statement, 0), made);
    }
    (void)sqlite3_finalize(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return code;
    }
    return is_same && rest.size == 0 ? SQLITE_OK : SQLITE_CORRUPT;
}
