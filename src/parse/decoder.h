// The common face of the streaming decoders, so that a transfer can be fed
// into any of them.
//
// A decoder takes one document (or one stream of documents) in pieces of any
// size and calls back as it goes. x_begin() is the decoder's own, because
// each needs something else; then decoder_feed() for every piece, then
// decoder_end() once. Errors are sticky: after one, the rest is not looked at.
#ifndef SKERRY_PARSE_DECODER_H
#define SKERRY_PARSE_DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/error.h"

// Since x_begin().
struct parse_counters {
    uint64_t bytes;
    uint64_t elements;            // handed to the decoder and accepted
    uint64_t skipped[ERR_COUNT];  // elements that were left out, by reason
    uint64_t trimmed;             // list members over a ceiling of limits.h
};

struct decoder_calls {
    const char *name;
    int (*feed)(void *self, const void *bytes, size_t size);
    int (*end)(void *self);
    const struct parse_counters *(*counters)(const void *self);
};

struct decoder {
    void *self;
    const struct decoder_calls *calls;
};

// -ERR_MALFORMED or -ERR_TOO_DEEP: broken outside of any element, so that the
// rest cannot be told apart; what was handed over stays good.
static inline MUST_USE int
decoder_feed(struct decoder decoder, const void *bytes, size_t size)
{
    return decoder.calls->feed(decoder.self, bytes, size);
}

// -ERR_TRUNCATED: the document is not complete.
static inline MUST_USE int
decoder_end(struct decoder decoder)
{
    return decoder.calls->end(decoder.self);
}

static inline const struct parse_counters *
decoder_counters(struct decoder decoder)
{
    return decoder.calls->counters(decoder.self);
}

#endif
