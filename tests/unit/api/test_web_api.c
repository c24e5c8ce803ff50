#include <string.h>

#include "../test.h"
#include "api/web_api.h"
#include "api/web_asset.h"
#include "world.h"

static struct text
take(struct world *world)
{
    world->answer.size = 0;
    for (bool done = false; !done;) {
        CHECK(world->answer.size + EXCHANGE_ELEMENT_BYTES_MAX <= sizeof world->answer.bytes);
        struct out out = out_of(world->answer.bytes + world->answer.size,
                                EXCHANGE_ELEMENT_BYTES_MAX);
        done = exchange_fill(&world->exchange, &out);
        world->answer.size += out.used;
    }
    return (struct text){world->answer.bytes, world->answer.size};
}

static struct text
ask(struct world *world, enum route route, exchange_handler *handler, struct request_head head)
{
    exchange_begin(&world->exchange, &world->api, world->now);
    world->exchange.match.route = route;
    world->exchange.head = head;
    handler(&world->exchange);
    return take(world);
}

static const struct request_head plain_head = {0};
static const struct request_head gzip_head = {.accepts_gzip = true};

TEST(serves_the_page)
{
    struct world *world = world_empty();
    struct text page = ask(world, ROUTE_PAGE, web_api_page, gzip_head);
    CHECK_EQUAL_U64(world->exchange.status, 200);
    CHECK_EQUAL_TEXT(text_of(world->exchange.encoding), "gzip");
    CHECK(world->exchange.etag != NULL);
    CHECK(strstr(world->exchange.policy, "default-src 'none'") != NULL);
    CHECK(strstr(world->exchange.policy, "unsafe") == NULL);
    CHECK(text_starts(page, TEXT("\x1f\x8b")));
}

// Every file comes whole, in pieces.
TEST(serves_the_files)
{
    static const enum route routes[] = {ROUTE_PAGE_SCRIPT, ROUTE_PAGE_STYLE, ROUTE_PAGE_ICON};
    struct world *world = world_empty();
    for (size_t i = 0; i < ARRAY_COUNT(routes); i++) {
        struct text file = ask(world, routes[i], web_api_file, gzip_head);
        const struct web_asset *asset = world->exchange.asset;
        CHECK_EQUAL_U64(world->exchange.status, 200);
        CHECK_EQUAL_TEXT(text_of(asset->name), route_path(routes[i]) + 1);
        CHECK_EQUAL_U64(file.size, asset->gzip_bytes);
        CHECK(memcmp(file.at, asset->gzip, file.size) == 0);
    }
}

TEST(is_not_sent_twice)
{
    struct world *world = world_empty();
    (void)ask(world, ROUTE_PAGE_SCRIPT, web_api_file, gzip_head);
    struct text etag = text_of(world->exchange.etag);
    struct text again = ask(world, ROUTE_PAGE_SCRIPT, web_api_file,
                            (struct request_head){.accepts_gzip = true, .if_none_match = etag});
    CHECK_EQUAL_U64(world->exchange.status, 304);
    CHECK_EQUAL_U64(again.size, 0);
    (void)ask(world, ROUTE_PAGE_SCRIPT, web_api_file,
              (struct request_head){.accepts_gzip = true, .if_none_match = TEXT("\"other\"")});
    CHECK_EQUAL_U64(world->exchange.status, 200);
}

TEST(is_plain_without_gzip)
{
    struct world *world = world_empty();
    struct text page = ask(world, ROUTE_PAGE, web_api_page, plain_head);
    CHECK_EQUAL_U64(world->exchange.status, 200);
    CHECK(world->exchange.encoding == NULL);
    CHECK(text_starts(page, TEXT("<!doctype html>")));
    (void)ask(world, ROUTE_PAGE_SCRIPT, web_api_file, plain_head);
    CHECK_EQUAL_U64(world->exchange.status, 406);
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"serves_the_page", serves_the_page},
            {"serves_the_files", serves_the_files},
            {"is_not_sent_twice", is_not_sent_twice},
            {"is_plain_without_gzip", is_plain_without_gzip},
        },
        4);
}
