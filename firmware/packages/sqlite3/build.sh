#!/bin/bash
# SQLite as one file: one thread, no extensions, temporary tables in memory.
# The amalgamation is put together by its own Tcl scripts.
command -v tclsh >/dev/null || {
    echo 'sqlite3: tclsh is missing: apt-get install tcl.'
    exit 1
}
CC=gcc CFLAGS=-O1 ./configure --disable-tcl --disable-readline --disable-shared
make sqlite3.c
# shellcheck disable=SC2086
$CC $CFLAGS -c sqlite3.c -o sqlite3.o \
    -DSQLITE_THREADSAFE=0 -DSQLITE_DQS=0 -DSQLITE_DEFAULT_MEMSTATUS=0 \
    -DSQLITE_TEMP_STORE=3 -DSQLITE_MAX_MMAP_SIZE=0 -DSQLITE_LIKE_DOESNT_MATCH_BLOBS \
    -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_DEPRECATED -DSQLITE_OMIT_SHARED_CACHE \
    -DSQLITE_OMIT_AUTOINIT -DSQLITE_ENABLE_MEMSYS5 -DSQLITE_MAX_EXPR_DEPTH=100
mkdir -p "$OUT/lib"
"$AR" rcs "$OUT/lib/libsqlite3.a" sqlite3.o
install -m 644 -D sqlite3.h "$OUT/include/sqlite3.h"
