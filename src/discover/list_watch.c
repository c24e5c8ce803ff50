#include "discover/list_watch.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"

#define BACK_OFF_FIRST_MS 1000
#define BACK_OFF_MAX_MS 30000
// A missing permission does not come by itself within seconds.
#define FORBIDDEN_WAIT_MS 30000
// The server ends a watch after this, and 0 to 60 s more so that not all end at
// once; 30 s later the connection is taken for dead.
#define WATCH_TIMEOUT_S 240
#define WATCH_JITTER_S 60
#define WATCH_GRACE_S 30
// A page of 500 pods is 2 MB; a server that takes longer is not well.
#define LIST_TIMEOUT_MS 60000
#define CONNECT_TIMEOUT_MS 10000
#define IDLE_LIST_TIMEOUT_MS 20000

static const char *const plurals[OBJECT_KIND_COUNT] = {
    [OBJECT_NODE] = "nodes",
    [OBJECT_POD] = "pods",
    [OBJECT_NAMESPACE] = "namespaces",
};

const char *
object_kind_plural(enum object_kind kind)
{
    ASSERT(kind < OBJECT_KIND_COUNT);
    return plurals[kind];
}

size_t
list_watch_footprint(void)
{
    return objects_footprint() + status_footprint();
}

void
list_watch_init(struct list_watch *watch, struct arena *arena, struct decode_space *space,
                const struct platform *platform, struct fetch *fetch, enum object_kind kind,
                uint32_t page_limit, const struct wanted *annotations,
                struct list_watch_owner owner)
{
    ASSERT(page_limit > 0);
    memset(watch, 0, sizeof *watch);
    watch->platform = platform;
    watch->fetch = fetch;
    watch->owner = owner;
    watch->kind = kind;
    watch->page_limit = page_limit;
    watch->annotations = annotations;
    watch->relist = true;
    watch->due = platform_mono_now(platform);
    if (platform_random_bytes(platform, &watch->random, sizeof watch->random) != 0) {
        watch->random = (uint64_t)watch->due.ns;  // only jitter hangs on it
    }
    objects_init(&watch->objects, arena, space);
    status_init(&watch->status, arena, space);
}

// 0 <= result < below
static uint32_t
jitter(struct list_watch *watch, uint32_t below)
{
    watch->random = hash_mix(watch->random, 1);
    return (uint32_t)((watch->random >> 32) % below);
}

static void
set_text(char *to, size_t room, size_t *size, struct text text)
{
    *size = text.size <= room ? text.size : 0;
    memcpy(to, text.at, *size);
}

static void
set_version(struct list_watch *watch, struct text version)
{
    if (version.size != 0) {
        set_text(watch->version, sizeof watch->version, &watch->version_size, version);
    }
}

static struct text
version_of(const struct list_watch *watch)
{
    return (struct text){watch->version, watch->version_size};
}

// Objects

static void
note_event(struct list_watch *watch, struct text version, enum object_change change)
{
    if (change != OBJECT_LISTED) {
        watch->event_count++;
        set_version(watch, version);
    }
}

static void
on_node(void *context, enum object_change change, struct text version,
        const struct node_object *node)
{
    struct list_watch *watch = context;
    note_event(watch, version, change);
    watch->owner.node(watch->owner.context, change, node);
}

static void
on_pod(void *context, enum object_change change, struct text version, const struct pod_object *pod)
{
    struct list_watch *watch = context;
    note_event(watch, version, change);
    watch->owner.pod(watch->owner.context, change, pod);
}

static void
on_namespace(void *context, enum object_change change, struct text version,
             const struct namespace_object *seen)
{
    struct list_watch *watch = context;
    note_event(watch, version, change);
    watch->owner.namespace_seen(watch->owner.context, change, seen);
}

static void
on_page(void *context, const struct page_seen *page)
{
    struct list_watch *watch = context;
    set_version(watch, page->resource_version);
    set_text(watch->continue_token, sizeof watch->continue_token, &watch->continue_size,
             page->continue_token);
    if (watch->continue_size != page->continue_token.size) {
        watch->stream_error = -ERR_TOO_LONG;
    }
}

static void
on_bookmark(void *context, struct text version)
{
    struct list_watch *watch = context;
    watch->event_count++;
    set_version(watch, version);
}

static void
set_sentence(struct list_watch *watch, struct text text)
{
    struct out out = out_of(watch->sentence, sizeof watch->sentence);
    out_text(&out, text_sub(text, 0, sizeof watch->sentence - 1));
    (void)out_c_string(&out);
}

