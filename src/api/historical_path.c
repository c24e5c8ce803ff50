#include "api/historical_path.h"

#include <string.h>

#include "api/near.h"
#include "base/error.h"

// Names looked at for one sentence of suggestions: each is a look-up in the file.
#define NEAR_NAMES_MAX 128
// Metrics are looked for in the values, which takes longer.
#define NEAR_METRICS_MAX 8

static const char *const words[ENTITY_COUNT] = {
    [ENTITY_NODE] = "node",
    [ENTITY_POD] = "pod",
    [ENTITY_CONTAINER] = "container",
    [ENTITY_SYSTEM_CONTAINER] = "system container",
    [ENTITY_NAMESPACE] = "namespace",
    [ENTITY_CLUSTER] = "cluster",
};

static void
take_value(struct historical_path *path, struct text key, struct text value)
{
    const struct {
        struct text key;
        struct text *to;
    } places[] = {
        {TEXT("{node}"), &path->name.node},
        {TEXT("{namespace}"), &path->name.space},
        {TEXT("{pod}"), &path->name.pod},
        {TEXT("{container}"), &path->name.container},
        {TEXT("{pod-id}"), &path->name.pod_id},
        {TEXT("{pods}"), &path->list},
        {TEXT("{pod-ids}"), &path->list},
        {TEXT("{aggregations}"), &path->aggregations},
        {TEXT("{metric...}"), &path->metric},
    };
    for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
        if (text_equal(key, places[i].key)) {
            *places[i].to = value;
            return;
        }
    }
    ASSERT(false);
}

static enum entity
entity_of(const struct historical_path *path)
{
    const struct history_name *name = &path->name;
    if (name->container.size > 0) {
        return name->node.size > 0 ? ENTITY_SYSTEM_CONTAINER : ENTITY_CONTAINER;
    }
    if (name->pod.size > 0 || name->pod_id.size > 0 || path->list.size > 0) {
        return ENTITY_POD;
    }
    if (name->space.size > 0) {
        return ENTITY_NAMESPACE;
    }
    return name->node.size > 0 ? ENTITY_NODE : ENTITY_CLUSTER;
}

void
historical_path_kind(struct historical_path *path)
{
    path->name.entity = entity_of(path);
}

static void
read_values(const struct exchange *exchange, struct historical_path *path)
{
    const struct route_match *match = &exchange->match;
    struct text rest = text_of(route_path(match->route));
    unsigned count = 0;
    memset(path, 0, sizeof *path);
    while (rest.size > 0) {
        struct text part;
        (void)text_cut(rest, '/', &part, &rest);
        if (part.size > 0 && part.at[0] == '{') {
            ASSERT(count < match->count);
            take_value(path, part, match->value[count++]);
        }
    }
    historical_path_kind(path);
}

enum entity
historical_path_children(enum route route)
{
    switch (route) {
    case ROUTE_PAST_NODES:
        return ENTITY_NODE;
    case ROUTE_PAST_NAMESPACES:
        return ENTITY_NAMESPACE;
    case ROUTE_PAST_PODS:
        return ENTITY_POD;
    case ROUTE_PAST_SYSTEM:
        return ENTITY_SYSTEM_CONTAINER;
    default:
        return ENTITY_CONTAINER;
    }
}

static bool
stop(void *context, const struct history_point *point)
{
    (void)context;
    (void)point;
    return false;
}

// Asks for a moment at which nothing was recorded: only the names are looked up.
static int
look_up(struct historical *historical, const struct history_name *name, bool *known)
{
    struct history_ask ask = {
        .name = *name,
        .metric = text_of(metric_info(METRIC_CPU_USAGE_RATE)->name),
        .start = {1},
        .end = {1},
    };
    *known = false;
    int error = history_read(historical->history, &ask, stop, NULL, known);
    if (error < 0) {
        historical->error = error;
        historical->failures_total++;
    }
    return error < 0 ? error : 0;
}

// The names beside `wanted`, below `parent`, whose entity is the kind wanted.
static void
offer_names(struct historical *historical, const struct history_name *parent, struct near *near)
{
    char rooms[2][SHORT_NAME_BYTES_MAX];
    struct text after = {"", 0};
    const struct wall_ms start = {0};
    const struct wall_ms end = {INT64_MAX / 2};
    for (unsigned i = 0; i < NEAR_NAMES_MAX; i++) {
        struct out name = out_of(rooms[i % 2], sizeof rooms[0]);
        if (history_next_name(historical->history, parent, start, end, after, &name) < 0 ||
            name.used == 0) {
            return;
        }
        after = out_view(&name);
        near_offer(near, after);
    }
}

