// A connection of fetch_curl that was made and then belongs to its request as a
// stream of bytes. Internal to fetch_curl.c, which owns transfers and epoll set.
#ifndef SKERRY_PLATFORM_FETCH_STREAM_H
#define SKERRY_PLATFORM_FETCH_STREAM_H

#include "platform/fetch_transfer.h"

// After the handshake: waits for bytes from now on. 0 or -ERR_RESET.
int fetch_stream_begin(struct transfer *transfer, int epoll) MUST_USE;
// Before the handle leaves the multi handle, which closes the connection.
void fetch_stream_end(struct transfer *transfer, int epoll);

// Runs on_room and on_bytes for what `events` of epoll say. 0, or the negative
// error with which the stream ended: -ERR_RESET or what on_bytes gave.
int fetch_stream_event(struct transfer *transfer, int epoll, uint32_t events) MUST_USE;
// As the send of fetch.h.
int64_t fetch_stream_send(struct transfer *transfer, int epoll, const void *bytes, size_t size);
int64_t fetch_stream_unconfirmed(const struct transfer *transfer);

#endif
