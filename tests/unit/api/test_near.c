#include "../test.h"
#include "api/near.h"

static unsigned
distance(const char *a, const char *b)
{
    return near_distance(text_of(a), text_of(b), NEAR_DISTANCE_MAX);
}

// The textbook table, for comparison.
static unsigned
plain_distance(struct text a, struct text b)
{
    static unsigned table[64][64];
    for (size_t i = 0; i <= a.size; i++) {
        for (size_t j = 0; j <= b.size; j++) {
            if (i == 0 || j == 0) {
                table[i][j] = (unsigned)(i + j);
                continue;
            }
            unsigned best = table[i - 1][j - 1] + (a.at[i - 1] == b.at[j - 1] ? 0 : 1);
            best = table[i - 1][j] + 1 < best ? table[i - 1][j] + 1 : best;
            best = table[i][j - 1] + 1 < best ? table[i][j - 1] + 1 : best;
            table[i][j] = best;
        }
    }
    return table[a.size][b.size];
}

TEST(known_distances)
{
    CHECK_EQUAL_U64(distance("", ""), 0);
    CHECK_EQUAL_U64(distance("node-a", "node-a"), 0);
    CHECK_EQUAL_U64(distance("node-a", "node-b"), 1);
    CHECK_EQUAL_U64(distance("kitten", "sitting"), 3);
    CHECK_EQUAL_U64(distance("", "abc"), 3);
    CHECK_EQUAL_U64(distance("abcdefg", ""), NEAR_DISTANCE_MAX + 1);
    CHECK_EQUAL_U64(distance("aaaaaaaaaa", "bbbbbbbbbb"), NEAR_DISTANCE_MAX + 1);
}

TEST(band_agrees_with_the_full_table)
{
    uint64_t state = test_seed();
    for (int round = 0; round < 20000; round++) {
        char left[40];
        char right[40];
        struct text a = {left, test_random_below(&state, sizeof left)};
        struct text b = {right, test_random_below(&state, sizeof right)};
        for (size_t i = 0; i < sizeof left; i++) {
            left[i] = (char)('a' + test_random_below(&state, 3));
            right[i] = test_random_below(&state, 4) == 0 ? 'c' : left[i];
        }
        unsigned limit = (unsigned)test_random_below(&state, NEAR_DISTANCE_MAX + 1);
        unsigned full = plain_distance(a, b);
        CHECK_EQUAL_U64(near_distance(a, b, limit), full <= limit ? full : limit + 1);
    }
}

TEST(keeps_the_nearest)
{
    struct near near;
    char room[128];
    struct out out = out_of(room, sizeof room);
    near_begin(&near, TEXT("web-server"));
    near_offer(&near, TEXT("db-0"));
    near_offer(&near, TEXT("web-servant"));
    near_offer(&near, TEXT("web-serverx"));
    near_offer(&near, TEXT("web-serves"));
    near_offer(&near, TEXT("ewb-server"));
    near_offer(&near, TEXT(""));
    near_write(&near, &out);
    CHECK_EQUAL_TEXT(out_view(&out), "; near it: web-serverx, web-serves, ewb-server");
}

// What goes on behind the part that is compared comes later by so much.
TEST(longer_names_come_later)
{
    struct near near;
    char room[128];
    struct out out = out_of(room, sizeof room);
    near_begin(&near, TEXT("/model/node"));
    near_offer_longer(&near, TEXT("/model/nodes"), 2, TEXT("/model/nodes/a/b"));
    near_offer_longer(&near, TEXT("/model/nodes"), 1, TEXT("/model/nodes/a"));
    near_offer_longer(&near, TEXT("/other/thing"), 0, TEXT("/other/thing"));
    near_offer(&near, TEXT("/model/pod"));
    near_write(&near, &out);
    CHECK_EQUAL_TEXT(out_view(&out),
                     "; near it: /model/nodes/a, /model/pod, /model/nodes/a/b");
}

TEST(says_nothing_when_nothing_is_near)
{
    struct near near;
    char room[16];
    struct out out = out_of(room, sizeof room);
    near_begin(&near, TEXT("alpha"));
    near_offer(&near, TEXT("omega"));
    near_write(&near, &out);
    CHECK_EQUAL_U64(out.used, 0);
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"known_distances", known_distances},
            {"band_agrees_with_the_full_table", band_agrees_with_the_full_table},
            {"keeps_the_nearest", keeps_the_nearest},
            {"longer_names_come_later", longer_names_come_later},
            {"says_nothing_when_nothing_is_near", says_nothing_when_nothing_is_near},
        },
        5);
}
