#include "parse/status.h"

#include "base/error.h"

// A Status is a few hundred bytes; only its message may be long.
#define STATUS_BYTES_MAX 8192

static const struct field metadata_fields[] = {
    FIELD("continue", TEXT, struct status_seen, continue_token),
};
const struct shape status_metadata_shape = SHAPE(metadata_fields);

static const struct field details_fields[] = {
    FIELD("retryAfterSeconds", U32, struct status_seen, retry_after_s),
};
const struct shape status_details_shape = SHAPE(details_fields);

enum status_field { STATUS_METADATA = 3, STATUS_DETAILS };
static const struct field status_fields[] = {
    FIELD("message", TEXT, struct status_seen, message),
    FIELD("reason", TEXT, struct status_seen, reason),
    FIELD("code", I32, struct status_seen, code),
    FIELD_NESTED("metadata", status_metadata_shape),
    FIELD_NESTED("details", status_details_shape),
};
static const struct shape status_shape = SHAPE(status_fields);
static const struct document status_document = {ROOT_ELEMENT, &status_shape};

int
status_read(struct cursor *cursor, struct status_seen *seen)
{
    *seen = (struct status_seen){0};
    struct members members = members_of(cursor, &status_shape, seen);
    int index;
    while ((index = members_next(&members)) >= 0) {
        const struct shape *shape =
            index == STATUS_METADATA ? &status_metadata_shape : &status_details_shape;
        struct members part = members_of(cursor, shape, seen);
        members_next(&part);
        members.error = part.error;
    }
    return members.error;
}

static int
take_element(void *context, unsigned tag, struct text json)
{
    (void)tag;
    struct status *status = context;
    struct cursor cursor = cursor_of(json, status->space);
    struct status_seen seen;
    int error = status_read(&cursor, &seen);
    if (error == 0) {
        status->take(status->context, &seen);
    }
    return error;
}

size_t
status_footprint(void)
{
    return splitter_footprint(STATUS_BYTES_MAX);
}

void
status_init(struct status *status, struct arena *arena, struct decode_space *space)
{
    ASSERT(space != NULL);
    status->space = space;
    splitter_init(&status->splitter, arena, STATUS_BYTES_MAX, take_element, status);
}

void
status_begin(struct status *status, status_take *take, void *context)
{
    ASSERT(take != NULL);
    status->take = take;
    status->context = context;
    splitter_begin(&status->splitter, &status_document, NULL);
}

int
status_feed(struct status *status, const void *bytes, size_t size)
{
    return splitter_feed(&status->splitter, bytes, size);
}

int
status_end(struct status *status)
{
    return splitter_end(&status->splitter);
}

const struct parse_counters *
status_counters(const struct status *status)
{
    return &status->splitter.counters;
}

static int
feed(void *self, const void *bytes, size_t size)
{
    return status_feed(self, bytes, size);
}

static int
end(void *self)
{
    return status_end(self);
}

static const struct parse_counters *
counters(const void *self)
{
    return status_counters(self);
}

struct decoder
status_decoder(struct status *status)
{
    static const struct decoder_calls calls = {"status", feed, end, counters};
    return (struct decoder){status, &calls};
}
