#include "api/selector.h"

#include <stdio.h>

#include "../test.h"

static const char labels[] = "app:web,empty:,example.com/tier:front,weight:7";

static bool
matches(const char *selector)
{
    char room[400];
    struct out why = out_of(room, sizeof room);
    if (selector_check_labels(text_of(selector), &why) != 0) {
        printf("%s: " TEXT_FORMAT "\n", selector, TEXT_ARGS(out_view(&why)));
        CHECK(false);
    }
    return selector_matches_labels(text_of(selector), TEXT(labels));
}

static bool
is_refused(const char *selector)
{
    char room[400];
    struct out why = out_of(room, sizeof room);
    bool refused = selector_check_labels(text_of(selector), &why) != 0;
    CHECK(refused == (why.used > 0));
    CHECK(!why.full);
    return refused;
}

TEST(labels_are_selected)
{
    static const char *const yes[] = {
        "", " ", "app=web", "app==web", " app = web ", "app", "!old", "! old", "app!=db",
        "old!=db", "app in (web)", "app in (db, web)", "app in(web,db)", "app notin (db)",
        "old notin (db)", "example.com/tier=front", "empty=", "empty in ()", "weight>6",
        "weight < 8", "app=web,weight>6,!old", "app in (web),example.com/tier notin (a,b)",
        "in notin (x)", "app,weight",
    };
    static const char *const no[] = {
        "app=db", "old", "!app", "app!=web", "app in (db)", "app in ()", "app notin (web,db)",
        "weight>7", "weight<7", "old>1", "app>1", "app=web,old", "app=", "app=we", "ap=web",
        "weight<-1",
    };
    for (size_t i = 0; i < ARRAY_COUNT(yes); i++) {
        if (!matches(yes[i])) {
            printf("%s\n", yes[i]);
        }
        CHECK(matches(yes[i]));
    }
    for (size_t i = 0; i < ARRAY_COUNT(no); i++) {
        if (matches(no[i])) {
            printf("%s\n", no[i]);
        }
        CHECK(!matches(no[i]));
    }
}

TEST(bad_labels_are_refused)
{
    static const char *const bad[] = {
        ",", "app,", "app=web,", ",app", "=web", "app=web db", "app in web", "app in (web",
        "app in (web))", "app in (a(b)", "app within (a)", "!", "!app=web", "app>x", "app>",
        "app=a=b", "app in (a) b", "a;b", "app>9223372036854775808", "\xc3\xa4=b",
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        if (!is_refused(bad[i])) {
            printf("%s\n", bad[i]);
        }
        CHECK(is_refused(bad[i]));
    }
    static char longest[SELECTOR_BYTES_MAX + 2];
    for (size_t i = 0; i + 1 < sizeof longest; i++) {
        longest[i] = 'a';
    }
    CHECK(is_refused(longest));
}

// Whatever bytes come, the answer is the same twice and nothing is read beyond.
TEST(noise_is_read_to_its_end)
{
    static const char bytes[] = "ab1,=!()<> in notin.-_/\xff";
    uint32_t state = 12345;
    for (int round = 0; round < 20000; round++) {
        char selector[24];
        char room[400];
        size_t size = 0;
        while (size < sizeof selector && (state = state * 1664525 + 1013904223) >> 24 > 12) {
            selector[size++] = bytes[(state >> 16) % (sizeof bytes - 1)];
        }
        struct out why = out_of(room, sizeof room);
        struct text text = {selector, size};
        if (selector_check_labels(text, &why) == 0) {
            (void)selector_matches_labels(text, TEXT(labels));
        }
        if (selector_check_fields(text, true, &why) == 0) {
            (void)selector_matches_fields(text, TEXT("a"), TEXT("b"));
        }
    }
}

TEST(fields_are_selected)
{
    char room[400];
    struct out why = out_of(room, sizeof room);
    struct text name = TEXT("web-1");
    struct text space = TEXT("shop");
    const struct text both = TEXT("metadata.name=web-1,metadata.namespace==shop");
    CHECK(selector_check_fields(both, true, &why) == 0);
    CHECK(selector_check_fields(both, false, &why) != 0);
    CHECK(selector_check_fields(TEXT("spec.nodeName=a"), true, &why) != 0);
    CHECK(selector_check_fields(TEXT("metadata.name"), true, &why) != 0);
    CHECK(selector_matches_fields(both, name, space));
    CHECK(!selector_matches_fields(both, name, TEXT("shop2")));
    CHECK(!selector_matches_fields(both, TEXT("web-2"), space));
    CHECK(selector_matches_fields(TEXT("metadata.name!=web-2"), name, space));
    CHECK(!selector_matches_fields(TEXT("metadata.name!=web-1"), name, space));
    CHECK(selector_matches_fields((struct text){"", 0}, name, space));
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"labels_are_selected", labels_are_selected},
            {"bad_labels_are_refused", bad_labels_are_refused},
            {"noise_is_read_to_its_end", noise_is_read_to_its_end},
            {"fields_are_selected", fields_are_selected},
        },
        4);
}
