// The part of target.h about metrics, labels and points.
#include <string.h>

#include "api/historical_read.h"
#include "api/near.h"
#include "api/target.h"

// Values without a column that one entity may have; the chains are bounded so
// that a damaged one ends.
#define EXTRAS_READ_MAX 1024

static row_index
first_extra(const struct target *target)
{
    switch (target->entity) {
    case ENTITY_NODE:
        return target->node.row.extras;
    case ENTITY_POD:
        return target->pod.row.extras;
    case ENTITY_CONTAINER:
    case ENTITY_SYSTEM_CONTAINER:
        return target->container.row.extras;
    default:
        return 0;
    }
}

// The next value without a column; `at` and `count` go along.
static bool
next_extra(const struct target *target, row_index *at, unsigned *count, struct labelled_view *view)
{
    return (*count)++ < EXTRAS_READ_MAX && *at != 0 && table_read_extra(target->table, at, view);
}

static bool
find_extra(const struct target *target, struct text metric, struct text label,
           struct labelled_view *view)
{
    row_index at = first_extra(target);
    unsigned count = 0;
    while (next_extra(target, &at, &count, view)) {
        if (text_equal(view->metric, metric) && text_equal(view->name, label)) {
            return true;
        }
    }
    return false;
}

static bool
knows_extra(const struct target *target, struct text metric, struct near *near)
{
    struct labelled_view view;
    row_index at = first_extra(target);
    unsigned count = 0;
    while (next_extra(target, &at, &count, &view)) {
        if (text_equal(view.metric, metric)) {
            return true;
        }
        near_offer(near, view.metric);
    }
    return false;
}

static void
say_no_metric(struct exchange *exchange, const struct target *target, struct text metric,
              const struct near *near)
{
    static const char *const plural[ENTITY_COUNT] = {
        [ENTITY_NODE] = "nodes",
        [ENTITY_POD] = "pods",
        [ENTITY_CONTAINER] = "containers",
        [ENTITY_SYSTEM_CONTAINER] = "system containers",
        [ENTITY_NAMESPACE] = "namespaces",
        [ENTITY_CLUSTER] = "the cluster",
    };
    enum metric known;
    struct out message = exchange_message(exchange);
    out_string(&message, metric_find(metric, &known) ? "there is no metric "
                                                     : "there is no metric called ");
    out_text(&message, text_sub(metric, 0, TARGET_NAME_BYTES_MAX));
    if (metric_find(metric, &known)) {
        out_format(&message, " for %s", plural[target->entity]);
    }
    near_write(near, &message);
    exchange_fail_message(exchange, 404, &message);
}

static bool
ask_name(struct exchange *exchange, const struct target *target, struct text name)
{
    struct model_ask *ask = &exchange->ask;
    struct near near;
    ask->name = name;
    if (metric_find(name, &ask->metric) && metric_has_entity(ask->metric, target->entity)) {
        ask->name = text_of(metric_info(ask->metric)->name);
        return true;
    }
    near_begin(&near, name);
    ask->extra = true;
    if (knows_extra(target, name, &near)) {
        return true;
    }
    for (int i = 0; i < METRIC_COUNT; i++) {
        if (metric_has_entity((enum metric)i, target->entity)) {
            near_offer(&near, text_of(metric_info((enum metric)i)->name));
        }
    }
    say_no_metric(exchange, target, name, &near);
    return false;
}

// Writes the resource ids that the metric asked for has; how many.
static unsigned
write_resource_ids(const struct exchange *exchange, const struct target *target, struct out *out)
{
    static const struct text of_containers[] = {{"/", 1}, {"logs", 4}};
    const struct model_ask *ask = &exchange->ask;
    struct labelled_view view;
    struct metric_value value;
    struct wall_ms time;
    row_index at = 0;
    unsigned written = 0;
    bool disk = text_starts(ask->name, TEXT("disk/"));
    if (target->entity == ENTITY_NODE) {
        at = disk ? target->node.row.disks : target->node.row.filesystems;
    } else if (target->entity == ENTITY_POD) {
        at = target->pod.row.filesystems;
    }
    while (at != 0 && written < NODE_FILESYSTEMS_MAX + POD_VOLUMES_MAX &&
           (disk ? table_read_disk(target->table, &at, &view)
                 : table_read_filesystem(target->table, &at, &view))) {
        out_string(out, written++ == 0 ? "" : ", ");
        out_text(out, view.name);
    }
    for (size_t i = 0; i < ARRAY_COUNT(of_containers) && target->entity != ENTITY_NODE; i++) {
        if (target_metric(target, ask->metric, of_containers[i], 0, &value, &time)) {
            out_string(out, written++ == 0 ? "" : ", ");
            out_text(out, of_containers[i]);
        }
    }
    return written;
}

