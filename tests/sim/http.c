#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "clock.h"

#define HEAD_LIMIT 65536
#define BODY_LIMIT (1u << 20)

static int
hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    digit = (char)(digit | 32);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static void
decode(char *text, bool plus)
{
    char *out = text;
    for (const char *in = text; *in != 0; in++) {
        int high = *in == '%' ? hex_value(in[1]) : -1;
        int low = high >= 0 ? hex_value(in[2]) : -1;
        if (low >= 0) {
            *out++ = (char)(high * 16 + low);
            in += 2;
        } else {
            *out++ = plus && *in == '+' ? ' ' : *in;
        }
    }
    *out = 0;
}

static bool
header_is(const char *line, const char *name, const char **value)
{
    size_t len = strlen(name);
    if (strncasecmp(line, name, len) != 0 || line[len] != ':') {
        return false;
    }
    *value = line + len + 1 + strspn(line + len + 1, " \t");
    return true;
}

static void
take_header(char *line, struct request *request, size_t *length)
{
    const char *value = NULL;
    if (header_is(line, "content-length", &value)) {
        *length = strtoul(value, NULL, 10);
    } else if (header_is(line, "connection", &value)) {
        request->keep_alive = strcasecmp(value, "close") != 0;
    } else if (header_is(line, "user-agent", &value)) {
        request->pretty = strncmp(value, "curl/", 5) == 0 || strncmp(value, "Mozilla/", 8) == 0;
    } else if (header_is(line, "authorization", &value) && strncasecmp(value, "bearer ", 7) == 0) {
        request->token = line + (value - line) + 7;
    }
}

static bool
take_first_line(char *line, struct request *request)
{
    char *space = strchr(line, ' ');
    char *last = space == NULL ? NULL : strchr(space + 1, ' ');
    static char empty[1];
    if (last == NULL || strncmp(last + 1, "HTTP/1.", 7) != 0) {
        return false;
    }
    *space = 0;
    *last = 0;
    request->method = line;
    request->path = space + 1;
    request->keep_alive = last[8] != '0';
    request->query = strchr(request->path, '?');
    if (request->query != NULL) {
        *request->query++ = 0;
    } else {
        request->query = empty;
    }
    decode(request->path, false);
    return true;
}

enum http_parse
http_parse(struct buf *in, struct request *request, size_t *consumed)
{
    char *end = in->len < 4 ? NULL : memmem(in->data, in->len, "\r\n\r\n", 4);
    size_t length = 0;
    if (end == NULL) {
        return in->len > HEAD_LIMIT ? HTTP_BAD : HTTP_MORE;
    }
    size_t head = (size_t)(end - in->data) + 4;
    /* The body must be there before the head is cut up. */
    for (char *at = in->data; at < end;) {
        char *line_end = memmem(at, head - (size_t)(at - in->data), "\r\n", 2);
        if (strncasecmp(at, "content-length:", 15) == 0) {
            length = strtoul(at + 15, NULL, 10);
        }
        at = line_end + 2;
    }
    if (length > BODY_LIMIT) {
        return HTTP_BAD;
    }
    if (in->len - head < length) {
        return HTTP_MORE;
    }
    *request = (struct request){0};
    *consumed = head + length;
    bool first = true;
    for (char *at = in->data; at < end;) {
        char *line_end = memmem(at, head - (size_t)(at - in->data), "\r\n", 2);
        *line_end = 0;
        if (first && !take_first_line(at, request)) {
            return HTTP_BAD;
        }
        if (!first) {
            take_header(at, request, &length);
        }
        first = false;
        at = line_end + 2;
    }
    request->body = in->data + head;
    request->body_len = length;
    return first ? HTTP_BAD : HTTP_READY;
}

bool
http_query(const char *query, const char *name, char *out, size_t cap)
{
    size_t name_len = strlen(name);
    while (*query != 0) {
        size_t len = strcspn(query, "&");
        if (len >= name_len && strncmp(query, name, name_len) == 0 &&
            (query[name_len] == '=' || len == name_len)) {
            size_t skip = len == name_len ? len : name_len + 1;
            snprintf(out, cap, "%.*s", (int)(len - skip), query + skip);
            decode(out, true);
            return true;
        }
        query += len;
        query += *query == '&';
    }
    return false;
}

uint64_t
http_query_number(const char *query, const char *name, uint64_t otherwise)
{
    char text[32];
    if (!http_query(query, name, text, sizeof(text)) || text[0] == 0) {
        return otherwise;
    }
    return strtoull(text, NULL, 10);
}

