#include "parse/resource_tally.h"

#include <string.h>

#include "base/check.h"
#include "limits.h"
#include "parse/scan.h"

// Offsets into an entry's bytes have 16 bits.
_Static_assert(METRIC_LINE_BYTES_MAX <= UINT16_MAX, "labels of a line fit into a span");
_Static_assert(METRIC_LINE_BYTES_MAX <= RESOURCE_TALLY_BYTES, "an empty tally takes any line");

// Not every container has every metric, so a few entries may be passed over.
#define ENTRIES_AHEAD 4

size_t
resource_tally_footprint(void)
{
    return arena_bytes(RESOURCE_TALLY_ENTRIES * sizeof(struct resource_entry));
}

void
resource_tally_init(struct resource_tally *tally, struct arena *arena, char *bytes)
{
    *tally = (struct resource_tally){
        .entries =
            arena_take_array(arena, RESOURCE_TALLY_ENTRIES, sizeof(struct resource_entry)),
        .bytes = bytes,
    };
}

void
resource_tally_reset(struct resource_tally *tally)
{
    *tally = (struct resource_tally){.entries = tally->entries, .bytes = tally->bytes};
}

void
resource_tally_turn(struct resource_tally *tally, enum resource_subject subject)
{
    bool any = tally->count_of[subject] != 0;
    tally->expected = any ? tally->first[subject] : tally->entry_count;
}

// A word at a time, also behind the ends: both have a pad.
static inline bool
is_same(const char *a, const char *b, size_t size)
{
    size_t at = 0;
    for (; at + 8 <= size; at += 8) {
        if (scan_word(a + at) != scan_word(b + at)) {
            return false;
        }
    }
    uint64_t mask = (UINT64_C(1) << (8 * (size - at))) - 1;
    return ((scan_word(a + at) ^ scan_word(b + at)) & mask) == 0;
}

struct resource_entry *
resource_tally_find(struct resource_tally *tally, enum resource_subject subject, struct text rest)
{
    uint32_t end = tally->expected + ENTRIES_AHEAD;
    end = end < tally->entry_count ? end : tally->entry_count;
    for (uint32_t i = tally->expected; i < end; i++) {
        struct resource_entry *entry = &tally->entries[i];
        if (entry->subject == subject && entry->size <= rest.size &&
            is_same(tally->bytes + entry->at, rest.at, entry->size)) {
            tally->expected = i + 1;
            return entry;
        }
    }
    return NULL;
}

static struct resource_span
span_of(struct text bytes, struct text label)
{
    if (label.size == 0) {
        return (struct resource_span){0};
    }
    ASSERT(label.at >= bytes.at);
    ASSERT(label.at + label.size <= bytes.at + bytes.size);
    return (struct resource_span){(uint16_t)(label.at - bytes.at), (uint16_t)label.size};
}

struct resource_entry *
resource_tally_add(struct resource_tally *tally, enum resource_subject subject, struct text bytes,
                   const struct metric_labels *labels)
{
    ASSERT(bytes.size <= METRIC_LINE_BYTES_MAX);
    bool fits = tally->entry_count < RESOURCE_TALLY_ENTRIES &&
                bytes.size <= RESOURCE_TALLY_BYTES - tally->bytes_used;
    if (!fits) {
        return NULL;
    }
    uint32_t index = tally->entry_count++;
    struct resource_entry *entry = &tally->entries[index];
    *entry = (struct resource_entry){
        .at = tally->bytes_used,
        .size = (uint16_t)bytes.size,
        .subject = (uint8_t)subject,
        .container = span_of(bytes, labels->container),
        .namespace_name = span_of(bytes, labels->namespace_name),
        .pod = span_of(bytes, labels->pod),
    };
    memcpy(tally->bytes + entry->at, bytes.at, bytes.size);
    tally->bytes_used += entry->size;
    if (tally->count_of[subject]++ == 0) {
        tally->first[subject] = index;
    }
    if (tally->expected == index) {
        tally->expected = index + 1;
    }
    return entry;
}

static struct text
label_of(const char *bytes, struct resource_span span)
{
    return (struct text){bytes + span.from, span.size};
}

struct metric_labels
resource_tally_labels(const struct resource_tally *tally, const struct resource_entry *entry)
{
    const char *bytes = tally->bytes + entry->at;
    return (struct metric_labels){label_of(bytes, entry->container),
                                  label_of(bytes, entry->namespace_name),
                                  label_of(bytes, entry->pod)};
}
