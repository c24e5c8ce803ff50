// Keeps the objects of one kind of one API server known: list, then watch.
//
//   WAITING -> LISTING (page after page) -> WATCHING -> WATCHING ... -> WAITING
//
// A watch that ends or breaks is resumed from the last version seen, bookmarks
// included. 410, as an answer or within a watch, means that this version is
// forgotten: list again. An expired continue token is the same: the half list is
// given up and begun again, because going on from the present would miss what
// was deleted meanwhile. Failures wait 1, 2, 4 ... 30 s with jitter, a 403 half a
// minute at least, a 429 what the server asks for. Whatever fails, nothing that
// is known is forgotten: objects leave only by a complete list or a DELETED
// event. The watch's own timeout bounds how long a dead connection is believed.
//
// The owner gives the clock, the fetch and where requests go; this calls back
// within list_watch_step() and fetch_step(). Never more than one request at once.
#ifndef SKERRY_DISCOVER_LIST_WATCH_H
#define SKERRY_DISCOVER_LIST_WATCH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/times.h"
#include "parse/objects.h"
#include "platform/fetch.h"
#include "platform/platform.h"

struct list_watch_owner {
    void *context;
    // Fills scheme, host, port, server_name, identity and bearer.
    void (*address)(void *context, struct fetch_request *request);
    void (*list_begin)(void *context, enum object_kind kind);
    void (*list_end)(void *context, enum object_kind kind);
    void (*node)(void *context, enum object_change change, const struct node_object *node);
    void (*pod)(void *context, enum object_change change, const struct pod_object *pod);
    void (*namespace_seen)(void *context, enum object_change change,
                           const struct namespace_object *namespace_object);
    // An answer: error 0 when a page or a watch began well. `sentence` has no
    // credentials. -ERR_HTTP_401 asks to read credentials again.
    void (*outcome)(void *context, enum object_kind kind, int error, struct text sentence);
    // What the decoder counted in one answer.
    void (*counted)(void *context, const struct parse_counters *counters, bool watch);
};

enum list_watch_state { LIST_WATCH_WAITING, LIST_WATCH_LISTING, LIST_WATCH_WATCHING };

struct list_watch {
    const struct platform *platform;
    struct fetch *fetch;
    struct list_watch_owner owner;
    enum object_kind kind;
    uint32_t page_limit;
    const struct wanted *annotations;
    struct objects objects;
    struct status status;

    enum list_watch_state state;
    struct mono_ns due;  // of the next request while waiting
    struct mono_ns started;
    fetch_id transfer;
    unsigned failure_streak;
    bool list_open;       // list_begin was called and list_end not yet
    bool began_well;      // the present answer has HTTP status 200
    bool relist;          // the version is forgotten
    uint32_t event_count; // of the present watch
    int stream_error;     // an ERROR event within the watch, negative
    int64_t retry_after_ms;
    long http_status;
    uint64_t random;
    size_t version_size;
    size_t continue_size;
    char version[RESOURCE_VERSION_BYTES_MAX];
    char continue_token[CONTINUE_BYTES_MAX];
    char path[CONTINUE_BYTES_MAX * 3 + 256];
    char sentence[256];
};

size_t list_watch_footprint(void);
void list_watch_init(struct list_watch *watch, struct arena *arena, struct decode_space *space,
                     const struct platform *platform, struct fetch *fetch, enum object_kind kind,
                     uint32_t page_limit, const struct wanted *annotations,
                     struct list_watch_owner owner);

// Begins what is due; returns when it wants to be called again (far ahead while
// a request is under way).
struct mono_ns list_watch_step(struct list_watch *watch, struct mono_ns now);

// "nodes", "pods", "namespaces".
const char *object_kind_plural(enum object_kind kind);

#endif
