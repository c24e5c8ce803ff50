#include "history/bits.h"

struct bit_writer
bits_writer(void *at, size_t size)
{
    return (struct bit_writer){.at = at, .size = size};
}

void
bits_store_word(struct bit_writer *writer)
{
    if (writer->size - writer->used < sizeof writer->word) {
        writer->full = true;
        return;
    }
    memcpy(writer->at + writer->used, &writer->word, sizeof writer->word);
    writer->used += sizeof writer->word;
}

size_t
bits_end(struct bit_writer *writer)
{
    size_t rest = (writer->fill + 7) / 8;
    if (writer->size - writer->used < rest) {
        writer->full = true;
        return writer->used;
    }
    memcpy(writer->at + writer->used, &writer->word, rest);
    writer->used += rest;
    writer->word = 0;
    writer->fill = 0;
    return writer->used;
}

size_t
bits_written(const struct bit_writer *writer)
{
    return writer->used * 8 + writer->fill;
}

struct bit_reader
bits_reader(const void *at, size_t size, size_t place)
{
    return (struct bit_reader){.at = at, .size = size, .place = place};
}

uint64_t
bits_peek_end(const struct bit_reader *reader)
{
    size_t byte = reader->place >> 3;
    uint64_t word = 0;
    if (byte < reader->size) {
        size_t rest = reader->size - byte;
        memcpy(&word, reader->at + byte, rest < sizeof word ? rest : sizeof word);
    }
    return word >> (reader->place & 7);
}

// Up to 64 bits.
static uint64_t
take_long(struct bit_reader *reader, unsigned count)
{
    if (count <= 32) {
        return bits_take(reader, count);
    }
    uint64_t low = bits_take(reader, 32);
    return low | bits_take(reader, count - 32) << 32;
}

uint64_t
bits_take_long_code(struct bit_reader *reader, unsigned order)
{
    unsigned beyond = 0;
    while (beyond <= 64 && bits_take(reader, 1) == 0) {
        beyond++;
    }
    if (beyond + order > 64) {
        reader->broken = true;
        return 0;
    }
    unsigned low_count = beyond > 0 ? order + beyond - 1 : order;
    uint64_t low = take_long(reader, low_count);
    return low | (uint64_t)(beyond > 0) << low_count;
}
