// Token and certificate of serve on a machine that fails.
#include "app/serve_access.h"

#include <string.h>

#include "../platform/certificates.h"
#include "configured.h"

#define STATE "/var/lib/skerry/"

static struct configured it;
static char sentence[1024];
static struct out why;

static void
configure(char *flag, char *other)
{
    fake_open(&it.fake, test_seed());
    CHECK(configured_flags(&it, "--tls", "--clients=4", "--state-dir=/var/lib/skerry",
                           "--run-dir=/run/skerry", flag, other, NULL) == 0);
    fake_add_directory(&it.fake, "/var/lib/skerry");
    fake_add_directory(&it.fake, "/run/skerry");
}

static struct serve_access *
make(void)
{
    static _Alignas(16) unsigned char memory[1 << 20];
    struct arena arena;
    struct serve_access *serve = NULL;
    memset(memory, 0, sizeof memory);
    arena_init(&arena, memory, sizeof memory);
    why = out_of(sentence, sizeof sentence);
    CHECK(serve_access_init(&serve, &arena, &it.config, &it.fake.platform, &why) == 0);
    CHECK(serve != NULL);
    return serve;
}

static int
open_it(struct serve_access *serve)
{
    why = out_of(sentence, sizeof sentence);
    return serve_access_open(serve, &why);
}

static struct text
token_of(char copy[128])
{
    struct text token;
    if (!fake_content(&it.fake, STATE SERVE_TOKEN_FILE, &token)) {
        return (struct text){copy, 0};
    }
    CHECK(token.size < 128);
    memcpy(copy, token.at, token.size);
    return (struct text){copy, token.size};
}

// Whatever fails while files are made, it is said; nothing half is left that the
// next start would stumble over, and a token that was kept stays the token.
TEST(a_start_that_fails_is_followed_by_a_good_one)
{
    struct fake_sweep sweep = {0};
    unsigned refused = 0;
    configure(NULL, NULL);
    struct serve_access *serve = make();
    fake_close(&it.fake);
    while (fake_sweep_next(&sweep)) {
        char before[128];
        char after[128];
        fake_open(&it.fake, test_seed());
        fake_add_directory(&it.fake, "/var/lib/skerry");
        fake_plan(&it.fake, &sweep);
        int error = open_it(serve);
        fake_done(&it.fake, &sweep);
        CHECK((error != 0) == (why.used > 0));
        CHECK_EQUAL_U64(fake_open_handles(&it.fake), 0);
        refused += error != 0 ? 1 : 0;
        fake_heal(&it.fake);
        struct text kept = token_of(before);
        CHECK(error != 0 || kept.size == 65 || fake_content(&it.fake, "/run/skerry/serve/token", &kept));
        CHECK(open_it(serve) == 0);
        kept = token_of(before).size > 0 ? token_of(before) : kept;
        CHECK(open_it(serve) == 0);
        CHECK(text_equal(token_of(after), kept));
        fake_close(&it.fake);
    }
    CHECK(refused > 5);
}

TEST(without_random_bytes_there_is_no_start)
{
    static _Alignas(16) unsigned char memory[1 << 20];
    struct arena arena;
    struct serve_access *serve = NULL;
    configure(NULL, NULL);
    arena_init(&arena, memory, sizeof memory);
    why = out_of(sentence, sizeof sentence);
    fake_fail(&it.fake, FAKE_RANDOM_BYTES, 1, false, 0);
    CHECK(serve_access_init(&serve, &arena, &it.config, &it.fake.platform, &why) != 0);
    CHECK(serve == NULL);
    CHECK_EQUAL_TEXT(out_view(&why), "no random bytes are to be had");
    fake_close(&it.fake);
}

// What the library holds is referred to from here until the process ends.
static _Alignas(16) unsigned char looks[4][192 * 1024];

static int
check_files(const char *certificate, const char *key)
{
    static unsigned used;
    struct arena arena;
    configure("--tls-cert=/tls/crt", "--tls-key=/tls/key");
    if (certificate != NULL) {
        fake_add_file(&it.fake, "/tls/crt", text_of(certificate));
    }
    fake_add_file(&it.fake, "/tls/key", text_of(key));
    CHECK(used < ARRAY_COUNT(looks));
    CHECK(serve_access_check_bytes() <= sizeof looks[0]);
    arena_init(&arena, looks[used++], sizeof looks[0]);
    why = out_of(sentence, sizeof sentence);
    int error = serve_access_check(&arena, &it.config, &it.fake.platform, &why);
    CHECK(error == 0 || error == -ERR_BAD_CONFIG);
    CHECK_EQUAL_U64(fake_open_handles(&it.fake), 0);
    struct text content;
    CHECK(!fake_content(&it.fake, STATE SERVE_TOKEN_FILE, &content));
    fake_close(&it.fake);
    return error;
}

TEST(looks_into_the_files_of_flags)
{
    CHECK(check_files(NODE_PEM, NODE_KEY) == 0);
    CHECK_EQUAL_U64(why.used, 0);
    CHECK(check_files(NODE_PEM, EXPIRED_KEY) != 0);
    CHECK_EQUAL_TEXT(out_view(&why),
                     "/tls/crt and /tls/key: the key does not belong to the certificate");
    CHECK(check_files(NULL, NODE_KEY) != 0);
    CHECK_EQUAL_TEXT(out_view(&why), "--tls-cert=/tls/crt: the file does not exist");
    CHECK(check_files(EXPIRED_PEM, EXPIRED_KEY) == 0);  // said, and used all the same
    CHECK(text_starts(out_view(&why),
                      TEXT("--tls-cert=/tls/crt: the certificate was valid until 2020-")));
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"serve_access_a_start_that_fails", a_start_that_fails_is_followed_by_a_good_one},
            {"serve_access_without_random_bytes", without_random_bytes_there_is_no_start},
            {"serve_access_looks_into_files", looks_into_the_files_of_flags},
        },
        3);
}
