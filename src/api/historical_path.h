// What a path of the historical API names: an entity that was recorded, several
// pods, a metric; and what to say when there is none of that name.
#ifndef SKERRY_API_HISTORICAL_PATH_H
#define SKERRY_API_HISTORICAL_PATH_H

#include "api/exchange.h"

struct historical_path {
    struct history_name name;
    struct text list;          // pods or pod ids with commas between, or empty
    struct text aggregations;
    struct text metric;        // or several with commas between
};

// The names in the path, and whether they were ever recorded: false when not,
// answered with 404 and what is near.
bool historical_path_find(struct exchange *exchange, struct historical_path *path);

// name.entity from which names there are.
void historical_path_kind(struct historical_path *path);

// The same for names that are filled in already.
bool historical_path_check(struct exchange *exchange, const struct historical_path *path);

// Metric name and labels= into exchange->ask, of several metrics the last. False:
// answered with 404 or 400.
bool historical_path_find_metric(struct exchange *exchange, const struct historical_path *path);

// Several metrics of one entity.
bool historical_path_has_metrics(const struct historical_path *path);

// The name of a metric that was found, into `ask`.
void historical_path_take_metric(struct model_ask *ask, enum entity entity, struct text metric);

// What kind of names a list has.
enum entity historical_path_children(enum route route);

#endif
