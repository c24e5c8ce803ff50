#include "platform/fetch_curl.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "platform/fetch_stream.h"
#include "platform/fetch_transfer.h"

#define EVENTS_MAX 64
// With so many requests under way, the first answer waits so long for others, so
// that they are read together: warm code and fewer turns of the loop. A few
// requests are long lists, which must not wait.
#define GATHER_TRANSFERS_MIN 6
#define GATHER_MS 4
// Sockets of name servers, and those that are being closed.
#define DESCRIPTORS_SPARE 64
// Descriptors of the process that are not ours: log, table, signals.
#define DESCRIPTORS_FOREIGN 64
// A transfer's id is its place and how often that was used.
#define PLACE_BITS 12
#define PLACE_MASK ((1U << PLACE_BITS) - 1)
_Static_assert(FETCH_TRANSFERS_MAX <= PLACE_MASK, "0 is no id");

struct fetch_curl {
    struct fetch fetch;
    struct fetch_curl_caps caps;
    CURLM *multi;
    int epoll;
    bool stepping;
    bool woken;
    int64_t timer_ns;   // when curl wants to be called; INT64_MAX = never
    int64_t expiry_ns;  // no timeout of a transfer ends before
    uint32_t transfer_count;
    uint32_t transfer_peak;
    uint32_t free_count;
    uint32_t todo_count;
    uint32_t *free_list;  // places of transfers
    uint32_t *todo;       // places of transfers that want something
    struct transfer *transfers;
    struct fetch_shared shared;
    char detail[512];
};

static const struct fetch_ops operations;

static int64_t
now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

// Library heap, measured with curl 8.14.1, mbedTLS 3.6.7 and c-ares 1.34 on a
// TLS 1.3 connection, answers of 100 KB; tests/bench/bench_fetch.c measures anew.
// Multi handle, name servers, cache of names; while starting, libyaml.
#define HEAP_BASE_BYTES (256 * 1024)
// A chain of authorities, a client certificate and its key, the next ones.
#define HEAP_IDENTITY_BYTES (48 * 1024)
// 5.3 KB always; 27 KB of record buffers, headers and texts while it runs; and
// up to 16 KB of the answer for one in four, which is paused.
#define HEAP_TRANSFER_BYTES (36 * 1024)
// Parked: 9.3 KB (TLS 1.2) or 13.4 KB (1.3); plain: 2.4 KB.
#define HEAP_CONNECTION_BYTES (14 * 1024)
// Certificates of the server, keys, big numbers: 65 KB at most, of which the
// connection and the transfer have their part already.
#define HEAP_HANDSHAKE_BYTES (40 * 1024)

size_t
fetch_curl_heap_bytes(const struct fetch_curl_caps *caps)
{
    size_t bytes = HEAP_BASE_BYTES + (size_t)caps->identities * HEAP_IDENTITY_BYTES
                   + (size_t)caps->transfers * HEAP_TRANSFER_BYTES
                   + (size_t)caps->connections * HEAP_CONNECTION_BYTES
                   + (size_t)caps->handshakes * HEAP_HANDSHAKE_BYTES;
    // Four fifths of a heap can be in use, whatever the order (base/heap.h).
    return bytes / 4 * 5;
}

static struct fetch_curl *
self_of(struct fetch *fetch)
{
    ASSERT(fetch->ops == &operations);
    return (struct fetch_curl *)fetch;
}

uint32_t
fetch_curl_descriptors(const struct fetch_curl_caps *caps)
{
    return caps->connections + caps->transfers + DESCRIPTORS_SPARE;
}

static uint32_t
link_limit_of(const struct fetch_curl_caps *caps)
{
    return fetch_curl_descriptors(caps) + DESCRIPTORS_FOREIGN;
}

size_t
fetch_curl_footprint(const struct fetch_curl_caps *caps)
{
    return arena_bytes(sizeof(struct fetch_curl))
           + 2 * arena_bytes(caps->transfers * sizeof(uint32_t))
           + arena_bytes(caps->transfers * sizeof(struct transfer))
           + arena_bytes(link_limit_of(caps) * sizeof(struct fetch_link))
           + fetch_tls_footprint(caps->identities)
           + fetch_sessions_footprint(caps->connections);
}

