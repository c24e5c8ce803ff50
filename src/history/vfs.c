#include "history/vfs.h"

#include <string.h>

#include "base/text.h"
#include "limits.h"

// The ranges of SQLite's Unix VFS.
#define PENDING_AT UINT64_C(0x40000000)
#define RESERVED_AT (PENDING_AT + 1)
#define SHARED_AT (PENDING_AT + 2)
#define SHARED_BYTES 510

// What a disk writes as a whole at best; the journal's header takes one.
#define SECTOR_BYTES 4096

struct vfs_file {
    sqlite3_file sqlite;
    struct vfs *vfs;
    const char *path;  // SQLite's, lives as long as the file
    int handle;
    int level;      // SQLITE_LOCK_...
    bool may_write;
    bool new_name;  // the directory is to be synced with the file
};

static int
failed(struct vfs *vfs, int error, int code)
{
    vfs->last_error = error;
    return error == -ERR_DISK_FULL ? SQLITE_FULL : error == -ERR_BUSY ? SQLITE_BUSY : code;
}

static int
answer(struct vfs *vfs, int error, int code)
{
    return error == 0 ? SQLITE_OK : failed(vfs, error, code);
}

static int
sync_directory_of(const struct platform *platform, const char *path)
{
    char directory[HISTORY_PATH_BYTES_MAX];
    struct out out = out_of(directory, sizeof directory);
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - path);
    int file;
    out_text(&out, slash == NULL ? TEXT(".") : size == 0 ? TEXT("/") : (struct text){path, size});
    int error = platform_file_open(platform, out_c_string(&out), PLATFORM_READ, 0, &file);
    if (error == 0) {
        error = platform_file_sync(platform, file);
        platform_file_close(platform, file);
    }
    return error;
}

// --- Files

static struct vfs_file *
file_of(sqlite3_file *file)
{
    return (struct vfs_file *)(void *)file;
}

static int
file_close(sqlite3_file *sqlite)
{
    struct vfs_file *file = file_of(sqlite);
    platform_file_close(file->vfs->platform, file->handle);
    return SQLITE_OK;
}

// SQLite wants what is behind the end as zeros.
static int
file_read(sqlite3_file *sqlite, void *bytes, int size, sqlite3_int64 offset)
{
    struct vfs_file *file = file_of(sqlite);
    size_t done = 0;
    while (done < (size_t)size) {
        int64_t got = platform_file_read(file->vfs->platform, file->handle, (char *)bytes + done,
                                         (size_t)size - done, offset + (int64_t)done);
        if (got < 0) {
            return failed(file->vfs, (int)got, SQLITE_IOERR_READ);
        }
        if (got == 0) {
            memset((char *)bytes + done, 0, (size_t)size - done);
            return SQLITE_IOERR_SHORT_READ;
        }
        done += (size_t)got;
    }
    return SQLITE_OK;
}

static int
file_write(sqlite3_file *sqlite, const void *bytes, int size, sqlite3_int64 offset)
{
    struct vfs_file *file = file_of(sqlite);
    return answer(
        file->vfs,
        platform_file_write(file->vfs->platform, file->handle, bytes, (size_t)size, offset),
        SQLITE_IOERR_WRITE);
}

static int
file_truncate(sqlite3_file *sqlite, sqlite3_int64 size)
{
    struct vfs_file *file = file_of(sqlite);
    return answer(file->vfs,
                  platform_file_truncate(file->vfs->platform, file->handle, (uint64_t)size),
                  SQLITE_IOERR_TRUNCATE);
}

static int
file_sync(sqlite3_file *sqlite, int flags)
{
    struct vfs_file *file = file_of(sqlite);
    (void)flags;
    int error = platform_file_sync(file->vfs->platform, file->handle);
    if (error == 0 && file->new_name) {
        error = sync_directory_of(file->vfs->platform, file->path);
        file->new_name = error != 0;
    }
    return answer(file->vfs, error, SQLITE_IOERR_FSYNC);
}

static int
file_size(sqlite3_file *sqlite, sqlite3_int64 *size)
{
    struct vfs_file *file = file_of(sqlite);
    uint64_t found = 0;
    int error = platform_file_size(file->vfs->platform, file->handle, &found);
    *size = (sqlite3_int64)found;
    return answer(file->vfs, error, SQLITE_IOERR_FSTAT);
}

static int
range_lock(struct vfs_file *file, uint64_t offset, uint64_t size, enum platform_lock lock)
{
    return answer(file->vfs,
                  platform_file_lock(file->vfs->platform, file->handle, offset, size, lock),
                  SQLITE_IOERR_LOCK);
}