static void
on_status(void *context, const struct status_seen *status)
{
    struct list_watch *watch = context;
    set_sentence(watch, status->message);
    if (status->retry_after_s != 0) {
        watch->retry_after_ms = (int64_t)status->retry_after_s * MS_PER_S;
    }
    bool expired = status->code == 410 || text_equal(status->reason, TEXT("Expired")) ||
                   text_equal(status->reason, TEXT("Gone"));
    watch->stream_error =
        expired ? -ERR_HTTP_410 : -(int)error_of_http_status(status->code);
    if (watch->stream_error == 0) {
        watch->stream_error = -ERR_HTTP_OTHER;
    }
}

static struct objects_observer
observer_of(struct list_watch *watch)
{
    return (struct objects_observer){
        .context = watch,
        .on_node = on_node,
        .on_pod = on_pod,
        .on_namespace = on_namespace,
        .on_page = on_page,
        .on_bookmark = on_bookmark,
        .on_error = on_status,
    };
}

// What comes after an answer

static void
wait(struct list_watch *watch, int64_t ms)
{
    watch->state = LIST_WATCH_WAITING;
    watch->due = mono_add_ms(platform_mono_now(watch->platform), ms);
}

// Half of the back-off and up to as much again at random (full jitter over the
// upper half), so that many watches do not come back at once.
static int64_t
back_off_ms(struct list_watch *watch)
{
    unsigned doublings = watch->failure_streak < 5 ? watch->failure_streak : 5;
    int64_t ms = (int64_t)BACK_OFF_FIRST_MS << doublings;
    if (ms > BACK_OFF_MAX_MS) {
        ms = BACK_OFF_MAX_MS;
    }
    return ms / 2 + jitter(watch, (uint32_t)(ms / 2));
}

static void
fail(struct list_watch *watch, int error, struct text sentence)
{
    int64_t ms = back_off_ms(watch);
    if (error == -ERR_HTTP_403 && ms < FORBIDDEN_WAIT_MS) {
        ms = FORBIDDEN_WAIT_MS + jitter(watch, 1000);
    }
    if (watch->retry_after_ms > ms) {
        ms = watch->retry_after_ms;
    }
    watch->failure_streak++;
    wait(watch, ms);
    watch->owner.outcome(watch->owner.context, watch->kind, error, sentence);
}

static void
forget_version(struct list_watch *watch)
{
    watch->relist = true;
    watch->continue_size = 0;
}

static struct text
describe(struct list_watch *watch, struct text detail)
{
    return watch->sentence[0] != '\0' ? text_of(watch->sentence) : detail;
}

static void
end_list_page(struct list_watch *watch)
{
    watch->failure_streak = 0;
    watch->owner.outcome(watch->owner.context, watch->kind, 0, TEXT(""));
    if (watch->continue_size == 0) {
        watch->relist = false;
        watch->list_open = false;
        watch->owner.list_end(watch->owner.context, watch->kind);
    }
    wait(watch, 0);
}

// A watch that brought something, or lasted, was a good one; else the next
// waits, so that a server which ends watches at once is not hammered.
static void
end_watch(struct list_watch *watch)
{
    struct mono_ns now = platform_mono_now(watch->platform);
    bool lasted = mono_ms_between(watch->started, now) >= 5 * MS_PER_S;
    if (watch->event_count != 0 || lasted) {
        watch->failure_streak = 0;
        wait(watch, jitter(watch, 250));
        return;
    }
    int64_t ms = back_off_ms(watch);
    watch->failure_streak++;
    wait(watch, ms);
}

static int
decode_end(struct list_watch *watch)
{
    if (!watch->began_well) {
        // The body of a refusal only adds words: no matter how it ends.
        int ignored = status_end(&watch->status);
        (void)ignored;
        return -(int)error_of_http_status(watch->http_status);
    }
    int error = objects_end(&watch->objects);
    watch->owner.counted(watch->owner.context, objects_counters(&watch->objects),
                         watch->state == LIST_WATCH_WATCHING);
    return watch->stream_error != 0 ? watch->stream_error : error;
}

static void
on_done(void *context, int error, struct text detail)
{
    struct list_watch *watch = context;
    bool watching = watch->state == LIST_WATCH_WATCHING;
    watch->transfer = 0;
    int decoded = watch->http_status != 0 ? decode_end(watch) : 0;
    // An answer that says why it failed is better than the way it broke off.
    bool refused = watch->http_status != 0 && (!watch->began_well || watch->stream_error != 0);
    if (error == 0 || refused) {
        error = decoded;
    }
    bool unreadable = error == -ERR_MALFORMED || error == -ERR_TOO_DEEP;
    if (unreadable && watching) {
        forget_version(watch);  // the same bytes would come again
        watch->stream_error = error;
    }
    if (error == -ERR_HTTP_410 || (error == -ERR_HTTP_5XX && watch->http_status == 504)) {
        forget_version(watch);
    }
    if (watching && watch->began_well && watch->stream_error == 0) {
        end_watch(watch);  // cut, timed out or ended: go on from the last version
        return;
    }
    if (error != 0) {
        if (!watching) {
            watch->continue_size = 0;  // a half list is begun again
        }
        struct text sentence = describe(watch, detail);
        fail(watch, error, sentence.size != 0 ? sentence : text_of(error_sentence(error)));
        return;
    }
    end_list_page(watch);
}

