// One kind of object of one API server, kept up to date: a paged list, then
// watches from where it ended, for ever.
//
// - list: pages of `limit` objects without a resource version, so that they are
//   consistent; when a continue token expires (410) the list begins anew with
//   larger pages. The server also offers to go on inconsistently; that would
//   miss deletes, and nothing is lost meanwhile, because known objects stay
//   until a list is complete.
// - watch: with bookmarks, for some minutes; then resumed from the version seen
//   last. 410, as an answer or within the stream, means list again.
// - failures: 429 and 503 as the server asks (Retry-After), 401 after the
//   credentials were read again, 403 once a minute, everything else with
//   exponential back-off and jitter, for ever.
//
// The caller runs the loop and owns fetch; events come in during fetch_step().
// Memory: one decoder, fixed texts. A decoder for error bodies is shared.
#ifndef SKERRY_DISCOVER_LIST_WATCH_H
#define SKERRY_DISCOVER_LIST_WATCH_H

#include "base/arena.h"
#include "limits.h"
#include "parse/objects.h"
#include "parse/status.h"
#include "platform/fetch.h"
#include "platform/platform.h"

#define LIST_WATCH_LIMIT 500

// Every byte of a token may take three.
#define LIST_WATCH_PATH_BYTES (3 * CONTINUE_BYTES_MAX + 256)

// The API server, shared by its list_watches.
struct api_server {
    bool https;
    uint16_t port;
    struct text host;
    struct text server_name;
    fetch_identity identity;
    void *context;
    struct text (*token)(void *context);
    bool (*refused)(void *context);  // see struct scrape_hooks
    // Error bodies are decoded one at a time; NULL: nobody does.
    struct status *status;
    struct list_watch *status_holder;
};

struct list_watch_hooks {
    void *context;
    // A list begins to arrive, perhaps anew after one that was not completed.
    void (*list_begin)(void *context, enum object_kind kind);
    void (*list_end)(void *context, enum object_kind kind);
    // A request's result: error 0 when the server answered as it should.
    void (*result)(void *context, enum object_kind kind, int error, struct text sentence);
    void (*watch_started)(void *context, enum object_kind kind);
    void (*bytes)(void *context, size_t size);
    // What the counters of a document grew by: at its end, and while a watch lasts.
    void (*decoded)(void *context, const struct parse_counters *more, bool watch);
    // on_page, on_bookmark and on_error are not used.
    struct objects_observer objects;
};

enum list_watch_state {
    LIST_WATCH_OFF,      // not begun
    LIST_WATCH_WAITING,  // until `due`
    LIST_WATCH_LISTING,
    LIST_WATCH_WATCHING,
};

struct list_watch {
    enum object_kind kind;
    enum list_watch_state state;
    struct api_server *server;
    const struct platform *platform;
    struct fetch *fetch;
    struct list_watch_hooks hooks;
    struct objects objects;
    struct parse_counters told;  // of this document, by decoded()
    const struct wanted *annotations;
    uint64_t random;

    bool synced;        // a list was complete once
    bool tried;         // a request ended, well or not
    bool wants_list;    // else the next request is a watch
    bool page_seen;
    bool asked;         // for a list, by list_watch_ask
    bool expired;       // the server said 410 within the stream
    bool retried;       // after a 401
    bool head_seen;
    bool status_broken; // the error's body is no Status: its code is all there is
    uint32_t limit;
    uint32_t failures;  // in a row
    uint32_t busy;      // in a row: no request was sent
    uint32_t empty_watches;  // in a row: over at once and without an event
    uint64_t events;    // of this watch
    long status;        // HTTP, 0 = no answer yet
    int64_t retry_after_ms;
    struct mono_ns due;
    struct mono_ns started;
    fetch_id id;
    size_t version_size;
    size_t continue_size;
    size_t message_size;
    char version[RESOURCE_VERSION_BYTES_MAX];
    char token[CONTINUE_BYTES_MAX];
    char message[256];  // of the server's Status
    char path[LIST_WATCH_PATH_BYTES];
};

size_t list_watch_footprint(enum object_kind kind);
void list_watch_init(struct list_watch *self, struct arena *arena, enum object_kind kind,
                     struct api_server *server, const struct platform *platform,
                     struct fetch *fetch, const struct list_watch_hooks *hooks,
                     struct decode_space *space, const struct wanted *annotations,
                     uint64_t seed);

// Begins with a list; once.
void list_watch_begin(struct list_watch *self);
// Does what is due; returns when it wants to be called again.
struct mono_ns list_watch_turn(struct list_watch *self);

// Lists again as soon as the watch under way is given up.
void list_watch_ask(struct list_watch *self);

// "nodes", "pods", "namespaces", "events".
const char *list_watch_plural(enum object_kind kind);

#endif