// A name and those above it, the topmost first; how many.
#define LEVELS_MAX 3

struct level {
    struct history_name name;
    struct text last;
};

static unsigned
levels_of(const struct history_name *name, struct level levels[LEVELS_MAX])
{
    struct history_name so_far = {0};
    const struct {
        struct text value;
        struct text *to;
        enum entity entity;
    } parts[] = {
        {name->node, &so_far.node, ENTITY_NODE},
        {name->space, &so_far.space, ENTITY_NAMESPACE},
        {name->pod, &so_far.pod, ENTITY_POD},
        {name->pod_id, &so_far.pod_id, ENTITY_POD},
        {name->container, &so_far.container,
         name->node.size > 0 ? ENTITY_SYSTEM_CONTAINER : ENTITY_CONTAINER},
    };
    unsigned count = 0;
    for (size_t i = 0; i < ARRAY_COUNT(parts) && count < LEVELS_MAX; i++) {
        if (parts[i].value.size > 0) {
            *parts[i].to = parts[i].value;
            so_far.entity = parts[i].entity;
            levels[count++] = (struct level){so_far, parts[i].value};
        }
    }
    return count;
}

static void
say_unknown(struct exchange *exchange, const struct level *parent, const struct level *level)
{
    struct historical *historical = &exchange->api->historical;
    enum entity entity = level->name.entity;
    bool by_id = entity == ENTITY_POD && level->name.pod_id.size > 0;
    struct history_name beside = {.entity = entity};
    struct near near;
    near_begin(&near, level->last);
    if (parent != NULL) {
        beside = parent->name;
        beside.entity = entity;
    }
    if (!by_id) {
        offer_names(historical, &beside, &near);
    }
    struct out message = exchange_message(exchange);
    out_format(&message, "no %s%s was recorded that is called ", words[entity],
               by_id ? " with a uid" : "");
    out_text(&message, level->last);
    if (parent != NULL) {
        out_format(&message, " in %s ", words[parent->name.entity]);
        out_text(&message, parent->last);
    }
    near_write(&near, &message);
    exchange_fail_message(exchange, 404, &message);
}

// The history failed: what serve will try to mend.
static bool
fail_read(struct exchange *exchange, int error)
{
    exchange_fail(exchange, 503, "the history cannot be read now: %s", history_sentence(error));
    return false;
}

bool
historical_path_find(struct exchange *exchange, struct historical_path *path)
{
    read_values(exchange, path);
    return historical_path_check(exchange, path);
}

bool
historical_path_check(struct exchange *exchange, const struct historical_path *path)
{
    struct historical *historical = &exchange->api->historical;
    struct level levels[LEVELS_MAX];
    unsigned count = levels_of(&path->name, levels);
    bool known = true;
    int error = count == 0 ? 0 : look_up(historical, &levels[count - 1].name, &known);
    if (error != 0 || known) {
        return error == 0 || fail_read(exchange, error);
    }
    unsigned at = 0;
    while (at + 1 < count && look_up(historical, &levels[at].name, &known) == 0 && known) {
        at++;
    }
    say_unknown(exchange, at == 0 ? NULL : &levels[at - 1], &levels[at]);
    return false;
}

// Metrics

static void
offer_catalogue(enum entity entity, struct near *near)
{
    for (int i = 0; i < METRIC_COUNT; i++) {
        if (metric_is_recorded((enum metric)i, entity)) {
            near_offer(near, text_of(metric_info((enum metric)i)->name));
        }
    }
}

// The next recorded metric behind `after`, in `room`; empty: none.
static struct text
next_metric(struct exchange *exchange, const struct historical_path *path, struct text after,
            char room[SHORT_NAME_BYTES_MAX])
{
    const struct time_range *range = &exchange->ask.range;
    struct out name = out_of(room, SHORT_NAME_BYTES_MAX);
    if (history_next_metric(exchange->api->historical.history, &path->name, range->start,
                            range->end, after, &name) < 0) {
        name.used = 0;
    }
    return out_view(&name);
}

