#include "platform/fake_fetch.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static struct fake_fetch *
net_of(struct fetch *fetch)
{
    return (struct fake_fetch *)fetch;
}

static struct text
keep(char *to, size_t room, struct text text)
{
    CHECK(text.size < room);
    if (text.size != 0) {
        memcpy(to, text.at, text.size);
    }
    to[text.size] = '\0';
    return (struct text){to, text.size};
}

static void
keep_identity(struct fake_fetch *net, uint32_t index, const struct identity_config *config)
{
    char(*texts)[512] = net->identity_texts[index];
    net->identity[index] = (struct identity_config){
        .trust = config->trust,
        .ca_pem = keep(texts[0], sizeof texts[0], config->ca_pem),
        .client_cert_pem = keep(texts[1], sizeof texts[1], config->client_cert_pem),
        .client_key_pem = keep(texts[2], sizeof texts[2], config->client_key_pem),
    };
}

static int
identity_add(struct fetch *fetch, const struct identity_config *config, fetch_identity *identity,
             struct out *why)
{
    struct fake_fetch *net = net_of(fetch);
    if (net->identity_error != 0) {
        out_string(why, "the identity is refused");
        return net->identity_error;
    }
    CHECK(net->identity_count < FAKE_IDENTITIES_MAX);
    *identity = ++net->identity_count;
    keep_identity(net, *identity, config);
    return 0;
}

static int
identity_replace(struct fetch *fetch, fetch_identity identity,
                 const struct identity_config *config, struct out *why)
{
    struct fake_fetch *net = net_of(fetch);
    CHECK(identity >= 1 && identity <= net->identity_count);
    if (net->identity_error != 0) {
        out_string(why, "the identity is refused");
        return net->identity_error;
    }
    net->identity_replaced++;
    keep_identity(net, identity, config);
    return 0;
}

static struct fake_request *
take(struct fake_fetch *net)
{
    struct fake_request *oldest = NULL;
    for (uint32_t i = 0; i < net->limit; i++) {
        if (!net->request[i].used) {
            oldest = &net->request[i];
            break;
        }
    }
    return oldest;
}

static bool
fails_now(struct fake_fetch *net)
{
    net->starts++;
    return net->fail_nth != 0
           && (net->starts == net->fail_nth
               || (net->fail_for_ever && net->starts > net->fail_nth));
}

static int
start(struct fetch *fetch, const struct fetch_request *request, fetch_id *id)
{
    struct fake_fetch *net = net_of(fetch);
    if (fails_now(net)) {
        return -net->fail_error;
    }
    struct fake_request *taken = take(net);
    if (taken == NULL) {
        return -ERR_BUSY;
    }
    memset(taken, 0, offsetof(struct fake_request, request));
    taken->used = true;
    taken->net = net;
    taken->id = ++net->next_id;
    taken->request = *request;
    struct fetch_request *copy = &taken->request;
    copy->method = keep(taken->method, sizeof taken->method, request->method);
    copy->scheme = keep(taken->scheme, sizeof taken->scheme, request->scheme);
    copy->host = keep(taken->host, sizeof taken->host, request->host);
    copy->server_name = keep(taken->server_name, sizeof taken->server_name, request->server_name);
    copy->path = keep(taken->path, sizeof taken->path, request->path);
    copy->bearer = keep(taken->bearer, sizeof taken->bearer, request->bearer);
    copy->accept = keep(taken->accept, sizeof taken->accept, request->accept);
    taken->paused_size = 0;
    taken->connected = false;
    taken->sent_size = 0;
    net->started++;
    *id = taken->id;
    return 0;
}

static struct fake_request *
by_id(struct fake_fetch *net, fetch_id id)
{
    for (uint32_t i = 0; i < FAKE_REQUESTS_MAX; i++) {
        if (net->request[i].used && net->request[i].id == id) {
            return &net->request[i];
        }
    }
    return NULL;
}

static void
cancel(struct fetch *fetch, fetch_id id, int error)
{
    struct fake_request *request = by_id(net_of(fetch), id);
    if (request != NULL && !request->cancelled) {
        request->cancelled = true;
        request->cancel_error = error < 0 ? -error : error == 0 ? ERR_TIMEOUT : error;
    }
}

static void
resume(struct fetch *fetch, fetch_id id)
{
    struct fake_request *request = by_id(net_of(fetch), id);
    if (request != NULL && request->paused_size != 0) {
        request->resumed = true;
    }
}

