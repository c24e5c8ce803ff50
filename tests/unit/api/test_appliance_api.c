#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "world.h"

static bool
holds(struct text text, const char *part)
{
    return memmem(text.at, text.size, part, strlen(part)) != NULL;
}

// Brackets match outside of strings, and no comma stands where none may.
static void
check_json(struct text text)
{
    char stack[64];
    unsigned depth = 0;
    bool in_string = false;
    char last = '\0';
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.at[i];
        if (in_string) {
            i += byte == '\\' ? 1 : 0;
            in_string = byte != '"';
            last = '"';
            continue;
        }
        if (byte == '{' || byte == '[') {
            CHECK(depth < sizeof stack);
            stack[depth++] = byte;
        } else if (byte == '}' || byte == ']') {
            CHECK(depth > 0 && stack[depth - 1] == (byte == '}' ? '{' : '['));
            CHECK(last != ',' && last != ':');
            depth--;
        } else if (byte == ',') {
            CHECK(last != ',' && last != '[' && last != '{' && last != ':');
        }
        in_string = byte == '"';
        last = byte == '\n' || byte == ' ' ? last : byte;
    }
    CHECK_EQUAL_U64(depth, 0);
    CHECK(!in_string);
}

TEST(tells_everything)
{
    static struct plan plan;
    struct world *world = world_make(0);
    memset(&plan, 0, sizeof plan);
    plan_add(&plan, "serve", "http clients", 32, 1000);
    plan_add(&plan, "collect", "scrapes", 2, 1000);
    world->api.plan = &plan;
    struct text answer = world_get(world, "/api/v1/appliance");
    CHECK_EQUAL_U64(world->exchange.status, 200);
    check_json(answer);
    static const char *const parts[] = {
        "{\"version\":\"1.2.3\"",
        "\"now\":\"2026-11-18T13:27:00Z\"",
        "\"uptimeSeconds\":80,\"healthy\":true",
        "\"cycle\":\"2026-11-18T13:26:55Z\",\"resolutionMs\":15000",
        "{\"pool\":\"pods\",\"used\":3,\"peak\":3,",
        "\"errors\":[{\"reason\":\"timeout\",\"sentence\":\"no answer came in time\",\"total\":5}]",
        "{\"role\":\"collect\",\"state\":\"ready\",\"pid\":12,",
        "\"lastReason\":\"killed by signal 9\",\"planBytes\":2000,"
        "\"heap\":{\"now\":4000,\"peak\":5500,\"limit\":70000,\"failures\":3}}",
        "\"lastReason\":\"\",\"planBytes\":32000,\"heap\":null}",
        "\"error\":\"timeout\",\"lastError\":\"the API server does not answer\"",
        "\"cluster\":{\"nodes\":{\"known\":2,\"ready\":1,\"failing\":1},"
        "\"pods\":{\"active\":3,\"unknown\":0,\"pending\":0,\"running\":3,\"succeeded\":0,"
        "\"failed\":0,\"deleting\":0},"
        "\"containers\":{\"unknown\":0,\"waiting\":1,\"running\":3,\"terminated\":0,"
        "\"crashLooping\":1,\"oomKilled\":0,\"restarts\":7}}",
        "\"failingNodes\":[{\"node\":\"node-b\",\"error\":\"timeout\",",
        "\"streak\":2,\"lastSuccess\":null,",
        "\"failingNodesTruncated\":false",
        "\"planBytes\":36864,\"plan\":[{\"role\":\"serve\",\"part\":\"http clients\",\"count\":32,"
        "\"bytesEach\":1000,\"bytes\":32000},",
        "\"heapBytesPeak\":6000",
    };
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
        if (!holds(answer, parts[i])) {
            printf("not there: %s\n", parts[i]);
        }
        CHECK(holds(answer, parts[i]));
    }
}

TEST(works_without_a_table)
{
    struct world *world = world_empty();
    struct text answer = world_get(world, "/api/v1/appliance");
    check_json(answer);
    CHECK(holds(answer, "\"healthy\":false,\"health\":\"nothing has been collected yet\""));
    CHECK(holds(answer, "\"plan\":null"));
    CHECK(!holds(answer, "pools"));
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"tells_everything", tells_everything},
            {"works_without_a_table", works_without_a_table},
        },
        2);
}
