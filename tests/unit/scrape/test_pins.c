#include "../test.h"

#include <string.h>

#include "platform/fake.h"
#include "scrape/pins.h"

#define LIMIT 20

static struct fake machine;
static struct pins pins;
static unsigned char memory[1 << 16] __attribute__((aligned(16)));

static void
start(uint32_t limit)
{
    struct arena arena;
    memset(memory, 0, sizeof memory);
    arena_init(&arena, memory, pins_footprint(limit));
    pins_init(&pins, &arena, limit, &machine.platform, "/state/pins");
    CHECK_EQUAL_U64(arena.used, arena.size);
}

static void
begin(void)
{
    fake_open(&machine, test_seed());
    fake_add_directory(&machine, "/state");
    start(LIMIT);
}

static struct pin_key
key_of(unsigned n)
{
    char text[32];
    struct out out = out_of(text, sizeof text);
    out_format(&out, "node-%u", n);
    return pin_key_of(TEXT("api"), 6443, out_view(&out));
}

static struct fingerprint
print_of(unsigned n)
{
    struct fingerprint fingerprint = {.known = true};
    memset(fingerprint.sha256, (int)n, sizeof fingerprint.sha256);
    return fingerprint;
}

static void
put(unsigned n, unsigned value)
{
    struct fingerprint fingerprint = print_of(value);
    pins_put(&pins, key_of(n), &fingerprint);
}

// 0 when it is not known.
static unsigned
value_of(unsigned n)
{
    struct fingerprint fingerprint = {0};
    pins_find(&pins, key_of(n), &fingerprint);
    return fingerprint.known ? fingerprint.sha256[31] : 0;
}

TEST(kept_over_a_restart)
{
    begin();
    CHECK_EQUAL_U64(pins_load(&pins), 0);  // there is no file yet
    put(1, 11);
    put(2, 22);
    CHECK_EQUAL_U64(pins_write(&pins, false), 0);
    start(LIMIT);
    CHECK_EQUAL_U64(value_of(1), 0);
    CHECK_EQUAL_U64(pins_load(&pins), 0);
    CHECK_EQUAL_U64(value_of(1), 11);
    CHECK_EQUAL_U64(value_of(2), 22);
    CHECK_EQUAL_U64(value_of(3), 0);
    CHECK(!pins.dirty);
    start(3 * LIMIT);  // another capacity
    CHECK_EQUAL_U64(pins_load(&pins), 0);
    CHECK_EQUAL_U64(value_of(2), 22);
    CHECK_EQUAL_U64(fake_open_handles(&machine), 0);
    fake_close(&machine);
}

TEST(written_soon_but_not_each_time)
{
    struct text content;
    begin();
    put(1, 11);
    CHECK_EQUAL_U64(pins_write(&pins, false), 0);
    CHECK(fake_content(&machine, "/state/pins", &content));
    put(2, 22);
    CHECK_EQUAL_U64(pins_write(&pins, false), 0);
    CHECK(pins.dirty);
    fake_advance(&machine, PINS_WRITE_MS);
    CHECK_EQUAL_U64(pins_write(&pins, false), 0);
    CHECK(!pins.dirty);
    put(2, 22);
    CHECK(!pins.dirty);  // nothing new
    put(2, 23);
    CHECK_EQUAL_U64(pins_write(&pins, true), 0);
    CHECK(!pins.dirty);
    fake_close(&machine);
}

TEST(clusters_are_told_apart)
{
    struct fingerprint fingerprint = print_of(5);
    struct fingerprint found = {0};
    begin();
    pins_put(&pins, pin_key_of(TEXT("a"), 1, TEXT("n")), &fingerprint);
    pins_find(&pins, pin_key_of(TEXT("b"), 1, TEXT("n")), &found);
    CHECK(!found.known);
    pins_find(&pins, pin_key_of(TEXT("a"), 2, TEXT("n")), &found);
    CHECK(!found.known);
    pins_find(&pins, pin_key_of(TEXT("a"), 1, TEXT("n")), &found);
    CHECK(found.known);
    fake_close(&machine);
}

