// What the files of transport share: transport.c (HTTP, log), transport_stream.c
// and transport_datagram.c. Internal to them.
#ifndef SKERRY_SINK_TRANSPORT_STATE_H
#define SKERRY_SINK_TRANSPORT_STATE_H

#include "platform/datagram.h"
#include "sink/gzip.h"
#include "sink/transport.h"

// All headers of one request together, but a token.
#define HEADERS_BYTES 2048

struct transport {
    struct transport_config config;
    struct sink *sink;
    fetch_identity identity;
    bool busy;
    bool answered;       // of a stream: the other side answers
    fetch_id fetch_id;   // of a request or of the stream; 0: none
    uint32_t number;     // of the request, so that late ends of dropped ones are known
    struct mono_ns deadline;
    struct gzip *gzip;   // NULL: bodies go as they are
    char *packed;
    size_t packed_bytes;
    char *headers;
    size_t headers_bytes;
    const char *header[FETCH_HEADERS_MAX];
    struct text body;    // what is to be sent
    size_t sent;         // of it, by a stream
    struct sink_answer answer;
    size_t answer_bytes;
    char answer_body[SINK_ANSWER_BYTES_MAX];
    // SINK_STREAM
    bool open;
    bool opening;
    unsigned dropped;    // streams whose end is still to come
    // SINK_DATAGRAM
    struct resolver_question question;
    struct mono_ns asked;
    int socket;          // -1: none
};

// Ends the request under way; false: more of the answer is wanted.
bool transport_done(struct transport *transport, int error, struct text detail);

int transport_stream_send(struct transport *transport);
struct mono_ns transport_stream_turn(struct transport *transport, struct mono_ns now);
void transport_stream_drop(struct transport *transport);

int transport_datagram_send(struct transport *transport);
struct mono_ns transport_datagram_turn(struct transport *transport, struct mono_ns now);

#endif
