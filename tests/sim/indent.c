#include "indent.h"

static void
new_line(struct buf *out, unsigned depth)
{
    buf_char(out, '\n');
    for (unsigned i = 0; i < depth; i++) {
        BUF_LIT(out, "  ");
    }
}

static void
string_byte(struct indent *state, struct buf *out, char byte)
{
    buf_char(out, byte);
    if (state->escaped) {
        state->escaped = false;
    } else if (byte == '\\') {
        state->escaped = true;
    } else if (byte == '"') {
        state->in_string = false;
        return;
    }
    if (state->name_len < sizeof(state->name)) {
        state->name[state->name_len++] = byte;
    }
}

static void
raw_byte(struct indent *state, struct buf *out, char byte)
{
    buf_char(out, byte);
    if (byte == '"') {
        state->in_string = true;
        state->name_len = 0;
    } else if (byte == '{' || byte == '[') {
        state->depth++;
    } else if (byte == '}' || byte == ']') {
        state->depth--;
        if (state->depth < state->raw_depth) {
            state->raw_depth = 0;
        }
    }
}

static void
close_byte(struct indent *state, struct buf *out, char byte)
{
    if (state->opened && byte == '}') {
        new_line(out, state->depth);
        state->opened = false;
    }
    state->depth--;
    if (!state->opened) {
        new_line(out, state->depth);
    }
    state->opened = false;
    buf_char(out, byte);
}

static void
plain_byte(struct indent *state, struct buf *out, char byte)
{
    if (byte == '}' || byte == ']') {
        close_byte(state, out, byte);
        return;
    }
    if (state->opened && byte != '\n') {
        new_line(out, state->depth);
        state->opened = false;
    }
    buf_char(out, byte);
    if (byte == '"') {
        state->in_string = true;
        state->name_len = 0;
    } else if (byte == ':') {
        buf_char(out, ' ');
        state->raw_next = state->name_len == 8 && memcmp(state->name, "fieldsV1", 8) == 0;
    } else if (byte == ',') {
        new_line(out, state->depth);
    } else if (byte == '{' || byte == '[') {
        state->depth++;
        state->opened = !state->raw_next;
        state->raw_depth = state->raw_next ? state->depth : 0;
        state->raw_next = false;
    }
}

void
indent_put(struct indent *state, struct buf *out, const char *json, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (state->in_string) {
            string_byte(state, out, json[i]);
        } else if (state->raw_depth > 0) {
            raw_byte(state, out, json[i]);
        } else {
            plain_byte(state, out, json[i]);
        }
    }
}
