// Lists and watches of the API server -> node, pod, namespace and event objects.
//
// A list is one document ({"metadata":{...},"items":[...]}), a watch one
// {"type":...,"object":{...}} after another for as long as it lasts. The order
// of callbacks is the order of the document; on_page normally comes first.
// Objects that cannot be read are counted and left out; a list that ended with
// skipped elements is complete but for them.
#ifndef SKERRY_PARSE_OBJECTS_H
#define SKERRY_PARSE_OBJECTS_H

#include "model/object.h"
#include "parse/decoder.h"
#include "parse/splitter.h"
#include "parse/status.h"

enum object_change {
    OBJECT_LISTED,
    OBJECT_ADDED,
    OBJECT_MODIFIED,
    OBJECT_DELETED,
};

// ListMeta of one page.
struct page_seen {
    struct text resource_version;
    struct text continue_token;  // empty: the last page
    uint64_t remaining;          // 0 = none, or not told
};

// What is handed over is valid during the call. Only the kind that was asked
// for is called; the others may be NULL.
struct objects_observer {
    void *context;
    void (*on_node)(void *context, enum object_change change, struct text version,
                    const struct node_object *node);
    void (*on_pod)(void *context, enum object_change change, struct text version,
                   const struct pod_object *pod);
    void (*on_namespace)(void *context, enum object_change change, struct text version,
                         const struct namespace_object *seen);
    void (*on_event)(void *context, enum object_change change, struct text version,
                     const struct event_object *event);
    void (*on_page)(void *context, const struct page_seen *page);  // lists
    // Watches: up to here everything was sent; and the server gives up.
    void (*on_bookmark)(void *context, struct text version);
    void (*on_error)(void *context, const struct status_seen *status);
};

struct objects {
    struct splitter splitter;
    struct decode_space *space;
    struct objects_observer observer;
    enum object_kind kind;
    bool watch;
};

// `element_bytes`: the largest object that is read; larger ones are counted and skipped.
size_t objects_footprint(size_t element_bytes);
void objects_init(struct objects *objects, struct arena *arena, struct decode_space *space,
                  size_t element_bytes);
// `annotations` (may be NULL) are the ones of nodes to keep; their texts must
// outlive the document.
void objects_begin_list(struct objects *objects, enum object_kind kind,
                        struct objects_observer observer, const struct wanted *annotations);
void objects_begin_watch(struct objects *objects, enum object_kind kind,
                         struct objects_observer observer, const struct wanted *annotations);
int objects_feed(struct objects *objects, const void *bytes, size_t size) MUST_USE;
// A watch may end between two events only.
int objects_end(struct objects *objects) MUST_USE;
const struct parse_counters *objects_counters(const struct objects *objects);
struct decoder objects_decoder(struct objects *objects);

#endif
