// The tables of the history's file, and its version.
//
//   total    one row: the key of all hashes, what was recorded
//   metric   which column of a block is which metric, for each kind: columns are
//            never renumbered, so that files outlive a change of the catalogue
//   cycle    the recorded cycles and the window each lies in
//   span     windows of each tier: id = tier << 32 | start; `done`: packed (raw)
//            or complete (others); `at`: which table of fresh blocks it has (raw),
//            or how far the work on it is (others)
//   fresh0, fresh1
//            blocks of raw windows that grow or are being packed: id of kind.h,
//            append only. Windows take turns, so that each table is emptied as a
//            whole: nothing of its pages goes through the journal
//   block    blocks of a window, those of a group together
//   entity   names and labels behind the numbers in blocks; `own` is the number
//            again, so that damage to one does not give another's names
//   label    names of labelled values; the same
#ifndef SKERRY_HISTORY_SCHEMA_H
#define SKERRY_HISTORY_SCHEMA_H

#include "platform/platform.h"
#include <sqlite3.h>

#define SCHEMA_APPLICATION 0x736b6879  // "skhy"
#define SCHEMA_VERSION 1

// Makes the tables in an empty file, within the caller's transaction: a code of
// SQLite's.
int schema_make(sqlite3 *sqlite, const struct platform *platform) MUST_USE;
// SQLITE_CORRUPT when a table or an index is not the one that is made: SQLite takes
// nearly any word for a type, so that one spoiled bit may leave a table that works and
// numbers its rows otherwise.
int schema_check(sqlite3 *sqlite) MUST_USE;

#endif
