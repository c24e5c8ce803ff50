#include "platform/status_file.h"

#include <string.h>

#include "../test.h"
#include "fake.h"

#define MAGIC UINT64_C(0x7465737473746174)

struct state {
    struct status_head head;
    uint64_t number[40];
};

static struct fake fake;
static struct state state;

static void
fill(uint64_t number)
{
    memset(&state, 0, sizeof state);
    for (unsigned i = 0; i < 40; i++) {
        state.number[i] = number + i;
    }
}

static int
write_state(void)
{
    return status_file_write(&fake.platform, "/state", MAGIC, &state.head, sizeof state);
}

static int
read_state(uint64_t magic)
{
    memset(&state, 0, sizeof state);
    return status_file_read(&fake.platform, "/state", magic, &state.head, sizeof state);
}

TEST(what_was_written_is_read)
{
    fake_open(&fake, test_seed());
    CHECK(read_state(MAGIC) == -ERR_NO_FILE);
    fill(7);
    CHECK(write_state() == 0);
    CHECK(read_state(MAGIC) == 0);
    CHECK_EQUAL_U64(state.number[39], 46);
    fill(1000);
    CHECK(write_state() == 0);
    CHECK(read_state(MAGIC) == 0);
    CHECK_EQUAL_U64(state.number[0], 1000);
    CHECK(read_state(MAGIC + 1) == -ERR_LAYOUT);
    CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
    fake_close(&fake);
}

// Any changed byte, and any length but the right one.
TEST(what_is_damaged_is_refused)
{
    int file;
    fake_open(&fake, test_seed());
    for (size_t at = 0; at < sizeof state; at++) {
        fill(at);
        CHECK(write_state() == 0);
        CHECK(platform_file_open(&fake.platform, "/state", PLATFORM_WRITE, 0, &file) == 0);
        char byte = (char)(((const char *)&state)[at] ^ 0x10);
        CHECK(platform_file_write(&fake.platform, file, &byte, 1, (int64_t)at) == 0);
        platform_file_close(&fake.platform, file);
        CHECK(read_state(MAGIC) < 0);
    }
    for (uint64_t size = 0; size < sizeof state; size += 17) {
        CHECK(platform_file_open(&fake.platform, "/state", PLATFORM_WRITE, 0, &file) == 0);
        CHECK(platform_file_truncate(&fake.platform, file, size) == 0);
        platform_file_close(&fake.platform, file);
        CHECK(read_state(MAGIC) == -ERR_LAYOUT);
    }
    fake_close(&fake);
}

TEST(faults_are_told)
{
    struct fake_sweep sweep = {0};
    uint64_t seed = test_seed();
    while (fake_sweep_next(&sweep)) {
        fake_open(&fake, seed);
        fake_plan(&fake, &sweep);
        fill(3);
        if (write_state() == 0 && read_state(MAGIC) == 0) {
            CHECK_EQUAL_U64(state.number[1], 4);
        }
        CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
        fake_done(&fake, &sweep);
        fake_close(&fake);
    }
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"what was written is read", what_was_written_is_read},
            {"what is damaged is refused", what_is_damaged_is_refused},
            {"faults are told", faults_are_told},
        },
        3);
}
