#include "host/json_pick.h"

#include <string.h>

#include "base/error.h"
#include "parse/lexeme.h"

_Static_assert(JSON_NESTING_MAX <= 64, "objects has a bit for each level");
_Static_assert(JSON_PICK_RULES_MAX <= 32, "a set of rules is 32 bits wide");

static uint32_t
all_rules(const struct json_pick_plan *plan)
{
    return (uint32_t)((UINT64_C(1) << plan->rule_count) - 1);
}

static void
clear_slots(struct json_pick *pick)
{
    for (uint32_t i = 0; i < pick->plan->rule_count; i++) {
        pick->slots[i].size = 0;
        pick->slots[i].found = false;
        pick->slots[i].cut = false;
    }
}

void
json_pick_begin(struct json_pick *pick, const struct json_pick_plan *plan,
                json_pick_take *take, void *context)
{
    ASSERT(plan->rule_count <= JSON_PICK_RULES_MAX);
    pick->plan = plan;
    pick->take = take;
    pick->context = context;
    pick->error = 0;
    pick->fault = 0;
    pick->depth = 0;
    pick->objects = 0;
    pick->escape = ESCAPE_NONE;
    pick->in_string = false;
    pick->in_key = false;
    pick->want_key = false;
    pick->begun = false;
    pick->pending = 0;
    pick->capture = 0;
    pick->live[0] = 0;
    clear_slots(pick);
}

// Depth of the rows' own members.
static unsigned
row_depth(const struct json_pick *pick)
{
    return pick->plan->rows ? 2 : 1;
}

static bool
in_object(const struct json_pick *pick)
{
    return pick->depth > 0 && (pick->objects >> (pick->depth - 1) & 1) != 0;
}

// Rules of the open bracket whose next step is `name`.
static uint32_t
rules_for(const struct json_pick *pick, struct text name)
{
    if (pick->depth < row_depth(pick)) {
        return 0;
    }
    size_t step = pick->depth - row_depth(pick);
    uint32_t fit = 0;
    for (uint32_t i = 0; step < JSON_PICK_STEPS_MAX && i < pick->plan->rule_count; i++) {
        const struct text *wanted = &pick->plan->rules[i].steps[step];
        if ((pick->live[pick->depth] >> i & 1) != 0 && wanted->size > 0 &&
            text_equal(*wanted, name)) {
            fit |= UINT32_C(1) << i;
        }
    }
    return fit;
}

// Rules that end with the value that comes at this depth.
static uint32_t
rules_that_end(const struct json_pick *pick, uint32_t rules)
{
    size_t next = pick->depth - row_depth(pick) + 1;
    uint32_t fit = 0;
    for (uint32_t i = 0; i < pick->plan->rule_count; i++) {
        if ((rules >> i & 1) != 0 && pick->plan->rules[i].steps[next].size == 0) {
            fit |= UINT32_C(1) << i;
        }
    }
    return fit;
}

static void
open_bracket(struct json_pick *pick, bool object)
{
    if (pick->depth == JSON_NESTING_MAX) {
        pick->error = -ERR_TOO_DEEP;
        return;
    }
    uint32_t live = pick->pending;
    pick->depth++;
    uint64_t bit = UINT64_C(1) << (pick->depth - 1);
    pick->objects = object ? pick->objects | bit : pick->objects & ~bit;
    if (pick->depth == row_depth(pick)) {
        live = object ? all_rules(pick->plan) : 0;
        clear_slots(pick);
    }
    pick->live[pick->depth] = live;
    pick->want_key = object;
    pick->pending = object ? 0 : rules_for(pick, TEXT("[]"));
    pick->begun = true;
}

static void
close_bracket(struct json_pick *pick, bool object)
{
    if (pick->depth == 0 || in_object(pick) != object) {
        pick->error = -ERR_MALFORMED;
        return;
    }
    if (pick->depth == row_depth(pick) && object) {
        pick->take(pick->context, pick);
    }
    pick->depth--;
    pick->want_key = false;
    pick->pending = 0;
}

