// SQLite over the platform's operations: bytes, locks between handles, names.
#include "history/vfs.h"

#include <string.h>

#include "../platform/fake.h"
#include "../test.h"

static struct fake fake;
static struct vfs vfs;

struct opened {
    union {
        sqlite3_file file;
        char room[256] __attribute__((aligned(16)));
    };
};

static void
start(void)
{
    fake_open(&fake, 1);
    fake_add_directory(&fake, "/d");
    CHECK(vfs_open(&vfs, &fake.platform) == 0);
    CHECK((size_t)vfs.sqlite.szOsFile <= sizeof(struct opened));
}

static void
end(void)
{
    vfs_close(&vfs);
    CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
    fake_close(&fake);
}

static int
open_file(struct opened *opened, const char *path, int flags)
{
    return vfs.sqlite.xOpen(&vfs.sqlite, path, &opened->file, flags, NULL);
}

static void
open_main(struct opened *opened)
{
    CHECK(open_file(opened, "/d/x",
                    SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) == SQLITE_OK);
}

TEST(bytes)
{
    struct opened opened;
    char bytes[8] = "abcdef";
    sqlite3_int64 size;
    start();
    open_main(&opened);
    const sqlite3_io_methods *file = opened.file.pMethods;
    CHECK(file->xWrite(&opened.file, bytes, 6, 10) == SQLITE_OK);
    CHECK(file->xFileSize(&opened.file, &size) == SQLITE_OK && size == 16);
    fake.read_limit = 2;
    CHECK(file->xRead(&opened.file, bytes, 6, 10) == SQLITE_OK);
    CHECK(memcmp(bytes, "abcdef", 6) == 0);
    CHECK(file->xRead(&opened.file, bytes, 6, 13) == SQLITE_IOERR_SHORT_READ);
    CHECK(memcmp(bytes, "def\0\0\0", 6) == 0);
    CHECK(file->xTruncate(&opened.file, 12) == SQLITE_OK);
    CHECK(file->xFileSize(&opened.file, &size) == SQLITE_OK && size == 12);
    fake_fail(&fake, FAKE_FILE_WRITE, 1, false, 0);
    CHECK(file->xWrite(&opened.file, bytes, 6, 0) == SQLITE_FULL);
    CHECK_EQUAL_U64((uint64_t)-vfs.last_error, ERR_DISK_FULL);
    fake_fail(&fake, FAKE_FILE_WRITE, 1, false, ERR_IO);
    CHECK(file->xWrite(&opened.file, bytes, 6, 0) == SQLITE_IOERR_WRITE);
    file->xClose(&opened.file);
    end();
}

// A new file's name is on the disk once the file was synced.
TEST(names_are_synced_too)
{
    for (uint64_t chance = 1; chance <= 20; chance++) {
        struct opened opened;
        struct text content;
        start();
        fake.random = chance;
        open_main(&opened);
        CHECK(opened.file.pMethods->xWrite(&opened.file, "x", 1, 0) == SQLITE_OK);
        CHECK(opened.file.pMethods->xSync(&opened.file, SQLITE_SYNC_FULL) == SQLITE_OK);
        fake_power_cut(&fake);
        CHECK(fake_content(&fake, "/d/x", &content));
        CHECK_EQUAL_TEXT(content, "x");
        end();
    }
}

TEST(only_files_of_a_history)
{
    struct opened opened;
    int found = 1;
    start();
    CHECK(open_file(&opened, NULL, SQLITE_OPEN_TEMP_DB | SQLITE_OPEN_READWRITE) == SQLITE_CANTOPEN);
    CHECK(open_file(&opened, "/d/x-wal", SQLITE_OPEN_WAL | SQLITE_OPEN_CREATE) == SQLITE_CANTOPEN);
    CHECK(open_file(&opened, "/d/x", SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READONLY) ==
          SQLITE_CANTOPEN);
    CHECK_EQUAL_U64((uint64_t)-vfs.last_error, ERR_NO_FILE);
    CHECK(vfs.sqlite.xAccess(&vfs.sqlite, "/d/x", SQLITE_ACCESS_EXISTS, &found) == SQLITE_OK);
    CHECK(found == 0);
    fake_add_file(&fake, "/d/x", TEXT(""));
    CHECK(vfs.sqlite.xAccess(&vfs.sqlite, "/d/x", SQLITE_ACCESS_EXISTS, &found) == SQLITE_OK);
    CHECK(found == 0);
    CHECK(vfs.sqlite.xDelete(&vfs.sqlite, "/d/x", 1) == SQLITE_OK);
    CHECK(vfs.sqlite.xDelete(&vfs.sqlite, "/d/x", 1) == SQLITE_IOERR_DELETE_NOENT);
    end();
}

TEST(locks)
{
    struct opened a;
    struct opened b;
    int reserved;
    start();
    open_main(&a);
    open_main(&b);
    const sqlite3_io_methods *file = a.file.pMethods;
    CHECK(file->xLock(&a.file, SQLITE_LOCK_SHARED) == SQLITE_OK);
    CHECK(file->xLock(&b.file, SQLITE_LOCK_SHARED) == SQLITE_OK);
    CHECK(file->xLock(&a.file, SQLITE_LOCK_RESERVED) == SQLITE_OK);
    CHECK(file->xLock(&b.file, SQLITE_LOCK_RESERVED) == SQLITE_BUSY);
    CHECK(file->xCheckReservedLock(&b.file, &reserved) == SQLITE_OK && reserved == 1);
    CHECK(file->xLock(&a.file, SQLITE_LOCK_EXCLUSIVE) == SQLITE_BUSY);
    CHECK(file->xUnlock(&b.file, SQLITE_LOCK_NONE) == SQLITE_OK);
    CHECK(file->xLock(&b.file, SQLITE_LOCK_SHARED) == SQLITE_BUSY);  // a waits and goes first
    CHECK(file->xLock(&a.file, SQLITE_LOCK_EXCLUSIVE) == SQLITE_OK);
    CHECK(file->xLock(&b.file, SQLITE_LOCK_SHARED) == SQLITE_BUSY);
    CHECK(file->xUnlock(&a.file, SQLITE_LOCK_SHARED) == SQLITE_OK);
    CHECK(file->xLock(&b.file, SQLITE_LOCK_SHARED) == SQLITE_OK);
    CHECK(file->xCheckReservedLock(&b.file, &reserved) == SQLITE_OK && reserved == 0);
    CHECK(file->xUnlock(&a.file, SQLITE_LOCK_NONE) == SQLITE_OK);
    CHECK(file->xLock(&b.file, SQLITE_LOCK_RESERVED) == SQLITE_OK);
    CHECK(file->xLock(&b.file, SQLITE_LOCK_EXCLUSIVE) == SQLITE_OK);
    CHECK(file->xUnlock(&b.file, SQLITE_LOCK_NONE) == SQLITE_OK);
    file->xClose(&a.file);
    file->xClose(&b.file);
    end();
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"bytes", bytes},
        {"names_are_synced_too", names_are_synced_too},
        {"only_files_of_a_history", only_files_of_a_history},
        {"locks", locks},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
