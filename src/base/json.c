#include "base/json.h"

_Static_assert(JSON_DEPTH_MAX < 32, "one bit a level in `started`");

struct json
json_of(struct out *out)
{
    ASSERT(out != NULL);
    return (struct json){.out = out};
}

// A key clears its level's bit again, so that its value gets no comma.
static void
begin_element(struct json *json)
{
    uint32_t bit = UINT32_C(1) << json->depth;
    if ((json->started & bit) != 0) {
        out_byte(json->out, ',');
    }
    json->started |= bit;
}

static void
open_level(struct json *json, char bracket)
{
    begin_element(json);
    ASSERT(json->depth < JSON_DEPTH_MAX);
    json->depth++;
    json->started &= ~(UINT32_C(1) << json->depth);
    out_byte(json->out, bracket);
}

static void
close_level(struct json *json, char bracket)
{
    ASSERT(json->depth > 0);
    json->depth--;
    out_byte(json->out, bracket);
}

void
json_object(struct json *json)
{
    open_level(json, '{');
}

void
json_object_end(struct json *json)
{
    close_level(json, '}');
}

void
json_array(struct json *json)
{
    open_level(json, '[');
}

void
json_array_end(struct json *json)
{
    close_level(json, ']');
}

static bool
is_plain(char byte)
{
    unsigned char code = (unsigned char)byte;
    return code >= 0x20 && code < 0x80 && byte != '"' && byte != '\\';
}

static size_t
plain_run(struct text text, size_t from)
{
    size_t at = from;
    while (at < text.size && is_plain(text.at[at])) {
        at++;
    }
    return at - from;
}

static void
write_escape(struct out *out, char byte)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[] = "btn\0fr";  // 0x08 to 0x0d
    unsigned code = (unsigned char)byte;
    out_byte(out, '\\');
    if (byte == '"' || byte == '\\') {
        out_byte(out, byte);
    } else if (code >= 0x08 && code <= 0x0d && code != 0x0b) {
        out_byte(out, letters[code - 0x08]);
    } else {
        out_string(out, "u00");
        out_byte(out, hex[code >> 4]);
        out_byte(out, hex[code & 15]);
    }
}

// Writes what stands at `from` and is not plain; how many bytes it took.
static size_t
write_special(struct out *out, struct text text, size_t from)
{
    size_t length = text_utf8_length(text, from);
    if (length == 0) {
        out_string(out, "\xef\xbf\xbd");  // U+FFFD
        return 1;
    }
    if (length == 1) {
        write_escape(out, text.at[from]);
    } else {
        out_bytes(out, text.at + from, length);
    }
    return length;
}

static void
write_quoted(struct out *out, struct text text)
{
    out_byte(out, '"');
    for (size_t at = 0; at < text.size;) {
        size_t plain = plain_run(text, at);
        out_text(out, text_sub(text, at, plain));
        at += plain;
        if (at < text.size) {
            at += write_special(out, text, at);
        }
    }
    out_byte(out, '"');
}

static void
end_key(struct json *json)
{
    ASSERT(json->depth > 0);
    out_byte(json->out, ':');
    json->started &= ~(UINT32_C(1) << json->depth);
}

void
json_key(struct json *json, const char *key)
{
    begin_element(json);
    out_byte(json->out, '"');
    out_string(json->out, key);
    out_byte(json->out, '"');
    end_key(json);
}

void
json_key_text(struct json *json, struct text key)
{
    begin_element(json);
    write_quoted(json->out, key);
    end_key(json);
}

void
json_text(struct json *json, struct text value)
{
    begin_element(json);
    write_quoted(json->out, value);
}

void
json_string(struct json *json, const char *value)
{
    json_text(json, text_of(value));
}

void
json_u64(struct json *json, uint64_t value)
{
    begin_element(json);
    out_u64(json->out, value);
}

void
json_i64(struct json *json, int64_t value)
{
    begin_element(json);
    out_i64(json->out, value);
}

void
json_double(struct json *json, double value)
{
    begin_element(json);
    out_double(json->out, value);
}

void
json_float(struct json *json, float value)
{
    begin_element(json);
    out_float(json->out, value);
}

void
json_bool(struct json *json, bool value)
{
    begin_element(json);
    out_string(json->out, value ? "true" : "false");
}

void
json_null(struct json *json)
{
    begin_element(json);
    out_string(json->out, "null");
}

void
json_raw(struct json *json, struct text value)
{
    begin_element(json);
    out_text(json->out, value);
}
