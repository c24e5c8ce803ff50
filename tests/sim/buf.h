/* A growing byte buffer and the writers that fill it.
 *
 * Owns its memory; buf_free gives it back. Out of memory ends the program:
 * the simulator is a test tool. The fast_* writers work on a bare cursor into
 * space that the caller reserved, for the kubelet responses, where each write
 * must cost nanoseconds. */
#ifndef SIM_BUF_H
#define SIM_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    char *data;
    size_t len;
    size_t cap;
};

/* Room for the text of one time stamp with its closing Z. */
#define TIME_TEXT_BYTES 20
#define TIME_CACHE_SLOTS 256

/* The texts of recent seconds: a summary repeats a few of them 300 times. */
struct time_cache {
    int64_t second[TIME_CACHE_SLOTS];
    char text[TIME_CACHE_SLOTS][TIME_TEXT_BYTES];
};

void buf_reserve(struct buf *buf, size_t more);
void buf_put(struct buf *buf, const void *bytes, size_t count);
void buf_text(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char byte);
void buf_u64(struct buf *buf, uint64_t value);
void buf_time(struct buf *buf, int64_t time_ms);
void buf_base64(struct buf *buf, const void *bytes, size_t count);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_clear(struct buf *buf);
void buf_free(struct buf *buf);

/* Base64 in either alphabet, padded or not; bytes written, or -1. */
int base64_decode(const char *text, size_t len, char *out, size_t out_cap);

void *xcalloc(size_t count, size_t size);
char *xstrdup(const char *text);

/* RFC 3339 in UTC with seconds, 20 bytes, no terminating zero. */
void time_text(char *out, int64_t second);

#define BUF_LIT(buf, literal) buf_put((buf), "" literal, sizeof(literal) - 1)

extern const char fast_digit_pairs[200];

static inline char *
fast_put(char *out, const void *bytes, size_t count)
{
    memcpy(out, bytes, count);
    return out + count;
}

#define FAST_LIT(out, literal) fast_put((out), "" literal, sizeof(literal) - 1)

/* Writes up to 20 digits but touches 20 bytes: a copy of fixed length is
 * inlined, a call of memcpy is not. */
static inline char *
fast_u64(char *out, uint64_t value)
{
    char digits[40];
    char *first = digits + 20;
    memset(digits + 20, 0, 20);
    while (value >= 100) {
        uint64_t rest = value / 100;
        first -= 2;
        memcpy(first, fast_digit_pairs + 2 * (value - rest * 100), 2);
        value = rest;
    }
    if (value >= 10) {
        first -= 2;
        memcpy(first, fast_digit_pairs + 2 * value, 2);
    } else {
        *--first = (char)('0' + value);
    }
    memcpy(out, first, 20);
    return out + (digits + 20 - first);
}

/* Copies in steps of 16 bytes: up to 15 bytes after the name are read and
 * written too, so names are stored with NAME_PADDING bytes behind them. */
#define NAME_PADDING 16

static inline char *
fast_name(char *out, const char *name, size_t len)
{
    for (size_t i = 0; i < len; i += 16) {
        memcpy(out + i, name + i, 16);
    }
    return out + len;
}

static inline char *
fast_time(char *out, struct time_cache *cache, int64_t time_ms)
{
    int64_t second = time_ms / 1000;
    size_t slot = (size_t)second % TIME_CACHE_SLOTS;
    if (cache->second[slot] != second) {
        time_text(cache->text[slot], second);
        cache->second[slot] = second;
    }
    return fast_put(out, cache->text[slot], TIME_TEXT_BYTES);
}

#endif
