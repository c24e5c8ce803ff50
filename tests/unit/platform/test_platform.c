#include "platform/platform.h"

#include <string.h>

#include "../test.h"
#include "fake.h"

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

// A /proc file tells no size and gives what it likes at a time.
TEST(reads_whole_files)
{
    char buffer[16];
    struct text content;
    fresh();
    fake_add_file(&fake, "/f", TEXT("sixteen bytes..."));
    for (fake.read_limit = 0; fake.read_limit < 18; fake.read_limit++) {
        CHECK(platform_read_file(platform, "/f", buffer, 16, &content) == 0);
        CHECK_EQUAL_TEXT(content, "sixteen bytes...");
        CHECK(platform_read_file(platform, "/f", buffer, 15, &content) == -ERR_TOO_LARGE);
    }
    fake_fail(&fake, FAKE_FILE_READ, 2, false, 0);
    CHECK(platform_read_file(platform, "/f", buffer, 16, &content) == -ERR_IO);
    end();
}

static int
replace(const char *content)
{
    return platform_replace_file(platform, "/state/pin", content, strlen(content), 0600);
}

TEST(replaces_files)
{
    fresh();
    fake_add_file(&fake, "/state/pin.new", TEXT("left over, and long"));
    CHECK(replace("first") == 0);
    CHECK_EQUAL_TEXT(content_of("/state/pin"), "first");
    CHECK(replace("second, longer") == 0);
    CHECK(replace("3") == 0);
    CHECK_EQUAL_TEXT(content_of("/state/pin"), "3");
    struct text ignored;
    CHECK(!fake_content(&fake, "/state/pin.new", &ignored));
    fake_power_cut(&fake);
    CHECK_EQUAL_TEXT(content_of("/state/pin"), "3");
    end();
}

TEST(replaces_files_under_faults)
{
    struct fake_sweep sweep = {0};
    unsigned rounds = 0;
    while (fake_sweep_next(&sweep)) {
        fresh();
        fake_add_file(&fake, "/state/pin", TEXT("old"));
        fake_plan(&fake, &sweep);
        int error = replace("new");
        fake_done(&fake, &sweep);
        fake_heal(&fake);
        struct text content = content_of("/state/pin");
        bool is_new = text_equal(content, TEXT("new"));
        CHECK(is_new || text_equal(content, TEXT("old")));
        CHECK(error == 0 ? is_new : sweep.met);
        CHECK(replace("newer") == 0);
        CHECK_EQUAL_TEXT(content_of("/state/pin"), "newer");
        end();
        rounds++;
    }
    CHECK(rounds > 20);
}

// Power goes at each change in turn: old or new content is there, whole, and
// new for certain once the call has returned.
TEST(replaces_files_under_power_cuts)
{
    uint64_t state = test_seed();
    unsigned old_seen = 0;
    unsigned new_seen = 0;
    for (uint64_t nth = 1; nth < 12; nth++) {
        for (int round = 0; round < 50; round++) {
            fake_open(&fake, test_random(&state));
            fake_add_file(&fake, "/state/pin", TEXT("old"));
            fake_fail(&fake, FAKE_CHANGE, nth, true, 0);
            int error = replace("new");
            fake_power_cut(&fake);
            struct text content = content_of("/state/pin");
            bool is_new = text_equal(content, TEXT("new"));
            CHECK(is_new || text_equal(content, TEXT("old")));
            CHECK(is_new || error != 0);
            old_seen += !is_new;
            new_seen += is_new;
            end();
        }
    }
    CHECK(old_seen > 10 && new_seen > 10);
}

TEST(refuses_long_names)
{
    static char path[2000];
    fresh();
    memset(path, 'a', sizeof path - 1);
    CHECK(platform_replace_file(platform, path, "", 0, 0600) == -ERR_TOO_LONG);
    end();
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"platform_reads_whole_files", reads_whole_files},
        {"platform_replaces_files", replaces_files},
        {"platform_replaces_files_under_faults", replaces_files_under_faults},
        {"platform_replaces_files_under_power_cuts", replaces_files_under_power_cuts},
        {"platform_refuses_long_names", refuses_long_names},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