TEST(any_damage_is_noticed)
{
    static char copy[8192];
    struct text content;
    begin();
    for (unsigned i = 1; i <= LIMIT; i++) {
        put(i, i);
    }
    CHECK_EQUAL_U64(pins_write(&pins, true), 0);
    CHECK(fake_content(&machine, "/state/pins", &content));
    size_t size = content.size;
    CHECK(size <= sizeof copy);
    memcpy(copy, content.at, size);
    for (size_t at = 0; at < size; at += 7) {
        if (at >= 24 && at < 32) {
            continue;  // spare bytes of the head
        }
        copy[at] ^= 0x10;
        fake_drop(&machine, "/state/pins");
        fake_add_file(&machine, "/state/pins", (struct text){copy, size});
        start(LIMIT);
        CHECK_EQUAL_U64(pins_load(&pins), -ERR_LAYOUT);
        CHECK_EQUAL_U64(pins.count, 0);
        copy[at] ^= 0x10;
    }
    for (size_t cut = 0; cut < size; cut += 111) {
        fake_drop(&machine, "/state/pins");
        fake_add_file(&machine, "/state/pins", (struct text){copy, cut});
        start(LIMIT);
        CHECK_EQUAL_U64(pins_load(&pins), -ERR_LAYOUT);
    }
    fake_close(&machine);
}

// Against what the test keeps itself, with deletes that move records.
TEST(random_changes)
{
    unsigned known[64] = {0};
    unsigned count = 0;
    uint64_t refused = 0;
    uint64_t seed = test_seed();
    begin();
    for (int i = 0; i < 50000; i++) {
        unsigned n = (unsigned)test_random_below(&seed, ARRAY_COUNT(known));
        unsigned value = 1 + (unsigned)test_random_below(&seed, 200);
        if (test_random_below(&seed, 2) == 0) {
            pins_drop(&pins, key_of(n));
            count -= known[n] != 0 ? 1 : 0;
            known[n] = 0;
        } else {
            put(n, value);
            bool fits = known[n] != 0 || count < LIMIT;
            count += known[n] == 0 && fits ? 1 : 0;
            known[n] = fits ? value : 0;
            refused += fits ? 0 : 1;
        }
        unsigned other = (unsigned)test_random_below(&seed, ARRAY_COUNT(known));
        CHECK_EQUAL_U64(value_of(other), known[other]);
        CHECK_EQUAL_U64(pins.count, count);
    }
    CHECK_EQUAL_U64(pins.refused_total, refused);
    fake_close(&machine);
}

// Power cuts at every moment: what is there afterwards is the old set or the new.
TEST(power_cuts)
{
    for (uint64_t nth = 1; nth < 12; nth++) {
        begin();
        put(1, 11);
        CHECK_EQUAL_U64(pins_write(&pins, true), 0);
        put(1, 12);
        put(2, 22);
        fake_fail(&machine, FAKE_CHANGE, nth, true, ERR_IO);
        int error = pins_write(&pins, true);
        CHECK(pins.dirty == (error != 0));
        fake_power_cut(&machine);
        start(LIMIT);
        CHECK_EQUAL_U64(pins_load(&pins), 0);
        CHECK((value_of(1) == 11 && value_of(2) == 0) || (value_of(1) == 12 && value_of(2) == 22));
        CHECK(error != 0 || value_of(1) == 12);
        fake_close(&machine);
    }
}

TEST(sweep)
{
    struct fake_sweep sweep = {0};
    while (fake_sweep_next(&sweep)) {
        begin();
        put(1, 11);
        CHECK_EQUAL_U64(pins_write(&pins, true), 0);
        fake_plan(&machine, &sweep);
        put(2, 22);
        int error = pins_write(&pins, true);
        start(LIMIT);
        error = pins_load(&pins) != 0 ? -ERR_IO : error;
        fake_done(&machine, &sweep);
        CHECK(error != 0 || value_of(2) == 22);
        CHECK_EQUAL_U64(fake_open_handles(&machine), 0);
        fake_close(&machine);
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"kept_over_a_restart", kept_over_a_restart},
        {"written_soon_but_not_each_time", written_soon_but_not_each_time},
        {"clusters_are_told_apart", clusters_are_told_apart},
        {"any_damage_is_noticed", any_damage_is_noticed},
        {"random_changes", random_changes},
        {"power_cuts", power_cuts},
        {"sweep", sweep},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
