// The live table: one shared file with every node, namespace, pod and
// container, its identity and its last two samples.
//
// collect creates it and is the only writer (writer.h); every other role maps
// it read-only (reader.h). This header is what both agree on: where things lie
// and when a file may be trusted. All memory is in the file: table_bytes()
// from the capacity, fixed for the life of the file.
//
// Full pools refuse new rows and count it in pool[].refused; totals stay right
// because what was refused is still added up (writer.h).
#ifndef SKERRY_TABLE_TABLE_H
#define SKERRY_TABLE_TABLE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"
#include "budget/capacity.h"
#include "limits.h"
#include "table/event_row.h"
#include "table/row.h"

#define TABLE_MAGIC UINT64_C(0x736b657272793031)  // "skerry01"

// Pools of rows, one row each: POOL(id, "name", type, capacity member)
#define TABLE_POOLS(POOL)                                                  \
    POOL(NODES, "nodes", struct node_row, nodes)                           \
    POOL(NAMESPACES, "namespaces", struct namespace_row, namespaces)       \
    POOL(PODS, "pods", struct pod_row, pods)                               \
    POOL(CONTAINERS, "containers", struct container_row, containers)       \
    POOL(FILESYSTEMS, "filesystems", struct filesystem_row, filesystems)   \
    POOL(DISKS, "disks", struct disk_row, disks)                           \
    POOL(EXTRAS, "extras", struct extra_row, extras)                       \
    POOL(PRESSURES, "pressures", struct pressure_row, pressures)           \
    POOL(EVENTS, "events", struct event_row, events)                       \
    POOL(STRINGS, "strings", struct string_cell, string_cells)

enum table_pool {
#define POOL(id, name, type, member) POOL_##id,
    TABLE_POOLS(POOL)
#undef POOL
    POOL_COUNT
};

// Not in the table, but shown beside its pools: pods without a row that still
// count in the totals (overflow.h).
#define POOL_REFUSED_PODS POOL_COUNT
#define POOL_SHOWN_COUNT (POOL_COUNT + 1)

// A text is a chain of cells: nothing fragments, and any text fits as long as
// enough cells are free. The first cell has the header; `next` is the index of
// the following cell, 0 at the end.
#define STRING_HEAD_BYTES 16
#define STRING_CELL_BYTES 28
struct string_cell {
    uint32_t next;
    union {
        struct {
            uint32_t hash;       // low half of the keyed hash; chain key
            uint32_t chain;      // next first cell in the same bucket
            uint16_t references; // saturates: then the text is kept for ever
            uint16_t size;       // bytes
            char bytes[STRING_HEAD_BYTES];
        } first;
        char more[STRING_CELL_BYTES];
    };
};
_Static_assert(sizeof(struct string_cell) == 32, "cells are counted in 32 bytes");

#define TAKEN_WORD_BITS 64
struct pool_use {
    uint32_t limit;   // rows planned
    uint32_t used;    // now
    uint32_t peak;
    uint32_t row_bytes;
    uint64_t refused_total;
    uint64_t offset;  // of row 0 from the start of the file
    uint64_t taken_offset;  // of the map of taken rows: words of 64 bits, a bit each
    row_index free_from;    // no row below this one is free
    uint32_t fresh;         // rows at and above this index were never used
};

// Where a pool and its name index lie in the file: a function of the capacity
// alone, so that readers need not trust the figures in the file.
struct pool_place {
    uint64_t offset;         // of row 0
    uint64_t taken_offset;
    uint64_t bucket_offset;
    uint32_t limit;
    uint32_t row_bytes;
    uint32_t bucket_count;   // power of two, 0 = found by other ways
};

// Counters of collect, one row each in counter.tbl.h.
enum counter {
#define COUNTER(id, name, help) COUNTER_##id,
#include "table/counter.tbl.h"
#undef COUNTER
    COUNTER_COUNT
};

enum source_kind { SOURCE_NONE, SOURCE_KUBERNETES, SOURCE_CADVISOR, SOURCE_HOST };

// One configured source: how it is doing. Texts are short and inline, so that
// they never depend on the string pool.
#define SOURCE_TEXT_BYTES 256
struct source_row {
    _Atomic uint32_t seq;
    uint8_t kind;      // enum source_kind
    uint8_t insecure;  // some certificate is not verified
    uint8_t proxy;     // scrapes go through the API server
    uint8_t synced;    // bit per enum object_kind: first list complete
    uint8_t events_listed;  // its events were listed once
    uint16_t events_error;  // enum error of the last request for events
    int64_t api_last_success_ms;
    int64_t api_last_failure_ms;  // 0 = none since start
    uint32_t api_last_error;      // enum error
    uint32_t nodes_known;
    uint64_t list_total, watch_total, relist_total;
    char name[SOURCE_TEXT_BYTES];        // the URI without credentials, NUL-terminated
    char last_error[SOURCE_TEXT_BYTES];  // one sentence, NUL-terminated
};

struct table_header {
    _Atomic uint64_t magic;
    uint64_t layout_hash;
    uint64_t total_bytes;
    struct capacity capacity;
    struct hash_key hash_key;
    uint32_t bucket_count[POOL_COUNT];   // name index: power of two, 0 = none
    uint64_t bucket_offset[POOL_COUNT];
    struct pool_use pool[POOL_COUNT];
    // What follows is all zero in a new table.
    _Atomic uint64_t writer_birth_ms;  // when the present writer began
    _Atomic uint32_t structure_seq;    // odd while lists and indexes change
    _Atomic uint32_t cycle_done_s;     // the last cycle whose totals are published
    uint32_t resolution_ms;
    uint32_t source_count;
    _Atomic uint64_t counter[COUNTER_COUNT];
    _Atomic uint64_t error_total[ERR_COUNT];  // drops and failures by reason
    _Atomic int64_t heartbeat_ms;
    struct source_row source[SOURCES_MAX + 1];  // [0] unused
    struct pool_use refused_pods;
    _Atomic uint32_t totals_seq;
    struct totals totals[SAMPLES_PER_ROW];  // the cluster
    uint8_t totals_newest;
    _Atomic uint32_t event_minutes_seq;
    struct event_minute event_minute[EVENT_MINUTES];  // [minute % EVENT_MINUTES]
    _Atomic uint64_t event_serial;           // of the last change of an event's row
    _Atomic uint64_t events_evicted;         // since the table was made
    _Atomic uint64_t event_evicted_max;      // the largest serial among them
    _Atomic uint64_t event_evicted[EVENT_EVICTIONS];  // [number % EVENT_EVICTIONS]
};

// Bytes of the file for a derived capacity.
size_t table_bytes(const struct capacity *capacity);

// Identifies the layout of every struct above together with the capacity.
uint64_t table_layout_hash(const struct capacity *capacity);

// Where the pools of a table of this capacity lie; the bytes of the file.
size_t table_places(const struct capacity *capacity, struct pool_place places[POOL_COUNT]);

// Lays out an empty table over `size` bytes, whatever they hold. Readers of a
// table of the same layout that lay there find it empty, and nothing worse.
void table_format(void *memory, size_t size, const struct capacity *capacity,
                  struct hash_key key, uint32_t resolution_ms);

// 0, or -ERR_LAYOUT when the memory is not a table of this very layout, or its
// header names other places than its capacity gives. With 0, *capacity is it.
int table_check(const void *memory, size_t size, struct capacity *capacity) MUST_USE;

const char *table_pool_name(enum table_pool pool);
const char *table_counter_name(enum counter counter);
const char *table_counter_help(enum counter counter);

#endif
