// What the lines of an answer say, put together by pod and container.
//
// Kubelets tell a metric of all containers, then the next metric of all of them,
// in one order. So an entry is kept for each block of labels (the bytes between
// the braces), in the order of their first lines, and the entry that follows the
// one met last is looked at first: nearly every line costs one comparison of
// bytes. A line that is not found there gets an entry of its own, so that some
// may be about the same; hand all of them over, in order.
//
// Full: resource_tally_add() refuses; hand over what there is, reset, go on.
#ifndef SKERRY_PARSE_RESOURCE_TALLY_H
#define SKERRY_PARSE_RESOURCE_TALLY_H

#include "base/arena.h"
#include "base/times.h"
#include "parse/metric_line.h"

// The kubelet's default is at most 110 pods a node: with two containers each
// they are 330 entries whose labels take some 80 bytes.
#define RESOURCE_TALLY_ENTRIES 384
#define RESOURCE_TALLY_BYTES (28 * 1024)

enum resource_subject { RESOURCE_OF_NODE, RESOURCE_OF_POD, RESOURCE_OF_CONTAINER };
#define RESOURCE_SUBJECT_COUNT (RESOURCE_OF_CONTAINER + 1)

enum resource_value {
    RESOURCE_CPU,          // ns, cumulative
    RESOURCE_WORKING_SET,  // bytes
    RESOURCE_SWAP,         // bytes
    RESOURCE_START,        // Unix ms
    RESOURCE_VALUE_COUNT
};

// A part of an entry's bytes.
struct resource_span {
    uint16_t from, size;
};

struct resource_entry {
    uint32_t at;    // of its bytes
    uint16_t size;  // of its bytes, the closing brace included
    uint8_t subject;  // enum resource_subject
    uint8_t has;      // 1 << enum resource_value
    struct resource_span container, namespace_name, pod;
    uint32_t spare;
    uint64_t value[RESOURCE_VALUE_COUNT];
    struct wall_ms time[RESOURCE_START];  // a start is a time by itself
};
_Static_assert(sizeof(struct resource_entry) == 80, "entries are planned with 80 bytes");

struct resource_tally {
    struct resource_entry *entries;
    char *bytes;
    uint32_t entry_count;
    uint32_t bytes_used;
    uint32_t expected;  // the entry that the next line is probably about
    uint32_t first[RESOURCE_SUBJECT_COUNT];       // entry of this kind
    uint32_t count_of[RESOURCE_SUBJECT_COUNT];
};

// `bytes` has room for RESOURCE_TALLY_BYTES and SCAN_PAD more.
size_t resource_tally_footprint(void);
void resource_tally_init(struct resource_tally *tally, struct arena *arena, char *bytes);
void resource_tally_reset(struct resource_tally *tally);

// The lines of another metric begin: the next one is about the first of its kind.
void resource_tally_turn(struct resource_tally *tally, enum resource_subject subject);
// The entry whose bytes `rest` begins with, if it is one that is expected; else
// NULL. SCAN_PAD bytes must be readable behind `rest`.
struct resource_entry *resource_tally_find(struct resource_tally *tally,
                                           enum resource_subject subject, struct text rest);
// A new entry of these bytes, in which all the labels lie; NULL when full.
struct resource_entry *resource_tally_add(struct resource_tally *tally,
                                          enum resource_subject subject, struct text bytes,
                                          const struct metric_labels *labels);
struct metric_labels resource_tally_labels(const struct resource_tally *tally,
                                           const struct resource_entry *entry);

#endif