static const char *
reason_of(int code)
{
    static const struct {
        int code;
        const char *text;
    } reasons[] = {{200, "OK"},
                   {201, "Created"},
                   {400, "Bad Request"},
                   {401, "Unauthorized"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {406, "Not Acceptable"},
                   {410, "Gone"},
                   {429, "Too Many Requests"},
                   {500, "Internal Server Error"},
                   {502, "Bad Gateway"},
                   {503, "Service Unavailable"},
                   {504, "Gateway Timeout"}};
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].code == code) {
            return reasons[i].text;
        }
    }
    return "Status";
}

static void
date_text(char *out, size_t cap)
{
    time_t now = (time_t)(wall_ms() / 1000);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(out, cap, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

/* length < 0: chunked. */
static size_t
head_text(char *out, const struct conn *conn, const struct http_head *head, long length)
{
    char date[64];
    char type[128] = "";
    char size[64];
    date_text(date, sizeof(date));
    if (head->type != NULL) {
        snprintf(type, sizeof(type), "Content-Type: %s\r\n", head->type);
    }
    if (length < 0) {
        snprintf(size, sizeof(size), "Transfer-Encoding: chunked\r\n");
    } else {
        snprintf(size, sizeof(size), "Content-Length: %ld\r\n", length);
    }
    int len = snprintf(out, HTTP_HEAD_BYTES - 32, "HTTP/1.1 %d %s\r\n%s%sDate: %s\r\n%s%s\r\n",
                       head->code, reason_of(head->code), head->more == NULL ? "" : head->more,
                       type, date, size, conn->close_after ? "Connection: close\r\n" : "");
    return (size_t)len;
}

void
http_reply(struct conn *conn, const struct http_head *head, const void *body, size_t len)
{
    http_body_begin(conn);
    buf_put(&conn->out, body, len);
    http_body_end(conn, head, 0);
}

void
http_reply_text(struct conn *conn, int code, const char *text)
{
    const struct http_head head = {code, "text/plain; charset=utf-8", NULL};
    http_reply(conn, &head, text, strlen(text));
}

void
http_body_begin(struct conn *conn)
{
    conn_take_out(conn);
    buf_reserve(&conn->out, HTTP_HEAD_BYTES);
    conn->out.len = HTTP_HEAD_BYTES;
}

static void
cut_chunks(struct conn *conn, size_t chunk_bytes)
{
    struct buf body = conn->out;
    conn->out = (struct buf){0};
    http_body_begin(conn);
    buf_reserve(&conn->out, body.len + body.len / 64);
    for (size_t at = HTTP_HEAD_BYTES; at < body.len; at += chunk_bytes) {
        size_t len = body.len - at < chunk_bytes ? body.len - at : chunk_bytes;
        if (at > HTTP_HEAD_BYTES) {
            BUF_LIT(&conn->out, "\r\n");
        }
        if (at > HTTP_HEAD_BYTES) {
            buf_printf(&conn->out, "%zx\r\n", len);
        }
        buf_put(&conn->out, body.data + at, len);
    }
    conn_give_back(conn, &body);
}

void
http_body_end(struct conn *conn, const struct http_head *head, size_t chunk_bytes)
{
    char text[HTTP_HEAD_BYTES];
    size_t body_len = conn->out.len - HTTP_HEAD_BYTES;
    size_t len = 0;
    if (conn->wrong_length) {
        conn->close_after = true;
        len = head_text(text, conn, head, (long)body_len + 1000);
    } else if (body_len < HTTP_SMALL_BYTES) {
        len = head_text(text, conn, head, (long)body_len);
    } else {
        size_t first = chunk_bytes > 0 && chunk_bytes < body_len ? chunk_bytes : body_len;
        if (first < body_len) {
            cut_chunks(conn, chunk_bytes);
        }
        len = head_text(text, conn, head, -1);
        len += (size_t)snprintf(text + len, 24, "%zx\r\n", first);
        BUF_LIT(&conn->out, "\r\n0\r\n\r\n");
    }
    conn->out_sent = HTTP_HEAD_BYTES - len;
    memcpy(conn->out.data + conn->out_sent, text, len);
}

void
http_stream_begin(struct conn *conn, const struct http_head *head)
{
    char text[HTTP_HEAD_BYTES];
    conn_take_out(conn);
    buf_put(&conn->out, text, head_text(text, conn, head, -1));
}

void
http_chunk(struct conn *conn, const void *bytes, size_t len)
{
    if (len == 0) {
        return;
    }
    buf_printf(&conn->out, "%zx\r\n", conn->wrong_length ? len + 1000 : len);
    buf_put(&conn->out, bytes, len);
    BUF_LIT(&conn->out, "\r\n");
}

void
http_stream_end(struct conn *conn)
{
    BUF_LIT(&conn->out, "0\r\n\r\n");
}
