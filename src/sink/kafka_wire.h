// Kafka's wire format (kafka.apache.org/protocol), as much as a producer needs:
// numbers are big-endian, requests and answers are framed by their size, records
// lie in batches of version 2.
//
// Reading never looks beyond its text: after the first thing that is not there,
// `failed` is set and all else is zero or empty. Pure.
#ifndef SKERRY_SINK_KAFKA_WIRE_H
#define SKERRY_SINK_KAFKA_WIRE_H

#include "base/text.h"
#include "limits.h"

enum kafka_api {
    KAFKA_PRODUCE = 0,
    KAFKA_METADATA = 3,
    KAFKA_SASL_HANDSHAKE = 17,
    KAFKA_API_VERSIONS = 18,
    KAFKA_SASL_AUTHENTICATE = 36,
};

// The version of each that is spoken here: the oldest that brokers still take
// (4.0 took the older ones out), so that every broker since 1.0 does.
#define KAFKA_PRODUCE_VERSION 3
#define KAFKA_METADATA_VERSION 1
#define KAFKA_SASL_HANDSHAKE_VERSION 1
#define KAFKA_API_VERSIONS_VERSION 0
#define KAFKA_SASL_AUTHENTICATE_VERSION 0

// Writing

void kafka_i16(struct out *out, int value);
void kafka_i32(struct out *out, int32_t value);
void kafka_i64(struct out *out, int64_t value);
// At most INT16_MAX bytes.
void kafka_string(struct out *out, struct text text);

// A request from its size to its header; kafka_end_request puts the size in.
void kafka_begin_request(struct out *out, enum kafka_api api, int version, int32_t correlation);
void kafka_end_request(struct out *out);

enum kafka_compression { KAFKA_NONE = 0, KAFKA_GZIP = 1, KAFKA_SNAPPY = 2, KAFKA_LZ4 = 3 };

struct kafka_produce {
    int32_t correlation;
    int acks;
    int32_t timeout_ms;
    struct text topic;
    int32_t partition;
    enum kafka_compression compression;
    int64_t first_ms, last_ms;  // times of records
    int32_t record_count;
};

// The head of a Produce request, up to the records.
size_t kafka_produce_head_bytes(struct text topic);
#define KAFKA_PRODUCE_HEAD_BYTES_MAX 512
// Puts it before the records, which begin behind its bytes in `request`: all but
// the head is there already.
void kafka_produce_seal(const struct kafka_produce *produce, char *request, size_t size);

// One record of a batch: no key, no headers.
void kafka_record(struct out *out, int64_t ms_delta, int32_t number, struct text value);

// Reading

struct kafka_reader {
    struct text rest;
    bool failed;
};

int kafka_read_i16(struct kafka_reader *reader);
int32_t kafka_read_i32(struct kafka_reader *reader);
int64_t kafka_read_i64(struct kafka_reader *reader);
// A null one is empty.
struct text kafka_read_string(struct kafka_reader *reader);
// Of an array whose elements take `element_bytes` at least; a null one has none.
// Counts that cannot be true fail.
int32_t kafka_read_count(struct kafka_reader *reader, size_t element_bytes);
void kafka_read_skip(struct kafka_reader *reader, size_t size);

enum kafka_frame {
    KAFKA_FRAME_WHOLE,
    KAFKA_FRAME_MORE,   // not all of it is there
    KAFKA_FRAME_WRONG,  // no answer to that request
};

// `reader` stands behind the correlation; of KAFKA_FRAME_MORE on what is there.
// *size: of the whole frame.
enum kafka_frame kafka_frame(struct text bytes, int32_t correlation, struct kafka_reader *reader,
                             size_t *size);

#endif
