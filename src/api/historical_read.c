#include "api/historical_read.h"

#define MINUTE_MS INT64_C(60000)
#define TEN_MINUTES_MS INT64_C(600000)
// Of a coarser tier, in a range that is read from it though a finer one would do.
#define INTERVALS_MIN 60

size_t
historical_read_footprint(void)
{
    return arena_bytes(sizeof(struct historical_page));
}

void
historical_read_init(struct arena *arena, struct historical *historical)
{
    historical->page = arena_take(arena, sizeof *historical->page);
}

static int64_t
resolution_ms(const struct historical *historical)
{
    return historical->resolution_s == 0 ? 15 * MS_PER_S : historical->resolution_s * MS_PER_S;
}

static int64_t
oldest_ms(const struct historical *historical, enum history_tier tier)
{
    return historical->use.oldest_s[tier] * MS_PER_S;
}

int64_t
historical_start_ms(const struct historical *historical)
{
    int64_t first = 0;
    for (unsigned tier = 0; tier < TIER_COUNT; tier++) {
        int64_t oldest = oldest_ms(historical, (enum history_tier)tier);
        if (oldest != 0 && (first == 0 || oldest < first)) {
            first = oldest;
        }
    }
    return first;
}

// No bucket divides an interval of the tier, and those that the ends of the range divide
// are a small part of it.
static bool
is_exact_enough(int64_t tier_ms, int64_t bucket_ms, int64_t span_ms)
{
    bool is_one = bucket_ms == INT64_MAX;
    return (is_one || bucket_ms % tier_ms == 0) && span_ms >= INTERVALS_MIN * tier_ms;
}

int64_t
historical_step(const struct historical *historical, unsigned aggregations, int64_t bucket_ms,
                int64_t start_ms, int64_t end_ms)
{
    const unsigned of_tiers = 1u << AGGREGATION_AVERAGE | 1u << AGGREGATION_GREATEST |
                              1u << AGGREGATION_LEAST;
    int64_t first = historical_start_ms(historical);
    int64_t span = end_ms - (start_ms < first ? first : start_ms);
    bool every = (aggregations & ~of_tiers) != 0;
    if (aggregations != 0 && !every && is_exact_enough(TEN_MINUTES_MS, bucket_ms, span)) {
        return TEN_MINUTES_MS;
    }
    if (aggregations != 0 && !every && is_exact_enough(MINUTE_MS, bucket_ms, span)) {
        return MINUTE_MS;
    }
    if (span / resolution_ms(historical) <= HISTORICAL_FINE_POINTS_MAX) {
        return 0;
    }
    return span / MINUTE_MS <= HISTORICAL_FINE_POINTS_MAX ? MINUTE_MS : TEN_MINUTES_MS;
}

// The time between two points at `time` of what is read with `step`.
static int64_t
interval_ms(const struct historical *historical, int64_t time_ms, int64_t step_ms)
{
    int64_t raw = oldest_ms(historical, TIER_RAW);
    int64_t minute = oldest_ms(historical, TIER_MINUTE);
    int64_t fine = resolution_ms(historical);
    if (step_ms < MINUTE_MS && raw != 0 && time_ms >= raw) {
        return fine;
    }
    if (step_ms < TEN_MINUTES_MS && minute != 0 && time_ms >= minute) {
        return fine > MINUTE_MS ? fine : MINUTE_MS;
    }
    return fine > TEN_MINUTES_MS ? fine : TEN_MINUTES_MS;
}

// What gathers a page.
static bool
add_point(void *context, const struct history_point *point)
{
    struct historical_page *page = context;
    bool later = page->count == 0 || point->time.ms > page->point[page->count - 1].time.ms;
    if (later && point->time.ms >= page->from_ms) {
        page->point[page->count++] = *point;
    }
    return page->count < HISTORICAL_PAGE_POINTS;
}

