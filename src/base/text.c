#include "base/text.h"

#include <string.h>

struct text
text_of(const char *c_string)
{
    if (c_string == NULL) {
        return (struct text){"", 0};
    }
    return (struct text){c_string, strlen(c_string)};
}

bool
text_equal(struct text a, struct text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

int
text_compare(struct text a, struct text b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.at, b.at, common);
    if (order != 0) {
        return order;
    }
    return (a.size > b.size) - (a.size < b.size);
}

bool
text_starts(struct text text, struct text prefix)
{
    return text.size >= prefix.size && text_equal((struct text){text.at, prefix.size}, prefix);
}

bool
text_ends(struct text text, struct text suffix)
{
    return text.size >= suffix.size &&
           text_equal(text_sub(text, text.size - suffix.size, suffix.size), suffix);
}

struct text
text_sub(struct text text, size_t from, size_t size)
{
    size_t start = from < text.size ? from : text.size;
    size_t rest = text.size - start;
    return (struct text){start == 0 ? text.at : text.at + start, size < rest ? size : rest};
}

size_t
text_find(struct text text, char byte, size_t from)
{
    if (from >= text.size) {
        return SIZE_MAX;
    }
    const char *found = memchr(text.at + from, byte, text.size - from);
    return found == NULL ? SIZE_MAX : (size_t)(found - text.at);
}

bool
text_cut(struct text text, char byte, struct text *head, struct text *rest)
{
    size_t at = text_find(text, byte, 0);
    *head = text_sub(text, 0, at);
    *rest = text_sub(text, at == SIZE_MAX ? at : at + 1, SIZE_MAX);
    return at != SIZE_MAX;
}

static bool
is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

uint64_t
text_little_endian(struct text bytes, size_t at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = size; i > 0; i--) {
        value = value << 8 | (unsigned char)bytes.at[at + i - 1];
    }
    return value;
}

struct text
text_trim(struct text text)
{
    while (text.size > 0 && is_blank(text.at[text.size - 1])) {
        text.size--;
    }
    while (text.size > 0 && is_blank(text.at[0])) {
        text = text_sub(text, 1, SIZE_MAX);
    }
    return text;
}

// RFC 3629, section 4: the first byte fixes the length and the range of the
// second, which keeps out overlongs, surrogates and what is above U+10FFFF.
static size_t
utf8_length_of_first(unsigned char first, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) {
        return 2;
    }
    if (first >= 0xe0 && first <= 0xef) {
        *low = first == 0xe0 ? 0xa0 : 0x80;
        *high = first == 0xed ? 0x9f : 0xbf;
        return 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        *low = first == 0xf0 ? 0x90 : 0x80;
        *high = first == 0xf4 ? 0x8f : 0xbf;
        return 4;
    }
    return 0;
}

size_t
text_utf8_length(struct text text, size_t from)
{
    if (from >= text.size) {
        return 0;
    }
    const unsigned char *at = (const unsigned char *)text.at + from;
    if (at[0] < 0x80) {
        return 1;
    }
    unsigned char low;
    unsigned char high;
    size_t length = utf8_length_of_first(at[0], &low, &high);
    if (length == 0 || length > text.size - from || at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

// Offset of the first byte at or after `from` that is not ASCII.
static size_t
skip_ascii(struct text text, size_t from)
{
    size_t at = from;
    for (; text.size - at >= 16; at += 16) {
        uint64_t words[2];
        memcpy(words, text.at + at, sizeof words);
        if (((words[0] | words[1]) & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
    }
    while (at < text.size && (unsigned char)text.at[at] < 0x80) {
        at++;
    }
    return at;
}

bool
text_is_utf8(struct text text)
{
    size_t at = skip_ascii(text, 0);
    while (at < text.size) {
        size_t length = text_utf8_length(text, at);
        if (length == 0) {
            return false;
        }
        at = skip_ascii(text, at + length);
    }
    return true;
}
