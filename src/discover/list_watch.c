#include "discover/list_watch.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"

#define CONNECT_MS 5000
#define LIST_FIRST_BYTE_MS (60 * 1000)
#define LIST_IDLE_MS (30 * 1000)
// A page of 8,000 pods on a slow link.
#define LIST_TOTAL_MS (5 * 60 * 1000)
// A watch is asked to end after 4 to 6 minutes, so that not all end at once,
// and is given up somewhat later: bookmarks are no sign of life.
#define WATCH_S_MIN 240
#define WATCH_S_SPREAD 120
#define WATCH_GRACE_MS (30 * 1000)
// The head of a watch comes at once, even when no event does.
#define WATCH_HEAD_MS (30 * 1000)

#define BACK_OFF_MS_MIN 500
#define BACK_OFF_MS_MAX (30 * 1000)
#define BACK_OFF_DOUBLINGS_MAX 6
#define FORBIDDEN_MS (60 * 1000)
#define RETRY_AFTER_MS_MAX (10 * 60 * 1000)
#define BUSY_MS 100
// Handshakes with many kubelets may take all turns for a while; then it is said.
#define BUSY_IN_A_ROW_MAX 100
// A watch that ends sooner than this and brought nothing was no good one.
#define WATCH_SHORT_MS 1000
#define EMPTY_WATCHES_MAX 3
// Watches that fail so often in a row are begun anew with a list.
#define WATCH_FAILURES_MAX 8

const char *
list_watch_plural(enum object_kind kind)
{
    switch (kind) {
    case OBJECT_NODE:
        return "nodes";
    case OBJECT_POD:
        return "pods";
    case OBJECT_NAMESPACE:
        return "namespaces";
    case OBJECT_EVENT:
        return "events";
    case OBJECT_KIND_COUNT:
        break;
    }
    return "objects";
}

static size_t
element_bytes(enum object_kind kind)
{
    return kind == OBJECT_EVENT ? EVENT_BYTES_MAX : ELEMENT_BYTES_MAX;
}

size_t
list_watch_footprint(enum object_kind kind)
{
    return objects_footprint(element_bytes(kind));
}

void
list_watch_init(struct list_watch *self, struct arena *arena, enum object_kind kind,
                struct api_server *server, const struct platform *platform, struct fetch *fetch,
                const struct list_watch_hooks *hooks, struct decode_space *space,
                const struct wanted *annotations, uint64_t seed)
{
    *self = (struct list_watch){
        .kind = kind,
        .server = server,
        .platform = platform,
        .fetch = fetch,
        .hooks = *hooks,
        .annotations = annotations,
        .random = seed,
        .limit = LIST_WATCH_LIMIT,
        .wants_list = true,
    };
    objects_init(&self->objects, arena, space, element_bytes(kind));
}

static struct mono_ns
now_of(const struct list_watch *self)
{
    return platform_mono_now(self->platform);
}

static uint64_t
random_below(struct list_watch *self, uint64_t limit)
{
    self->random = hash_mix(self->random, UINT64_C(0x9e3779b97f4a7c15));
    return (self->random >> 16) % limit;
}

static void
wait_ms(struct list_watch *self, int64_t ms)
{
    self->state = LIST_WATCH_WAITING;
    self->due = mono_add_ms(now_of(self), ms);
}

static int64_t
back_off_ms(struct list_watch *self)
{
    uint32_t doublings =
        self->failures < BACK_OFF_DOUBLINGS_MAX ? self->failures : BACK_OFF_DOUBLINGS_MAX;
    int64_t ms = (int64_t)BACK_OFF_MS_MIN << doublings;
    ms = ms < BACK_OFF_MS_MAX ? ms : BACK_OFF_MS_MAX;
    return ms / 2 + (int64_t)random_below(self, (uint64_t)ms / 2 + 1);
}

void
list_watch_begin(struct list_watch *self)
{
    ASSERT(self->state == LIST_WATCH_OFF);
    wait_ms(self, 0);
}

