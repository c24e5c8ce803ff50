// A sink: how one kind of store takes points. One file a kind, one row in
// sink.tbl.h; delivery (batches, retries, the cursor, catching up) is delivery.c
// and the same for all.
//
// A kind encodes metric sets into the body of a request and says what an answer
// means. It owns no connection and keeps nothing of a set. Everything it reads
// from a server is hostile.
//
// Life of a sink: configure (once, options of the URI; a mistake is one
// sentence); then for each connection: setup requests until there are none, then
// data: add sets until the batch is full, finish, send, judge.
#ifndef SKERRY_SINK_SINK_H
#define SKERRY_SINK_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/text.h"
#include "limits.h"
#include "model/metric_set.h"

enum sink_transport {
    SINK_HTTP,      // requests over libcurl
    SINK_STREAM,    // bytes over TCP, TLS if `tls`; answers go to judge, if there is one
    SINK_DATAGRAM,  // UDP: each body is one packet of at most datagram_bytes
    SINK_LOG,       // lines to the role's log
};

#define SINK_HEADERS_MAX 6

struct sink_option {
    struct text key, value;  // decoded; a key may stand several times
};

// What --sink says, taken apart (sink_uri.h):
// KIND:SCHEME://USER:PASSWORD@HOST:PORT/PATH?KEY=VALUE...
struct sink_uri {
    struct text kind;
    struct text name;    // for people: without user, password and secret options
    struct text scheme;  // "", "http", "https", "tcp", "udp", "tls"
    struct text user, password;
    struct text host;    // "" = not given
    uint16_t port;       // 0 = not given
    struct text path;    // with the leading slash; "" = none
    unsigned option_count;
    struct sink_option option[SINK_OPTIONS_MAX];
};

struct sink_request {
    struct text method;        // of HTTP: "POST"
    struct text path;          // with query, escaped
    struct text content_type;  // "" = none
    unsigned header_count;
    struct text header[SINK_HEADERS_MAX];  // "Name: value"; never logged
    struct text body;          // lives until the answer is judged
    bool gzip;                 // delivery compresses the body and says so
};

// One request under construction. `body` is the sink's own buffer.
struct sink_batch {
    struct out body;
    uint32_t points;
    uint32_t limit_points;  // of one request
};

enum sink_verdict {
    SINK_TAKEN,   // all of it (or all that it ever will take: `refused` says how many it did not)
    SINK_RETRY,   // not taken, may be later: the same batch again after a while
    SINK_REFUSED, // never: counted by reason and left out
    // The other side has forgotten what setup made, or the kind has set another
    // sink->host or port: a stream's connection is given up, setup begins anew, and
    // the batch is kept. Also of setup_judge; `error` 0 there: at once, nothing failed.
    SINK_SETUP,
    SINK_MORE,    // of a stream: the answer is not complete yet
};

struct sink_answer {
    long status;          // HTTP; 0 for streams
    struct text body;     // what of it was kept: the first SINK_ANSWER_BYTES_MAX bytes
    bool truncated;       // the answer was longer
    int64_t retry_after_ms;
};

struct sink_result {
    uint32_t refused;     // points that the server will not take
    int error;            // enum error, the reason for refusing or retrying
    char why[200];        // one sentence for people, C string; no secrets
};

struct sink;
struct sink_event;  // sink_event.h

struct sink_kind {
    const char *name;
    enum sink_transport transport;
    uint16_t default_port;
    const char *default_host;    // "" = must be given
    bool in_order;               // the server refuses points older than the newest it has
    bool no_times;               // values count as of their arrival: the past is never sent
    size_t state_bytes;          // of sink->state
    size_t batch_bytes;          // of the body; at least 16 KB
    uint32_t batch_points;
    size_t datagram_bytes;       // SINK_DATAGRAM: of one packet
    size_t second_bytes;         // of sink->second; 0: not used

    // Reads sink->uri into sink->state and may set sink->host, port, tls,
    // gzip ... Unknown options are errors, with what is near. -ERR_BAD_CONFIG
    // with the sentence.
    int (*configure)(struct sink *sink, struct out *why);
    // Fills the n-th setup request (0...) of a new connection; false: there is no
    // n-th. NULL: none at all.
    bool (*setup)(struct sink *sink, unsigned number, struct sink_request *request);
    enum sink_verdict (*setup_judge)(struct sink *sink, unsigned number,
                                     const struct sink_answer *answer,
                                     struct sink_result *result);
    // Appends points of the set from *at on (metric_set_next). True: all are in;
    // false: the batch is full, *at stands at the first that did not fit, and
    // nothing half-written is left. A point that the format cannot say (not a
    // number, say) is skipped and counted in sink->skipped_total.
    bool (*add)(struct sink *sink, struct sink_batch *batch, const struct metric_set *set,
                unsigned *at);
    // Appends an event of Kubernetes, to batches of nothing but events. False: the batch
    // is full, and nothing half-written is left; what never fits is skipped and counted.
    // NULL: this kind takes no events.
    bool (*add_event)(struct sink *sink, struct sink_batch *batch,
                      const struct sink_event *event);
    // The batch as a request. Called again before each new try, because setup may
    // have found another place for it. May use sink->second; the text of setup
    // requests lies elsewhere. -ERR_...: it can never be sent.
    int (*finish)(struct sink *sink, struct sink_batch *batch, struct sink_request *request);
    // NULL: 2xx is taken, 4xx refused but 401, 403, 404, 408 and 429 tried again,
    // the rest tried again. Of a stream: `body` is what came so far, and *used says
    // how much of it was consumed.
    enum sink_verdict (*judge)(struct sink *sink, const struct sink_answer *answer,
                               size_t *used, struct sink_result *result);
    // There was no answer to a request. NULL: nothing to do; a kind with several
    // servers takes the next one.
    void (*unanswered)(struct sink *sink);
};