static bool
ask_resource(struct exchange *exchange, const struct target *target,
             const struct label_set *labels)
{
    struct model_ask *ask = &exchange->ask;
    struct metric_value value;
    struct wall_ms time;
    if (labels->count == 1 && text_equal(labels->pair[0].key, TEXT("resource_id"))) {
        ask->resource_id = labels->pair[0].value;
        if (target_metric(target, ask->metric, ask->resource_id, 0, &value, &time)) {
            return true;
        }
    }
    struct out message = exchange_message(exchange);
    out_text(&message, ask->name);
    out_string(&message, labels->count == 0
                             ? " has a value for each resource: ask with "
                               "labels=resource_id:NAME, NAME one of: "
                             : " has no value with these labels; resource_id is one of: ");
    if (write_resource_ids(exchange, target, &message) == 0) {
        out_string(&message, "(none yet)");
    }
    exchange_fail_message(exchange, labels->count == 0 ? 400 : 404, &message);
    return false;
}

// One that is labelled may be asked for with any key: the table keeps the value.
static bool
ask_extra(struct exchange *exchange, const struct target *target, const struct label_set *labels)
{
    struct model_ask *ask = &exchange->ask;
    struct labelled_view view;
    ask->resource_id = labels->count == 0 ? (struct text){"", 0} : labels->pair[0].value;
    if (labels->count <= 1 && find_extra(target, ask->name, ask->resource_id, &view)) {
        return true;
    }
    struct out message = exchange_message(exchange);
    out_text(&message, ask->name);
    out_string(&message, " has no value with these labels; it has:");
    row_index at = first_extra(target);
    unsigned count = 0;
    while (next_extra(target, &at, &count, &view)) {
        if (text_equal(view.metric, ask->name)) {
            out_string(&message, view.name.size == 0 ? " (no label)" : " resource_id:");
            out_text(&message, view.name);
        }
    }
    exchange_fail_message(exchange, 404, &message);
    return false;
}

static bool
ask_labels(struct exchange *exchange, const struct target *target, const struct label_set *labels)
{
    if (exchange->ask.extra) {
        return ask_extra(exchange, target, labels);
    }
    if (metric_is_labelled(exchange->ask.metric)) {
        return ask_resource(exchange, target, labels);
    }
    if (labels->count > 0) {
        exchange_fail(exchange, 400, TEXT_FORMAT " has no labels", TEXT_ARGS(exchange->ask.name));
        return false;
    }
    return true;
}

// From here on the answer is a series, and no message.
static void
begin_past(struct exchange *exchange)
{
    const struct time_range *range = &exchange->ask.range;
    bool given = query_get(&exchange->query, TEXT("start")).size > 0;
    int64_t now_ms = exchange->now.ms;
    int64_t end_ms = range->end.ms < now_ms ? range->end.ms : now_ms;
    memset(&exchange->past, 0, sizeof exchange->past);
    exchange->past.floor_ms = given ? 0 : now_ms - TARGET_PAST_MS;
    exchange->past.points_left = HISTORICAL_POINTS_MAX;
    exchange->past.step_ms = historical_step(
        &exchange->api->historical, 0, 0, given ? range->start.ms : now_ms - TARGET_PAST_MS, end_ms);
}

bool
target_ask(struct exchange *exchange, const struct target *target, struct text metric)
{
    struct label_set labels;
    struct out why = exchange_message(exchange);
    if (query_range(&exchange->query, exchange->now, &exchange->ask.range, &why) != 0 ||
        query_labels(&exchange->query, &labels, &why) != 0) {
        exchange_fail_message(exchange, 400, &why);
        return false;
    }
    // The first cycle may bear the name of a moment that is yet to come.
    if (query_get(&exchange->query, TEXT("end")).size == 0) {
        exchange->ask.range.end.ms = INT64_MAX;
    }
    exchange->ask.entity = target->entity;
    if (!ask_name(exchange, target, metric) || !ask_labels(exchange, target, &labels)) {
        return false;
    }
    begin_past(exchange);
    return true;
}

static bool
read_point(const struct exchange *exchange, const struct target *target, unsigned sample,
           struct point *point)
{
    const struct model_ask *ask = &exchange->ask;
    struct labelled_view view;
    if (!ask->extra) {
        return target_metric(target, ask->metric, ask->resource_id, sample, &point->value,
                             &point->time);
    }
    if (sample > 0 || !find_extra(target, ask->name, ask->resource_id, &view)) {
        return false;
    }
    point->value = (struct metric_value){.is_double = true, .real = view.extra.value};
    // Requests of a pod's spec are of no cycle: they hold as of the newest.
    uint32_t cycle_s = view.extra.cycle_s;
    if (cycle_s == 0) {
        cycle_s = atomic_load_explicit(&target->table->header->cycle_done_s, memory_order_acquire);
    }
    point->time.ms = (int64_t)cycle_s * MS_PER_S;
    return true;
}

