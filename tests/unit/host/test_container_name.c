#include "host/container_name.h"

#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "limits.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LIMIT 8

static struct container_names names;
static unsigned char block[16 * 1024] __attribute__((aligned(16)));

static void
start(void)
{
    struct arena arena;
    memset(block, 0, sizeof block);
    CHECK(container_names_footprint(LIMIT) <= sizeof block);
    arena_init(&arena, block, container_names_footprint(LIMIT));
    container_names_init(&names, &arena, LIMIT, (struct hash_key){1, 2});
    CHECK_EQUAL_U64(arena.used, arena.size);
}

static struct container_name *
enter(unsigned number)
{
    char id[16];
    int size = snprintf(id, sizeof id, "id%u", number);
    return container_names_enter(&names, (struct text){id, (size_t)size});
}

static struct container_words
words_of(const char *namespace_name, const char *pod, const char *container, const char *image)
{
    return (struct container_words){.namespace_name = text_of(namespace_name),
                                    .pod = text_of(pod),
                                    .container = text_of(container),
                                    .image = text_of(image)};
}

TEST(keeps_names)
{
    start();
    struct container_words words = words_of("ns", "pod", "box", "img:1");
    struct container_name *entry = enter(1);
    CHECK(container_name_is_due(&names, entry));
    CHECK(container_name_set(entry, &words));
    container_names_begin(&names);
    CHECK(enter(1) == entry);
    CHECK(!container_name_is_due(&names, entry));
    struct container_words kept = container_name_words(entry);
    CHECK_EQUAL_TEXT(kept.namespace_name, "ns");
    CHECK_EQUAL_TEXT(kept.pod, "pod");
    CHECK_EQUAL_TEXT(kept.container, "box");
    CHECK_EQUAL_TEXT(kept.image, "img:1");
}

TEST(refuses_bad_names)
{
    start();
    struct container_name *entry = enter(1);
    static char longest[NAME_BYTES_MAX + 2];
    memset(longest, 'x', sizeof longest - 1);
    struct container_words bad[] = {
        words_of("", "", "", "img"),       words_of("", "", "\xff", ""),
        words_of("ns", "", "box", ""),     words_of("", "pod", "box", ""),
        words_of("", "", "a\nb", ""),      words_of("", "", longest, ""),
        words_of(longest, "p", "box", ""),
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        CHECK(!container_name_set(entry, &bad[i]));
        CHECK_EQUAL_U64(entry->naming, NAMING_UNKNOWN);
    }
    // an image that does not fit is left out, the name stays
    static char image[CONTAINER_NAME_BYTES_MAX + 1];
    memset(image, 'i', sizeof image - 1);
    struct container_words words = words_of("", "", "box", image);
    CHECK(container_name_set(entry, &words));
    CHECK_EQUAL_U64(container_name_words(entry).image.size, 0);
}

TEST(evicts_what_was_not_seen)
{
    start();
    for (unsigned i = 0; i < LIMIT; i++) {
        CHECK(enter(i) != NULL);
    }
    CHECK(enter(100) == NULL);
    CHECK_EQUAL_U64(names.refused, 1);
    container_names_begin(&names);
    for (unsigned i = 0; i < LIMIT; i += 2) {
        CHECK(enter(i) != NULL);
    }
    for (unsigned i = 0; i < LIMIT / 2; i++) {
        CHECK(enter(100 + i) != NULL);
    }
    CHECK(enter(200) == NULL);
    CHECK_EQUAL_U64(names.evicted, LIMIT / 2);
    CHECK(container_names_find(&names, TEXT("id0")) != NULL);
    CHECK(container_names_find(&names, TEXT("id1")) == NULL);
}

TEST(churn_keeps_the_chains_whole)
{
    uint64_t random = test_seed();
    start();
    for (unsigned cycle = 0; cycle < 3000; cycle++) {
        container_names_begin(&names);
        unsigned count = (unsigned)test_random_below(&random, LIMIT + 1);
        for (unsigned i = 0; i < count; i++) {
            CHECK(enter((unsigned)test_random_below(&random, 30)) != NULL);
        }
        unsigned reached = 0;
        for (uint32_t i = 0; i <= names.bucket_mask; i++) {
            uint32_t at = names.buckets[i];
            while (at != CONTAINER_NONE) {
                reached++;
                CHECK(reached <= names.count);
                at = names.entries[at].next;
            }
        }
        CHECK_EQUAL_U64(reached, names.count);
    }
}

