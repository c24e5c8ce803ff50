#include <string.h>

#include "../test.h"
#include "world.h"

// Writes `count` lines of `line_bytes` bytes.
static struct {
    unsigned count;
    size_t line_bytes;
    unsigned pauses;  // that come before
} plan;

static enum step
lines_step(struct exchange *exchange, struct out *out)
{
    if (plan.pauses > 0) {
        plan.pauses--;
        return STEP_PAUSE;
    }
    if (exchange->cursor.written == plan.count) {
        return STEP_DONE;
    }
    exchange->cursor.written++;
    for (size_t i = 1; i < plan.line_bytes; i++) {
        out_byte(out, (char)('a' + exchange->cursor.written % 26));
    }
    out_byte(out, '\n');
    return STEP_MORE;
}

static struct api api;
static struct exchange exchange;
static char room[EXCHANGE_ELEMENT_BYTES_MAX];

static void
begin(unsigned count, size_t line_bytes)
{
    plan.count = count;
    plan.line_bytes = line_bytes;
    plan.pauses = 0;
    memset(&api, 0, sizeof api);
    exchange_begin(&exchange, &api, (struct wall_ms){1});
    exchange_answer(&exchange, CONTENT_TEXT, lines_step);
}

// An element that does not fit is written again into the next piece, whole.
TEST(cuts_between_elements)
{
    begin(10, 3000);
    size_t total = 0;
    unsigned pieces = 0;
    for (bool done = false; !done; pieces++) {
        struct out out = out_of(room, sizeof room);
        done = exchange_fill(&exchange, &out);
        CHECK(!out.full);
        CHECK_EQUAL_U64(out.used % 3000, 0);
        total += out.used;
    }
    CHECK_EQUAL_U64(total, 30000);
    CHECK_EQUAL_U64(pieces, 5);
    CHECK(!exchange.cut);
}

TEST(ends_at_an_element_beyond_the_limit)
{
    begin(2, EXCHANGE_ELEMENT_BYTES_MAX + 1);
    struct out out = out_of(room, sizeof room);
    CHECK(exchange_fill(&exchange, &out));
    CHECK_EQUAL_U64(out.used, 0);
    CHECK(exchange.cut);
    CHECK_EQUAL_U64(api.http.cut_total, 1);
}

TEST(pauses_when_a_step_asks)
{
    begin(1, 10);
    plan.pauses = 1;
    struct out out = out_of(room, sizeof room);
    CHECK(!exchange_fill(&exchange, &out));
    CHECK_EQUAL_U64(out.used, 0);
    CHECK(exchange_fill(&exchange, &out));
    CHECK_EQUAL_U64(out.used, 10);
}

TEST(long_messages_are_cut)
{
    begin(0, 1);
    static char name[4000];
    memset(name, 'x', sizeof name - 1);
    exchange_fail(&exchange, 404, "there is no %s", name);
    struct out out = out_of(room, sizeof room);
    CHECK(exchange_fill(&exchange, &out));
    CHECK_EQUAL_U64(out.used, EXCHANGE_MESSAGE_BYTES_MAX);
    CHECK_EQUAL_U64(out.at[out.used - 1], '\n');
    CHECK_EQUAL_U64(exchange.status, 404);
}

// The same answer whatever the size of the pieces.
TEST(answers_do_not_depend_on_pieces)
{
    static const char *const targets[] = {
        "/", "/metrics", "/api/v1/appliance", "/api/v1/model/debug/allkeys",
        "/api/v1/model/namespaces/many/pods", "/api/v1/model/nodes/node-a/metrics",
        "/api/v1/model/namespaces/shop/pod-list/db-0,nix,db-0/metrics/cpu/usage",
    };
    static char first[1 << 20];
    struct world *world = world_make(700);
    for (size_t i = 0; i < ARRAY_COUNT(targets); i++) {
        struct text whole = world_ask(world, "GET", targets[i], 400000);
        CHECK(whole.size < sizeof first);
        CHECK_EQUAL_U64(world->answer.pieces, 1);
        memcpy(first, whole.at, whole.size);
        struct text pieces = world_get(world, targets[i]);
        CHECK_EQUAL_TEXT(pieces, ((struct text){first, whole.size}));
    }
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"cuts_between_elements", cuts_between_elements},
            {"ends_at_an_element_beyond_the_limit", ends_at_an_element_beyond_the_limit},
            {"pauses_when_a_step_asks", pauses_when_a_step_asks},
            {"long_messages_are_cut", long_messages_are_cut},
            {"answers_do_not_depend_on_pieces", answers_do_not_depend_on_pieces},
        },
        5);
}
