// One request and its answer, as handlers see them.
//
// A handler looks at the request and names a step function; the step writes the
// answer piece by piece into whatever room there is, so that no answer is ever
// held whole. A step writes one element (a line, an item of a list) and moves
// the cursor on; an element that did not fit is taken back and written again
// into the next piece. Elements are at most EXCHANGE_ELEMENT_BYTES_MAX long.
//
// No I/O here, no clock, no memory beyond the struct: http.c owns one for each
// client, tests put one on the stack.
#ifndef SKERRY_API_EXCHANGE_H
#define SKERRY_API_EXCHANGE_H

#include <stdbool.h>

#include "api/cluster_count.h"
#include "api/historical_bucket.h"
#include "api/order.h"
#include "api/query.h"
#include "api/route.h"
#include "base/heap.h"
#include "base/text.h"
#include "base/times.h"
#include "budget/plan.h"
#include "history/history.h"
#include "history/history_status.h"
#include "model/metric.h"
#include "sink/sink_status.h"
#include "table/reader.h"

// The room that exchange_fill is given must not be less.
#define EXCHANGE_ELEMENT_BYTES_MAX 8192
#define EXCHANGE_MESSAGE_BYTES_MAX 1200
// Rows that one step may look at before it pauses for other clients.
#define EXCHANGE_ROWS_PER_STEP 4096
#define EXCHANGE_TOP_MAX 20
#define EXCHANGE_COOKIE_BYTES_MAX 200

// How a role is doing; app/ fills these from what guard wrote down.
struct role_report {
    const char *name;
    const char *state;           // one word: "ready", "starting", "down"
    bool up;                     // it does its work
    uint32_t pid;                // 0 = none
    struct wall_ms since;        // of that state; 0 = unknown
    uint64_t deaths_total;
    uint64_t restarts_total;
    struct wall_ms last_death;   // 0 = none known
    const char *last_reason;     // sentence, "" = none
    struct heap_use heap;        // of its libraries; size 0: none, or not known
};
#define ROLE_REPORTS_MAX 8

// What the server counts; http.c keeps it.
#define HTTP_STATUS_CLASSES 6
struct http_use {
    uint32_t clients, clients_peak, clients_limit;
    uint64_t accepted_total;
    uint64_t refused_total;    // no client free
    uint64_t evicted_total;    // idle ones that made room for a new one
    uint64_t timeout_total;    // too slow in sending or reading
    uint64_t forbidden_total;  // Host or Origin of somebody else
    uint64_t unauthorized_total;       // without a good token
    uint64_t handshakes_total;         // TLS handshakes that came to their end
    uint64_t handshakes_failed_total;  // and those that did not
    uint64_t failed_total;     // no heap for an answer
    uint64_t cut_total;        // answers that could not be given whole
    uint64_t request_total[HTTP_STATUS_CLASSES];  // by first digit of the status
    uint64_t answer_us_total;  // from the request's end to the answer's
    uint32_t answer_us_max;
};

// The history as handlers may ask it; app/serve.c opens it, and opens it again
// after an error.
struct historical {
    struct history *history;   // NULL: not open
    bool kept;                 // --history is not 0
    int error;                 // why it is not open, or of the last read; 0 = none
    uint32_t resolution_s;     // of the cycles recorded
    struct history_use use;    // a minute old at most; zero: nothing is known
    bool has_status;
    struct history_status status;   // what record says of itself
    struct historical_page *page;   // historical_read.h
    uint64_t serial;           // of the newest exchange
    uint64_t pages_total;      // read from the file
    uint64_t failures_total;
};

// What handlers may know of the process; app/serve.c fills it.
struct api {
    const struct table_reader *table;  // NULL while there is none
    struct order *order;
    struct historical historical;
    const char *version;
    struct wall_ms started;
    const struct plan *plan;      // NULL: not known
    struct heap_use heap;         // of this role; size 0: not known
    unsigned role_count;
    struct role_report role[ROLE_REPORTS_MAX];
    struct http_use http;
    const struct sink_statuses *sinks;  // NULL: none
};

// A place in an answer; all zero to begin. Each step is free in what it keeps
// in which member.
struct cursor {
    unsigned stage;
    uint32_t written;   // elements so far
    row_index row;
    row_index inner;
    uint32_t hops;      // along a list, which may be damaged
    uint32_t offset;    // in a text of the request
    struct wall_ms time;
    struct order_cursor order;
};

// STEP_CUT: what is missing cannot be had any more; the answer breaks off, so that
// nobody takes it for whole.
enum step { STEP_MORE, STEP_PAUSE, STEP_DONE, STEP_CUT };

struct exchange;
struct web_asset;
typedef enum step exchange_step(struct exchange *exchange, struct out *out);
typedef void exchange_handler(struct exchange *exchange);