TEST(tries_again_with_patience)
{
    start();
    unsigned tries = 0;
    for (unsigned cycle = 0; cycle < 256; cycle++) {
        container_names_begin(&names);
        struct container_name *entry = enter(1);
        if (container_name_is_due(&names, entry)) {
            container_name_missed(&names, entry, -ERR_NO_FILE);
            tries++;
        }
    }
    // at first, then after 1, 2, 4, 8, 16, 32, 64, 64, 64
    CHECK_EQUAL_U64(tries, 10);
    CHECK_EQUAL_U64(names.unnamed[ERR_NO_FILE], 10);
}

TEST(the_oldest_start_counts)
{
    start();
    struct container_name *entry = enter(1);
    struct wall_ms now = {1000};
    container_name_started(entry, 7, (struct wall_ms){500}, now);
    CHECK_EQUAL_U64(entry->start_time.ms, 500);
    // the kernel forgot the directory and made its age up anew
    container_name_started(entry, 7, (struct wall_ms){900}, now);
    CHECK_EQUAL_U64(entry->start_time.ms, 500);
    container_name_started(entry, 8, (struct wall_ms){950}, now);
    CHECK_EQUAL_U64(entry->start_time.ms, 950);
    container_name_started(entry, 9, (struct wall_ms){2000}, now);
    CHECK_EQUAL_U64(entry->start_time.ms, 1000);
}

TEST(names_made_up_for_pods)
{
    struct container_words words;
    CHECK(container_words_of_k8s(TEXT("k8s_box_web-1_shop_1234_0"), &words));
    CHECK_EQUAL_TEXT(words.container, "box");
    CHECK_EQUAL_TEXT(words.pod, "web-1");
    CHECK_EQUAL_TEXT(words.namespace_name, "shop");
    CHECK(!words.sandbox);
    CHECK(container_words_of_k8s(TEXT("k8s_POD_web-1_shop_1234_0"), &words));
    CHECK(words.sandbox);
    CHECK(!container_words_of_k8s(TEXT("k8s_box_web-1_shop_1234"), &words));
    CHECK(!container_words_of_k8s(TEXT("k8s_a__b_c_d"), &words));
    CHECK(!container_words_of_k8s(TEXT("web"), &words));
}

TEST(names_of_logs)
{
    struct container_words words;
    struct text id;
    CHECK(container_words_of_log(TEXT("web-1_shop_box-a-" ID ".log"), &id, &words));
    CHECK_EQUAL_TEXT(id, ID);
    CHECK_EQUAL_TEXT(words.pod, "web-1");
    CHECK_EQUAL_TEXT(words.namespace_name, "shop");
    CHECK_EQUAL_TEXT(words.container, "box-a");
    CHECK(!container_words_of_log(TEXT("web-1_shop_box" ID ".log"), &id, &words));
    CHECK(!container_words_of_log(TEXT("web-1_shop-" ID ".log"), &id, &words));
    CHECK(!container_words_of_log(TEXT(".log"), &id, &words));
    CHECK(container_words_of_log_dir(TEXT("shop_web-1_1234"), &id, &words));
    CHECK_EQUAL_TEXT(id, "1234");
    CHECK_EQUAL_TEXT(words.pod, "web-1");
    CHECK_EQUAL_U64(words.container.size, 0);
    CHECK(!container_words_of_log_dir(TEXT("shop_web"), &id, &words));
    CHECK(!container_words_of_log_dir(TEXT("__"), &id, &words));
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"keeps_names", keeps_names},
        {"refuses_bad_names", refuses_bad_names},
        {"evicts_what_was_not_seen", evicts_what_was_not_seen},
        {"churn_keeps_the_chains_whole", churn_keeps_the_chains_whole},
        {"tries_again_with_patience", tries_again_with_patience},
        {"the_oldest_start_counts", the_oldest_start_counts},
        {"names_made_up_for_pods", names_made_up_for_pods},
        {"names_of_logs", names_of_logs},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