static void
open_string(struct json_pick *pick)
{
    pick->in_string = true;
    pick->in_key = pick->want_key;
    pick->key_size = 0;
    pick->key_cut = false;
    pick->capture = 0;
    if (pick->in_key || pick->pending == 0) {
        return;
    }
    pick->capture = rules_that_end(pick, pick->pending);
    for (uint32_t i = 0; i < pick->plan->rule_count; i++) {
        if ((pick->capture >> i & 1) != 0) {
            pick->slots[i].size = 0;
            pick->slots[i].cut = false;
            pick->slots[i].found = false;
        }
    }
}

static void
keep_key(struct json_pick *pick, char byte)
{
    if (pick->key_size == sizeof pick->key) {
        pick->key_cut = true;
        return;
    }
    pick->key[pick->key_size] = byte;
    pick->key_size++;
}

static void
keep_value(struct json_pick *pick, char byte)
{
    for (uint32_t left = pick->capture; left != 0; left &= left - 1) {
        struct json_pick_slot *slot = &pick->slots[__builtin_ctz(left)];
        if (slot->size == sizeof slot->bytes) {
            slot->cut = true;
            continue;
        }
        slot->bytes[slot->size] = byte;
        slot->size++;
    }
}

static void
finish_value(struct json_pick *pick, struct json_pick_slot *slot)
{
    struct out plain = out_of(pick->scratch, sizeof pick->scratch);
    struct text raw = {slot->bytes, slot->size};
    if (slot->cut) {
        pick->fault = -ERR_TOO_LONG;
        return;
    }
    if (!text_is_utf8(raw) || unescape(raw, &plain) != 0) {
        pick->fault = -ERR_BAD_UTF8;
        return;
    }
    // A text gets no longer by losing its escapes.
    memcpy(slot->bytes, plain.at, plain.used);
    slot->size = (uint32_t)plain.used;
    slot->found = true;
}

static void
close_string(struct json_pick *pick)
{
    pick->in_string = false;
    if (pick->in_key) {
        struct text key = {pick->key, pick->key_size};
        bool none = pick->key_cut || text_equal(key, TEXT("[]"));
        pick->pending = none ? 0 : rules_for(pick, key);
        pick->want_key = false;
        return;
    }
    for (uint32_t left = pick->capture; left != 0; left &= left - 1) {
        finish_value(pick, &pick->slots[__builtin_ctz(left)]);
    }
    pick->pending = 0;
}

static void
feed_string(struct json_pick *pick, char byte)
{
    if (pick->escape == ESCAPE_NONE && byte == '"') {
        close_string(pick);
        return;
    }
    if (pick->escape != ESCAPE_NONE) {
        if (!escape_next(&pick->escape, byte)) {
            pick->error = -ERR_MALFORMED;
        }
    } else if (byte == '\\') {
        pick->escape = ESCAPE_LETTER;
    }
    if (pick->in_key) {
        keep_key(pick, byte);
    } else {
        keep_value(pick, byte);
    }
}

static void
feed_structure(struct json_pick *pick, char byte)
{
    switch (byte) {
    case '{':
    case '[':
        open_bracket(pick, byte == '{');
        break;
    case '}':
    case ']':
        close_bracket(pick, byte == '}');
        break;
    case '"':
        open_string(pick);
        break;
    case ',':
        pick->want_key = in_object(pick);
        pick->pending = 0;
        break;
    default:
        break;  // blanks, colons, numbers and literals: nothing to know
    }
}

int
json_pick_feed(struct json_pick *pick, const void *bytes, size_t size)
{
    const char *at = bytes;
    for (size_t i = 0; i < size && pick->error == 0; i++) {
        if (pick->in_string) {
            feed_string(pick, at[i]);
        } else {
            feed_structure(pick, at[i]);
        }
    }
    return pick->error;
}

int
json_pick_end(struct json_pick *pick)
{
    if (pick->error == 0 && (!pick->begun || pick->depth > 0 || pick->in_string)) {
        pick->error = -ERR_TRUNCATED;
    }
    return pick->error;
}

struct text
json_pick_value(const struct json_pick *pick, uint32_t rule)
{
    ASSERT(rule < pick->plan->rule_count);
    const struct json_pick_slot *slot = &pick->slots[rule];
    return (struct text){slot->bytes, slot->found ? slot->size : 0};
}
