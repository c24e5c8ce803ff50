// SQLite's way to files: a VFS over the platform's table of operations, so that
// tests put faults in. Main files and their rollback journals only: temporary
// files, shared memory and mmap are refused.
//
// Locks are those of SQLite's own Unix VFS, byte ranges behind 1 GiB, so that
// its tools may look at a file that is in use.
//
// A VFS is known to SQLite from vfs_open to vfs_close under a name of its own;
// it must not move in between.
#ifndef SKERRY_HISTORY_VFS_H
#define SKERRY_HISTORY_VFS_H

#include <sqlite3.h>

#include "platform/platform.h"

struct vfs {
    sqlite3_vfs sqlite;
    const struct platform *platform;
    int last_error;  // -ERR_...; of the operation that failed last
    char name[32];
};

// -ERR_HEAP_FULL
int vfs_open(struct vfs *vfs, const struct platform *platform) MUST_USE;
void vfs_close(struct vfs *vfs);

#endif
