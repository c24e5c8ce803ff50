#include "api/health_api.h"

#include "base/error.h"

#define HEALTHY_MS_MIN INT64_C(180000)
#define HEALTHY_CYCLES 3

static uint32_t
newest_cycle_s(const struct api *api)
{
    if (api->table == NULL) {
        return 0;
    }
    return atomic_load_explicit(&api->table->header->cycle_done_s, memory_order_acquire);
}

int64_t
health_cycle_age_ms(const struct api *api, struct wall_ms now)
{
    uint32_t cycle_s = newest_cycle_s(api);
    if (cycle_s == 0) {
        return -1;
    }
    int64_t age_ms = now.ms - (int64_t)cycle_s * MS_PER_S;
    return age_ms < 0 ? 0 : age_ms;
}

static int64_t
healthy_ms(const struct api *api)
{
    int64_t cycles_ms = (int64_t)api->table->header->resolution_ms * HEALTHY_CYCLES;
    return cycles_ms > HEALTHY_MS_MIN ? cycles_ms : HEALTHY_MS_MIN;
}

static bool
has_fresh_node(const struct api *api, struct wall_ms now)
{
    struct node_view view;
    row_index row = table_next_row(api->table, POOL_NODES, 0);
    while (row != 0) {
        if (table_read_node(api->table, row, VIEW_NAMES, &view)) {
            unsigned newest = view.row.head.newest % SAMPLES_PER_ROW;
            int64_t cycle_ms = (int64_t)view.row.samples[newest].head.cycle_s * MS_PER_S;
            if (cycle_ms != 0 && now.ms - cycle_ms <= healthy_ms(api)) {
                return true;
            }
        }
        row = table_next_row(api->table, POOL_NODES, row);
    }
    return false;
}

enum health
health_of(const struct api *api, struct wall_ms now)
{
    if (api->table == NULL) {
        return HEALTH_NO_TABLE;
    }
    int64_t age_ms = health_cycle_age_ms(api, now);
    if (age_ms < 0) {
        return HEALTH_NO_CYCLE;
    }
    if (age_ms > healthy_ms(api)) {
        return HEALTH_OLD;
    }
    return has_fresh_node(api, now) ? HEALTH_OK : HEALTH_NO_SAMPLES;
}

void
health_write(enum health health, const struct api *api, struct wall_ms now, struct out *out)
{
    switch (health) {
    case HEALTH_OK:
        out_format(out, "the newest cycle is %lld s old",
                   (long long)(health_cycle_age_ms(api, now) / MS_PER_S));
        break;
    case HEALTH_NO_TABLE:
        out_string(out, error_sentence(ERR_NOT_READY));
        break;
    case HEALTH_NO_CYCLE:
        out_string(out, "the first cycle is not complete yet");
        break;
    case HEALTH_OLD:
        out_format(out, "collection has stopped: the newest cycle is %lld s old",
                   (long long)(health_cycle_age_ms(api, now) / MS_PER_S));
        break;
    case HEALTH_NO_SAMPLES:
        out_string(out, "no node answers: no sample is younger than three cycles");
        break;
    }
}

static enum step
ok_step(struct exchange *exchange, struct out *out)
{
    (void)exchange;
    out_string(out, "ok");
    return STEP_DONE;
}

// For those without the token: nothing of the inside.
static enum step
not_ok_step(struct exchange *exchange, struct out *out)
{
    (void)exchange;
    out_string(out, "not ok");
    return STEP_DONE;
}

// What Heapster printed for ?verbose, with the reason that it withheld.
static void
write_check(struct out *out, bool good, const char *name, struct exchange *exchange,
            enum health health)
{
    out_format(out, "[%c]%s %s", good ? '+' : '-', name, good ? "ok: " : "failed: ");
    health_write(health, exchange->api, exchange->now, out);
}

static void
answer(struct exchange *exchange, const char *name, bool good, unsigned status,
       enum health health)
{
    if (!exchange->trusted) {
        exchange_answer(exchange, CONTENT_TEXT, good ? ok_step : not_ok_step);
        exchange->status = good ? 200 : status;
        return;
    }
    bool verbose = query_has(&exchange->query, TEXT("verbose"));
    if (good && !verbose) {
        exchange_answer(exchange, CONTENT_TEXT, ok_step);
        return;
    }
    struct out message = exchange_message(exchange);
    write_check(&message, good, name, exchange, health);
    if (verbose) {
        out_format(&message, "\n%s check %s", name, good ? "passed" : "failed");
    }
    exchange_fail_message(exchange, status, &message);
}

void
health_api_healthz(struct exchange *exchange)
{
    enum health health = health_of(exchange->api, exchange->now);
    bool good = health == HEALTH_OK;
    answer(exchange, "healthz", good, good ? 200 : 500, health);
}

void
health_api_readyz(struct exchange *exchange)
{
    enum health health = health_of(exchange->api, exchange->now);
    bool good = health != HEALTH_NO_TABLE && health != HEALTH_NO_CYCLE;
    answer(exchange, "readyz", good, good ? 200 : 503, health);
}
