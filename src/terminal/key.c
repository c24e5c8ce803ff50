#include "terminal/key.h"

#include "base/check.h"

static const struct {
    struct text bytes;
    int key;
} sequences[] = {
    // xterm and its kin, with cursor keys in both modes; the Linux console; rxvt.
    {{"\033[A", 3}, KEY_UP},         {{"\033OA", 3}, KEY_UP},
    {{"\033[B", 3}, KEY_DOWN},       {{"\033OB", 3}, KEY_DOWN},
    {{"\033[C", 3}, KEY_RIGHT},      {{"\033OC", 3}, KEY_RIGHT},
    {{"\033[D", 3}, KEY_LEFT},       {{"\033OD", 3}, KEY_LEFT},
    {{"\033[H", 3}, KEY_HOME},       {{"\033OH", 3}, KEY_HOME},
    {{"\033[F", 3}, KEY_END},        {{"\033OF", 3}, KEY_END},
    {{"\033[1~", 4}, KEY_HOME},      {{"\033[7~", 4}, KEY_HOME},
    {{"\033[4~", 4}, KEY_END},       {{"\033[8~", 4}, KEY_END},
    {{"\033[5~", 4}, KEY_PAGE_UP},   {{"\033[6~", 4}, KEY_PAGE_DOWN},
};

// An escape sequence that is not known: its introducer, parameters and final byte
// (ECMA-48, 5.4).
static size_t
sequence_bytes(struct text bytes)
{
    size_t at = 1;
    if (bytes.size < 2) {
        return 1;
    }
    if (bytes.at[1] != '[' && bytes.at[1] != 'O') {
        return 2;
    }
    at = 2;
    while (at < bytes.size && bytes.at[at] >= 0x20 && bytes.at[at] < 0x40) {
        at++;
    }
    return at < bytes.size ? at + 1 : at;
}

static int
take_sequence(struct text *bytes)
{
    if (bytes->size == 1) {
        *bytes = text_sub(*bytes, 1, SIZE_MAX);
        return KEY_ESCAPE;
    }
    for (size_t i = 0; i < ARRAY_COUNT(sequences); i++) {
        if (text_starts(*bytes, sequences[i].bytes)) {
            *bytes = text_sub(*bytes, sequences[i].bytes.size, SIZE_MAX);
            return sequences[i].key;
        }
    }
    *bytes = text_sub(*bytes, sequence_bytes(*bytes), SIZE_MAX);
    return KEY_NONE;
}

int
key_next(struct text *bytes)
{
    if (bytes->size == 0) {
        return KEY_NONE;
    }
    char byte = bytes->at[0];
    if (byte == '\033') {
        return take_sequence(bytes);
    }
    *bytes = text_sub(*bytes, 1, SIZE_MAX);
    switch (byte) {
    case '\r':
    case '\n':
        return KEY_ENTER;
    case '\t':
        return KEY_TAB;
    case '\b':
    case 0x7f:
        return KEY_BACKSPACE;
    case 0x15:
        return KEY_ERASE_LINE;
    case 0x0c:
        return KEY_REDRAW;
    default:
        return byte >= ' ' && byte <= '~' ? byte : KEY_NONE;
    }
}