// What is common to all; a kind's own lies in `state`.
struct sink {
    const struct sink_kind *kind;  // configure may take another one (graphite: TCP or UDP)
    struct sink_uri uri;
    unsigned number;      // from 1, in the order of --sink, or of --event-sink
    bool events;          // of --event-sink: it is given events and nothing else
    void *state;
    struct text host;     // to connect to; a kind may change it between connections
    uint16_t port;
    bool tls;
    bool insecure;        // certificates are not verified
    bool gzip;            // bodies are compressed
    struct text user, password, token;  // from the URI or from files
    struct text aws_scope;  // REGION:SERVICE: user and password sign requests to AWS
    struct text ca_file, cert_file, key_file;
    struct text labels_separator;       // between the pairs of `labels`; empty: ","
    const struct sink_label_rules *label_rules;  // NULL: none (sink_label.h)
    struct workspace *space;            // for texts that outlive configure
    char *second;         // scratch of second_bytes, for formats that need two
    size_t second_bytes;
    uint64_t skipped_total;
};

// Every row of sink.tbl.h.
#define SINK(id, name, about) extern const struct sink_kind sink_##id;
#define SINK_ALIAS(name, id)
#define SINK_GONE(name, sentence)
#include "sink/sink.tbl.h"
#undef SINK
#undef SINK_ALIAS
#undef SINK_GONE

// Bytes of workspace that one sink takes in sink_open: the URI, what comes from
// files, the state of the largest kind and the texts that configure makes.
size_t sink_space_bytes(void);

struct platform;

// Takes a --sink apart, finds its kind and configures it: `sink` is zeroed but
// for events, labels_separator, label_rules, second and second_bytes, which the
// caller has set. Reads passwordFile and tokenFile through `platform`; certificates are
// left to who connects. `variable` as in sink_uri.h. -ERR_BAD_CONFIG with a
// sentence that holds no secret; it does not name the sink.
int sink_open(struct sink *sink, struct text uri, unsigned number,
              bool (*variable)(void *context, struct text name, struct text *value),
              void *context, struct workspace *space, const struct platform *platform,
              struct out *why) MUST_USE;

// NULL: there is no such kind. `dead` gets the sentence for kinds that are gone
// (librato, hawkular, honeycomb, gcm, stackdriver, gcl) or not built.
const struct sink_kind *sink_kind_find(struct text name, const char **dead);
// " influxdb, elasticsearch ...": all kinds, or with `events` those that take events.
void sink_kinds_write(struct out *out, bool events);
// In the order of sink.tbl.h; NULL at the end. For help and completion.
const struct sink_kind *sink_kind_at(unsigned number);
// What it is, in a few words.
const char *sink_kind_about(const struct sink_kind *kind);

// What a kind without `judge` says of an HTTP status; others fall back on it.
enum sink_verdict sink_judge_status(const struct sink_answer *answer, struct sink_result *result);
// Ends result->why with what the server said, cut and cleaned for people.
void sink_result_quote(struct sink_result *result, struct text said);

// Authorization: delivery writes Basic from user and password, signs with them, or Bearer from
// token when there is no user; a request whose own header begins with
// "Authorization:" has neither.

// Values of options, for configure (sink_option.c): the first of that key;
// false: not given.
bool sink_option(const struct sink *sink, const char *key, struct text *value);
// -ERR_BAD_CONFIG with a sentence that names option and value.
int sink_option_bool(const struct sink *sink, const char *key, bool *value, struct out *why);
int sink_option_count(const struct sink *sink, const char *key, uint64_t least, uint64_t most,
                      uint64_t *value, struct out *why);
int sink_option_choice(const struct sink *sink, const char *key, const char *const *choices,
                       unsigned *chosen, struct out *why);
// Refuses options that are in neither list: `own` of the kind, and the common
// ones (user, pw, password, token, tokenFile, caCert, cert, key, insecuressl,
// gzip, order, ...; sink_option.h has the list). NULL ends the list.
int sink_options_known(const struct sink *sink, const char *const *own, struct out *why);

#endif