static void
escape(struct out *out, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char byte = bytes[i];
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')
                     || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.';
        if (plain) {
            out_byte(out, byte);
        } else {
            out_format(out, "%%%02X", (unsigned)(unsigned char)byte);
        }
    }
}

static struct text
list_path(struct list_watch *self)
{
    struct out path = out_of(self->path, sizeof(self->path));
    out_format(&path, "/api/v1/%s?limit=%u", list_watch_plural(self->kind), self->limit);
    if (self->continue_size != 0) {
        out_string(&path, "&continue=");
        escape(&path, self->token, self->continue_size);
    }
    ASSERT(!path.full);
    return out_view(&path);
}

static struct text
watch_path(struct list_watch *self, uint64_t seconds)
{
    struct out path = out_of(self->path, sizeof(self->path));
    out_format(&path, "/api/v1/%s?watch=1&allowWatchBookmarks=true&resourceVersion=",
               list_watch_plural(self->kind));
    escape(&path, self->version, self->version_size);
    out_string(&path, "&timeoutSeconds=");
    out_u64(&path, seconds);
    ASSERT(!path.full);
    return out_view(&path);
}

static void
set_version(struct list_watch *self, struct text version)
{
    if (version.size != 0 && version.size <= sizeof(self->version)) {
        memcpy(self->version, version.at, version.size);
        self->version_size = version.size;
    }
}

// Of a list, the version is the list's own and not that of its objects.
static void
note_event(struct list_watch *self, enum object_change change, struct text version)
{
    if (change != OBJECT_LISTED) {
        self->events++;
        set_version(self, version);
    }
}

static void
on_node(void *context, enum object_change change, struct text version,
        const struct node_object *node)
{
    struct list_watch *self = context;
    note_event(self, change, version);
    self->hooks.objects.on_node(self->hooks.objects.context, change, version, node);
}

static void
on_pod(void *context, enum object_change change, struct text version,
       const struct pod_object *pod)
{
    struct list_watch *self = context;
    note_event(self, change, version);
    self->hooks.objects.on_pod(self->hooks.objects.context, change, version, pod);
}

static void
on_namespace(void *context, enum object_change change, struct text version,
             const struct namespace_object *seen)
{
    struct list_watch *self = context;
    note_event(self, change, version);
    self->hooks.objects.on_namespace(self->hooks.objects.context, change, version, seen);
}

static void
on_event(void *context, enum object_change change, struct text version,
         const struct event_object *event)
{
    struct list_watch *self = context;
    note_event(self, change, version);
    self->hooks.objects.on_event(self->hooks.objects.context, change, version, event);
}

static void
on_page(void *context, const struct page_seen *page)
{
    struct list_watch *self = context;
    self->page_seen = page->continue_token.size <= sizeof(self->token)
                      && page->resource_version.size <= sizeof(self->version);
    if (self->page_seen) {
        set_version(self, page->resource_version);
        self->continue_size = page->continue_token.size;
        if (self->continue_size != 0) {
            memcpy(self->token, page->continue_token.at, self->continue_size);
        }
    }
}

static void
on_bookmark(void *context, struct text version)
{
    struct list_watch *self = context;
    self->events++;
    set_version(self, version);
}

static void
take_message(struct list_watch *self, struct text message)
{
    self->message_size = message.size < sizeof(self->message) ? message.size
                                                              : sizeof(self->message);
    if (self->message_size != 0) {
        memcpy(self->message, message.at, self->message_size);
    }
}

static void
take_retry_after(struct list_watch *self, uint32_t seconds)
{
    int64_t ms = (int64_t)seconds * MS_PER_S;
    self->retry_after_ms = ms > self->retry_after_ms ? ms : self->retry_after_ms;
}

// Within a watch: its code becomes the status of the whole answer.
static void
on_error(void *context, const struct status_seen *status)
{
    struct list_watch *self = context;
    self->status = status->code >= 400 && status->code < 600 ? status->code : 500;
    self->expired = self->status == 410;
    take_message(self, status->message);
    take_retry_after(self, status->retry_after_s);
}

