#include "host/host_file.h"

#include <string.h>

#include "../platform/fake.h"
#include "../test.h"

static struct fake fake;
static struct host_files files;
static unsigned char block[64 * 1024] __attribute__((aligned(16)));
static char content[3 * HOST_FILE_BYTES_MAX];
static char said[1024];
static struct out record;

static void
start(const char *root)
{
    struct arena arena;
    memset(block, 0, sizeof block);
    arena_init(&arena, block, host_files_footprint());
    fake_open(&fake, 1);
    host_files_init(&files, &arena, &fake.platform, text_of(root));
    CHECK_EQUAL_U64(arena.used, arena.size);
    record = out_of(said, sizeof said);
}

static void
take_line(void *context, struct text line)
{
    CHECK(context == &record);
    out_text(&record, text_sub(line, 0, 8));
    out_byte(&record, '|');
}

static void
take_name(void *context, struct text name, bool is_dir)
{
    CHECK(context == &record);
    out_text(&record, name);
    out_byte(&record, is_dir ? '/' : '|');
}

static int
take_piece(void *context, const void *bytes, size_t size)
{
    uint64_t *total = context;
    (void)bytes;
    *total += size;
    return *total > 2 * HOST_FILE_BYTES_MAX ? -ERR_MALFORMED : 0;
}

TEST(whole_files)
{
    struct text text;
    start("/");
    fake_add_file(&fake, "/a/b", TEXT(" 42\n"));
    CHECK(host_file_read(&files, TEXT("/a"), TEXT("b"), &text) == 0);
    CHECK_EQUAL_TEXT(text, " 42\n");
    CHECK(host_file_read(&files, TEXT("/a"), TEXT("no"), &text) == -ERR_NO_FILE);
    CHECK_EQUAL_U64(files.errors[ERR_NO_FILE], 0);
    memset(content, 'x', sizeof content);
    fake_add_file(&fake, "/large", (struct text){content, HOST_FILE_BYTES_MAX + 1});
    CHECK(host_file_read(&files, TEXT(""), TEXT("large"), &text) == -ERR_TOO_LARGE);
    CHECK_EQUAL_U64(files.errors[ERR_TOO_LARGE], 1);
    CHECK(host_file_read(&files, (struct text){content, HOST_PATH_BYTES_MAX}, TEXT("x"),
                         &text) == -ERR_TOO_LONG);
    CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
    fake_close(&fake);
}

TEST(below_another_root)
{
    struct text text;
    start("/host//");
    fake_add_file(&fake, "/host/a", TEXT("inside"));
    CHECK(host_file_read(&files, TEXT(""), TEXT("a"), &text) == 0);
    CHECK_EQUAL_TEXT(text, "inside");
    fake_close(&fake);
}

TEST(lines)
{
    start("/");
    fake_add_file(&fake, "/f", TEXT("one\n\ntwo\nthree"));
    for (size_t limit = 0; limit < 6; limit++) {
        fake.read_limit = limit;
        record = out_of(said, sizeof said);
        CHECK(host_file_lines(&files, TEXT(""), TEXT("f"), take_line, &record) == 0);
        CHECK_EQUAL_TEXT(out_view(&record), "one||two|three|");
    }
    fake_close(&fake);
}

TEST(a_line_that_is_too_long_is_left_out)
{
    start("/");
    // A long line of each size around the window's, between two short ones.
    for (size_t size = HOST_FILE_BYTES_MAX - 12; size < HOST_FILE_BYTES_MAX + 12; size++) {
        struct out out = out_of(content, sizeof content);
        out_string(&out, "first\n");
        for (size_t i = 0; i < size; i++) {
            out_byte(&out, 'x');
        }
        out_string(&out, "\nlast");
        fake_add_file(&fake, "/f", out_view(&out));
        record = out_of(said, sizeof said);
        uint64_t before = files.errors[ERR_TOO_LONG];
        CHECK(host_file_lines(&files, TEXT(""), TEXT("f"), take_line, &record) == 0);
        bool cut = files.errors[ERR_TOO_LONG] > before;
        CHECK_EQUAL_TEXT(out_view(&record), cut ? "first|last|" : "first|xxxxxxxx|last|");
        CHECK(cut == (size >= HOST_FILE_BYTES_MAX));
    }
    fake_close(&fake);
}