static int
on_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct fetch_curl *self = context;
    self->timer_ns = timeout_ms < 0 ? INT64_MAX : now_ns() + timeout_ms * NS_PER_MS;
    return 0;
}

static void
unwatch(struct fetch_curl *self, int descriptor)
{
    struct fetch_link *link = &self->shared.links.link[descriptor];
    if (link->watched) {
        // Fails when the socket is closed already; then it is out as well.
        (void)epoll_ctl(self->epoll, EPOLL_CTL_DEL, descriptor, NULL);
    }
    link->watched = false;
}

static int
watch(struct fetch_curl *self, int descriptor, uint32_t events)
{
    struct fetch_link *link = &self->shared.links.link[descriptor];
    struct epoll_event event = {.data.fd = descriptor, .events = events};
    int first = link->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    int second = link->watched ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    link->watched = true;
    link->events = events;
    if (epoll_ctl(self->epoll, first, descriptor, &event) != 0
        && epoll_ctl(self->epoll, second, descriptor, &event) != 0) {
        link->watched = false;
        return -1;
    }
    return 0;
}

// A connection that rests stays in the set, as its next request will want it
// there; the first event meanwhile, which is mostly the other side's end, takes
// it out. Sockets of name servers are closed without our knowing.
static int
on_socket(CURL *easy, curl_socket_t descriptor, int what, void *context, void *unused)
{
    (void)easy;
    (void)unused;
    struct fetch_curl *self = context;
    if (descriptor < 0 || (uint32_t)descriptor >= self->shared.links.limit) {
        return -1;
    }
    struct fetch_link *link = &self->shared.links.link[descriptor];
    link->wanted = what != CURL_POLL_REMOVE;
    if (!link->wanted) {
        if (!link->open || link->events != EPOLLIN) {
            unwatch(self, descriptor);
        }
        return 0;
    }
    uint32_t events = (what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U;
    events |= (what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U;
    bool stays = link->open && link->watched && link->events == events;
    return stays ? 0 : watch(self, descriptor, events);
}

static void
set_multi(struct fetch_curl *self)
{
    curl_multi_setopt(self->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(self->multi, CURLMOPT_SOCKETDATA, self);
    curl_multi_setopt(self->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(self->multi, CURLMOPT_TIMERDATA, self);
    curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, (long)self->caps.connections);
    curl_multi_setopt(self->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
}

static int
init_epoll(struct fetch_curl *self)
{
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (self->epoll < 0) {
        return -ERR_IO;
    }
    if (self->caps.wake_fd < 0) {
        return 0;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.fd = self->caps.wake_fd};
    return epoll_ctl(self->epoll, EPOLL_CTL_ADD, self->caps.wake_fd, &event) == 0 ? 0 : -ERR_IO;
}

static int
init_libraries(struct fetch_curl *self)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return -ERR_HEAP_FULL;
    }
    self->multi = curl_multi_init();
    if (self->multi == NULL) {
        return -ERR_HEAP_FULL;
    }
    set_multi(self);
    for (uint32_t i = 0; i < self->caps.transfers; i++) {
        int error = transfer_init(&self->transfers[i], &self->shared, i);
        if (error != 0) {
            return error;
        }
        // The last one is taken first: low places stay in the cache.
        self->free_list[self->free_count++] = self->caps.transfers - 1 - i;
    }
    return 0;
}

int
fetch_curl_init(struct arena *arena, const struct fetch_curl_caps *caps, struct fetch **fetch)
{
    ASSERT(caps->transfers >= 1 && caps->transfers <= FETCH_TRANSFERS_MAX);
    struct fetch_curl *self = arena_take(arena, sizeof(*self));
    self->fetch.ops = &operations;
    self->caps = *caps;
    self->timer_ns = INT64_MAX;
    self->expiry_ns = INT64_MAX;
    self->free_list = arena_take_array(arena, caps->transfers, sizeof(uint32_t));
    self->todo = arena_take_array(arena, caps->transfers, sizeof(uint32_t));
    self->transfers = arena_take_array(arena, caps->transfers, sizeof(struct transfer));
    struct fetch_links *links = &self->shared.links;
    links->limit = link_limit_of(caps);
    links->link = arena_take_array(arena, links->limit, sizeof(struct fetch_link));
    links->receive_buffer_bytes = caps->receive_buffer_bytes;
    links->send_buffer_bytes = caps->send_buffer_bytes;
    self->shared.handshake_limit = caps->handshakes;
    self->shared.tls = fetch_tls_init(arena, caps->identities);
    fetch_sessions_init(&self->shared.sessions, arena, caps->connections);
    *fetch = &self->fetch;
    int error = init_epoll(self);
    return error != 0 ? error : init_libraries(self);
}

static fetch_id
id_of(const struct fetch_curl *self, const struct transfer *transfer)
{
    uint32_t place = (uint32_t)(transfer - self->transfers);
    return transfer->generation << PLACE_BITS | (place + 1);
}

// NULL when that transfer is over.
static struct transfer *
find(struct fetch_curl *self, fetch_id id)
{
    uint32_t place = (id & PLACE_MASK) - 1;
    if (place >= self->caps.transfers) {
        return NULL;
    }
    struct transfer *transfer = &self->transfers[place];
    return transfer->state != TRANSFER_FREE && id_of(self, transfer) == id ? transfer : NULL;
}

static void
want(struct fetch_curl *self, struct transfer *transfer)
{
    if (!transfer->listed) {
        ASSERT(self->todo_count < self->caps.transfers);
        transfer->listed = true;
        self->todo[self->todo_count++] = (uint32_t)(transfer - self->transfers);
    }
}

static void
give_back(struct fetch_curl *self, struct transfer *transfer)
{
    transfer->state = TRANSFER_FREE;
    self->free_list[self->free_count++] = (uint32_t)(transfer - self->transfers);
    self->transfer_count--;
}

static int
start(struct fetch *fetch, const struct fetch_request *request, fetch_id *id)
{
    struct fetch_curl *self = self_of(fetch);
    if (self->free_count == 0) {
        return -ERR_BUSY;
    }
    struct transfer *transfer = &self->transfers[self->free_list[self->free_count - 1]];
    int error = transfer_prepare(transfer, request, now_ns());
    if (error != 0) {
        return error;
    }
    self->free_count--;
    transfer->state = TRANSFER_QUEUED;
    transfer->generation++;
    transfer->wants_cancel = false;
    transfer->wants_resume = false;
    self->transfer_count++;
    if (self->transfer_count > self->transfer_peak) {
        self->transfer_peak = self->transfer_count;
    }
    want(self, transfer);
    *id = id_of(self, transfer);
    return 0;
}

static void
cancel(struct fetch *fetch, fetch_id id, int error)
{
    struct fetch_curl *self = self_of(fetch);
    struct transfer *transfer = find(self, id);
    if (transfer != NULL && !transfer->wants_cancel) {
        transfer->wants_cancel = true;
        transfer->error = error == 0 ? ERR_TIMEOUT : error < 0 ? -error : error;
        want(self, transfer);
    }
}

static void
resume(struct fetch *fetch, fetch_id id)
{
    struct fetch_curl *self = self_of(fetch);
    struct transfer *transfer = find(self, id);
    if (transfer != NULL && transfer->paused) {
        transfer->wants_resume = true;
        want(self, transfer);
    }
}

// The place is free before on_done runs, which may start the next request.
static void
finish(struct fetch_curl *self, struct transfer *transfer, CURLcode code)
{
    if (transfer->state == TRANSFER_STREAM) {
        fetch_stream_end(transfer, self->epoll);
    }
    if (transfer->state != TRANSFER_QUEUED) {
        curl_multi_remove_handle(self->multi, transfer->easy);
    }
    struct out detail = out_of(self->detail, sizeof(self->detail));
    int error = transfer_finish(transfer, code, &detail);
    struct fetch_request request = transfer->request;
    give_back(self, transfer);
    request.on_done(request.context, error, out_view(&detail));
}

static void
note_look(struct fetch_curl *self, const struct transfer *transfer, int64_t now)
{
    int64_t look = transfer_next_look(transfer, now);
    if (look < self->expiry_ns) {
        self->expiry_ns = look;
    }
}

static void
do_one(struct fetch_curl *self, struct transfer *transfer)
{
    if (transfer->state == TRANSFER_FREE) {
        return;
    }
    if (transfer->wants_cancel) {
        finish(self, transfer, CURLE_ABORTED_BY_CALLBACK);
        return;
    }
    if (transfer->state == TRANSFER_QUEUED) {
        if (curl_multi_add_handle(self->multi, transfer->easy) != CURLM_OK) {
            finish(self, transfer, CURLE_OUT_OF_MEMORY);
            return;
        }
        transfer->state = TRANSFER_RUNNING;
        note_look(self, transfer, now_ns());
    }
    if (transfer->wants_resume) {
        transfer->wants_resume = false;
        transfer->paused = false;
        // Calls on_body at once; a failure there ends the transfer later.
        (void)curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
        note_look(self, transfer, now_ns());
    }
}

// A place that callbacks give to a new request meanwhile stays in the list.
static bool
do_todo(struct fetch_curl *self)
{
    bool any = self->todo_count != 0;
    for (uint32_t i = 0; i < self->todo_count; i++) {
        struct transfer *transfer = &self->transfers[self->todo[i]];
        do_one(self, transfer);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < self->todo_count; i++) {
        struct transfer *transfer = &self->transfers[self->todo[i]];
        bool more = transfer->state == TRANSFER_QUEUED
                    || (transfer->state != TRANSFER_FREE
                        && (transfer->wants_cancel || transfer->wants_resume));
        transfer->listed = more;
        if (more) {
            self->todo[kept++] = self->todo[i];
        }
    }
    self->todo_count = kept;
    return any;
}

static bool
expire(struct fetch_curl *self, int64_t now)
{
    if (now < self->expiry_ns) {
        return false;
    }
    bool any = false;
    self->expiry_ns = INT64_MAX;
    for (uint32_t i = 0; i < self->caps.transfers; i++) {
        struct transfer *transfer = &self->transfers[i];
        if (transfer->state != TRANSFER_RUNNING) {
            continue;
        }
        const char *when = NULL;
        int64_t deadline = transfer_deadline(transfer, &when);
        if (deadline <= now) {
            transfer->error = ERR_TIMEOUT;
            transfer->when = when;
            finish(self, transfer, CURLE_OPERATION_TIMEDOUT);
            any = true;
        } else {
            note_look(self, transfer, now);
        }
    }
    return any;
}

static void
end_stream(struct fetch_curl *self, struct transfer *transfer, int error)
{
    if (error != 0 && transfer->state == TRANSFER_STREAM) {
        transfer->error = -error;
        finish(self, transfer, CURLE_RECV_ERROR);
    }
}

static void
begin_stream(struct fetch_curl *self, struct transfer *transfer)
{
    int error = fetch_stream_begin(transfer, self->epoll);
    if (error != 0) {
        transfer->error = -error;
        finish(self, transfer, CURLE_COULDNT_CONNECT);
        return;
    }
    transfer->state = TRANSFER_STREAM;
    transfer->request.on_open(transfer->request.context);
}

static bool
collect_finished(struct fetch_curl *self)
{
    bool any = false;
    int left = 0;
    for (CURLMsg *message = curl_multi_info_read(self->multi, &left); message != NULL;
         message = curl_multi_info_read(self->multi, &left)) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        struct transfer *transfer = NULL;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        any = true;
        if (code == CURLE_OK && transfer->request.stream && transfer->error == 0) {
            begin_stream(self, transfer);
            continue;
        }
        transfer_settle(transfer);
        finish(self, transfer, code);
    }
    return any;
}

static int
wait_ms(const struct fetch_curl *self, int64_t deadline, int64_t now)
{
    int64_t until = deadline;
    until = self->timer_ns < until ? self->timer_ns : until;
    until = self->expiry_ns < until ? self->expiry_ns : until;
    if (until <= now || self->todo_count != 0) {
        return 0;
    }
    int64_t ms = (until - now + NS_PER_MS - 1) / NS_PER_MS;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

static struct transfer *
stream_of(struct fetch_curl *self, int descriptor)
{
    if (descriptor < 0 || (uint32_t)descriptor >= self->shared.links.limit) {
        return NULL;
    }
    uint32_t place = self->shared.links.link[descriptor].stream;
    return place == 0 ? NULL : &self->transfers[place - 1];
}

static bool
wait_and_act(struct fetch_curl *self, int timeout_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int running = 0;
    int count = epoll_wait(self->epoll, events, EVENTS_MAX, timeout_ms);
    if (count > 0 && timeout_ms > 0 && self->transfer_count >= GATHER_TRANSFERS_MIN) {
        (void)poll(NULL, 0, GATHER_MS);
        count = epoll_wait(self->epoll, events, EVENTS_MAX, 0);
    }
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == self->caps.wake_fd) {
            self->woken = true;
            continue;
        }
        struct transfer *stream = stream_of(self, events[i].data.fd);
        if (stream != NULL) {
            end_stream(self, stream, fetch_stream_event(stream, self->epoll, events[i].events));
            continue;
        }
        if (!self->shared.links.link[events[i].data.fd].wanted) {
            unwatch(self, events[i].data.fd);
            continue;
        }
        int what = 0;
        what |= (events[i].events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0;
        what |= (events[i].events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
        what |= (events[i].events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0;
        curl_multi_socket_action(self->multi, events[i].data.fd, what, &running);
    }
    if (self->timer_ns <= now_ns()) {
        self->timer_ns = INT64_MAX;
        curl_multi_socket_action(self->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    return count > 0;
}

static int
step(struct fetch *fetch, struct mono_ns deadline)
{
    struct fetch_curl *self = self_of(fetch);
    ASSERT(!self->stepping);
    self->stepping = true;
    self->woken = false;
    bool any = false;
    do {
        any = do_todo(self);
        int64_t now = now_ns();
        any = expire(self, now) || any;
        any = wait_and_act(self, any ? 0 : wait_ms(self, deadline.ns, now)) || any;
        any = collect_finished(self) || any;
    } while (!any && !self->woken && now_ns() < deadline.ns);
    self->stepping = false;
    return 0;
}

static int64_t
send_bytes(struct fetch *fetch, fetch_id id, const void *bytes, size_t size)
{
    struct fetch_curl *self = self_of(fetch);
    struct transfer *transfer = find(self, id);
    if (transfer == NULL || transfer->state != TRANSFER_STREAM || transfer->wants_cancel) {
        return -ERR_RESET;
    }
    int64_t sent = fetch_stream_send(transfer, self->epoll, bytes, size);
    if (sent < 0) {
        cancel(fetch, id, (int)sent);
    }
    return sent;
}

static int64_t
unconfirmed(struct fetch *fetch, fetch_id id)
{
    struct transfer *transfer = find(self_of(fetch), id);
    return transfer == NULL || transfer->state != TRANSFER_STREAM
               ? 0 : fetch_stream_unconfirmed(transfer);
}

static int
identity_add(struct fetch *fetch, const struct identity_config *config, fetch_identity *identity,
             struct out *why)
{
    return fetch_tls_add(self_of(fetch)->shared.tls, config, identity, why);
}

static int
identity_replace(struct fetch *fetch, fetch_identity identity,
                 const struct identity_config *config, struct out *why)
{
    return fetch_tls_replace(self_of(fetch)->shared.tls, identity, config, why);
}

static void
use(const struct fetch *fetch, struct fetch_use *use)
{
    const struct fetch_curl *self = (const struct fetch_curl *)fetch;
    *use = (struct fetch_use){
        .transfers = self->transfer_count,
        .transfers_peak = self->transfer_peak,
        .transfers_limit = self->caps.transfers,
        .connections_limit = self->caps.connections,
        .connections_opened_total = self->shared.links.opened_total,
        .handshakes_full_total = self->shared.handshakes_full_total,
        .handshakes_resumed_total = self->shared.handshakes_resumed_total,
    };
}

static const struct fetch_ops operations = {
    .identity_add = identity_add,
    .identity_replace = identity_replace,
    .start = start,
    .cancel = cancel,
    .resume = resume,
    .send = send_bytes,
    .unconfirmed = unconfirmed,
    .step = step,
    .use = use,
};

void
fetch_curl_close(struct fetch *fetch)
{
    struct fetch_curl *self = self_of(fetch);
    for (uint32_t i = 0; i < self->caps.transfers; i++) {
        struct transfer *transfer = &self->transfers[i];
        if (transfer->state == TRANSFER_RUNNING || transfer->state == TRANSFER_STREAM) {
            curl_multi_remove_handle(self->multi, transfer->easy);
        }
        curl_easy_cleanup(transfer->easy);
    }
    curl_multi_cleanup(self->multi);
    fetch_tls_close(self->shared.tls);
    curl_global_cleanup();
    close(self->epoll);
}
