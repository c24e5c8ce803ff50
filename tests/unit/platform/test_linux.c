#include "platform/linux.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../test.h"

static struct platform machine;
static char folder[64];

static const char *
path_of(const char *name)
{
    static char paths[4][128];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void
begin(void)
{
    machine = linux_platform();
    strcpy(folder, "/tmp/test-linux-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
}

static void
end(void)
{
    CHECK(rmdir(folder) == 0);
}

static int
opened(const char *name, unsigned flags)
{
    int file = -1;
    CHECK(platform_file_open(&machine, path_of(name), flags, 0640, &file) == 0);
    CHECK(file >= 0);
    return file;
}

TEST(tells_time_and_chance)
{
    begin();
    struct mono_ns first = platform_mono_now(&machine);
    struct mono_ns second = platform_mono_now(&machine);
    CHECK(first.ns > 0 && second.ns >= first.ns);
    CHECK(platform_wall_now(&machine).ms > INT64_C(1600000000000));
    unsigned char a[300] = {0};
    unsigned char b[300] = {0};
    CHECK(platform_random_bytes(&machine, a, sizeof a) == 0);
    CHECK(platform_random_bytes(&machine, b, sizeof b) == 0);
    CHECK(memcmp(a, b, sizeof a) != 0);
    end();
}

TEST(writes_and_reads)
{
    char buffer[32];
    uint64_t size = 0;
    begin();
    int file = opened("f", PLATFORM_READ | PLATFORM_WRITE | PLATFORM_CREATE);
    CHECK(platform_file_write(&machine, file, "hello world", 11, PLATFORM_STREAM) == 0);
    CHECK(platform_file_write(&machine, file, "W", 1, 6) == 0);
    CHECK(platform_file_sync(&machine, file) == 0);
    CHECK(platform_file_size(&machine, file, &size) == 0 && size == 11);
    CHECK(platform_file_read(&machine, file, buffer, 5, 6) == 5);
    CHECK(memcmp(buffer, "World", 5) == 0);
    CHECK(platform_file_read(&machine, file, buffer, 5, 11) == 0);
    CHECK(platform_file_truncate(&machine, file, 4) == 0);
    CHECK(platform_file_truncate(&machine, file, UINT64_MAX) == -ERR_DISK_FULL);
    platform_file_close(&machine, file);
    struct text content;
    CHECK(platform_read_file(&machine, path_of("f"), buffer, sizeof buffer, &content) == 0);
    CHECK_EQUAL_TEXT(content, "hell");
    struct platform_status status;
    CHECK(platform_file_status(&machine, path_of("f"), &status) == 0);
    CHECK(status.kind == PLATFORM_FILE && status.size == 4 && status.inode != 0);
    CHECK_EQUAL_U64(status.mode & ~027U, 0640);
    CHECK(llabs(status.changed.ms - platform_wall_now(&machine).ms) < 60000);
    CHECK(platform_file_rename(&machine, path_of("f"), path_of("g")) == 0);
    CHECK(platform_file_status(&machine, path_of("f"), &status) == -ERR_NO_FILE);
    CHECK(platform_file_remove(&machine, path_of("g")) == 0);
    CHECK(platform_file_remove(&machine, path_of("g")) == -ERR_NO_FILE);
    end();
}

TEST(opens_as_asked)
{
    char buffer[8];
    int file;
    unsigned make = PLATFORM_WRITE | PLATFORM_CREATE;
    begin();
    CHECK(platform_file_open(&machine, path_of("f"), PLATFORM_READ, 0, &file) == -ERR_NO_FILE);
    platform_file_close(&machine, opened("f", make | PLATFORM_EXCLUSIVE));
    CHECK(platform_file_open(&machine, path_of("f"), make | PLATFORM_EXCLUSIVE, 0600, &file) ==
          -ERR_NO_ACCESS);
    CHECK(symlink(path_of("f"), path_of("l")) == 0);
    CHECK(platform_file_open(&machine, path_of("l"), PLATFORM_READ | PLATFORM_NO_FOLLOW, 0,
                             &file) == -ERR_NO_ACCESS);
    file = opened("l", PLATFORM_WRITE | PLATFORM_TRUNCATE);
    CHECK(platform_file_read(&machine, file, buffer, 1, 0) < 0);
    platform_file_close(&machine, file);
    CHECK(platform_replace_file(&machine, path_of("f"), "new", 3, 0600) == 0);
    struct text content;
    CHECK(platform_read_file(&machine, path_of("l"), buffer, sizeof buffer, &content) == 0);
    CHECK_EQUAL_TEXT(content, "new");
    CHECK(platform_link_read(&machine, path_of("l"), buffer, sizeof buffer, &content) ==
          -ERR_TOO_LONG);
    CHECK(platform_link_read(&machine, path_of("f"), buffer, sizeof buffer, &content) ==
          -ERR_BAD_TYPE);
    char target[128];
    CHECK(platform_link_read(&machine, path_of("l"), target, sizeof target, &content) == 0);
    CHECK_EQUAL_TEXT(content, path_of("f"));
    CHECK(platform_file_remove(&machine, path_of("l")) == 0);
    CHECK(platform_file_remove(&machine, path_of("f")) == 0);
    end();
}

// More names than fit into the buffer at once; each comes once.
TEST(lists_directories)
{
    _Alignas(8) char buffer[PLATFORM_DIR_BYTES_MIN];
    struct platform_dir dir;
    struct platform_entry entry;
    unsigned char seen[200] = {0};
    begin();
    CHECK(platform_dir_make(&machine, path_of("d"), 0700) == 0);
    CHECK(platform_dir_make(&machine, path_of("d"), 0700) == 0);
    for (unsigned i = 0; i < sizeof seen; i++) {
        char name[64];
        snprintf(name, sizeof name, "d/entry-with-a-longer-name-%u", i);
        platform_file_close(&machine, opened(name, PLATFORM_WRITE | PLATFORM_CREATE));
    }
    CHECK(platform_dir_make(&machine, path_of("d/entry-with-a-longer-name-1"), 0700) ==
          -ERR_NO_ACCESS);
    CHECK(platform_dir_make(&machine, path_of("no/where"), 0700) == -ERR_NO_FILE);
    CHECK(platform_dir_open(&machine, path_of("none"), buffer, sizeof buffer, &dir) ==
          -ERR_NO_FILE);
    CHECK(platform_dir_open(&machine, path_of("d"), buffer, sizeof buffer, &dir) == 0);
    while (platform_dir_next(&machine, &dir, &entry) == 1) {
        uint64_t number = 0;
        struct text digits = text_sub(entry.name, strlen("entry-with-a-longer-name-"), 9);
        CHECK(text_to_u64(digits, &number) == 0 && number < sizeof seen);
        CHECK(seen[number] == 0);
        CHECK(entry.kind == PLATFORM_FILE || entry.kind == PLATFORM_UNKNOWN);
        CHECK(entry.inode != 0);
        seen[number] = 1;
    }
    platform_dir_close(&machine, &dir);
    for (unsigned i = 0; i < sizeof seen; i++) {
        char name[64];
        CHECK(seen[i] == 1);
        snprintf(name, sizeof name, "d/entry-with-a-longer-name-%u", i);
        CHECK(platform_file_remove(&machine, path_of(name)) == 0);
    }
    CHECK(rmdir(path_of("d")) == 0);
    end();
}

TEST(looks_from_a_directory)
{
    struct platform_status status;
    struct platform_status by_path;
    int dir;
    int file;
    char byte;
    begin();
    CHECK(platform_dir_make(&machine, path_of("d"), 0750) == 0);
    CHECK(platform_dir_make(&machine, path_of("d/sub"), 0750) == 0);
    file = opened("d/f", PLATFORM_WRITE | PLATFORM_CREATE);
    CHECK(platform_file_write(&machine, file, "x", 1, PLATFORM_STREAM) == 0);
    platform_file_close(&machine, file);
    CHECK(platform_file_open(&machine, path_of("d"), PLATFORM_READ, 0, &dir) == 0);
    CHECK(platform_file_open_at(&machine, dir, "f", PLATFORM_READ, &file) == 0);
    CHECK(platform_file_read(&machine, file, &byte, 1, PLATFORM_STREAM) == 1);
    platform_file_close(&machine, file);
    CHECK(platform_file_open_at(&machine, dir, "g", PLATFORM_READ, &file) == -ERR_NO_FILE);
    CHECK(platform_file_status_at(&machine, dir, "f", &status) == 0);
    CHECK(platform_file_status(&machine, path_of("d/f"), &by_path) == 0);
    CHECK_EQUAL_U64(status.inode, by_path.inode);
    CHECK_EQUAL_U64(status.size, 1);
    CHECK(platform_file_status_at(&machine, dir, "g", &status) == -ERR_NO_FILE);
    platform_file_close(&machine, dir);
    CHECK(platform_file_remove(&machine, path_of("d/f")) == 0);
    CHECK(rmdir(path_of("d/sub")) == 0 && rmdir(path_of("d")) == 0);
    end();
}

// Among handles, of one process too; a handle's own locks are none of its worry.
TEST(locks_ranges)
{
    begin();
    int a = opened("x", PLATFORM_READ | PLATFORM_WRITE | PLATFORM_CREATE);
    int b = opened("x", PLATFORM_READ | PLATFORM_WRITE);
    int c = opened("x", PLATFORM_READ);
    CHECK(platform_file_lock(&machine, a, 10, 5, PLATFORM_LOCK_EXCLUSIVE) == 0);
    CHECK(platform_file_lock(&machine, a, 10, 5, PLATFORM_LOCK_TEST) == 0);
    CHECK(platform_file_lock(&machine, b, 14, 1, PLATFORM_LOCK_SHARED) == -ERR_BUSY);
    CHECK(platform_file_lock(&machine, c, 14, 1, PLATFORM_LOCK_TEST) == -ERR_BUSY);
    CHECK(platform_file_lock(&machine, b, 15, 1, PLATFORM_LOCK_EXCLUSIVE) == 0);
    CHECK(platform_file_lock(&machine, a, 10, 5, PLATFORM_LOCK_SHARED) == 0);
    CHECK(platform_file_lock(&machine, c, 14, 1, PLATFORM_LOCK_SHARED) == 0);
    platform_file_close(&machine, c);
    CHECK(platform_file_lock(&machine, b, 14, 1, PLATFORM_LOCK_EXCLUSIVE) == -ERR_BUSY);
    CHECK(platform_file_lock(&machine, a, 10, 5, PLATFORM_LOCK_NONE) == 0);
    CHECK(platform_file_lock(&machine, b, 14, 1, PLATFORM_LOCK_EXCLUSIVE) == 0);
    platform_file_close(&machine, a);
    platform_file_close(&machine, b);
    CHECK(platform_file_remove(&machine, path_of("x")) == 0);
    end();
}

TEST(reads_proc)
{
    static char buffer[65536];
    _Alignas(8) char names[4096];
    struct text content;
    struct platform_dir dir;
    struct platform_entry entry;
    int found = 0;
    begin();
    CHECK(platform_read_file(&machine, "/proc/self/stat", buffer, sizeof buffer, &content) == 0);
    CHECK(content.size > 20);
    CHECK(platform_dir_open(&machine, "/proc/self/fd", names, sizeof names, &dir) == 0);
    while (platform_dir_next(&machine, &dir, &entry) == 1) {
        found++;
        CHECK(entry.kind == PLATFORM_LINK);
    }
    platform_dir_close(&machine, &dir);
    CHECK(found >= 3);
    struct platform_space space;
    CHECK(platform_space(&machine, "/", &space) == 0);
    CHECK(space.capacity > 0 && space.available <= space.capacity);
    CHECK(platform_space(&machine, "/none/at/all", &space) == -ERR_NO_FILE);
    end();
}

TEST(tells_a_full_disk)
{
    int file;
    begin();
    if (access("/dev/full", W_OK) != 0) {
        end();
        SKIP("there is no /dev/full");
    }
    CHECK(platform_file_open(&machine, "/dev/full", PLATFORM_WRITE, 0, &file) == 0);
    CHECK(platform_file_write(&machine, file, "x", 1, PLATFORM_STREAM) == -ERR_DISK_FULL);
    platform_file_close(&machine, file);
    CHECK(linux_error(EACCES) == -ERR_NO_ACCESS);
    CHECK(linux_error(EIO) == -ERR_IO);
    end();
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"linux_tells_time_and_chance", tells_time_and_chance},
        {"linux_writes_and_reads", writes_and_reads},
        {"linux_opens_as_asked", opens_as_asked},
        {"linux_lists_directories", lists_directories},
        {"linux_looks_from_a_directory", looks_from_a_directory},
        {"linux_locks_ranges", locks_ranges},
        {"linux_reads_proc", reads_proc},
        {"linux_tells_a_full_disk", tells_a_full_disk},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