// The points that the live table has, oldest first.
static unsigned
table_points(const struct exchange *exchange, const struct target *target,
             struct point points[SAMPLES_PER_ROW])
{
    unsigned count = 0;
    for (unsigned sample = SAMPLES_PER_ROW; sample-- > 0;) {
        struct point *point = &points[count];
        bool later = read_point(exchange, target, sample, point) &&
                     (count == 0 || point->time.ms > points[count - 1].time.ms);
        count += later ? 1 : 0;
    }
    return count;
}

static void
name_for_history(struct exchange *exchange, const struct target *target)
{
    const struct text *names = exchange->match.value;
    struct history_name *name = &exchange->past.name;
    *name = (struct history_name){.entity = target->entity};
    switch (target->entity) {
    case ENTITY_SYSTEM_CONTAINER:
        name->container = names[1];
        name->node = names[0];
        break;
    case ENTITY_NODE:
        name->node = names[0];
        break;
    case ENTITY_CONTAINER:
        name->container = names[2];
        name->pod = names[1];
        name->space = names[0];
        break;
    case ENTITY_POD:
        name->pod = target->pod.name;
        name->space = names[0];
        break;
    case ENTITY_NAMESPACE:
        name->space = names[0];
        break;
    default:
        break;
    }
}

static bool
has_history(const struct exchange *exchange)
{
    const struct historical *historical = &exchange->api->historical;
    return historical->history != NULL && historical->page != NULL;
}

unsigned
target_points(struct exchange *exchange, const struct target *target, struct wall_ms after,
              struct point *points, unsigned room, bool *more)
{
    const struct time_range *range = &exchange->ask.range;
    struct point newest[SAMPLES_PER_ROW];
    unsigned newest_count = table_points(exchange, target, newest);
    unsigned count = 0;
    *more = false;
    if (has_history(exchange)) {
        int64_t end_ms = range->end.ms;
        if (newest_count > 0 && newest[0].time.ms <= end_ms) {
            end_ms = newest[0].time.ms - 1;
        }
        name_for_history(exchange, target);
        *more = historical_points(exchange, after, end_ms, points, room, &count);
    }
    for (unsigned i = 0; i < newest_count && !*more; i++) {
        if (newest[i].time.ms > after.ms && newest[i].time.ms >= range->start.ms &&
            newest[i].time.ms <= range->end.ms) {
            if (count == room) {
                *more = true;
                break;
            }
            points[count++] = newest[i];
        }
    }
    return count;
}

// Keeps the least name behind `after`.
struct least {
    struct text after;
    size_t size;
    char *room;
};

static void
offer_least(struct least *least, struct text name)
{
    struct text now = {least->room, least->size};
    if (name.size == 0 || name.size > TARGET_NAME_BYTES_MAX ||
        text_compare(name, least->after) <= 0 ||
        (least->size > 0 && text_compare(name, now) >= 0)) {
        return;
    }
    memcpy(least->room, name.at, name.size);
    least->size = name.size;
}

struct text
target_next_metric(const struct target *target, struct text after,
                   char room[TARGET_NAME_BYTES_MAX])
{
    struct least least = {after, 0, room};
    struct metric_value value;
    struct labelled_view view;
    struct wall_ms time;
    for (int i = 0; i < METRIC_COUNT; i++) {
        enum metric metric = (enum metric)i;
        if (metric_has_entity(metric, target->entity) && !metric_is_labelled(metric) &&
            target_metric(target, metric, (struct text){"", 0}, 0, &value, &time)) {
            offer_least(&least, text_of(metric_info(metric)->name));
        }
    }
    row_index at = first_extra(target);
    unsigned count = 0;
    while (next_extra(target, &at, &count, &view)) {
        if (view.name.size == 0) {
            offer_least(&least, view.metric);
        }
    }
    return (struct text){room, least.size};
}

struct text
target_next_container(const struct target *target, struct text after,
                      char room[TARGET_NAME_BYTES_MAX])
{
    struct least least = {after, 0, room};
    struct container_view view;
    bool of_pod = target->entity == ENTITY_POD;
    ASSERT(of_pod || target->entity == ENTITY_NODE);
    row_index row = of_pod ? target->pod.row.first_container : target->node.row.first_container;
    for (int i = 0; i < EXCHANGE_ROWS_PER_STEP && row != 0; i++) {
        if (table_read_container(target->table, row, VIEW_NAMES, &view)) {
            offer_least(&least, view.name);
        }
        row = table_next_container(target->table, row);
    }
    return (struct text){room, least.size};
}