// Metrics outside of the catalogue are those that were recorded; a list of pods
// may have any. The text right before the name, which no name is (0xff is no
// UTF-8), leads to it in one look-up.
static bool
is_recorded(struct exchange *exchange, const struct historical_path *path)
{
    char before[SHORT_NAME_BYTES_MAX + 1];
    char room[SHORT_NAME_BYTES_MAX];
    struct text metric = path->metric;
    if (path->list.size > 0) {
        return true;
    }
    if (metric.size == 0 || metric.size > SHORT_NAME_BYTES_MAX ||
        metric.at[metric.size - 1] == '\0') {
        return false;
    }
    memcpy(before, metric.at, metric.size);
    before[metric.size - 1]--;
    before[metric.size] = (char)0xff;
    return text_equal(next_metric(exchange, path, (struct text){before, metric.size + 1}, room),
                      metric);
}

static void
offer_recorded(struct exchange *exchange, const struct historical_path *path, struct near *near)
{
    char rooms[2][SHORT_NAME_BYTES_MAX];
    // Those that begin alike.
    struct text name = text_sub(path->metric, 0, path->metric.size / 2);
    enum metric known;
    for (unsigned i = 0; i < NEAR_METRICS_MAX; i++) {
        name = next_metric(exchange, path, name, rooms[i % 2]);
        if (name.size == 0) {
            return;
        }
        if (!metric_find(name, &known) || !metric_is_recorded(known, path->name.entity)) {
            near_offer(near, name);
        }
    }
}

void
historical_path_take_metric(struct model_ask *ask, enum entity entity, struct text metric)
{
    ask->name = metric;
    ask->extra = !metric_find(metric, &ask->metric) || !metric_is_recorded(ask->metric, entity);
    if (!ask->extra) {
        ask->name = text_of(metric_info(ask->metric)->name);
    }
}

static bool
find_metric(struct exchange *exchange, const struct historical_path *path)
{
    enum entity entity = path->name.entity;
    struct near near;
    historical_path_take_metric(&exchange->ask, entity, path->metric);
    if (!exchange->ask.extra || is_recorded(exchange, path)) {
        return true;
    }
    near_begin(&near, path->metric);
    offer_catalogue(entity, &near);
    offer_recorded(exchange, path, &near);
    struct out message = exchange_message(exchange);
    out_string(&message, "no such metric was recorded of this ");
    out_format(&message, "%s: ", words[entity]);
    out_text(&message, text_sub(path->metric, 0, SHORT_NAME_BYTES_MAX));
    near_write(&near, &message);
    exchange_fail_message(exchange, 404, &message);
    return false;
}

static bool
find_one_metric(struct exchange *exchange, const struct historical_path *path)
{
    struct model_ask *ask = &exchange->ask;
    struct label_set labels;
    struct out why = exchange_message(exchange);
    if (query_labels(&exchange->query, &labels, &why) != 0) {
        exchange_fail_message(exchange, 400, &why);
        return false;
    }
    if (!find_metric(exchange, path)) {
        return false;
    }
    bool labelled = !ask->extra && metric_is_labelled(ask->metric);
    bool by_resource = labels.count == 1 &&
                       (ask->extra || text_equal(labels.pair[0].key, TEXT("resource_id")));
    if (labelled && !by_resource) {
        exchange_fail(exchange, 400, TEXT_FORMAT " has a value for each resource: ask with "
                      "labels=resource_id:NAME", TEXT_ARGS(ask->name));
        return false;
    }
    if (labels.count > 1 || (labels.count == 1 && !labelled && !ask->extra)) {
        exchange_fail(exchange, 400, TEXT_FORMAT " has no such labels", TEXT_ARGS(ask->name));
        return false;
    }
    ask->resource_id = labels.count == 0 ? (struct text){"", 0} : labels.pair[0].value;
    return true;
}

bool
historical_path_find_metric(struct exchange *exchange, const struct historical_path *path)
{
    if (!historical_path_has_metrics(path)) {
        return find_one_metric(exchange, path);
    }
    struct text rest = path->metric;
    bool more = true;
    for (unsigned i = 0; more; i++) {
        struct historical_path one = *path;
        if (i == HISTORICAL_METRICS_MAX) {
            exchange_fail(exchange, 400, "more than %d metrics: ask for the others in another "
                          "request", HISTORICAL_METRICS_MAX);
            return false;
        }
        more = text_cut(rest, ',', &one.metric, &rest);
        if (!find_one_metric(exchange, &one)) {
            return false;
        }
    }
    return true;
}

bool
historical_path_has_metrics(const struct historical_path *path)
{
    return path->list.size == 0 && text_find(path->metric, ',', 0) != SIZE_MAX;
}
