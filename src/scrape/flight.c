#include "scrape/flight.h"

#include "base/check.h"

// A kubelet that is stopped accepts and never answers.
#define CONNECT_MS_MAX 5000
// A pause between two parts of an answer.
#define IDLE_MS_MAX 5000
#define RETRY_AFTER_MS_MAX (10 * 60 * 1000)
// Whoever held a decoder longer than this is served after the others.
#define SLOW_MS 500

static uint32_t
index_of(const struct flight *flight)
{
    return (uint32_t)(flight - flight->scrape->flight);
}

static struct target *
target_of(const struct flight *flight)
{
    return &flight->scrape->targets.target[flight->target];
}

void
flight_init_all(struct scrape *scrape)
{
    scrape->free_flight = 0;
    for (uint32_t i = 0; i < scrape->caps.flights; i++) {
        scrape->flight[i].scrape = scrape;
        scrape->flight[i].next = i + 1 < scrape->caps.flights ? i + 1 : FLIGHT_NONE;
    }
}

static struct flight *
take(struct scrape *scrape, uint32_t target, struct mono_ns now)
{
    uint32_t index = scrape->free_flight;
    struct flight *flight = &scrape->flight[index];
    scrape->free_flight = flight->next;
    *flight = (struct flight){
        .used = true,
        .target = target,
        .stream = STREAM_NONE,
        .next = FLIGHT_NONE,
        .cycle_s = scrape->cycle->nominal_s,
        .attempted = platform_wall_now(scrape->platform),
        .started = now,
        .scrape = scrape,
    };
    if (++scrape->flight_count > scrape->flight_peak) {
        scrape->flight_peak = scrape->flight_count;
    }
    return flight;
}

static void
give_back(struct flight *flight)
{
    struct scrape *scrape = flight->scrape;
    flight->used = false;
    flight->next = scrape->free_flight;
    scrape->free_flight = index_of(flight);
    scrape->flight_count--;
}

static void
wait_for_stream(struct flight *flight)
{
    struct scrape *scrape = flight->scrape;
    uint32_t index = index_of(flight);
    flight->waiting = true;
    flight->next = FLIGHT_NONE;
    if (scrape->waiting_last == FLIGHT_NONE) {
        scrape->waiting_first = index;
    } else {
        scrape->flight[scrape->waiting_last].next = index;
    }
    scrape->waiting_last = index;
}

static void
leave_queue(struct flight *flight)
{
    struct scrape *scrape = flight->scrape;
    uint32_t index = index_of(flight);
    uint32_t before = FLIGHT_NONE;
    for (uint32_t at = scrape->waiting_first; at != index; at = scrape->flight[at].next) {
        ASSERT(at != FLIGHT_NONE);
        before = at;
    }
    if (before == FLIGHT_NONE) {
        scrape->waiting_first = flight->next;
    } else {
        scrape->flight[before].next = flight->next;
    }
    if (scrape->waiting_last == index) {
        scrape->waiting_last = before;
    }
    flight->waiting = false;
    flight->next = FLIGHT_NONE;
}

static bool
lease(struct flight *flight)
{
    struct scrape *scrape = flight->scrape;
    const struct target *target = target_of(flight);
    flight->stream = stream_lease(&scrape->streams, scrape->access[target->source].format,
                                  index_of(flight), target->slow,
                                  table_writer_observer(scrape->writer), target_name(target),
                                  platform_mono_now(scrape->platform),
                                  platform_wall_now(scrape->platform));
    return flight->stream != STREAM_NONE;
}

// A decoder became free: it goes to whoever waits longest and may have it.
static void
wake_next(struct scrape *scrape)
{
    uint32_t index = scrape->waiting_first;
    while (index != FLIGHT_NONE && !lease(&scrape->flight[index])) {
        index = scrape->flight[index].next;
    }
    if (index != FLIGHT_NONE) {
        leave_queue(&scrape->flight[index]);
        fetch_resume(scrape->fetch, scrape->flight[index].id);
    }
}

