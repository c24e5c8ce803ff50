#include "parse/status.h"

#include "base/error.h"
#include "fixture.h"

struct world {
    struct status status;
    char log[4096];
    struct out out;
};

static void
take(void *context, const struct status_seen *seen)
{
    struct world *world = context;
    out_format(&world->out, "%d %.*s (%.*s) retry %u continue %.*s", (int)seen->code,
               TEXT_ARGS(seen->reason), TEXT_ARGS(seen->message), (unsigned)seen->retry_after_s,
               TEXT_ARGS(seen->continue_token));
}

static struct world *
decoded(struct text input, int error)
{
    struct world *world = fixture_alloc(sizeof *world);
    struct arena arena = fixture_arena(1 << 20);
    struct decode_space *space = decode_space_new(&arena);
    status_init(&world->status, &arena, space);
    uint64_t seed = 1;
    for (size_t piece = 0; piece < 2; piece++) {
        world->out = out_of(world->log, sizeof world->log);
        status_begin(&world->status, take, world);
        CHECK_EQUAL_U64(fixture_decode(status_decoder(&world->status), input, piece, &seed), error);
    }
    return world;
}

TEST(reads_real_ones)
{
    CHECK_EQUAL_TEXT(out_view(&decoded(fixture_read("status_401.json"), 0)->out),
                     "401 Unauthorized (Unauthorized) retry 0 continue ");
    CHECK_EQUAL_TEXT(out_view(&decoded(fixture_read("status_504.json"), 0)->out),
                     "504 Timeout (Timeout: Too large resource version: 999999999, "
                     "current: 2746) retry 1 continue ");
    struct text gone = out_view(&decoded(fixture_read("status_410.json"), 0)->out);
    CHECK(text_starts(gone, TEXT("410 Expired (The provided continue")));
    CHECK(text_ends(gone, TEXT("continue eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6L"
                               "TEsInN0YXJ0IjoiZGVtby93ZWItNzU5NDU1Nzg2NC05OD"
                               "V2dlx1MDAwMCJ9")));
    struct text denied = out_view(&decoded(fixture_read("status_403.json"), 0)->out);
    CHECK(text_starts(denied, TEXT("403 Forbidden (pods is forbidden: User "
                                   "\"system:serviceaccount:")));
}

TEST(plain_text_is_malformed)
{
    decoded(fixture_read("kubelet_401.txt"), -ERR_MALFORMED);
    decoded(TEXT(""), -ERR_TRUNCATED);
}

TEST(counts_what_is_no_status)
{
    static const struct {
        const char *json;
        enum error error;
    } rows[] = {
        {"{\"code\":\"x\"}", ERR_BAD_TYPE},
        {"{\"code\":4000000000}", ERR_BAD_NUMBER},
        {"{\"message\":1}", ERR_BAD_TYPE},
        {"{\"details\":[]}", ERR_BAD_TYPE},
        {"{\"details\":{\"retryAfterSeconds\":4294967296}}", ERR_BAD_NUMBER},
        {"[]", ERR_BAD_TYPE},
        {"{\"code\":1,\"code\":1}", ERR_DUPLICATE},
        {"{\"message\":\"\xfe\"}", ERR_BAD_UTF8},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct world *world = decoded(text_of(rows[i].json), 0);
        CHECK_EQUAL_U64(fixture_skipped(status_counters(&world->status), rows[i].error), 1);
        CHECK_EQUAL_U64(world->out.used, 0);
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"reads_real_ones", reads_real_ones},
        {"plain_text_is_malformed", plain_text_is_malformed},
        {"counts_what_is_no_status", counts_what_is_no_status},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