static int64_t
send_bytes(struct fetch *fetch, fetch_id id, const void *bytes, size_t size)
{
    struct fake_request *request = by_id(net_of(fetch), id);
    CHECK(request != NULL && request->connected);
    size_t room = sizeof request->sent - request->sent_size;
    size_t part = size < room ? size : room;
    memcpy(request->sent + request->sent_size, bytes, part);
    request->sent_size += part;
    return (int64_t)part;
}

static int64_t
unconfirmed(struct fetch *fetch, fetch_id id)
{
    struct fake_request *request = by_id(net_of(fetch), id);
    CHECK(request != NULL && request->connected);
    return (int64_t)request->sent_size;
}

static int
step(struct fetch *fetch, struct mono_ns deadline)
{
    struct fake_fetch *net = net_of(fetch);
    (void)deadline;
    for (uint32_t i = 0; i < FAKE_REQUESTS_MAX; i++) {
        struct fake_request *request = &net->request[i];
        if (request->used && request->cancelled) {
            fake_fetch_end(request, request->cancel_error);
        } else if (request->used && request->resumed) {
            request->resumed = false;
            size_t size = request->paused_size;
            request->paused_size = 0;
            fake_fetch_body(request, (struct text){request->paused, size});
        }
    }
    return 0;
}

static void
use(const struct fetch *fetch, struct fetch_use *use)
{
    (void)fetch;
    *use = (struct fetch_use){0};
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
fake_fetch_open(struct fake_fetch *net)
{
    memset(net, 0, sizeof *net);
    net->fetch.ops = &operations;
    net->limit = FAKE_REQUESTS_MAX;
}

static struct fake_request *
find(struct fake_fetch *net, const char *path, const char *host)
{
    struct fake_request *found = NULL;
    for (uint32_t i = 0; i < FAKE_REQUESTS_MAX; i++) {
        struct fake_request *request = &net->request[i];
        if (request->used && strstr(request->path, path) != NULL
            && (host == NULL || strcmp(request->host, host) == 0)
            && (found == NULL || request->id < found->id)) {
            found = request;
        }
    }
    return found;
}

struct fake_request *
fake_fetch_find(struct fake_fetch *net, const char *part)
{
    return find(net, part, NULL);
}

struct fake_request *
fake_fetch_find_host(struct fake_fetch *net, const char *host)
{
    return find(net, "", host);
}

uint32_t
fake_fetch_count(const struct fake_fetch *net)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < FAKE_REQUESTS_MAX; i++) {
        count += net->request[i].used ? 1 : 0;
    }
    return count;
}

void
fake_fetch_head(struct fake_request *request, long status, int64_t retry_after_ms)
{
    CHECK(request != NULL && request->used && !request->headed);
    request->headed = true;
    int error = request->request.on_head(request->request.context, status, retry_after_ms);
    if (error != 0) {
        fake_fetch_end(request, error < 0 ? -error : error);
    }
}

bool
fake_fetch_body(struct fake_request *request, struct text bytes)
{
    CHECK(request != NULL && request->used && request->headed);
    CHECK(request->paused_size == 0);
    fetch_id id = request->id;
    request->result = request->request.on_bytes(request->request.context, bytes.at, bytes.size);
    CHECK(request->used && request->id == id);
    if (request->result == FETCH_PAUSE) {
        CHECK(bytes.size <= sizeof request->paused);
        if (bytes.at != request->paused) {
            memcpy(request->paused, bytes.at, bytes.size);
        }
        request->paused_size = bytes.size;
        return false;
    }
    if (request->result < 0) {
        fake_fetch_end(request, -request->result);
        return false;
    }
    return true;
}

void
fake_fetch_end(struct fake_request *request, int error)
{
    CHECK(request != NULL && request->used);
    char text[64];
    struct out detail = out_of(text, sizeof text);
    if (error != 0) {
        out_format(&detail, "fake: %s", error_name(error));
    }
    struct fetch_request copy = request->request;
    request->used = false;
    copy.on_done(copy.context, -error, out_view(&detail));
}

void
fake_fetch_connect(struct fake_request *request)
{
    CHECK(request != NULL && request->used && request->request.stream && !request->connected);
    request->connected = true;
    request->headed = true;
    request->request.on_open(request->request.context);
}

void
fake_fetch_answer(struct fake_request *request, long status, struct text body)
{
    CHECK(request != NULL);
    fetch_id id = request->id;
    fake_fetch_head(request, status, 0);
    if (request->used && request->id == id
        && (body.size == 0 || fake_fetch_body(request, body))) {
        fake_fetch_end(request, 0);
    }
}
