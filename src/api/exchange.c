#include "api/exchange.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
exchange_begin(struct exchange *exchange, struct api *api, struct wall_ms now)
{
    exchange->api = api;
    exchange->now = now;
    exchange->status = 0;
    exchange->content_type = CONTENT_TEXT;
    exchange->allow = NULL;
    exchange->policy = NULL;
    exchange->etag = NULL;
    exchange->encoding = NULL;
    exchange->location = NULL;
    exchange->set_cookie[0] = '\0';
    exchange->trusted = true;
    exchange->closes_after = false;
    exchange->of_table = false;
    exchange->head = (struct request_head){0};
    exchange->step = NULL;
    exchange->cut = false;
    exchange->row_limit = 0;
    exchange->top_count = 0;
    exchange->message_bytes = 0;
    exchange->serial = ++api->historical.serial;
    memset(&exchange->cursor, 0, sizeof exchange->cursor);
    memset(&exchange->ask, 0, sizeof exchange->ask);
    memset(&exchange->resource, 0, sizeof exchange->resource);
    exchange->accept = (struct text){"", 0};
    memset(&exchange->match, 0, sizeof exchange->match);
    exchange->query.count = 0;
}

void
exchange_answer(struct exchange *exchange, const char *content_type, exchange_step *step)
{
    exchange->status = 200;
    exchange->content_type = content_type;
    exchange->step = step;
}

void
exchange_answer_of_table(struct exchange *exchange, const char *content_type, exchange_step *step)
{
    ASSERT(exchange->api->table != NULL);
    exchange_answer(exchange, content_type, step);
    exchange->of_table = true;
}

static enum step
message_step(struct exchange *exchange, struct out *out)
{
    out_bytes(out, exchange->message, exchange->message_bytes);
    out_byte(out, '\n');
    return STEP_DONE;
}

struct out
exchange_message(struct exchange *exchange)
{
    return out_of(exchange->message, sizeof exchange->message);
}

void
exchange_fail_message(struct exchange *exchange, unsigned status, const struct out *message)
{
    ASSERT(message->at == exchange->message);
    exchange->message_bytes = message->used;
    exchange->status = status;
    exchange->content_type = CONTENT_TEXT;
    exchange->step = message_step;
    exchange->of_table = false;
    memset(&exchange->cursor, 0, sizeof exchange->cursor);
}

void
exchange_fail(struct exchange *exchange, unsigned status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(exchange->message, sizeof exchange->message, format, arguments);
    va_end(arguments);
    ASSERT(length >= 0);
    struct out message = exchange_message(exchange);
    size_t room = sizeof exchange->message - 1;
    message.used = (size_t)length < room ? (size_t)length : room;
    exchange_fail_message(exchange, status, &message);
}

static bool
cut(struct exchange *exchange)
{
    exchange->cut = true;
    exchange->api->http.cut_total++;
    return true;
}

// Takes back an element that did not fit. One that does not fit into an empty
// piece either never will: then the answer ends here.
static bool
take_back(struct exchange *exchange, struct out *out, size_t used, const struct cursor *before)
{
    out->used = used;
    out->full = false;
    exchange->cursor = *before;
    if (used > 0 || out->size < EXCHANGE_ELEMENT_BYTES_MAX) {
        return false;
    }
    return cut(exchange);
}

bool
exchange_fill(struct exchange *exchange, struct out *out)
{
    ASSERT(exchange->step != NULL);
    if (exchange->of_table && exchange->api->table == NULL) {
        return cut(exchange);
    }
    for (;;) {
        struct cursor before = exchange->cursor;
        size_t used = out->used;
        enum step step = exchange->step(exchange, out);
        if (out->full) {
            return take_back(exchange, out, used, &before);
        }
        if (step == STEP_CUT) {
            return cut(exchange);
        }
        if (step != STEP_MORE) {
            return step == STEP_DONE;
        }
    }
}

const struct order *
exchange_order(struct exchange *exchange)
{
    ASSERT(exchange->api->table != NULL);
    order_refresh(exchange->api->order, exchange->api->table, exchange->now);
    return exchange->api->order;
}

const struct history_use *
historical_use(const struct historical *historical)
{
    return historical->has_status ? &historical->status.use : &historical->use;
}

const char *
historical_tier_name(enum history_tier tier)
{
    static const char *const names[TIER_COUNT] = {
        [TIER_RAW] = "raw",
        [TIER_MINUTE] = "1m",
        [TIER_TEN_MINUTES] = "10m",
    };
    ASSERT(tier < TIER_COUNT);
    return names[tier];
}
