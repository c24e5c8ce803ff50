#include "base/uri.h"

#include "limits.h"

static bool
is_word_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')
           || (byte >= '0' && byte <= '9') || byte == '_';
}

// The variable that begins behind a $; 0 bytes when there is none.
static size_t
variable_name(struct text rest, struct text *name)
{
    if (rest.size != 0 && rest.at[0] == '{') {
        size_t end = text_find(rest, '}', 0);
        if (end == SIZE_MAX) {
            return 0;
        }
        *name = text_sub(rest, 1, end - 1);
        return end + 1;
    }
    size_t size = 0;
    while (size < rest.size && is_word_byte(rest.at[size])) {
        size++;
    }
    *name = text_sub(rest, 0, size);
    return size;
}

int
uri_expand(struct text uri, uri_variable *variable, void *context, struct out *copy,
           struct out *why)
{
    for (size_t at = 0; at < uri.size; at++) {
        struct text name = {0};
        struct text value = {0};
        size_t size = 0;
        if (uri.at[at] == '$' && variable != NULL) {
            size = variable_name(text_sub(uri, at + 1, SIZE_MAX), &name);
        }
        if (size == 0) {
            out_byte(copy, uri.at[at]);
        } else if (variable(context, name, &value)) {
            out_text(copy, value);
            at += size;
        } else {
            out_format(why, "the variable $" TEXT_FORMAT " is not set", TEXT_ARGS(name));
            return -ERR_BAD_CONFIG;
        }
    }
    if (copy->full) {
        out_format(why, "it is longer than %zu bytes", copy->size);
        return -ERR_BAD_CONFIG;
    }
    return 0;
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
    int high = text_hex_digit(from.at[*at]);
    int low = text_hex_digit(from.at[*at + 1]);
    *at += 2;
    bool broken = high < 0 || low < 0 || (high == 0 && low == 0);
    return broken ? -1 : high * 16 + low;
}

int
uri_decode(char *to, struct text from, bool plus_is_blank, struct text *decoded)
{
    ASSERT(to != NULL || from.size == 0);
    size_t used = 0;
    for (size_t at = 0; at < from.size;) {
        int byte = next_byte(from, &at, plus_is_blank);
        if (byte < 0) {
            return -ERR_MALFORMED;
        }
        to[used++] = (char)byte;
    }
    *decoded = (struct text){to, used};
    return 0;
}

void
uri_escape(struct out *out, struct text text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (is_word_byte(text.at[i]) || byte == '-' || byte == '.' || byte == '~') {
            out_byte(out, text.at[i]);
        } else {
            out_byte(out, '%');
            out_byte(out, hex[byte >> 4]);
            out_byte(out, hex[byte & 15]);
        }
    }
}

static bool
is_host(struct text host, bool v6)
{
    bool good = host.size != 0 && host.size <= NAME_BYTES_MAX;
    for (size_t i = 0; good && i < host.size; i++) {
        char byte = host.at[i];
        good = is_word_byte(byte) || byte == '.' || byte == '-' || (v6 && byte == ':');
    }
    return good;
}

int
uri_authority(struct text authority, struct text *host, uint16_t *port)
{
    struct text rest = {0};
    bool v6 = authority.size != 0 && authority.at[0] == '[';
    *host = authority;
    if (v6 && !text_cut(text_sub(authority, 1, SIZE_MAX), ']', host, &rest)) {
        return -ERR_MALFORMED;
    }
    if (!v6 && text_cut(authority, ':', host, &rest)) {
        rest = (struct text){rest.at - 1, rest.size + 1};
    }
    uint64_t given = *port;
    if (rest.size != 0) {
        bool bad = rest.at[0] != ':' || text_to_u64(text_sub(rest, 1, SIZE_MAX), &given) != 0;
        if (bad || given == 0 || given > UINT16_MAX) {
            return -ERR_MALFORMED;
        }
    }
    *port = (uint16_t)given;
    return is_host(*host, v6) ? 0 : -ERR_MALFORMED;
}
