#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "world.h"

static bool
holds(struct text text, const char *part)
{
    return memmem(text.at, text.size, part, strlen(part)) != NULL;
}

static unsigned
count_of(struct text text, const char *part)
{
    unsigned count = 0;
    size_t size = strlen(part);
    for (size_t at = 0; at + size <= text.size; at++) {
        count += memcmp(text.at + at, part, size) == 0 ? 1 : 0;
    }
    return count;
}

// Every element that is opened is closed in its turn.
static void
check_nesting(struct text text)
{
    static const char *const alone[] = {"meta", "!doctype"};
    struct text stack[64];
    unsigned depth = 0;
    for (size_t at = 0; at < text.size; at++) {
        if (text.at[at] != '<') {
            continue;
        }
        size_t end = text_find(text, '>', at);
        CHECK(end != SIZE_MAX);
        struct text tag = text_sub(text, at + 1, end - at - 1);
        struct text name;
        struct text rest;
        (void)text_cut(tag, ' ', &name, &rest);
        bool single = false;
        for (size_t i = 0; i < ARRAY_COUNT(alone); i++) {
            single = single || text_equal(name, text_of(alone[i]));
        }
        if (single) {
            continue;
        }
        if (name.at[0] == '/') {
            CHECK(depth > 0);
            CHECK_EQUAL_TEXT(text_sub(name, 1, name.size), stack[depth - 1]);
            depth--;
        } else {
            CHECK(depth < ARRAY_COUNT(stack));
            stack[depth++] = name;
        }
    }
    CHECK_EQUAL_U64(depth, 0);
}

TEST(shows_the_cluster)
{
    static const char *const parts[] = {
        "collecting", "1 / 2", "1 not answering", "1.50 cores", "20 %", "node-a", "not ready",
        "timeout ×2", "kubelet", "web-7594557864-x2x9k", "CrashLoopBackOff",
        "the API server does not answer", "/plain?namespace=shop#pods", "Failures and drops",
    };
    struct world *world = world_make(5);
    struct text answer = world_get(world, "/");
    CHECK_EQUAL_U64(world->exchange.status, 200);
    CHECK(world->exchange.policy != NULL);
    check_nesting(answer);
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
        if (!holds(answer, parts[i])) {
            printf("not there: %s\n", parts[i]);
        }
        CHECK(holds(answer, parts[i]));
    }
}

// A pod of the test world is called <b>&"odd.
TEST(escapes_names)
{
    struct world *world = world_make(0);
    struct text answer = world_get(world, "/");
    CHECK(!holds(answer, "<b>&"));
    CHECK(holds(answer, "&lt;b&gt;&amp;&quot;odd"));
    answer = world_get(world, "/?namespace=%3Cscript%3Ealert(1)%3C/script%3E");
    CHECK(!holds(answer, "<script"));
    check_nesting(answer);
}

TEST(shows_one_namespace)
{
    struct world *world = world_make(30);
    struct text answer = world_get(world, "/?namespace=shop");
    check_nesting(answer);
    CHECK(holds(answer, "db-0"));
    CHECK(!holds(answer, "pod-000001"));
    CHECK_EQUAL_U64(count_of(answer, "<tr><td class=\"name\">"), 2 + 2);
}

TEST(stays_short)
{
    struct world *world = world_make(3000);
    struct text answer = world_get(world, "/");
    check_nesting(answer);
    CHECK(answer.size < 128 * 1024);
    CHECK(holds(answer, "The first 200 of 3003 are shown"));
}

TEST(works_without_a_table)
{
    struct world *world = world_empty();
    struct text answer = world_get(world, "/");
    check_nesting(answer);
    CHECK_EQUAL_U64(world->exchange.status, 200);
    CHECK(holds(answer, "nothing has been collected yet"));
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"shows_the_cluster", shows_the_cluster},
            {"escapes_names", escapes_names},
            {"shows_one_namespace", shows_one_namespace},
            {"stays_short", stays_short},
            {"works_without_a_table", works_without_a_table},
        },
        5);
}