static int64_t
least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int
read_page(struct exchange *exchange, int64_t from_ms, int64_t end_ms)
{
    struct historical *historical = &exchange->api->historical;
    struct historical_page *page = historical->page;
    struct historical_ask *past = &exchange->past;
    int64_t span = HISTORICAL_PAGE_TIMES * interval_ms(historical, from_ms, past->step_ms);
    bool known;
    page->serial = 0;
    page->item = past->item;
    page->from_ms = from_ms;
    page->to_ms = end_ms - from_ms < span ? end_ms : from_ms + span - 1;
    page->count = 0;
    struct history_ask ask = {
        .name = past->name,
        .metric = exchange->ask.name,
        .resource_id = exchange->ask.resource_id,
        .start = {page->from_ms},
        .end = {page->to_ms},
        .step_ms = past->step_ms,
    };
    int error = history_read(historical->history, &ask, add_point, page, &known);
    if (error < 0) {
        historical->failures_total++;
        if (error != -ERR_BUSY) {
            historical->error = error;
        }
        return error;
    }
    if (page->count == HISTORICAL_PAGE_POINTS) {
        page->to_ms = page->point[page->count - 1].time.ms;
    }
    historical->pages_total++;
    page->serial = exchange->serial;
    past->points_left -= page->count < past->points_left ? page->count : past->points_left;
    return 0;
}

int64_t
historical_first_ms(const struct exchange *exchange)
{
    int64_t first = historical_start_ms(&exchange->api->historical);
    int64_t start = exchange->ask.range.start.ms;
    first = first == 0 ? INT64_MAX : first;
    first = first < exchange->past.floor_ms ? exchange->past.floor_ms : first;
    return first < start ? start : first;
}

static bool
is_there(const struct exchange *exchange, int64_t from_ms)
{
    const struct historical_page *page = exchange->api->historical.page;
    return page->serial == exchange->serial && page->item == exchange->past.item &&
           from_ms >= page->from_ms && from_ms <= page->to_ms;
}

bool
historical_part(struct exchange *exchange, int64_t from_ms, int64_t end_ms,
                struct historical_part *part)
{
    struct historical *historical = &exchange->api->historical;
    struct historical_page *page = historical->page;
    struct historical_ask *past = &exchange->past;
    *part = (struct historical_part){.next_ms = from_ms};
    int64_t first = historical_first_ms(exchange);
    from_ms = from_ms < first ? first : from_ms;
    if (from_ms > end_ms || past->error != 0) {
        part->next_ms = INT64_MAX;
        return true;
    }
    if (!is_there(exchange, from_ms)) {
        if (past->points_left == 0) {
            past->cut = true;
            part->next_ms = INT64_MAX;
            return true;
        }
        int error = historical->history == NULL ? -ERR_NO_FILE
                                                : read_page(exchange, from_ms, end_ms);
        if (error != 0) {
            past->error = ++past->tries < HISTORICAL_TRIES_MAX && error == -ERR_BUSY ? 0 : error;
            return false;
        }
        past->tries = 0;
    }
    unsigned at = 0;
    while (at < page->count && page->point[at].time.ms < from_ms) {
        at++;
    }
    part->point = &page->point[at];
    while (at < page->count && page->point[at].time.ms <= end_ms) {
        part->count++;
        at++;
    }
    part->next_ms = least(page->to_ms, INT64_MAX - 1) + 1;
    return true;
}

void
historical_next_series(struct exchange *exchange)
{
    exchange->past.item++;
    exchange->past.skip_ms = 0;
}

// Of a gauge that stands for an interval its average, of a counter its end.
static struct metric_value
value_of(const struct exchange *exchange, const struct history_point *point)
{
    const struct model_ask *ask = &exchange->ask;
    bool counter = !ask->extra && metric_info(ask->metric)->type == METRIC_CUMULATIVE;
    return counter ? point->last : historical_value(point);
}

bool
historical_points(struct exchange *exchange, struct wall_ms after, int64_t end_ms,
                  struct point *points, unsigned room, unsigned *count)
{
    struct historical_part part;
    struct historical_ask *past = &exchange->past;
    int64_t from_ms = after.ms < past->skip_ms ? past->skip_ms : after.ms + 1;
    *count = 0;
    if (!historical_part(exchange, from_ms, end_ms, &part)) {
        return past->error == 0;
    }
    if (part.count == 0) {
        past->skip_ms = part.next_ms;
    }
    while (*count < part.count && *count < room) {
        const struct history_point *point = &part.point[*count];
        points[(*count)++] = (struct point){point->time, value_of(exchange, point)};
    }
    return *count < part.count || part.next_ms <= end_ms;
}
