#include "parse/splitter_run.h"

#include <string.h>

#include "parse/lexeme.h"

// The longest run-time name, with room for one that is written in escapes.
#define KEY_DECODED_MAX 512

static bool
is_wanted(const struct wanted *wanted, struct text key)
{
    for (uint32_t i = 0; i < wanted->count; i++) {
        if (text_equal(wanted->keys[i], key)) {
            return true;
        }
    }
    return false;
}

// A name with escapes is compared by what it says, and written plainly.
static int
find_escaped(struct run *run, const struct shape *shape, char *key)
{
    char decoded[KEY_DECODED_MAX];
    struct out out = out_of(decoded, sizeof decoded);
    struct text raw = {key + 1, (size_t)(run->out - key) - 2};
    if (unescape(raw, &out) != 0) {
        return -1;
    }
    int index = shape_find_text(shape, out_view(&out));
    if (index >= 0) {
        const struct field *field = &shape->fields[index];
        memcpy(key, field->key, field->key_size);
        run->out = key + field->key_size;
    }
    return index;
}

bool
splitter_keeps_member(struct splitter *s, struct run *run, const struct shape *shape)
{
    char *key = s->buffer + s->key_start;
    key += *key == ',';
    int index = shape_find(shape, s->next[s->depth], key);
    if (index < 0 && s->key_escaped) {
        index = find_escaped(run, shape, key);
    }
    if (index >= 0) {
        s->field = &shape->fields[index];
        s->pending = s->field->child;
        s->next[s->depth] = (uint16_t)(index + 1);
        return true;
    }
    struct text name = {key + 1, (size_t)(run->out - key) - 2};
    return shape->wanted && is_wanted(&s->wanted, name);
}