// Whoever holds the pending byte keeps new readers out, so that a writer gets
// its turn.
static int
lock_shared(struct vfs_file *file)
{
    int code = range_lock(file, PENDING_AT, 1, PLATFORM_LOCK_SHARED);
    if (code == SQLITE_OK) {
        code = range_lock(file, SHARED_AT, SHARED_BYTES, PLATFORM_LOCK_SHARED);
        int released = range_lock(file, PENDING_AT, 1, PLATFORM_LOCK_NONE);
        code = code == SQLITE_OK ? released : code;
    }
    return code;
}

static int
lock_exclusive(struct vfs_file *file)
{
    if (file->level < SQLITE_LOCK_PENDING) {
        int code = range_lock(file, PENDING_AT, 1, PLATFORM_LOCK_EXCLUSIVE);
        if (code != SQLITE_OK) {
            return code;
        }
        file->level = SQLITE_LOCK_PENDING;
    }
    return range_lock(file, SHARED_AT, SHARED_BYTES, PLATFORM_LOCK_EXCLUSIVE);
}

static int
file_lock(sqlite3_file *sqlite, int level)
{
    struct vfs_file *file = file_of(sqlite);
    if (file->level >= level) {
        return SQLITE_OK;
    }
    // A journal beside an empty file: a reader leaves it to the writer.
    if (level > SQLITE_LOCK_SHARED && !file->may_write) {
        return SQLITE_BUSY;
    }
    int code = level == SQLITE_LOCK_SHARED ? lock_shared(file)
               : level == SQLITE_LOCK_RESERVED
                   ? range_lock(file, RESERVED_AT, 1, PLATFORM_LOCK_EXCLUSIVE)
                   : lock_exclusive(file);
    file->level = code == SQLITE_OK ? level : file->level;
    return code;
}

static int
file_unlock(sqlite3_file *sqlite, int level)
{
    struct vfs_file *file = file_of(sqlite);
    int code = SQLITE_OK;
    if (file->level <= level) {
        return SQLITE_OK;
    }
    if (file->level > SQLITE_LOCK_SHARED) {
        if (level == SQLITE_LOCK_SHARED && file->level == SQLITE_LOCK_EXCLUSIVE) {
            code = range_lock(file, SHARED_AT, SHARED_BYTES, PLATFORM_LOCK_SHARED);
        }
        int pending = range_lock(file, PENDING_AT, 1, PLATFORM_LOCK_NONE);
        int reserved = range_lock(file, RESERVED_AT, 1, PLATFORM_LOCK_NONE);
        code = code != SQLITE_OK ? code : pending != SQLITE_OK ? pending : reserved;
    }
    if (level == SQLITE_LOCK_NONE) {
        int shared = range_lock(file, SHARED_AT, SHARED_BYTES, PLATFORM_LOCK_NONE);
        code = code != SQLITE_OK ? code : shared;
    }
    file->level = level;
    return code == SQLITE_OK ? SQLITE_OK : SQLITE_IOERR_UNLOCK;
}

static int
file_check_reserved(sqlite3_file *sqlite, int *reserved)
{
    struct vfs_file *file = file_of(sqlite);
    int error = file->level >= SQLITE_LOCK_RESERVED
                    ? -ERR_BUSY
                    : platform_file_lock(file->vfs->platform, file->handle, RESERVED_AT, 1,
                                         PLATFORM_LOCK_TEST);
    *reserved = error == -ERR_BUSY;
    return error == -ERR_BUSY ? SQLITE_OK
                              : answer(file->vfs, error, SQLITE_IOERR_CHECKRESERVEDLOCK);
}