// The writer knows one node at a time, and parts of several answers take turns.
static void
enter_table(struct flight *flight)
{
    const struct target *target = target_of(flight);
    table_node_begin(flight->scrape->writer, target->source, target->row, flight->cycle_s,
                     platform_wall_now(flight->scrape->platform));
}

static int
on_head(void *context, long status, int64_t retry_after_ms)
{
    struct flight *flight = context;
    flight->status = status;
    flight->retry_after_ms =
        retry_after_ms > RETRY_AFTER_MS_MAX ? RETRY_AFTER_MS_MAX : retry_after_ms;
    return 0;
}

static int
on_bytes(void *context, const void *bytes, size_t size)
{
    struct flight *flight = context;
    struct scrape *scrape = flight->scrape;
    if (target_of(flight)->leaving) {
        return -ERR_RESET;
    }
    if (flight->status != 200) {
        return 0;
    }
    if (flight->stream == STREAM_NONE && !lease(flight)) {
        wait_for_stream(flight);
        return FETCH_PAUSE;
    }
    flight->bytes += size;
    if (flight->bytes > SCRAPE_BYTES_MAX) {
        return -ERR_TOO_LARGE;
    }
    enter_table(flight);
    return decoder_feed(scrape->streams.stream[flight->stream].decoder, bytes, size);
}

static void
count_elements(struct scrape *scrape, struct decoder decoder)
{
    const struct parse_counters *counters = decoder_counters(decoder);
    uint64_t skipped = 0;
    for (int i = 0; i < ERR_COUNT; i++) {
        if (counters->skipped[i] != 0) {
            skipped += counters->skipped[i];
            table_count_error(scrape->writer, i, counters->skipped[i]);
        }
    }
    table_count(scrape->writer, COUNTER_ELEMENTS, counters->elements);
    table_count(scrape->writer, COUNTER_ELEMENTS_SKIPPED, skipped);
}

// 0 or the positive error of the answer's content.
static int
finish_stream(struct flight *flight, bool complete)
{
    struct scrape *scrape = flight->scrape;
    if (flight->stream == STREAM_NONE) {
        return complete ? ERR_TRUNCATED : 0;  // a 200 without a body
    }
    struct stream *stream = &scrape->streams.stream[flight->stream];
    int error = 0;
    // The row of a node that left belongs to nobody.
    if (!target_of(flight)->leaving) {
        enter_table(flight);
        error = complete ? decoder_end(stream->decoder) : 0;
        table_node_end(scrape->writer);
    }
    count_elements(scrape, stream->decoder);
    struct mono_ns now = platform_mono_now(scrape->platform);
    target_of(flight)->slow = mono_ms_between(stream->since, now) > SLOW_MS;
    stream_return(&scrape->streams, flight->stream);
    flight->stream = STREAM_NONE;
    return -error;
}

static int64_t
latency_us(const struct flight *flight)
{
    struct mono_ns now = platform_mono_now(flight->scrape->platform);
    int64_t us = (now.ns - flight->started.ns) / 1000;
    return us > UINT32_MAX ? UINT32_MAX : us;
}

static void
note(const struct flight *flight, int error)
{
    struct scrape *scrape = flight->scrape;
    struct target *target = target_of(flight);
    const struct scrape_access *access = &scrape->access[target->source];
    char host[TARGET_HOST_BYTES];
    struct scrape_note scrape_note = {
        .error = error,
        .attempted = flight->attempted,
        .finished = platform_wall_now(scrape->platform),
        .latency_us = (uint32_t)latency_us(flight),
        .bytes = (uint32_t)flight->bytes,
        .address_type = target_address_type(target),
        .address = target_host(target, host),
        .port = endpoint_port(access, target),
        .trust = (uint8_t)access->trust,
    };
    scrape->success_total += error == 0 ? 1 : 0;
    if (error == ERR_CERTIFICATE_CHANGED) {
        table_count(scrape->writer, COUNTER_PIN_CHANGES, 1);
    }
    // Counts; the row of a node that left belongs to nobody.
    table_note_scrape(scrape->writer, target->leaving ? 0 : target->row, &scrape_note);
}

