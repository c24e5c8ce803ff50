/* HTTP/1.1: takes a request out of a connection's input, puts responses into
 * its output in the way of Go's server: Content-Length below 2,048 bytes,
 * chunks above. */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include "conn.h"

enum http_parse { HTTP_MORE, HTTP_READY, HTTP_BAD };

/* Bytes kept free before a body for the head that is written after it. */
#define HTTP_HEAD_BYTES 768
#define HTTP_SMALL_BYTES 2048

/* Cuts the head in place. consumed: bytes of this request. */
enum http_parse http_parse(struct buf *in, struct request *request, size_t *consumed);

/* The value of a query parameter, decoded; false when it is not there. */
bool http_query(const char *query, const char *name, char *out, size_t cap);
uint64_t http_query_number(const char *query, const char *name, uint64_t otherwise);

struct http_head {
    int code;
    const char *type; /* content type; NULL = none */
    const char *more; /* header lines ended by \r\n, before the date */
};

/* A whole response. */
void http_reply(struct conn *conn, const struct http_head *head, const void *body, size_t len);
void http_reply_text(struct conn *conn, int code, const char *text);

/* A response whose body is written straight into conn->out: begin, append,
 * end. chunk_bytes 0: one chunk, as a kubelet sends the summary. */
void http_body_begin(struct conn *conn);
void http_body_end(struct conn *conn, const struct http_head *head, size_t chunk_bytes);

/* A response in chunks of unknown number. */
void http_stream_begin(struct conn *conn, const struct http_head *head);
void http_chunk(struct conn *conn, const void *bytes, size_t len);
void http_stream_end(struct conn *conn);

#endif
