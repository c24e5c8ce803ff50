// A small live table for the tests of this room, made by the real writer: two
// nodes and three namespaces, two cycles 15 s apart, known values.
#ifndef SKERRY_TESTS_UNIT_API_WORLD_H
#define SKERRY_TESTS_UNIT_API_WORLD_H

#include "api/exchange.h"
#include "table/writer.h"

// The two cycles, Unix seconds: 2026-11-18T13:26:40Z and 15 s later.
#define WORLD_CYCLE_S 1795008400u
#define WORLD_NEXT_S (WORLD_CYCLE_S + 15u)

struct world {
    struct capacity capacity;
    struct table_writer *writer;
    struct table_reader reader;
    struct api api;
    struct exchange exchange;
    struct wall_ms now;
    char target[8192];  // of the last request
    struct {
        char bytes[1 << 20];
        size_t size;
        unsigned pieces;
    } answer;
};

// Replaces the world before; `pods` more pods in namespace "many".
struct world *world_make(uint32_t pods);
// The same without any table.
struct world *world_empty(void);

// Sends a request through dispatch and gathers the answer from pieces of
// `piece` bytes (at least EXCHANGE_ELEMENT_BYTES_MAX; 0: that many).
struct text world_ask(struct world *world, const char *method, const char *target, size_t piece);
struct text world_get(struct world *world, const char *target);

// Adds or removes a pod of namespace "many".
void world_put_pod(struct world *world, const char *name);
void world_remove_pod(struct world *world, const char *name);

#endif