static int
file_control(sqlite3_file *sqlite, int operation, void *argument)
{
    (void)sqlite;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int
file_sector_size(sqlite3_file *sqlite)
{
    (void)sqlite;
    return SECTOR_BYTES;
}

// Nothing is promised: writes may be torn, sizes may be kept before content.
static int
file_characteristics(sqlite3_file *sqlite)
{
    (void)sqlite;
    return 0;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
};

// --- Names

static struct vfs *
vfs_of(sqlite3_vfs *sqlite)
{
    return sqlite->pAppData;
}

static int
vfs_file_open(sqlite3_vfs *sqlite, const char *path, sqlite3_file *opened, int flags,
              int *out_flags)
{
    struct vfs *vfs = vfs_of(sqlite);
    struct vfs_file *file = file_of(opened);
    struct platform_status status;
    opened->pMethods = NULL;
    if (path == NULL || (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL)) == 0) {
        return SQLITE_CANTOPEN;
    }
    unsigned how = PLATFORM_READ;
    how |= (flags & SQLITE_OPEN_READWRITE) != 0 ? PLATFORM_WRITE : 0U;
    how |= (flags & SQLITE_OPEN_CREATE) != 0 ? PLATFORM_CREATE : 0U;
    how |= (flags & SQLITE_OPEN_EXCLUSIVE) != 0 ? PLATFORM_EXCLUSIVE : 0U;
    bool is_new = (how & PLATFORM_CREATE) != 0 &&
                  platform_file_status(vfs->platform, path, &status) == -ERR_NO_FILE;
    *file = (struct vfs_file){.vfs = vfs,
                              .path = path,
                              .may_write = (how & PLATFORM_WRITE) != 0,
                              .new_name = is_new};
    int error = platform_file_open(vfs->platform, path, how, 0644, &file->handle);
    if (error != 0) {
        return failed(vfs, error, SQLITE_CANTOPEN);
    }
    opened->pMethods = &methods;
    if (out_flags != NULL) {
        *out_flags = flags;
    }
    return SQLITE_OK;
}

static int
vfs_delete(sqlite3_vfs *sqlite, const char *path, int sync_directory)
{
    struct vfs *vfs = vfs_of(sqlite);
    int error = platform_file_remove(vfs->platform, path);
    if (error == -ERR_NO_FILE) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    if (error == 0 && sync_directory != 0) {
        error = sync_directory_of(vfs->platform, path);
    }
    return answer(vfs, error, SQLITE_IOERR_DELETE);
}

// An empty file counts as none: an empty journal is one that is not needed.
static int
vfs_access(sqlite3_vfs *sqlite, const char *path, int flags, int *result)
{
    struct vfs *vfs = vfs_of(sqlite);
    struct platform_status status;
    int error = platform_file_status(vfs->platform, path, &status);
    *result = error == 0 &&
              (flags != SQLITE_ACCESS_EXISTS || status.kind != PLATFORM_FILE || status.size > 0);
    return answer(vfs, error == -ERR_NO_FILE ? 0 : error, SQLITE_IOERR_ACCESS);
}

static int
vfs_full_path(sqlite3_vfs *sqlite, const char *path, int size, char *full)
{
    struct out out = out_of(full, (size_t)size);
    (void)sqlite;
    out_string(&out, path);
    out_byte(&out, '\0');
    return out.full ? SQLITE_CANTOPEN : SQLITE_OK;
}

static int
vfs_random(sqlite3_vfs *sqlite, int size, char *bytes)
{
    memset(bytes, 0, (size_t)size);
    return platform_random_bytes(vfs_of(sqlite)->platform, bytes, (size_t)size) == 0 ? size : 0;
}

static int
vfs_sleep(sqlite3_vfs *sqlite, int us)
{
    platform_sleep_ms(vfs_of(sqlite)->platform, (us + 999) / 1000);
    return us;
}

// Milliseconds since noon in Greenwich on November 24, 4714 B.C.
static int
vfs_time(sqlite3_vfs *sqlite, sqlite3_int64 *time)
{
    *time = INT64_C(210866760000000) + platform_wall_now(vfs_of(sqlite)->platform).ms;
    return SQLITE_OK;
}

static int
vfs_last_error(sqlite3_vfs *sqlite, int size, char *bytes)
{
    (void)size;
    (void)bytes;
    return -vfs_of(sqlite)->last_error;
}

int
vfs_open(struct vfs *vfs, const struct platform *platform)
{
    struct out name = out_of(vfs->name, sizeof vfs->name);
    vfs->platform = platform;
    vfs->last_error = 0;
    out_format(&name, "skerry-%p", (void *)vfs);
    vfs->sqlite = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = (int)sizeof(struct vfs_file),
        .mxPathname = HISTORY_PATH_BYTES_MAX,
        .zName = out_c_string(&name),
        .pAppData = vfs,
        .xOpen = vfs_file_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time,
    };
    bool is_open =
        sqlite3_initialize() == SQLITE_OK && sqlite3_vfs_register(&vfs->sqlite, 1) == SQLITE_OK;
    return is_open ? 0 : -ERR_HEAP_FULL;
}

void
vfs_close(struct vfs *vfs)
{
    int code = sqlite3_vfs_unregister(&vfs->sqlite);
    ASSERT(code == SQLITE_OK);
}

// What SQLite calls of a port to a system of its own: nothing to do until a VFS
// is opened.
int
sqlite3_os_init(void)
{
    return SQLITE_OK;
}

int
sqlite3_os_end(void)
{
    return SQLITE_OK;
}
