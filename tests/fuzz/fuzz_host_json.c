// Strings picked out of a runtime's JSON: any bytes, and the same result
// however they are cut into pieces. The first byte says how.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "host/json_pick.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEP(literal) {(literal), sizeof(literal) - 1}

static const struct json_pick_rule rules[] = {
    {{STEP("Name")}},
    {{STEP("Config"), STEP("Image")}},
    {{STEP("names"), STEP("[]")}},
    {{STEP("a"), STEP("[]"), STEP("b"), STEP("c")}},
};
static const struct json_pick_plan plans[] = {
    {false, ARRAY_COUNT(rules), rules},
    {true, ARRAY_COUNT(rules), rules},
};

struct run {
    int error;
    struct out out;
    char bytes[8192];
};

static struct json_pick pick;
static struct run whole;
static struct run pieces;

static void
take(void *context, const struct json_pick *from)
{
    struct run *run = context;
    for (uint32_t i = 0; i < ARRAY_COUNT(rules); i++) {
        struct text value = json_pick_value(from, i);
        ASSERT(value.size <= JSON_PICK_VALUE_BYTES_MAX);
        ASSERT(text_is_utf8(value));
        out_text(&run->out, value);
        out_byte(&run->out, '\n');
    }
}

static void
feed(struct run *run, const struct json_pick_plan *plan, const uint8_t *data, size_t size,
     size_t step)
{
    run->out = out_of(run->bytes, sizeof run->bytes);
    run->error = 0;
    json_pick_begin(&pick, plan, take, run);
    for (size_t at = 0; at < size && run->error == 0; at += step) {
        run->error = json_pick_feed(&pick, data + at, step < size - at ? step : size - at);
    }
    if (run->error == 0) {
        run->error = json_pick_end(&pick);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const struct json_pick_plan *plan = &plans[data[0] & 1];
    feed(&whole, plan, data + 1, size - 1, size);
    feed(&pieces, plan, data + 1, size - 1, 1 + (data[0] >> 1) % 16);
    ASSERT(whole.error == pieces.error);
    ASSERT(text_equal(out_view(&whole.out), out_view(&pieces.out)));
    return 0;
}
