#include "sink/kafka_wire.h"

#include <string.h>

#include "base/crc32c.h"
#include "sink/protobuf.h"

#define CLIENT "skerry"
// Of a request: its size, the API's key and version, the correlation, the client.
#define REQUEST_HEAD_BYTES (4 + 2 + 2 + 4 + 2 + (sizeof CLIENT - 1))
// Of Produce: transaction, acks, timeout, count of topics; topic's size; count of
// partitions, partition, size of the batch.
#define PRODUCE_BYTES (2 + 2 + 4 + 4 + 2 + 4 + 4 + 4)
// Of a batch (kafka.apache.org/documentation, "Record Batch").
#define BATCH_BYTES 61
// Where its length begins to count, and its checksum.
#define BATCH_LENGTH_FROM 12
#define BATCH_CRC_AT 17
#define BATCH_CRC_FROM 21

static void
write_big_endian(struct out *out, uint64_t value, unsigned size)
{
    char bytes[8];
    for (unsigned i = 0; i < size; i++) {
        bytes[i] = (char)(value >> (8 * (size - 1 - i)));
    }
    out_bytes(out, bytes, size);
}

void
kafka_i16(struct out *out, int value)
{
    write_big_endian(out, (uint64_t)value, 2);
}

void
kafka_i32(struct out *out, int32_t value)
{
    write_big_endian(out, (uint64_t)value, 4);
}

void
kafka_i64(struct out *out, int64_t value)
{
    write_big_endian(out, (uint64_t)value, 8);
}

void
kafka_string(struct out *out, struct text text)
{
    ASSERT(text.size <= INT16_MAX);
    kafka_i16(out, (int)text.size);
    out_text(out, text);
}

void
kafka_begin_request(struct out *out, enum kafka_api api, int version, int32_t correlation)
{
    ASSERT(out->used == 0);
    kafka_i32(out, 0);
    kafka_i16(out, (int)api);
    kafka_i16(out, version);
    kafka_i32(out, correlation);
    kafka_string(out, TEXT(CLIENT));
}

// A number in the middle of what is written already.
static void
put_i32(char *at, uint32_t value)
{
    struct out out = out_of(at, 4);
    write_big_endian(&out, value, 4);
}

void
kafka_end_request(struct out *out)
{
    if (!out->full) {
        put_i32(out->at, (uint32_t)(out->used - 4));
    }
}

size_t
kafka_produce_head_bytes(struct text topic)
{
    size_t size = REQUEST_HEAD_BYTES + PRODUCE_BYTES + topic.size + BATCH_BYTES;
    ASSERT(size <= KAFKA_PRODUCE_HEAD_BYTES_MAX);
    return size;
}

static void
write_batch_head(struct out *out, const struct kafka_produce *produce, size_t records_size)
{
    kafka_i64(out, 0);  // first offset: the broker's business
    kafka_i32(out, (int32_t)(BATCH_BYTES - BATCH_LENGTH_FROM + records_size));
    kafka_i32(out, -1);  // the leader's epoch
    out_byte(out, 2);    // magic: the version of the batch
    kafka_i32(out, 0);   // checksum, later
    kafka_i16(out, (int)produce->compression);
    kafka_i32(out, produce->record_count - 1);
    kafka_i64(out, produce->first_ms);
    kafka_i64(out, produce->last_ms);
    kafka_i64(out, -1);  // producer, its epoch and sequence: not idempotent
    kafka_i16(out, -1);
    kafka_i32(out, -1);
    kafka_i32(out, produce->record_count);
}

void
kafka_produce_seal(const struct kafka_produce *produce, char *request, size_t size)
{
    size_t head = kafka_produce_head_bytes(produce->topic);
    size_t batch = head - BATCH_BYTES;
    ASSERT(size >= head);
    ASSERT(size <= INT32_MAX);
    struct out out = out_of(request, head);
    kafka_begin_request(&out, KAFKA_PRODUCE, KAFKA_PRODUCE_VERSION, produce->correlation);
    kafka_i16(&out, -1);  // no transaction
    kafka_i16(&out, produce->acks);
    kafka_i32(&out, produce->timeout_ms);
    kafka_i32(&out, 1);
    kafka_string(&out, produce->topic);
    kafka_i32(&out, 1);
    kafka_i32(&out, produce->partition);
    kafka_i32(&out, (int32_t)(size - batch));
    write_batch_head(&out, produce, size - head);
    ASSERT(!out.full);
    ASSERT(out.used == head);
    put_i32(request, (uint32_t)(size - 4));
    put_i32(request + batch + BATCH_CRC_AT,
            crc32c(0, request + batch + BATCH_CRC_FROM, size - batch - BATCH_CRC_FROM));
}

