#include "fake.h"

#include <string.h>

#include "../test.h"

static struct fake fake;
static struct platform *const platform = &fake.platform;

static void
fresh(void)
{
    fake_open(&fake, test_seed());
}

static void
end(void)
{
    CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
    fake_close(&fake);
}

static struct text
content_of(const char *path)
{
    struct text content;
    CHECK(fake_content(&fake, path, &content));
    return content;
}

TEST(moves_its_clocks)
{
    fresh();
    struct mono_ns mono = platform_mono_now(platform);
    struct wall_ms wall = platform_wall_now(platform);
    fake_advance(&fake, 1500);
    fake_step_wall(&fake, -10000);
    CHECK_EQUAL_U64(mono_ms_between(mono, platform_mono_now(platform)), 1500);
    CHECK(platform_wall_now(platform).ms == wall.ms + 1500 - 10000);
    end();
}

TEST(keeps_files)
{
    char buffer[64];
    struct text content;
    int file;
    fresh();
    fake_add_file(&fake, "/proc/self/stat", TEXT("one two"));
    fake_add_link(&fake, "/proc/link", "/proc/self/stat");
    fake_add_link(&fake, "/circle", "/circle");
    fake.read_limit = 2;
    CHECK(platform_read_file(platform, "/proc/link", buffer, sizeof buffer, &content) == 0);
    CHECK_EQUAL_TEXT(content, "one two");
    CHECK(platform_read_file(platform, "/proc/link", buffer, 6, &content) == -ERR_TOO_LARGE);
    CHECK(platform_read_file(platform, "/circle", buffer, 6, &content) == -ERR_NO_FILE);
    CHECK(platform_read_file(platform, "/none", buffer, 6, &content) == -ERR_NO_FILE);
    fake_set_mode(&fake, "/proc/self/stat", 0);
    CHECK(platform_read_file(platform, "/proc/link", buffer, 9, &content) == -ERR_NO_ACCESS);
    CHECK(platform_file_open(platform, "/no/file", PLATFORM_WRITE | PLATFORM_CREATE, 0600, &file) ==
          -ERR_NO_FILE);
    CHECK(platform_link_read(platform, "/proc/link", buffer, sizeof buffer, &content) == 0);
    CHECK_EQUAL_TEXT(content, "/proc/self/stat");
    fake_drop(&fake, "/proc/self");
    CHECK(platform_read_file(platform, "/proc/link", buffer, 9, &content) == -ERR_NO_FILE);
    end();
}

TEST(lists_directories)
{
    _Alignas(8) char buffer[PLATFORM_DIR_BYTES_MIN];
    struct platform_dir dir;
    struct platform_entry entry;
    unsigned seen = 0;
    fresh();
    fake_add_file(&fake, "/a/one", TEXT("1"));
    fake_add_directory(&fake, "/a/two/deep");
    fake_add_file(&fake, "/ab", TEXT(""));
    CHECK(platform_dir_open(platform, "/a", buffer, sizeof buffer, &dir) == 0);
    while (platform_dir_next(platform, &dir, &entry) == 1) {
        seen |= text_equal(entry.name, TEXT("one")) && entry.kind == PLATFORM_FILE ? 1U : 0;
        seen |= text_equal(entry.name, TEXT("two")) && entry.kind == PLATFORM_DIRECTORY ? 2U : 0;
        seen += 4;
    }
    platform_dir_close(platform, &dir);
    CHECK_EQUAL_U64(seen, 3 + 2 * 4);
    end();
}

// Each write of 512 bytes is kept or lost on its own; what was synced stays.
TEST(forgets_what_was_not_synced)
{
    char bytes[FAKE_BLOCK_BYTES];
    unsigned lost = 0;
    unsigned kept = 0;
    uint64_t state = test_seed();
    for (int round = 0; round < 200; round++) {
        int file;
        fake_open(&fake, test_random(&state));
        memset(bytes, 'a', sizeof bytes);
        CHECK(platform_file_open(platform, "/f", PLATFORM_WRITE | PLATFORM_CREATE, 0600, &file) ==
              0);
        for (int i = 0; i < 4; i++) {
            CHECK(platform_file_write(platform, file, bytes, sizeof bytes, PLATFORM_STREAM) == 0);
        }
        CHECK(platform_file_sync(platform, file) == 0);
        int root;
        CHECK(platform_file_open(platform, "/", PLATFORM_READ, 0, &root) == 0);
        CHECK(platform_file_sync(platform, root) == 0);
        memset(bytes, 'b', sizeof bytes);
        CHECK(platform_file_write(platform, file, bytes, sizeof bytes, 0) == 0);
        CHECK(platform_file_write(platform, file, bytes, sizeof bytes, FAKE_BLOCK_BYTES) == 0);
        fake_power_cut(&fake);
        struct text content = content_of("/f");
        CHECK_EQUAL_U64(content.size, 4 * FAKE_BLOCK_BYTES);
        for (size_t i = 0; i < content.size; i++) {
            char want = i % FAKE_BLOCK_BYTES == 0 ? '?' : content.at[i - 1];
            CHECK(content.at[i] == want || (want == '?' && strchr("ab", content.at[i]) != NULL));
            CHECK(i < 2 * FAKE_BLOCK_BYTES || content.at[i] == 'a');
        }
        lost += content.at[0] == 'a';
        kept += content.at[0] == 'b';
        end();
    }
    CHECK(lost > 20 && kept > 20);
}

TEST(fills_up)
{
    int file;
    fresh();
    fake.disk_limit = 1000;
    char bytes[600] = {0};
    CHECK(platform_file_open(platform, "/f", PLATFORM_WRITE | PLATFORM_CREATE, 0600, &file) == 0);
    CHECK(platform_file_write(platform, file, bytes, sizeof bytes, PLATFORM_STREAM) == 0);
    CHECK(platform_file_write(platform, file, bytes, sizeof bytes, PLATFORM_STREAM) ==
          -ERR_DISK_FULL);
    platform_file_close(platform, file);
    end();
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"fake_moves_its_clocks", moves_its_clocks},
        {"fake_keeps_files", keeps_files},
        {"fake_lists_directories", lists_directories},
        {"fake_forgets_what_was_not_synced", forgets_what_was_not_synced},
        {"fake_fills_up", fills_up},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