TEST(streams_end_when_told)
{
    uint64_t total = 0;
    start("/");
    memset(content, 'x', sizeof content);
    fake_add_file(&fake, "/f", (struct text){content, HOST_FILE_BYTES_MAX + 7});
    CHECK(host_file_stream(&files, TEXT(""), TEXT("f"), take_piece, &total) == 0);
    CHECK_EQUAL_U64(total, HOST_FILE_BYTES_MAX + 7);
    fake_add_file(&fake, "/f", (struct text){content, sizeof content});
    total = 0;
    CHECK(host_file_stream(&files, TEXT(""), TEXT("f"), take_piece, &total) ==
          -ERR_MALFORMED);
    CHECK_EQUAL_U64(files.errors[ERR_MALFORMED], 1);
    CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
    fake_close(&fake);
}

// A file that never ends, as a broken file system could show it.
static int64_t
read_for_ever(void *state, int file, void *bytes, size_t size, int64_t offset)
{
    (void)state;
    (void)file;
    (void)offset;
    memset(bytes, '\n', size);
    return (int64_t)size;
}

static void
ignore_line(void *context, struct text line)
{
    (void)context;
    (void)line;
}

static int
ignore_piece(void *context, const void *bytes, size_t size)
{
    (void)context;
    (void)bytes;
    return size > 0 ? 0 : -ERR_IO;
}

TEST(endless_files_end)
{
    start("/");
    fake_add_file(&fake, "/f", TEXT("x"));
    struct platform_ops ops = *fake.platform.ops;
    struct platform endless = {&ops, fake.platform.state};
    ops.file_read = read_for_ever;
    files.platform = &endless;
    CHECK(host_file_lines(&files, TEXT(""), TEXT("f"), ignore_line, NULL) == -ERR_TOO_LARGE);
    CHECK(host_file_stream(&files, TEXT(""), TEXT("f"), ignore_piece, NULL) == -ERR_TOO_LARGE);
    CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
    fake_close(&fake);
}

TEST(directories)
{
    start("/");
    fake_add_file(&fake, "/d/file", TEXT(""));
    fake_add_directory(&fake, "/d/sub");
    CHECK(host_dir_names(&files, TEXT("/d"), take_name, &record) == 0);
    struct text all = out_view(&record);
    CHECK(text_equal(all, TEXT("file|sub/")) || text_equal(all, TEXT("sub/file|")));
    CHECK(host_dir_names(&files, TEXT("/no"), take_name, &record) == -ERR_NO_FILE);
    CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
    fake_close(&fake);
}

TEST(several_files_of_one_directory)
{
    struct text text;
    struct host_dir opened;
    start("/host");
    fake_add_file(&fake, "/host/d/a", TEXT("1"));
    fake_add_file(&fake, "/host/d/b", TEXT("2"));
    CHECK(host_dir_open(&files, TEXT("/no"), &opened) == -ERR_NO_FILE);
    CHECK(!opened.open);
    host_dir_close(&files, &opened);
    CHECK(host_dir_open(&files, TEXT("/d"), &opened) == 0);
    CHECK(host_dir_read(&files, &opened, TEXT("a"), &text) == 0);
    CHECK_EQUAL_TEXT(text, "1");
    CHECK(host_dir_read(&files, &opened, TEXT("b"), &text) == 0);
    CHECK_EQUAL_TEXT(text, "2");
    CHECK(host_dir_read(&files, &opened, TEXT("c"), &text) == -ERR_NO_FILE);
    CHECK(host_dir_read(&files, &opened, TEXT(""), &text) == -ERR_TOO_LONG);
    CHECK_EQUAL_U64(files.reads, 2);
    host_dir_close(&files, &opened);
    CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
    fake_close(&fake);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"whole_files", whole_files},
        {"below_another_root", below_another_root},
        {"lines", lines},
        {"a_line_that_is_too_long_is_left_out", a_line_that_is_too_long_is_left_out},
        {"streams_end_when_told", streams_end_when_told},
        {"endless_files_end", endless_files_end},
        {"directories", directories},
        {"several_files_of_one_directory", several_files_of_one_directory},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
