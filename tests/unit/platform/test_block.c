#include "platform/block.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../test.h"
#include "base/error.h"

static char folder[64];
static char path[128];

static void
begin(void)
{
    strcpy(folder, "/tmp/test-block-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/table", folder);
}

static void
end(void)
{
    unlink(path);
    CHECK(rmdir(folder) == 0);
}

static size_t
resident_pages(void *base, size_t bytes)
{
    static unsigned char seen[4096];
    size_t count = 0;
    size_t pages = (bytes + 4095) / 4096;
    CHECK(pages <= sizeof seen);
    CHECK(mincore(base, bytes, seen) == 0);
    for (size_t i = 0; i < pages; i++) {
        count += seen[i] & 1U;
    }
    return count;
}

static long
faults(void)
{
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return usage.ru_minflt + usage.ru_majflt;
}

TEST(maps_memory_that_is_there)
{
    struct arena arena;
    bool locked = false;
    CHECK(block_map((size_t)1000 * 4096 - 5, &arena, &locked) == 0);
    CHECK_EQUAL_U64(arena.size, 1000 * 4096);
    CHECK_EQUAL_U64(arena.used, 0);
    CHECK_EQUAL_U64(resident_pages(arena.base, arena.size), 1000);
    long before = faults();
    unsigned sum = 0;
    for (size_t i = 0; i < arena.size; i += 512) {
        sum |= arena.base[i];
    }
    CHECK_EQUAL_U64(sum, 0);
    memset(arena.base, 1, arena.size);
    CHECK(faults() - before < 500);  // sanitizers have some of their own
    CHECK(munmap(arena.base, arena.size) == 0);
    CHECK(block_map(SIZE_MAX, &arena, &locked) == -ERR_NO_MEMORY);
    CHECK(block_map((size_t)1 << 60, &arena, &locked) == -ERR_NO_MEMORY);
    CHECK(block_map(0, &arena, &locked) == -ERR_NO_MEMORY);
}

