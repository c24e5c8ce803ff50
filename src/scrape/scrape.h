// Fetches every node once a cycle and folds the answers into the live table.
//
// Owns the targets, their schedule and the requests under way; a slow or dead
// node costs its own request and nothing else. Nodes beyond the plan have no
// row, and are fetched after the planned ones, for the totals. Each result is
// noted in the node's row by its reason, and counted.
//
// The caller runs the loop: scrape_turn() starts what is due and says when it
// wants to be called again; answers come in while fetch_step() runs. Credentials
// stay with the caller (scrape_hooks).
#ifndef SKERRY_SCRAPE_SCRAPE_H
#define SKERRY_SCRAPE_SCRAPE_H

#include "base/arena.h"
#include "limits.h"
#include "platform/fetch.h"
#include "platform/platform.h"
#include "scrape/cycle.h"
#include "scrape/endpoint.h"
#include "scrape/pins.h"
#include "scrape/schedule.h"
#include "scrape/stream.h"
#include "scrape/target.h"
#include "table/writer.h"

struct scrape_caps {
    uint32_t targets;          // planned nodes and those beyond the plan
    uint32_t flights;          // requests at once
    uint32_t streams;          // answers decoded at once
    uint32_t cadvisor_streams;
    int64_t resolution_ms;
    int64_t timeout_ms;        // for one node
    int64_t first_ms;          // new nodes are spread over so long
};

struct scrape_hooks {
    void *context;
    // The bearer token for the kubelets (or the API server's proxy).
    struct text (*token)(void *context, unsigned source);
    // A 401: reads the credentials again; true if they are others now.
    bool (*refused)(void *context, unsigned source);
    // A node's result differs from the one before; error 0: it answers again.
    void (*changed)(void *context, unsigned source, struct text node, int error,
                    struct text detail);
};

struct flight {
    bool used;
    bool waiting;    // for a decoder
    bool retried;    // after a 401
    uint32_t target;
    uint32_t stream;     // or STREAM_NONE
    uint32_t next;       // in the queue of waiting ones, or of the free ones
    uint32_t cycle_s;
    int64_t status;      // HTTP; 0: no answer yet
    int64_t retry_after_ms;
    uint64_t bytes;
    struct wall_ms attempted;
    struct mono_ns started;
    fetch_id id;
    struct scrape *scrape;
};

struct scrape {
    struct scrape_caps caps;
    const struct platform *platform;
    struct fetch *fetch;
    struct table_writer *writer;
    struct scrape_hooks hooks;
    struct cycle *cycle;   // the caller's
    struct targets targets;
    struct schedule planned;   // targets with a row
    struct schedule beyond;    // targets without
    struct streams streams;
    struct pins *pins;         // NULL: fingerprints are not kept
    struct scrape_access access[SOURCES_MAX + 1];
    uint32_t proxy_flights[SOURCES_MAX + 1];
    uint32_t generation[SOURCES_MAX + 1];  // of the lists of nodes
    uint32_t flight_count;
    uint32_t flight_peak;
    uint32_t free_flight;
    uint32_t waiting_first, waiting_last;
    uint64_t success_total;
    struct flight *flight;
    struct endpoint endpoint;  // scratch
};

size_t scrape_footprint(const struct scrape_caps *caps);
// All pointers must outlive the scrape; `seed` from random bytes.
void scrape_init(struct scrape *scrape, struct arena *arena, const struct scrape_caps *caps,
                 const struct platform *platform, struct fetch *fetch,
                 struct table_writer *writer, struct decode_space *space, struct cycle *cycle,
                 const struct scrape_hooks *hooks, struct hash_key key);

// Fingerprints are kept there from now on; call it before nodes are put.
void scrape_set_pins(struct scrape *scrape, struct pins *pins);

// `access` keeps pointing to the caller's texts.
void scrape_set_access(struct scrape *scrape, unsigned source,
                       const struct scrape_access *access);

// `row` 0: the table has no room for it.
void scrape_put_node(struct scrape *scrape, unsigned source, row_index row,
                     const struct node_object *node);
// A node that the live table still knows from before a restart, or the
// pseudo node of a cAdvisor.
void scrape_put_row(struct scrape *scrape, unsigned source, row_index row, struct text name,
                    enum address_type type, struct text address, uint16_t port);
void scrape_remove_node(struct scrape *scrape, unsigned source, struct text name);
// Nodes that were not put between the two leave.
void scrape_list_begin(struct scrape *scrape, unsigned source);
void scrape_list_end(struct scrape *scrape, unsigned source);

// Nodes of a source that have no row, and how many of them are ready.
void scrape_count_beyond(const struct scrape *scrape, unsigned source, uint32_t *count,
                         uint32_t *ready);

// Starts what is due; returns when it wants to be called again.
struct mono_ns scrape_turn(struct scrape *scrape);

#endif
