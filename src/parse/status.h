// The API server's Status object: the body of an HTTP error, and of an ERROR
// event within a watch.
//
// Bodies that are no JSON (a kubelet's 401 is plain text) fail with
// -ERR_MALFORMED; then the HTTP status is all there is.
#ifndef SKERRY_PARSE_STATUS_H
#define SKERRY_PARSE_STATUS_H

#include "parse/cursor.h"
#include "parse/decoder.h"
#include "parse/splitter.h"

// Texts live until the callback returns.
struct status_seen {
    struct text reason;   // "Expired", "Forbidden", "TooManyRequests"
    struct text message;  // a sentence for people
    int32_t code;         // the HTTP status; 0 = not given
    uint32_t retry_after_s;
    struct text continue_token;  // to go on with after an expired one
};

typedef void status_take(void *context, const struct status_seen *status);

struct status {
    struct splitter splitter;
    struct decode_space *space;
    status_take *take;
    void *context;
};

size_t status_footprint(void);
void status_init(struct status *status, struct arena *arena, struct decode_space *space);
void status_begin(struct status *status, status_take *take, void *context);
int status_feed(struct status *status, const void *bytes, size_t size) MUST_USE;
int status_end(struct status *status) MUST_USE;
const struct parse_counters *status_counters(const struct status *status);
struct decoder status_decoder(struct status *status);

// What is read of one, and how, for other decoders that meet one.
extern const struct shape status_metadata_shape;
extern const struct shape status_details_shape;
int status_read(struct cursor *cursor, struct status_seen *seen) MUST_USE;

// The rows that keep a Status in a shape which is meant for something else;
// the object's metadata must keep "continue" if that is wanted.
#define STATUS_FIELDS                                                                              \
    FIELD_WHOLE("message"), FIELD_WHOLE("reason"), FIELD_WHOLE("code"),                            \
        FIELD_NESTED("details", status_details_shape)

#endif
