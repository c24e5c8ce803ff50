#include "fault_body.h"

#include <stdio.h>

#include "http.h"
#include "mix.h"
#include "objects.h"
#include "sim.h"

#define NOISE_BYTES 4096
#define ENDLESS_STEP 64

static void
put_noise(struct buf *out, uint64_t seed)
{
    buf_reserve(out, NOISE_BYTES);
    for (unsigned i = 0; i < NOISE_BYTES; i += 8) {
        uint64_t word = mix_with(seed, i + 1);
        buf_put(out, &word, sizeof(word));
    }
}

static bool
fill_endless(struct conn *conn)
{
    struct buf *piece = &conn->sim->scratch;
    buf_clear(piece);
    for (unsigned i = 0; i < ENDLESS_STEP; i++) {
        fault_element(piece, FAULT_NONE, 0, conn->port != PORT_API);
    }
    http_chunk(conn, piece->data, piece->len);
    return true;
}

static void
start_endless(struct conn *conn, const struct fault *fault, bool summary)
{
    const struct http_head head = {200, "application/json", NULL};
    http_stream_begin(conn, &head);
    if (summary) {
        http_chunk(conn, "{\n \"node\": {\"nodeName\": \"endless\"},\n \"pods\": [", 47);
    } else {
        http_chunk(conn, "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[", 45);
    }
    conn->fill = fill_endless;
    if (fault->bytes > 0) {
        fault_spoils(conn, fault, FAULT_SLOW);
    }
}

static void
answer_code(struct conn *conn, const struct fault *fault)
{
    char more[64] = "";
    char text[64];
    const struct http_head head = {(int)fault->code, "text/plain; charset=utf-8", more};
    if (fault->retry_after_s > 0) {
        snprintf(more, sizeof(more), "Retry-After: %u\r\n", fault->retry_after_s);
    }
    int len = snprintf(text, sizeof(text), "fault: %u\n", fault->code);
    http_reply(conn, &head, text, (size_t)len);
}

bool
fault_answers(struct conn *conn, const struct fault *fault, enum fault_kind kind, bool summary)
{
    const struct http_head json = {200, "application/json", NULL};
    if (kind != FAULT_NONE) {
        conn->sim->counters.faults_applied++;
    }
    switch (kind) {
    case FAULT_REFUSE:
        conn_kill(conn, true);
        return true;
    case FAULT_HANG:
    case FAULT_HANG_TLS:
        conn_hang(conn);
        return true;
    case FAULT_GARBAGE:
        conn_take_out(conn);
        put_noise(&conn->out, (uint64_t)mono_ms());
        conn->close_after = true;
        return true;
    case FAULT_GARBAGE_BODY:
        http_body_begin(conn);
        put_noise(&conn->out, (uint64_t)mono_ms());
        http_body_end(conn, &json, 0);
        return true;
    case FAULT_ENDLESS:
        start_endless(conn, fault, summary);
        return true;
    case FAULT_HTTP:
        answer_code(conn, fault);
        return true;
    case FAULT_WRONG_LENGTH:
        conn->wrong_length = true;
        return false;
    default:
        return false;
    }
}

static void
cut_in_half(struct conn *conn)
{
    if (conn->fill != NULL) {
        conn->fill(conn);
        conn->fill = NULL;
    }
    size_t left = conn->out.len - conn->out_sent;
    conn->out.len = conn->out_sent + left / 2;
}

void
fault_spoils(struct conn *conn, const struct fault *fault, enum fault_kind kind)
{
    switch (kind) {
    case FAULT_RESET:
        cut_in_half(conn);
        conn->reset_after = true;
        break;
    case FAULT_TRUNCATED:
        cut_in_half(conn);
        conn->close_after = true;
        break;
    case FAULT_SLOW:
        conn->slow_bytes = fault->bytes > 0 ? fault->bytes : 100;
        conn->slow_since_ms = mono_ms();
        conn->slow_sent = 0;
        conn->ticking = true;
        break;
    default:
        break;
    }
}