static void
on_status(void *context, const struct status_seen *status)
{
    struct list_watch *self = context;
    take_message(self, status->message);
    take_retry_after(self, status->retry_after_s);
}

// A watch lasts for minutes: what is wrong with its events is told at once.
static void
tell_decoded(struct list_watch *self, bool watch)
{
    const struct parse_counters *now = objects_counters(&self->objects);
    struct parse_counters more = {
        .bytes = now->bytes - self->told.bytes,
        .elements = now->elements - self->told.elements,
        .trimmed = now->trimmed - self->told.trimmed,
    };
    for (size_t i = 0; i < ERR_COUNT; i++) {
        more.skipped[i] = now->skipped[i] - self->told.skipped[i];
    }
    self->told = *now;
    self->hooks.decoded(self->hooks.context, &more, watch);
}

static void
begin_document(struct list_watch *self)
{
    self->told = (struct parse_counters){0};
    struct objects_observer observer = {
        .context = self,
        .on_node = on_node,
        .on_pod = on_pod,
        .on_namespace = on_namespace,
        .on_event = on_event,
        .on_page = on_page,
        .on_bookmark = on_bookmark,
        .on_error = on_error,
    };
    if (self->state == LIST_WATCH_LISTING) {
        if (self->continue_size == 0) {
            self->hooks.list_begin(self->hooks.context, self->kind);
        }
        self->continue_size = 0;
        objects_begin_list(&self->objects, self->kind, observer, self->annotations);
    } else {
        objects_begin_watch(&self->objects, self->kind, observer, self->annotations);
        self->hooks.watch_started(self->hooks.context, self->kind);
    }
}

static int
on_head(void *context, long status, int64_t retry_after_ms)
{
    struct list_watch *self = context;
    self->head_seen = true;
    self->status = status;
    self->retry_after_ms = retry_after_ms;
    if (status == 200) {
        begin_document(self);
        if (self->state == LIST_WATCH_WATCHING) {
            self->failures = 0;
            self->hooks.result(self->hooks.context, self->kind, 0, TEXT(""));
        }
    } else if (self->server->status_holder == NULL) {
        self->server->status_holder = self;
        self->status_broken = false;
        status_begin(self->server->status, on_status, self);
    }
    return 0;
}

static int
on_bytes(void *context, const void *bytes, size_t size)
{
    struct list_watch *self = context;
    self->hooks.bytes(self->hooks.context, size);
    // An error within a watch changed the status, but the stream goes on.
    if (self->state == LIST_WATCH_WATCHING && self->status != 200
        && self->server->status_holder != self) {
        return self->expired ? -ERR_HTTP_410 : 0;
    }
    if (self->status == 200) {
        int error = objects_feed(&self->objects, bytes, size);
        if (self->state == LIST_WATCH_WATCHING) {
            tell_decoded(self, true);
        }
        return error;
    }
    if (self->server->status_holder == self) {
        self->status_broken =
            self->status_broken || status_feed(self->server->status, bytes, size) != 0;
    }
    return 0;
}

static void
report(struct list_watch *self, int error, struct text detail)
{
    char bytes[640];
    struct out sentence = out_of(bytes, sizeof(bytes));
    const char *verb = self->state == LIST_WATCH_LISTING ? "list" : "watch";
    out_format(&sentence, "%s %s: ", verb, list_watch_plural(self->kind));
    if (detail.size != 0) {
        out_text(&sentence, detail);
    } else {
        out_string(&sentence, error_sentence(error));
    }
    if (self->message_size != 0) {
        out_format(&sentence, ": %.*s", (int)self->message_size, self->message);
    }
    if (error == ERR_HTTP_403) {
        out_format(&sentence, "; grant get, list and watch of %s (skerry rbac prints how)",
                   list_watch_plural(self->kind));
    }
    self->hooks.result(self->hooks.context, self->kind, error, out_view(&sentence));
}

static void
start_list_over(struct list_watch *self)
{
    self->wants_list = true;
    self->continue_size = 0;
}

