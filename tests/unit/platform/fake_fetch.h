// A network that tests answer for: requests are taken and wait until the test
// says what comes back.
//
//   struct fake_fetch net;
//   fake_fetch_open(&net);
//   ... code under test calls fetch_start(&net.fetch, ...) ...
//   struct fake_request *list = fake_fetch_find(&net, "/api/v1/pods");
//   fake_fetch_answer(list, 200, TEXT("{...}"));
//
// Callbacks run inside these calls, as they do inside fetch_step(); fetch_step
// ends what was cancelled and gives what was resumed. The contract of fetch.h is
// checked: on_done once, no body before a head, nothing after the end.
#ifndef SKERRY_TESTS_UNIT_PLATFORM_FAKE_FETCH_H
#define SKERRY_TESTS_UNIT_PLATFORM_FAKE_FETCH_H

#include "platform/fetch.h"

#define FAKE_REQUESTS_MAX 64
#define FAKE_IDENTITIES_MAX 16

struct fake_request {
    bool used;
    bool headed;
    bool cancelled;
    bool resumed;
    int cancel_error;
    int result;        // of the last on_bytes
    fetch_id id;
    struct fake_fetch *net;
    struct fetch_request request;  // its texts point into the copies below
    char method[8];
    char scheme[8];
    char host[256];
    char server_name[256];
    char path[6000];
    char bearer[256];
    char accept[200];
    size_t paused_size;  // bytes that are given again
    char paused[16384];
    bool connected;      // a stream that is open
    size_t sent_size;    // given to the stream and not taken by the test yet
    char sent[16384];
};

struct fake_fetch {
    struct fetch fetch;
    uint32_t next_id;
    uint32_t limit;         // requests at once; further ones are -ERR_BUSY
    uint64_t starts;        // calls, failed ones too
    uint64_t started;
    uint64_t fail_nth;      // this start fails, from 1; 0: none
    bool fail_for_ever;     // and all that follow
    int fail_error;         // positive
    uint32_t identity_count;
    uint64_t identity_replaced;
    int identity_error;     // what identity_add and _replace give, negative
    struct identity_config identity[FAKE_IDENTITIES_MAX + 1];
    char identity_texts[FAKE_IDENTITIES_MAX + 1][3][512];
    struct fake_request request[FAKE_REQUESTS_MAX];
};

// Large: keep it static.
void fake_fetch_open(struct fake_fetch *net);

// The oldest request under way whose path holds `part` ("" for any), or NULL.
struct fake_request *fake_fetch_find(struct fake_fetch *net, const char *part);
// The same by host.
struct fake_request *fake_fetch_find_host(struct fake_fetch *net, const char *host);
uint32_t fake_fetch_count(const struct fake_fetch *net);

void fake_fetch_head(struct fake_request *request, long status, int64_t retry_after_ms);
// True if the bytes were taken; false: paused, or the request ended.
bool fake_fetch_body(struct fake_request *request, struct text bytes);
// Ends it: 0 or an enum error.
void fake_fetch_end(struct fake_request *request, int error);
// Opens a stream. What is sent waits in `sent`, unconfirmed, until the test sets
// sent_size to 0; answers go by fake_fetch_body.
void fake_fetch_connect(struct fake_request *request);
// Head, body and end.
void fake_fetch_answer(struct fake_request *request, long status, struct text body);

#endif
