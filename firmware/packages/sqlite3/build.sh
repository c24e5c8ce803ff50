#!/bin/bash
# SQLite as one file: one thread, no extensions, temporary tables in memory, and
# no way to the system of its own: the program brings its VFS (SQLITE_OS_OTHER),
# whose rollback journal needs neither shared memory nor mmap. No lookaside, so
# that all its memory is the program's heap and none lies idle. For size: it is a
# quarter of the program's text, which is memory, too, and its share of the time of
# a cycle is small.
# The amalgamation is put together by its own Tcl scripts.
command -v tclsh >/dev/null || {
    echo 'sqlite3: tclsh is missing: apt-get install tcl.'
    exit 1
}
CC=gcc CFLAGS=-O1 ./configure --disable-tcl --disable-readline --disable-shared
make sqlite3.c
# shellcheck disable=SC2086
$CC $CFLAGS -Os -c sqlite3.c -o sqlite3.o \
    -DSQLITE_OS_OTHER=1 -DSQLITE_THREADSAFE=0 -DSQLITE_DQS=0 -DSQLITE_DEFAULT_MEMSTATUS=0 \
    -DSQLITE_DEFAULT_LOOKASIDE=0,0 -DSQLITE_DEFAULT_PCACHE_INITSZ=0 \
    -DSQLITE_TEMP_STORE=3 -DSQLITE_MAX_MMAP_SIZE=0 -DSQLITE_LIKE_DOESNT_MATCH_BLOBS \
    -DSQLITE_USE_MALLOC_H -DHAVE_MALLOC_H -DHAVE_MALLOC_USABLE_SIZE \
    -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_DEPRECATED -DSQLITE_OMIT_SHARED_CACHE \
    -DSQLITE_OMIT_AUTOINIT -DSQLITE_OMIT_WAL -DSQLITE_OMIT_JSON -DSQLITE_OMIT_DESERIALIZE \
    -DSQLITE_OMIT_DATETIME_FUNCS -DSQLITE_OMIT_PROGRESS_CALLBACK -DSQLITE_OMIT_UTF16 \
    -DSQLITE_MAX_EXPR_DEPTH=100
mkdir -p "$OUT/lib"
"$AR" rcs "$OUT/lib/libsqlite3.a" sqlite3.o
install -m 644 -D sqlite3.h "$OUT/include/sqlite3.h"