// Numbers in records are varints of zigzag, as protobuf's sint64.
static uint64_t
zigzag(int64_t value)
{
    uint64_t twice = (uint64_t)value << 1;
    return value < 0 ? ~twice : twice;
}

void
kafka_record(struct out *out, int64_t ms_delta, int32_t number, struct text value)
{
    uint64_t delta = zigzag(ms_delta);
    uint64_t offset = zigzag(number);
    uint64_t length = zigzag((int64_t)value.size);
    size_t size = 1 + protobuf_varint_size(delta) + protobuf_varint_size(offset) + 1 +
                  protobuf_varint_size(length) + value.size + 1;
    protobuf_varint(out, zigzag((int64_t)size));
    out_byte(out, 0);  // attributes: none are defined
    protobuf_varint(out, delta);
    protobuf_varint(out, offset);
    protobuf_varint(out, zigzag(-1));  // no key
    protobuf_varint(out, length);
    out_text(out, value);
    protobuf_varint(out, 0);  // headers
}

static uint64_t
read_big_endian(struct kafka_reader *reader, unsigned size)
{
    uint64_t value = 0;
    if (reader->failed || reader->rest.size < size) {
        reader->failed = true;
        return 0;
    }
    for (unsigned i = 0; i < size; i++) {
        value = value << 8 | (unsigned char)reader->rest.at[i];
    }
    reader->rest = text_sub(reader->rest, size, SIZE_MAX);
    return value;
}

int
kafka_read_i16(struct kafka_reader *reader)
{
    return (int16_t)read_big_endian(reader, 2);
}

int32_t
kafka_read_i32(struct kafka_reader *reader)
{
    return (int32_t)read_big_endian(reader, 4);
}

int64_t
kafka_read_i64(struct kafka_reader *reader)
{
    return (int64_t)read_big_endian(reader, 8);
}

void
kafka_read_skip(struct kafka_reader *reader, size_t size)
{
    if (reader->failed || reader->rest.size < size) {
        reader->failed = true;
        return;
    }
    reader->rest = text_sub(reader->rest, size, SIZE_MAX);
}

struct text
kafka_read_string(struct kafka_reader *reader)
{
    int size = kafka_read_i16(reader);
    struct text string = text_sub(reader->rest, 0, size > 0 ? (size_t)size : 0);
    reader->failed = reader->failed || size < -1;
    kafka_read_skip(reader, size > 0 ? (size_t)size : 0);
    return reader->failed ? (struct text){0} : string;
}

int32_t
kafka_read_count(struct kafka_reader *reader, size_t element_bytes)
{
    int32_t count = kafka_read_i32(reader);
    if (count < -1 || (count > 0 && (uint64_t)count * element_bytes > KAFKA_ANSWER_BYTES_MAX)) {
        reader->failed = true;
    }
    return reader->failed || count < 0 ? 0 : count;
}

enum kafka_frame
kafka_frame(struct text bytes, int32_t correlation, struct kafka_reader *reader, size_t *size)
{
    *reader = (struct kafka_reader){.rest = bytes};
    *size = 0;
    int32_t length = kafka_read_i32(reader);
    if (reader->failed) {
        return KAFKA_FRAME_MORE;
    }
    if (length < 4 || length > KAFKA_ANSWER_BYTES_MAX) {
        return KAFKA_FRAME_WRONG;
    }
    bool whole = reader->rest.size >= (size_t)length;
    reader->rest = text_sub(reader->rest, 0, (size_t)length);
    int32_t answered = kafka_read_i32(reader);
    if (reader->failed) {
        return KAFKA_FRAME_MORE;
    }
    *size = 4 + (size_t)length;
    return answered != correlation ? KAFKA_FRAME_WRONG
           : whole                 ? KAFKA_FRAME_WHOLE
                                   : KAFKA_FRAME_MORE;
}
