#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

const char fast_digit_pairs[200] = "00010203040506070809101112131415161718192021222324"
                                   "25262728293031323334353637383940414243444546474849"
                                   "50515253545556575859606162636465666768697071727374"
                                   "75767778798081828384858687888990919293949596979899";

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
out_of_memory(void)
{
    fputs("skerry-sim: out of memory\n", stderr);
    exit(111);
}

void *
xcalloc(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        out_of_memory();
    }
    return memory;
}

char *
xstrdup(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        out_of_memory();
    }
    return copy;
}

void
buf_reserve(struct buf *buf, size_t more)
{
    if (buf->cap - buf->len >= more) {
        return;
    }
    size_t cap = buf->cap < 256 ? 256 : buf->cap;
    while (cap - buf->len < more) {
        cap *= 2;
    }
    char *data = realloc(buf->data, cap);
    if (data == NULL) {
        out_of_memory();
    }
    buf->data = data;
    buf->cap = cap;
}

void
buf_put(struct buf *buf, const void *bytes, size_t count)
{
    buf_reserve(buf, count);
    memcpy(buf->data + buf->len, bytes, count);
    buf->len += count;
}

void
buf_text(struct buf *buf, const char *text)
{
    buf_put(buf, text, strlen(text));
}

void
buf_char(struct buf *buf, char byte)
{
    buf_put(buf, &byte, 1);
}

void
buf_u64(struct buf *buf, uint64_t value)
{
    buf_reserve(buf, 20);
    char *end = fast_u64(buf->data + buf->len, value);
    buf->len = (size_t)(end - buf->data);
}

void
buf_time(struct buf *buf, int64_t time_ms)
{
    buf_reserve(buf, TIME_TEXT_BYTES);
    time_text(buf->data + buf->len, time_ms / 1000);
    buf->len += TIME_TEXT_BYTES;
}

void
buf_base64(struct buf *buf, const void *bytes, size_t count)
{
    const unsigned char *in = bytes;
    for (size_t i = 0; i < count; i += 3) {
        uint32_t word = (uint32_t)in[i] << 16;
        word |= i + 1 < count ? (uint32_t)in[i + 1] << 8 : 0;
        word |= i + 2 < count ? in[i + 2] : 0;
        buf_char(buf, base64_alphabet[word >> 18]);
        buf_char(buf, base64_alphabet[(word >> 12) & 63]);
        buf_char(buf, i + 1 < count ? base64_alphabet[(word >> 6) & 63] : '=');
        buf_char(buf, i + 2 < count ? base64_alphabet[word & 63] : '=');
    }
}

static int
base64_value(char letter)
{
    if (letter == '-') {
        letter = '+';
    }
    if (letter == '_') {
        letter = '/';
    }
    const char *at = strchr(base64_alphabet, letter);
    return at == NULL || letter == 0 ? -1 : (int)(at - base64_alphabet);
}

int
base64_decode(const char *text, size_t len, char *out, size_t out_cap)
{
    uint32_t word = 0;
    unsigned bits = 0;
    size_t count = 0;
    while (len > 0 && text[len - 1] == '=') {
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        int value = base64_value(text[i]);
        if (value < 0) {
            return -1;
        }
        word = word << 6 | (uint32_t)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            if (count == out_cap) {
                return -1;
            }
            out[count++] = (char)(word >> bits & 255);
        }
    }
    return (int)count;
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    buf_reserve(buf, 1024);
    size_t room = buf->cap - buf->len;
    va_start(args, format);
    va_copy(again, args);
    int need = vsnprintf(buf->data + buf->len, room, format, args);
    va_end(args);
    if (need > 0 && (size_t)need >= room) {
        buf_reserve(buf, (size_t)need + 1);
        vsnprintf(buf->data + buf->len, (size_t)need + 1, format, again);
    }
    buf->len += need > 0 ? (size_t)need : 0;
    va_end(again);
}

void
buf_clear(struct buf *buf)
{
    buf->len = 0;
}

void
buf_free(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}

static void
two_digits(char *out, int value)
{
    memcpy(out, fast_digit_pairs + 2 * (value % 100), 2);
}

void
time_text(char *out, int64_t second)
{
    time_t when = (time_t)second;
    struct tm tm;
    gmtime_r(&when, &tm);
    int year = tm.tm_year + 1900;
    memcpy(out, "0000-00-00T00:00:00Z", TIME_TEXT_BYTES);
    two_digits(out, year / 100);
    two_digits(out + 2, year);
    two_digits(out + 5, tm.tm_mon + 1);
    two_digits(out + 8, tm.tm_mday);
    two_digits(out + 11, tm.tm_hour);
    two_digits(out + 14, tm.tm_min);
    two_digits(out + 17, tm.tm_sec);
}