// The list is consistent only if it is read within some minutes.
static void
on_expired(struct list_watch *self)
{
    bool in_the_middle = self->state == LIST_WATCH_LISTING;
    if (in_the_middle && self->limit < LIST_WATCH_LIMIT_MAX) {
        self->limit *= 2;
    }
    start_list_over(self);
    self->failures++;
    wait_ms(self, self->failures > 1 ? back_off_ms(self) : (int64_t)random_below(self, 500));
}

static int64_t
pause_after(struct list_watch *self, int error)
{
    if (self->retry_after_ms > 0) {
        int64_t ms = self->retry_after_ms;
        ms = ms < RETRY_AFTER_MS_MAX ? ms : RETRY_AFTER_MS_MAX;
        return ms + (int64_t)random_below(self, 1000);
    }
    if (error == ERR_HTTP_403) {
        return FORBIDDEN_MS / 2 + (int64_t)random_below(self, FORBIDDEN_MS / 2);
    }
    return back_off_ms(self);
}

static void
on_failure(struct list_watch *self, int error, struct text detail)
{
    self->retried = false;
    if (error == ERR_HTTP_410) {
        on_expired(self);
        return;
    }
    report(self, error, detail);
    bool listing = self->state == LIST_WATCH_LISTING;
    int64_t pause = pause_after(self, error);
    self->failures++;
    // A page may be asked for again only if nothing of it was taken.
    if (listing && (self->page_seen || self->status == 200)) {
        start_list_over(self);
    } else if (listing && self->continue_size != 0 && self->status == 400) {
        start_list_over(self);  // the token is not understood
    } else if (!listing && self->failures >= WATCH_FAILURES_MAX) {
        start_list_over(self);
    }
    wait_ms(self, pause);
}

static void
on_page_complete(struct list_watch *self)
{
    self->failures = 0;
    self->hooks.result(self->hooks.context, self->kind, 0, TEXT(""));
    if (self->continue_size == 0) {
        self->synced = true;
        self->wants_list = false;
        self->empty_watches = 0;
        self->limit = LIST_WATCH_LIMIT;
        self->hooks.list_end(self->hooks.context, self->kind);
    }
    wait_ms(self, 0);
}

static void
on_watch_over(struct list_watch *self)
{
    int64_t lasted = mono_ms_between(self->started, now_of(self));
    bool empty = self->events == 0 && lasted < WATCH_SHORT_MS;
    if (!empty) {
        self->empty_watches = 0;
        wait_ms(self, 0);
        return;
    }
    // Also how a server answers that does not know the version yet.
    if (++self->empty_watches >= EMPTY_WATCHES_MAX) {
        self->empty_watches = 0;
        start_list_over(self);
    }
    self->failures++;
    wait_ms(self, back_off_ms(self));
}

// The answer was complete and its status 200.
static void
on_answer(struct list_watch *self)
{
    bool listing = self->state == LIST_WATCH_LISTING;
    int error = -objects_end(&self->objects);
    if (listing && error == 0 && !self->page_seen) {
        error = ERR_MISSING;
    }
    if (error == ERR_TRUNCATED && !listing) {
        error = 0;  // cut within an event, which the next watch sends again
    }
    if (error != 0) {
        on_failure(self, error, TEXT(""));
    } else if (listing) {
        on_page_complete(self);
    } else {
        on_watch_over(self);
    }
}

static bool
try_again(struct list_watch *self)
{
    if (self->status != 401 || self->retried
        || !self->server->refused(self->server->context)) {
        return false;
    }
    self->retried = true;
    wait_ms(self, 0);
    return true;
}

static void
release_status(struct list_watch *self)
{
    if (self->server->status_holder == self) {
        self->server->status_holder = NULL;
        // Calls on_status.
        self->status_broken = self->status_broken || status_end(self->server->status) != 0;
    }
}