// What the model API works out from a request once.
struct model_ask {
    enum entity entity;
    bool extra;               // a metric outside of the catalogue
    bool recorded;            // of the history, not of the live table
    enum metric metric;
    struct text name;         // of the metric, as asked or as it is called now
    struct text resource_id;  // labelled metrics
    struct time_range range;
};

// A series of the history that is being answered.
struct historical_ask {
    struct history_name name;  // texts of the request
    struct text list;          // pods, pod ids or metrics with commas between
    bool of_metrics;           // the list is one of metrics
    unsigned aggregations;     // bits; 0: the points themselves
    int64_t bucket_ms;         // 0: one bucket
    int64_t step_ms;           // of struct history_ask
    int64_t floor_ms;          // nothing older is read
    int64_t skip_ms;           // up to here there was nothing
    uint32_t item;             // tells the series of one answer apart
    uint32_t points_left;      // to the limit of one answer
    unsigned tries;            // failures in a row
    int error;                 // why the answer is not complete
    bool cut;                  // more was asked for than one answer gives
    int64_t bucket_start_ms;   // of the bucket that is being filled
    struct historical_bucket bucket;
};

// What the API of Kubernetes was asked for; resource_list.h.
enum resource_format { RESOURCE_METRICS, RESOURCE_TABLE, RESOURCE_CORE };
struct resource_ask {
    enum resource_format format;
    bool nodes;            // else pods
    bool single;           // one object, the path's last value
    bool heapster;         // as Heapster wrote quantities
    const char *version;   // apiVersion
    const char *plural;    // "nodes", "pods"; NULL: nothing of the kind
    struct text labels;    // selectors
    struct text fields;
};

struct top_row {
    row_index row;
    double value;
};

// What handlers may know of a request's head; valid in the handler only.
struct request_head {
    bool accepts_gzip;
    bool accepts_html;
    struct text if_none_match;
};

struct exchange {
    // The request.
    struct api *api;
    struct wall_ms now;
    struct request_head head;
    struct route_match match;
    struct query query;
    struct text accept;        // header; empty when there is none
    bool trusted;              // the token is there, or none is needed
    bool closes_after;         // the connection is closed behind the answer
    // The answer.
    unsigned status;
    const char *content_type;
    const char *allow;         // 405 only
    const char *policy;        // Content-Security-Policy, NULL = none
    const char *etag;          // quoted; NULL = none, and nothing may be kept
    const char *encoding;      // NULL = none
    const char *location;      // 303 only
    char set_cookie[EXCHANGE_COOKIE_BYTES_MAX];  // empty = none
    const struct web_asset *asset;  // web_api.c
    exchange_step *step;
    struct cursor cursor;
    bool of_table;             // without the table there is no more of it
    bool cut;                  // it is not whole: the connection breaks off behind it
    uint64_t row_limit;        // of a list of the page; 0: none
    struct model_ask ask;
    struct resource_ask resource;
    struct cluster_counts counts;  // of the appliance API
    unsigned top_count;
    struct top_row top[EXCHANGE_TOP_MAX];
    // An answer is either a message or something that is worked out.
    size_t message_bytes;
    union {
        char message[EXCHANGE_MESSAGE_BYTES_MAX];
        struct historical_ask past;
    };
    uint64_t serial;           // no two answers have the same
};

#define CONTENT_JSON "application/json"
#define CONTENT_TEXT "text/plain; charset=utf-8"
#define CONTENT_HTML "text/html; charset=utf-8"
#define CONTENT_PROMETHEUS "text/plain; version=0.0.4; charset=utf-8"

// Begins an answer afresh; the request's members are set by the caller.
void exchange_begin(struct exchange *exchange, struct api *api, struct wall_ms now);

// The handler's answer: 200 with what `step` writes.
void exchange_answer(struct exchange *exchange, const char *content_type, exchange_step *step);
// The same of what the live table has. When that goes under way, the answer is cut:
// `step` is called with a table only.
void exchange_answer_of_table(struct exchange *exchange, const char *content_type,
                              exchange_step *step);

// A short text with an end of line added; what is too long is cut.
void exchange_fail(struct exchange *exchange, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// The same in two calls: write to the struct out, then give it back.
struct out exchange_message(struct exchange *exchange);
void exchange_fail_message(struct exchange *exchange, unsigned status, const struct out *message);

// Writes as much of the answer as `out` has room for. True: it is complete.
// False with nothing written: call again later, others are waiting.
bool exchange_fill(struct exchange *exchange, struct out *out) MUST_USE;

// What is known of the history: by the recorder when it runs, else by the file.
const struct history_use *historical_use(const struct historical *historical);
const char *historical_tier_name(enum history_tier tier);

// The order of the lists, up to date. Only when there is a table.
const struct order *exchange_order(struct exchange *exchange);

#endif
