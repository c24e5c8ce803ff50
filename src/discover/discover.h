// What a cluster has: its nodes, namespaces and pods, from its API server into
// the live table, for one source.
//
// Nodes and namespaces are listed first, then pods and events, so that each pod finds
// what it belongs to; then all are watched. Events are an extra: an account that may
// not read them has everything else. While the API server is away
// everything stays as it was. Who fetches from the nodes is told by callbacks
// when they come, change and go.
#ifndef SKERRY_DISCOVER_DISCOVER_H
#define SKERRY_DISCOVER_DISCOVER_H

#include "discover/list_watch.h"
#include "table/writer.h"

struct discover_hooks {
    void *context;
    // `row` 0: the table has no room for it.
    void (*node_put)(void *context, unsigned source, row_index row,
                     const struct node_object *node);
    void (*node_removed)(void *context, unsigned source, struct text name);
    void (*nodes_begin)(void *context, unsigned source);
    void (*nodes_end)(void *context, unsigned source);
    // The API server's answers turned from good to bad, or back (error 0).
    void (*changed)(void *context, unsigned source, int error, struct text sentence);
};

struct discover {
    unsigned source;
    const struct platform *platform;
    struct table_writer *writer;
    struct discover_hooks hooks;
    struct api_server server;
    unsigned kinds;  // that are listed: the last, events, may be left out
    struct list_watch list_watch[OBJECT_KIND_COUNT];
    struct status status;
    struct wanted annotations;  // that names the host
    struct mono_ns begun;
    bool pods_begun;
    struct mono_ns pods_asked;
    bool list_begun[OBJECT_KIND_COUNT];
    int last_error[OBJECT_KIND_COUNT];
};

struct discover_config {
    unsigned source;  // from 1
    struct text host_id_annotation;  // empty: none; must outlive the discover
    struct api_server server;        // without status and status_holder
    uint64_t seed;
    bool events;      // they are asked for
};

size_t discover_footprint(bool events);
void discover_init(struct discover *discover, struct arena *arena,
                   const struct discover_config *config, const struct platform *platform,
                   struct fetch *fetch, struct table_writer *writer,
                   const struct discover_hooks *hooks, struct decode_space *space);

// Does what is due; returns when it wants to be called again.
struct mono_ns discover_turn(struct discover *discover);

// Pods that were refused may find room now: lists them again, at most once in
// DISCOVER_ASK_MS.
#define DISCOVER_ASK_MS (60 * 1000)
void discover_ask_pods(struct discover *discover);

// All kinds but events were listed once.
bool discover_is_synced(const struct discover *discover);

#endif