// Whether another address of the node may do better.
static bool
is_address_error(int error)
{
    return error == ERR_RESOLVE || error == ERR_CONNECT || error == ERR_TIMEOUT;
}

static void
learn(struct flight *flight, int error, struct text detail)
{
    struct scrape *scrape = flight->scrape;
    struct target *target = target_of(flight);
    if (is_address_error(error) && flight->status == 0) {
        target_try_next(target);
    }
    if (target->last_error != error && scrape->hooks.changed != NULL && !target->leaving) {
        scrape->hooks.changed(scrape->hooks.context, target->source, target_name(target), error,
                              detail);
    }
    target->last_error = (uint16_t)error;
}

static int request(struct flight *flight);

// A rejected token may just have been replaced: once more with the new one.
static bool
try_again(struct flight *flight, int error)
{
    struct scrape *scrape = flight->scrape;
    struct target *target = target_of(flight);
    if (error != 0 || flight->status != 401 || flight->retried || target->leaving) {
        return false;
    }
    if (!scrape->hooks.refused(scrape->hooks.context, target->source)) {
        return false;
    }
    if (request(flight) != 0) {
        return false;
    }
    flight->retried = true;
    flight->status = 0;
    return true;
}

// Not the node's fault: neither counted nor noted.
static bool
is_ours(int error)
{
    return error == ERR_BUSY;
}

// What is said of the node: that one more name of it is unknown here matters
// less than what happened at its address.
static int
told(const struct target *target, int error)
{
    bool silent = target->last_error == ERR_CONNECT || target->last_error == ERR_TIMEOUT;
    return error == ERR_RESOLVE && silent ? target->last_error : error;
}

static void
end(struct flight *flight, int error, struct text detail)
{
    struct scrape *scrape = flight->scrape;
    uint32_t index = flight->target;
    struct target *target = target_of(flight);
    if (scrape->access[target->source].proxy) {
        scrape->proxy_flights[target->source]--;
    }
    error = told(target, error);
    if (!is_ours(error)) {
        note(flight, error);
        learn(flight, error, detail);
    }
    scrape_put_back(scrape, index, flight, error);
    give_back(flight);
    wake_next(scrape);
}

static void
on_done(void *context, int transport, struct text detail)
{
    struct flight *flight = context;
    if (flight->waiting) {
        leave_queue(flight);
    }
    if (try_again(flight, transport)) {
        return;
    }
    int error = -transport;
    if (error == 0 && flight->status != 200) {
        error = (int)error_of_http_status(flight->status);
        error = error == ERR_OK ? ERR_HTTP_OTHER : error;
    }
    int content = finish_stream(flight, error == 0);
    end(flight, error != 0 ? error : content, detail);
}

static int64_t
least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int
request(struct flight *flight)
{
    struct scrape *scrape = flight->scrape;
    struct target *target = target_of(flight);
    struct fetch_request fetch_request = {
        .connect_timeout_ms = least(CONNECT_MS_MAX, scrape->caps.timeout_ms),
        .total_timeout_ms = scrape->caps.timeout_ms,
        .idle_timeout_ms = least(IDLE_MS_MAX, scrape->caps.timeout_ms),
        .keep_alive = true,
        .context = flight,
        .on_head = on_head,
        .on_bytes = on_bytes,
        .on_done = on_done,
    };
    endpoint_request(&scrape->access[target->source], target, &scrape->endpoint, &fetch_request);
    fetch_request.bearer = scrape->hooks.token(scrape->hooks.context, target->source);
    return fetch_start(scrape->fetch, &fetch_request, &flight->id);
}

int
flight_start(struct scrape *scrape, uint32_t target, struct mono_ns now)
{
    struct flight *flight = take(scrape, target, now);
    int error = request(flight);
    if (error == -ERR_BUSY) {
        give_back(flight);
        return error;
    }
    target_of(flight)->busy = true;
    if (scrape->access[target_of(flight)->source].proxy) {
        scrape->proxy_flights[target_of(flight)->source]++;
    }
    if (error != 0) {
        end(flight, -error, TEXT("the request could not be made"));
    }
    return 0;
}
