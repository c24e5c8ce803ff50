#include "host/json_pick.h"

#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/error.h"

#define STEP(literal) {(literal), sizeof(literal) - 1}

static const struct json_pick_rule rules[] = {
    {{STEP("Name")}},
    {{STEP("Config"), STEP("Image")}},
    {{STEP("names"), STEP("[]")}},
    {{STEP("a"), STEP("b"), STEP("c"), STEP("d")}},
};
static const struct json_pick_plan one = {false, ARRAY_COUNT(rules), rules};
static const struct json_pick_plan many = {true, ARRAY_COUNT(rules), rules};

static struct json_pick pick;
static char found[4096];
static struct out log_out;

static void
take(void *context, const struct json_pick *from)
{
    CHECK(context == &pick);
    for (uint32_t i = 0; i < ARRAY_COUNT(rules); i++) {
        out_text(&log_out, json_pick_value(from, i));
        out_byte(&log_out, '|');
    }
    out_byte(&log_out, ';');
}

static int
run(const struct json_pick_plan *plan, struct text json, uint64_t *random)
{
    log_out = out_of(found, sizeof found);
    json_pick_begin(&pick, plan, take, &pick);
    size_t at = 0;
    while (at < json.size) {
        size_t size = random == NULL ? json.size : 1 + test_random_below(random, 9);
        struct text piece = text_sub(json, at, size);
        int error = json_pick_feed(&pick, piece.at, piece.size);
        if (error != 0) {
            return error;
        }
        at += piece.size;
    }
    return json_pick_end(&pick);
}

TEST(picks_by_path)
{
    CHECK(run(&one,
              TEXT("{\"x\":{\"Name\":\"no\",\"Config\":{\"Image\":\"no\"}},\"Name\":\"/web\","
                   "\"Config\":{\"Env\":[\"Image\",\"Name\"],\"Labels\":{\"Image\":\"no\"},"
                   "\"Image\":\"nginx\"},\"names\":[\"first\",\"second\"],"
                   "\"a\":{\"b\":{\"c\":{\"d\":\"deep\"}}}}"),
              NULL) == 0);
    CHECK_EQUAL_TEXT(out_view(&log_out), "/web|nginx|first|deep|;");
}

TEST(absent_is_empty)
{
    CHECK(run(&one, TEXT("{}"), NULL) == 0);
    CHECK_EQUAL_TEXT(out_view(&log_out), "||||;");
    CHECK(run(&one, TEXT("{\"Name\":7,\"Config\":[{\"Image\":\"x\"}],\"names\":[]}"), NULL) == 0);
    CHECK_EQUAL_TEXT(out_view(&log_out), "||||;");
    CHECK(run(&one, TEXT("{\"Config\":{\"x\":1},\"Image\":\"x\",\"a\":\"d\"}"), NULL) == 0);
    CHECK_EQUAL_TEXT(out_view(&log_out), "||||;");
}

TEST(a_member_is_no_array)
{
    CHECK(run(&one, TEXT("{\"names\":{\"[]\":\"odd\"}}"), NULL) == 0);
    CHECK_EQUAL_TEXT(out_view(&log_out), "||||;");
}

TEST(rows)
{
    CHECK(run(&many,
              TEXT("[{\"Name\":\"a\",\"names\":[\"x\"]}, {\"Name\":\"b\"}, 7, [], {}]"),
              NULL) == 0);
    CHECK_EQUAL_TEXT(out_view(&log_out), "a||x||;b||||;||||;");
    CHECK(run(&many, TEXT("[]"), NULL) == 0);
    CHECK_EQUAL_TEXT(out_view(&log_out), "");
}

TEST(escapes_and_utf8)
{
    CHECK(run(&one, TEXT("{\"Name\":\"a\\\"b\\\\c\\u0041\\ud83d\\ude00\"}"), NULL) == 0);
    CHECK_EQUAL_TEXT(out_view(&log_out), "a\"b\\cA\xf0\x9f\x98\x80||||;");
    CHECK(run(&one, TEXT("{\"Name\":\"\\ud83d\"}"), NULL) == 0);
    CHECK_EQUAL_TEXT(out_view(&log_out), "||||;");
    CHECK_EQUAL_U64(-pick.fault, ERR_BAD_UTF8);
    CHECK(run(&one, TEXT("{\"Name\":\"\xff\"}"), NULL) == 0);
    CHECK_EQUAL_TEXT(out_view(&log_out), "||||;");
    CHECK(run(&one, TEXT("{\"Name\":\"\\x\"}"), NULL) == -ERR_MALFORMED);
}

