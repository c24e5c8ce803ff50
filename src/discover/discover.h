// One cluster's objects: keeps nodes, namespaces and pods of a source known in
// the live table, and tells the scraper which nodes there are.
//
// Three list_watch, one a kind. Pods are first listed after the nodes (or after
// listing those failed), so that a pod finds its node's row. Outcomes go to the
// source's row: when the API server answered last, what it said when it did not.
// While it is away everything known stays.
#ifndef SKERRY_DISCOVER_DISCOVER_H
#define SKERRY_DISCOVER_DISCOVER_H

#include "discover/credentials.h"
#include "discover/list_watch.h"
#include "table/writer.h"

struct discover_owner {
    void *context;
    // A node exists, or changed. `row` is 0 when it is beyond the plan.
    void (*node)(void *context, unsigned source, row_index row, const struct node_object *node);
    void (*node_gone)(void *context, unsigned source, struct text name);
    // Around a complete list: nodes not named in between are gone.
    void (*nodes_begin)(void *context, unsigned source);
    void (*nodes_end)(void *context, unsigned source);
    // The API server did not accept the credentials: read them again.
    void (*refused)(void *context, unsigned source);
};

struct discover {
    struct table_writer *writer;
    const struct platform *platform;
    const struct credentials *credentials;
    unsigned source;
    struct discover_owner owner;
    struct wanted annotations;
    char annotation[SHORT_NAME_BYTES_MAX];
    bool nodes_tried;  // listed, or failed to
    struct list_watch lists[OBJECT_KIND_COUNT];
};

size_t discover_footprint(void);

// `credentials` and everything else live as long as the struct.
// `host_id_annotation` may be empty.
void discover_init(struct discover *discover, struct arena *arena, struct decode_space *space,
                   const struct platform *platform, struct fetch *fetch,
                   struct table_writer *writer, unsigned source,
                   const struct credentials *credentials, struct text host_id_annotation,
                   struct discover_owner owner);

// Begins what is due; returns when it wants to be called again.
struct mono_ns discover_step(struct discover *discover, struct mono_ns now);

// Fills where a request to the API server goes and as whom.
void discover_address(const struct credentials *credentials, struct fetch_request *request);

#endif