static void
map_without_the_right_to_lock(void *unused)
{
    struct arena arena;
    struct rlimit none = {0, 0};
    bool locked = true;
    (void)unused;
    CHECK(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
    CHECK(geteuid() != 0 || setuid(54321) == 0);
    CHECK(block_map((size_t)1000 * 4096, &arena, &locked) == 0);
    CHECK_EQUAL_U64(resident_pages(arena.base, arena.size), 1000);
}

TEST(maps_without_the_right_to_lock)
{
    int status = test_child_status(map_without_the_right_to_lock, NULL);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(touches_the_stack)
{
    CHECK(block_touch_stack((size_t)256 * 1024) == 0);
    CHECK(block_touch_stack((size_t)1 << 50) == -ERR_NO_MEMORY);
    // All pages below down to there are resident now.
    unsigned char *here = __builtin_frame_address(0);
    unsigned char *page = here - ((uintptr_t)here & 4095) - 60 * 4096;
    CHECK_EQUAL_U64(resident_pages(page, 60 * 4096), 60);
}

TEST(shares_a_file)
{
    struct block_shared writer;
    struct block_shared reader;
    begin();
    CHECK(block_map_reader(path, 1, &reader) == -ERR_NO_FILE);
    umask(077);
    CHECK(block_map_writer(path, 10000, 0644, &writer) == 0);
    CHECK(writer.fresh && writer.bytes == 10000);
    struct stat status;
    CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0644);
    CHECK(status.st_blocks * 512 >= 10000);
    unsigned char *bytes = writer.base;
    for (size_t i = 0; i < 10000; i++) {
        CHECK(bytes[i] == 0);
    }
    CHECK(block_map_reader(path, 10001, &reader) == -ERR_LAYOUT);
    CHECK(block_map_reader(path, 10000, &reader) == 0);
    CHECK_EQUAL_U64(reader.bytes, 10000);
    bytes[9999] = 7;
    CHECK(((unsigned char *)reader.base)[9999] == 7);
    CHECK(munmap(writer.base, writer.bytes) == 0);
    // The writer comes back: same file, same content.
    CHECK(block_map_writer(path, 10000, 0600, &writer) == 0);
    CHECK(!writer.fresh);
    CHECK(((unsigned char *)writer.base)[9999] == 7);
    CHECK(munmap(writer.base, writer.bytes) == 0);
    CHECK(munmap(reader.base, reader.bytes) == 0);
    end();
}

TEST(leaves_readers_their_pages)
{
    struct block_shared writer;
    struct block_shared reader;
    begin();
    CHECK(block_map_writer(path, 200000, 0600, &writer) == 0);
    memset(writer.base, 9, writer.bytes);
    CHECK(munmap(writer.base, writer.bytes) == 0);
    CHECK(block_map_reader(path, 200000, &reader) == 0);
    CHECK(block_map_writer(path, 5000, 0600, &writer) == 0);
    CHECK(writer.fresh);
    CHECK(((unsigned char *)writer.base)[0] == 0);
    CHECK(((unsigned char *)reader.base)[199999] == 9);
    CHECK(munmap(writer.base, writer.bytes) == 0);
    CHECK(munmap(reader.base, reader.bytes) == 0);
    CHECK(block_map_reader(path, 1, &reader) == 0);
    CHECK_EQUAL_U64(reader.bytes, 5000);
    CHECK(munmap(reader.base, reader.bytes) == 0);
    end();
}

TEST(does_not_follow_links)
{
    char elsewhere[160];
    struct block_shared shared;
    begin();
    snprintf(elsewhere, sizeof elsewhere, "%s/other", folder);
    CHECK(symlink(elsewhere, path) == 0);
    CHECK(block_map_reader(path, 1, &shared) == -ERR_NO_ACCESS);
    CHECK(block_map_writer(path, 4096, 0600, &shared) == 0);
    CHECK(access(elsewhere, F_OK) != 0);
    CHECK(munmap(shared.base, shared.bytes) == 0);
    end();
}

static void
write_to_reader(void *unused)
{
    struct block_shared reader;
    (void)unused;
    if (block_map_reader(path, 1, &reader) == 0) {
        *(volatile unsigned char *)reader.base = 1;
    }
}

TEST(keeps_readers_from_writing)
{
    struct block_shared writer;
    begin();
    CHECK(block_map_writer(path, 4096, 0600, &writer) == 0);
    int status = test_child_status(write_to_reader, NULL);
    CHECK(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
    CHECK(*(unsigned char *)writer.base == 0);
    CHECK(munmap(writer.base, writer.bytes) == 0);
    end();
}

TEST(tells_a_full_tmpfs)
{
    struct block_shared shared;
    begin();
    if (mount("tmpfs", folder, "tmpfs", 0, "size=64k") != 0) {
        end();
        SKIP("tmpfs cannot be mounted here");
    }
    int full = block_map_writer(path, 1 << 20, 0600, &shared);
    int fits = block_map_writer(path, 32 << 10, 0600, &shared);
    bool left_over = access(path, F_OK) == 0;
    if (fits == 0) {
        munmap(shared.base, shared.bytes);
    }
    CHECK(umount(folder) == 0);
    CHECK(full == -ERR_DISK_FULL);
    CHECK(fits == 0 && left_over);
    end();
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"block_maps_memory_that_is_there", maps_memory_that_is_there},
        {"block_maps_without_the_right_to_lock", maps_without_the_right_to_lock},
        {"block_touches_the_stack", touches_the_stack},
        {"block_shares_a_file", shares_a_file},
        {"block_leaves_readers_their_pages", leaves_readers_their_pages},
        {"block_does_not_follow_links", does_not_follow_links},
        {"block_keeps_readers_from_writing", keeps_readers_from_writing},
        {"block_tells_a_full_tmpfs", tells_a_full_tmpfs},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
