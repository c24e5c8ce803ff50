#include "parse/lexeme.h"

#include "base/error.h"

static inline bool
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static enum number_state
number_next_of_digit(enum number_state state, char byte)
{
    switch (state) {
    case NUMBER_START:
    case NUMBER_MINUS:
        return byte == '0' ? NUMBER_ZERO : NUMBER_DIGITS;
    case NUMBER_DIGITS:
        return NUMBER_DIGITS;
    case NUMBER_DOT:
    case NUMBER_FRACTION:
        return NUMBER_FRACTION;
    case NUMBER_E:
    case NUMBER_SIGN:
    case NUMBER_EXPONENT:
        return NUMBER_EXPONENT;
    default:
        return NUMBER_NONE;
    }
}

enum number_state
number_next(enum number_state state, char byte)
{
    if (is_digit(byte)) {
        return number_next_of_digit(state, byte);
    }
    bool whole_part = state == NUMBER_ZERO || state == NUMBER_DIGITS;
    switch (byte) {
    case '-':
        if (state == NUMBER_START) {
            return NUMBER_MINUS;
        }
        return state == NUMBER_E ? NUMBER_SIGN : NUMBER_NONE;
    case '+':
        return state == NUMBER_E ? NUMBER_SIGN : NUMBER_NONE;
    case '.':
        return whole_part ? NUMBER_DOT : NUMBER_NONE;
    case 'e':
    case 'E':
        return whole_part || state == NUMBER_FRACTION ? NUMBER_E : NUMBER_NONE;
    default:
        return NUMBER_NONE;
    }
}

// The value of a hexadecimal digit, or -1.
static int
hex_value(char byte)
{
    if (is_digit(byte)) {
        return byte - '0';
    }
    char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool
escape_next(unsigned *state, char byte)
{
    if (*state > ESCAPE_LETTER) {
        *state = *state == ESCAPE_LETTER + 1 ? ESCAPE_NONE : *state - 1;
        return hex_value(byte) >= 0;
    }
    switch (byte) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        *state = ESCAPE_NONE;
        return true;
    case 'u':
        *state = ESCAPE_HEX;
        return true;
    default:
        return false;
    }
}

static char
unescape_letter(char letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter;
    }
}

static void
out_code_point(struct out *out, unsigned code)
{
    if (code < 0x80) {
        out_byte(out, (char)code);
        return;
    }
    if (code < 0x800) {
        out_byte(out, (char)(0xc0 | code >> 6));
    } else {
        if (code < 0x10000) {
            out_byte(out, (char)(0xe0 | code >> 12));
        } else {
            out_byte(out, (char)(0xf0 | code >> 18));
            out_byte(out, (char)(0x80 | (code >> 12 & 0x3f)));
        }
        out_byte(out, (char)(0x80 | (code >> 6 & 0x3f)));
    }
    out_byte(out, (char)(0x80 | (code & 0x3f)));
}

// The code unit of a `\uXXXX` at `at`, or -1 when there is none.
static int
code_unit(struct text raw, size_t at)
{
    if (raw.size < 6 || at > raw.size - 6 || raw.at[at] != '\\' || raw.at[at + 1] != 'u') {
        return -1;
    }
    int unit = 0;
    for (size_t i = at + 2; i < at + 6; i++) {
        int digit = hex_value(raw.at[i]);
        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

// Bytes taken by the `\u` escape at `at`, or -ERR_BAD_UTF8.
static int
unescape_unit(struct text raw, size_t at, struct out *out)
{
    int unit = code_unit(raw, at);
    if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000)) {
        return -ERR_BAD_UTF8;
    }
    if (unit < 0xd800 || unit >= 0xe000) {
        out_code_point(out, (unsigned)unit);
        return 6;
    }
    int low = code_unit(raw, at + 6);
    if (low < 0xdc00 || low >= 0xe000) {
        return -ERR_BAD_UTF8;
    }
    out_code_point(out, 0x10000U + ((unsigned)(unit - 0xd800) << 10) + (unsigned)(low - 0xdc00));
    return 12;
}

int
unescape(struct text raw, struct out *out)
{
    for (size_t at = 0; at < raw.size;) {
        if (raw.at[at] != '\\' || at + 1 == raw.size) {
            out_byte(out, raw.at[at]);
            at++;
        } else if (raw.at[at + 1] != 'u') {
            out_byte(out, unescape_letter(raw.at[at + 1]));
            at += 2;
        } else {
            int taken = unescape_unit(raw, at, out);
            if (taken < 0) {
                return taken;
            }
            at += (size_t)taken;
        }
    }
    return out->full ? -ERR_TOO_LONG : 0;
}