TEST(the_last_of_two_counts)
{
    CHECK(run(&one, TEXT("{\"Name\":\"a\",\"Name\":\"b\"}"), NULL) == 0);
    CHECK_EQUAL_TEXT(out_view(&log_out), "b||||;");
}

TEST(broken_documents)
{
    CHECK(run(&one, TEXT(""), NULL) == -ERR_TRUNCATED);
    CHECK(run(&one, TEXT("{\"Name\":\"a\""), NULL) == -ERR_TRUNCATED);
    CHECK(run(&one, TEXT("{\"Name\":\"a"), NULL) == -ERR_TRUNCATED);
    CHECK(run(&one, TEXT("{]"), NULL) == -ERR_MALFORMED);
    CHECK(run(&one, TEXT("}"), NULL) == -ERR_MALFORMED);
    CHECK(run(&one, TEXT("null"), NULL) == -ERR_TRUNCATED);
}

TEST(deep_nesting_is_refused)
{
    char deep[2 * JSON_NESTING_MAX + 2];
    memset(deep, '[', sizeof deep);
    CHECK(run(&one, (struct text){deep, JSON_NESTING_MAX}, NULL) == -ERR_TRUNCATED);
    CHECK(run(&one, (struct text){deep, JSON_NESTING_MAX + 1}, NULL) == -ERR_TOO_DEEP);
}

TEST(long_texts_are_left_out)
{
    static char json[JSON_PICK_VALUE_BYTES_MAX + 64];
    for (size_t over = 0; over < 2; over++) {
        struct out out = out_of(json, sizeof json);
        out_string(&out, "{\"Name\":\"");
        for (size_t i = 0; i < JSON_PICK_VALUE_BYTES_MAX + over; i++) {
            out_byte(&out, 'n');
        }
        out_string(&out, "\"}");
        CHECK(run(&one, out_view(&out), NULL) == 0);
        CHECK_EQUAL_U64(json_pick_value(&pick, 0).size,
                        over == 0 ? JSON_PICK_VALUE_BYTES_MAX : 0);
    }
    CHECK_EQUAL_U64(-pick.fault, ERR_TOO_LONG);
    // a name too long for any rule, then one that fits
    struct out out = out_of(json, sizeof json);
    out_string(&out, "{\"");
    for (size_t i = 0; i <= JSON_PICK_KEY_BYTES_MAX; i++) {
        out_byte(&out, 'k');
    }
    out_string(&out, "\":\"no\",\"Name\":\"yes\"}");
    CHECK(run(&one, out_view(&out), NULL) == 0);
    CHECK_EQUAL_TEXT(json_pick_value(&pick, 0), "yes");
}

TEST(any_chunking_gives_the_same)
{
    static const char *const documents[] = {
        "[{\"Name\":\"a\\u0062\\\"c\",\"names\":[\"x\\\\\",\"y\"],\"a\":{\"b\":{}}}]",
        "[{\"names\":[[\"no\"],\"no\"]},{\"names\":{\"[]\":\"odd\"}}]",
        "[{\"Name\":\"a\"},{\"Name\":\"b\"]",
    };
    static char whole[4096];
    uint64_t random = test_seed();
    for (size_t i = 0; i < 600; i++) {
        struct text json = text_of(documents[i % ARRAY_COUNT(documents)]);
        int expected = run(&many, json, NULL);
        struct text view = out_view(&log_out);
        memcpy(whole, view.at, view.size);
        CHECK(run(&many, json, &random) == expected);
        CHECK_EQUAL_TEXT(out_view(&log_out), ((struct text){whole, view.size}));
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"picks_by_path", picks_by_path},
        {"absent_is_empty", absent_is_empty},
        {"a_member_is_no_array", a_member_is_no_array},
        {"rows", rows},
        {"escapes_and_utf8", escapes_and_utf8},
        {"the_last_of_two_counts", the_last_of_two_counts},
        {"broken_documents", broken_documents},
        {"deep_nesting_is_refused", deep_nesting_is_refused},
        {"long_texts_are_left_out", long_texts_are_left_out},
        {"any_chunking_gives_the_same", any_chunking_gives_the_same},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
