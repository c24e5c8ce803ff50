#include "api/percent.h"

static int
hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    if (byte >= 'a' && byte <= 'f') {
        return byte - 'a' + 10;
    }
    if (byte >= 'A' && byte <= 'F') {
        return byte - 'A' + 10;
    }
    return -1;
}

// The byte that stands at *at; moves *at behind it. Negative: a broken escape.
static int
next_byte(struct text from, size_t *at, bool plus_is_blank)
{
    char byte = from.at[(*at)++];
    if (byte == '+' && plus_is_blank) {
        return ' ';
    }
    if (byte != '%') {
        return (unsigned char)byte;
    }
    if (from.size - *at < 2) {
        return -1;
    }
    int high = hex_digit(from.at[*at]);
    int low = hex_digit(from.at[*at + 1]);
    *at += 2;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

int
percent_decode(char *to, struct text from, bool plus_is_blank, struct text *decoded)
{
    ASSERT(to != NULL || from.size == 0);
    size_t used = 0;
    for (size_t at = 0; at < from.size;) {
        int byte = next_byte(from, &at, plus_is_blank);
        if (byte < 0x20 || byte == 0x7f) {
            return -ERR_MALFORMED;
        }
        to[used++] = (char)byte;
    }
    *decoded = (struct text){to, used};
    return text_is_utf8(*decoded) ? 0 : -ERR_MALFORMED;
}
