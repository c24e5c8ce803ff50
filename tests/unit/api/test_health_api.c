#include "../test.h"
#include "api/health_api.h"
#include "world.h"

static struct world *world;

static void
check(const char *target, unsigned status, const char *answer)
{
    struct text got = world_get(world, target);
    CHECK_EQUAL_TEXT(got, answer);
    CHECK_EQUAL_U64(world->exchange.status, status);
}

TEST(ok_while_cycles_go_on)
{
    world = world_make(0);
    check("/healthz", 200, "ok");
    check("/healthz/healthz", 200, "ok");
    check("/readyz", 200, "ok");
    check("/healthz?verbose", 200,
          "[+]healthz ok: the newest cycle is 5 s old\nhealthz check passed\n");
}

TEST(failed_before_anything_was_collected)
{
    world = world_empty();
    check("/healthz", 500, "[-]healthz failed: nothing has been collected yet\n");
    check("/readyz", 503, "[-]readyz failed: nothing has been collected yet\n");
    check("/readyz?verbose", 503,
          "[-]readyz failed: nothing has been collected yet\nreadyz check failed\n");
}

TEST(failed_when_collection_stops)
{
    world = world_make(0);
    world->now.ms = ((int64_t)WORLD_NEXT_S + 180) * MS_PER_S;
    check("/healthz", 200, "ok");
    world->now.ms += MS_PER_S;
    check("/healthz", 500,
          "[-]healthz failed: collection has stopped: the newest cycle is 181 s old\n");
    check("/readyz", 200, "ok");
}

// Cycles go on, but the only node that ever answered does not any more.
TEST(failed_without_samples)
{
    world = world_make(0);
    table_cycle_end(world->writer, WORLD_NEXT_S + 300);
    world->now.ms = ((int64_t)WORLD_NEXT_S + 301) * MS_PER_S;
    check("/healthz", 500,
          "[-]healthz failed: no node answers: no sample is younger than three cycles\n");
}

TEST(clock_before_the_cycle)
{
    world = world_make(0);
    world->now.ms = ((int64_t)WORLD_NEXT_S - 100) * MS_PER_S;
    check("/healthz", 200, "ok");
    CHECK_EQUAL_U64(health_cycle_age_ms(&world->api, world->now), 0);
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"ok_while_cycles_go_on", ok_while_cycles_go_on},
            {"failed_before_anything_was_collected", failed_before_anything_was_collected},
            {"failed_when_collection_stops", failed_when_collection_stops},
            {"failed_without_samples", failed_without_samples},
            {"clock_before_the_cycle", clock_before_the_cycle},
        },
        5);
}