static int
on_head(void *context, long status, int64_t retry_after_ms)
{
    struct list_watch *watch = context;
    watch->http_status = status;
    watch->retry_after_ms = retry_after_ms;
    watch->began_well = status == 200;
    if (!watch->began_well) {
        status_begin(&watch->status, on_status, watch);
    } else if (watch->state == LIST_WATCH_WATCHING) {
        objects_begin_watch(&watch->objects, watch->kind, observer_of(watch), watch->annotations);
        watch->owner.outcome(watch->owner.context, watch->kind, 0, TEXT(""));
    } else {
        objects_begin_list(&watch->objects, watch->kind, observer_of(watch), watch->annotations);
    }
    return 0;
}

static int
on_bytes(void *context, const void *bytes, size_t size)
{
    struct list_watch *watch = context;
    if (!watch->began_well) {
        int ignored = status_feed(&watch->status, bytes, size);
        (void)ignored;  // plain text is no Status; the HTTP status is enough
        return 0;
    }
    return objects_feed(&watch->objects, bytes, size);
}

// Requests

// RFC 3986: what is not unreserved is escaped.
static void
out_escaped(struct out *out, struct text text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        bool plain = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                     (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
                     byte == '~';
        if (plain) {
            out_byte(out, (char)byte);
        } else {
            out_byte(out, '%');
            out_byte(out, digits[byte >> 4]);
            out_byte(out, digits[byte & 15]);
        }
    }
}

static struct text
list_path(struct list_watch *watch)
{
    struct out out = out_of(watch->path, sizeof watch->path);
    out_format(&out, "/api/v1/%s?limit=%u", plurals[watch->kind], (unsigned)watch->page_limit);
    if (watch->continue_size != 0) {
        out_string(&out, "&continue=");
        out_escaped(&out, (struct text){watch->continue_token, watch->continue_size});
    }
    return out_view(&out);
}

static struct text
watch_path(struct list_watch *watch, unsigned timeout_s)
{
    struct out out = out_of(watch->path, sizeof watch->path);
    out_format(&out, "/api/v1/%s?watch=1&allowWatchBookmarks=true&timeoutSeconds=%u&resourceVersion=",
               plurals[watch->kind], timeout_s);
    out_escaped(&out, version_of(watch));
    return out_view(&out);
}

static void
begin(struct list_watch *watch, struct mono_ns now)
{
    bool listing = watch->relist;
    unsigned timeout_s = WATCH_TIMEOUT_S + jitter(watch, WATCH_JITTER_S);
    struct fetch_request request = {
        .method = TEXT("GET"),
        .path = listing ? list_path(watch) : watch_path(watch, timeout_s),
        .accept = TEXT("application/json"),
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .total_timeout_ms = listing ? LIST_TIMEOUT_MS
                                    : (int64_t)(timeout_s + WATCH_GRACE_S) * MS_PER_S,
        .idle_timeout_ms = listing ? IDLE_LIST_TIMEOUT_MS : 0,
        .keep_alive = true,
        .context = watch,
        .on_head = on_head,
        .on_bytes = on_bytes,
        .on_done = on_done,
    };
    watch->owner.address(watch->owner.context, &request);
    watch->state = listing ? LIST_WATCH_LISTING : LIST_WATCH_WATCHING;
    watch->started = now;
    watch->event_count = 0;
    watch->stream_error = 0;
    watch->http_status = 0;
    watch->began_well = false;
    watch->retry_after_ms = 0;
    watch->sentence[0] = '\0';
    if (listing && watch->continue_size == 0) {
        watch->list_open = true;
        watch->owner.list_begin(watch->owner.context, watch->kind);
    }
    int error = fetch_start(watch->fetch, &request, &watch->transfer);
    if (error != 0) {
        watch->transfer = 0;
        fail(watch, error, text_of(error_sentence(error)));
    }
}

struct mono_ns
list_watch_step(struct list_watch *watch, struct mono_ns now)
{
    if (watch->state == LIST_WATCH_WAITING && !mono_before(now, watch->due)) {
        begin(watch, now);
    }
    if (watch->state == LIST_WATCH_WAITING) {
        return watch->due;
    }
    return mono_add_ms(now, WATCH_TIMEOUT_S * MS_PER_S);
}