static void
on_done(void *context, int transport, struct text detail)
{
    struct list_watch *self = context;
    bool watching = self->state == LIST_WATCH_WATCHING;
    release_status(self);
    self->tried = true;
    if (self->head_seen && (self->status == 200 || watching)) {
        tell_decoded(self, watching);
    }
    if (self->asked && watching) {
        self->asked = false;
        start_list_over(self);
        wait_ms(self, 0);
        return;
    }
    if (transport == -ERR_BUSY && ++self->busy < BUSY_IN_A_ROW_MAX) {
        wait_ms(self, BUSY_MS);
        return;
    }
    self->busy = 0;
    if (try_again(self)) {
        return;
    }
    if (self->expired) {
        on_failure(self, ERR_HTTP_410, TEXT(""));
    } else if (transport != 0) {
        on_failure(self, -transport, detail);
    } else if (self->status != 200) {
        enum error error = error_of_http_status(self->status);
        on_failure(self, error == ERR_OK ? ERR_HTTP_OTHER : (int)error, TEXT(""));
    } else {
        self->retried = false;
        on_answer(self);
    }
}

static void
fill_request(struct list_watch *self, struct fetch_request *request)
{
    const struct api_server *server = self->server;
    *request = (struct fetch_request){
        .method = TEXT("GET"),
        .scheme = server->https ? TEXT("https") : TEXT("http"),
        .host = server->host,
        .port = server->port,
        .server_name = server->server_name,
        .strict_name = true,
        .accept = TEXT("application/json"),
        .bearer = server->token(server->context),
        .identity = server->identity,
        .connect_timeout_ms = CONNECT_MS,
        .keep_alive = true,
        .context = self,
        .on_head = on_head,
        .on_bytes = on_bytes,
        .on_done = on_done,
    };
    if (self->wants_list) {
        request->path = list_path(self);
        request->first_byte_timeout_ms = LIST_FIRST_BYTE_MS;
        request->idle_timeout_ms = LIST_IDLE_MS;
        request->total_timeout_ms = LIST_TOTAL_MS;
    } else {
        uint64_t seconds = WATCH_S_MIN + random_below(self, WATCH_S_SPREAD);
        request->path = watch_path(self, seconds);
        request->total_timeout_ms = (int64_t)seconds * MS_PER_S + WATCH_GRACE_MS;
    }
}

static void
start(struct list_watch *self)
{
    struct fetch_request request;
    fill_request(self, &request);
    self->head_seen = false;
    self->page_seen = false;
    self->expired = false;
    self->events = 0;
    self->status = 0;
    self->retry_after_ms = 0;
    self->message_size = 0;
    self->started = now_of(self);
    int error = fetch_start(self->fetch, &request, &self->id);
    if (error == -ERR_BUSY) {
        wait_ms(self, BUSY_MS);
        return;
    }
    self->state = self->wants_list ? LIST_WATCH_LISTING : LIST_WATCH_WATCHING;
    if (error != 0) {
        on_failure(self, -error, TEXT(""));
    }
}

void
list_watch_ask(struct list_watch *self)
{
    if (self->state == LIST_WATCH_WATCHING && !self->asked) {
        self->asked = true;
        fetch_cancel(self->fetch, self->id, -ERR_TIMEOUT);
    }
}

struct mono_ns
list_watch_turn(struct list_watch *self)
{
    struct mono_ns now = now_of(self);
    if (self->state == LIST_WATCH_WAITING && !mono_before(now, self->due)) {
        start(self);
    }
    switch (self->state) {
    case LIST_WATCH_WAITING:
        return self->due;
    case LIST_WATCH_WATCHING:
        if (!self->head_seen) {
            struct mono_ns limit = mono_add_ms(self->started, WATCH_HEAD_MS);
            if (!mono_before(now, limit)) {
                fetch_cancel(self->fetch, self->id, -ERR_TIMEOUT);
                return mono_add_ms(now, MS_PER_S);
            }
            return limit;
        }
        break;
    case LIST_WATCH_OFF:
    case LIST_WATCH_LISTING:
        break;
    }
    return (struct mono_ns){INT64_MAX};
}
