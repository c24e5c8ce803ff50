#include "api/cluster_metrics_api.h"

#include <string.h>

#include "api/cluster_family.h"
#include "api/cluster_sample.h"
#include "api/cluster_state.h"
#include "api/cluster_walk.h"
#include "api/labelled.h"
#include "base/error.h"

// Rows that one step may pass over.
#define ROWS_PER_STEP 1024

// What a cursor says. PHASE_FAMILY looks for the next family of the catalogue,
// PHASE_ROWS writes the rows of one of its pairs, PHASE_REQUESTS adds what
// containers ask for of extended resources. PHASE_STATES writes what is a word and
// not a number. PHASE_SEARCH looks for the least name
// behind the last one that is not of the catalogue, PHASE_EXTRAS writes it.
enum phase {
    PHASE_FAMILY,
    PHASE_ROWS,
    PHASE_REQUESTS,
    PHASE_STATES,
    PHASE_SEARCH,
    PHASE_EXTRAS,
};

static const enum entity extra_levels[] = {ENTITY_NODE, ENTITY_SYSTEM_CONTAINER, ENTITY_POD,
                                           ENTITY_CONTAINER};

// The members of a cursor by what they are here.
static uint32_t *
phase_of(struct cursor *cursor)
{
    return &cursor->order.generation;
}

static uint32_t *
has_head(struct cursor *cursor)
{
    return &cursor->order.position;
}

// The family of PHASE_EXTRAS, and the nearest behind it that PHASE_SEARCH found.
static struct text
extra_family(const struct cursor *cursor)
{
    return (struct text){cursor->order.name, cursor->order.name_bytes};
}

static struct text
extra_found(const struct cursor *cursor)
{
    return (struct text){cursor->order.group, cursor->order.group_bytes};
}

static bool
is_fresh(const struct exchange *exchange, struct wall_ms time)
{
    int64_t cycle_ms = (int64_t)exchange->api->table->header->resolution_ms;
    return exchange->now.ms - time.ms <= (STALE_CYCLES + 1) * cycle_ms;
}

// 0 is kept for what is not set.
static bool
is_unset(enum metric metric, const struct metric_value *value)
{
    switch (metric) {
    case METRIC_CPU_REQUEST:
    case METRIC_CPU_LIMIT:
    case METRIC_MEMORY_REQUEST:
    case METRIC_MEMORY_LIMIT:
    case METRIC_EPHEMERAL_REQUEST:
    case METRIC_EPHEMERAL_LIMIT:
        return !value->is_double && value->u64 == 0;
    default:
        return false;
    }
}

static void
begin_rows(struct exchange *exchange, enum entity entity)
{
    exchange->cursor.written = 0;
    cluster_walk_begin(exchange->api->table, entity, &exchange->cursor);
}

static void
next_row(struct exchange *exchange, enum entity entity)
{
    exchange->cursor.written = 0;
    cluster_walk_on(exchange->api->table, entity, &exchange->cursor);
}

// The next value of the row at which the cursor stands; moves on to the next row
// behind its last.
static bool
take_value(struct exchange *exchange, const struct target *target, struct set_point *point,
           char room[SHORT_NAME_BYTES_MAX])
{
    struct wall_ms time;
    bool labelled = metric_is_labelled(point->metric);
    if (!labelled || !labelled_resource(target, point->metric, exchange->cursor.written++, room,
                                        &point->resource_id)) {
        next_row(exchange, target->entity);
        if (labelled) {
            return false;
        }
    }
    return target_metric(target, point->metric, point->resource_id, 0, &point->value, &time) &&
           is_fresh(exchange, time) && !is_unset(point->metric, &point->value);
}

static void
write_head(const struct cursor *cursor, struct out *out)
{
    if (cursor->stage < CLUSTER_PAIR_END) {
        cluster_family_head(out, cursor->stage);
        return;
    }
    out_string(out, "# HELP ");
    out_text(out, extra_family(cursor));
    out_string(out, " As the source names it\n# TYPE ");
    out_text(out, extra_family(cursor));
    out_string(out, " untyped\n");
}

// With the head in front of the first of a family. True: it was written.
static bool
write_sample(struct exchange *exchange, struct out *out, const struct target *target,
             const struct set_point *point, struct text family)
{
    struct cursor *cursor = &exchange->cursor;
    size_t used = out->used;
    if (*has_head(cursor) == 0) {
        write_head(cursor, out);
    }
    if (!cluster_sample_write(out, target, point, family)) {
        out->used = used;
        return false;
    }
    *has_head(cursor) = 1;
    return true;
}

// True: a sample was written.
static bool
write_value(struct exchange *exchange, struct out *out, unsigned pair)
{
    struct cursor *cursor = &exchange->cursor;
    enum entity entity = cluster_pair_entity(pair);
    char room[SHORT_NAME_BYTES_MAX];
    struct target target;
    struct set_point point = {.metric = cluster_pair_metric(pair)};
    point.name = text_of(metric_info(point.metric)->name);
    if (!cluster_walk_read(exchange->api->table, entity, cursor, &target)) {
        next_row(exchange, entity);
        return false;
    }
    if (!take_value(exchange, &target, &point, room)) {
        return false;
    }
    return write_sample(exchange, out, &target, &point, (struct text){"", 0});
}

static enum step
family_step(struct exchange *exchange)
{
    struct cursor *cursor = &exchange->cursor;
    cursor->stage = cluster_family_next(cursor->stage);
    cursor->offset = cursor->stage;
    *has_head(cursor) = 0;
    if (cursor->stage < CLUSTER_PAIR_END) {
        *phase_of(cursor) = PHASE_ROWS;
        begin_rows(exchange, cluster_pair_entity(cursor->stage));
    } else {
        *phase_of(cursor) = PHASE_STATES;
        cursor->offset = 0;
        begin_rows(exchange, cluster_state_entity(0));
    }
    return STEP_MORE;
}

static void
end_of_pair(struct exchange *exchange)
{
    struct cursor *cursor = &exchange->cursor;
    cursor->offset = cluster_family_member(cursor->stage, cursor->offset);
    if (cursor->offset < CLUSTER_PAIR_END) {
        begin_rows(exchange, cluster_pair_entity(cursor->offset));
    } else if (cluster_family_is_requests(cursor->stage)) {
        *phase_of(cursor) = PHASE_REQUESTS;
        begin_rows(exchange, ENTITY_CONTAINER);
    } else {
        *phase_of(cursor) = PHASE_FAMILY;
        cursor->stage++;
    }
}

static enum step
rows_step(struct exchange *exchange, struct out *out)
{
    for (int i = 0; i < ROWS_PER_STEP; i++) {
        if (exchange->cursor.row == 0) {
            end_of_pair(exchange);
            return STEP_MORE;
        }
        if (write_value(exchange, out, exchange->cursor.offset)) {
            return STEP_MORE;
        }
    }
    return STEP_PAUSE;
}

// States

// True: one was written.
static bool
write_state(struct exchange *exchange, struct out *out, enum cluster_state state)
{
    struct cursor *cursor = &exchange->cursor;
    enum entity entity = cluster_state_entity(state);
    struct target target;
    size_t used = out->used;
    unsigned place = cursor->written++;
    if (place == cluster_state_places(state) ||
        !cluster_walk_read(exchange->api->table, entity, cursor, &target)) {
        next_row(exchange, entity);
        return false;
    }
    if (*has_head(cursor) == 0) {
        cluster_state_head(out, state);
    }
    if (!cluster_state_write(out, state, &target, place)) {
        out->used = used;
        return false;
    }
    *has_head(cursor) = 1;
    return true;
}

static void
end_of_state(struct exchange *exchange)
{
    struct cursor *cursor = &exchange->cursor;
    *has_head(cursor) = 0;
    if (++cursor->offset < CLUSTER_STATE_COUNT) {
        begin_rows(exchange, cluster_state_entity((enum cluster_state)cursor->offset));
        return;
    }
    *phase_of(cursor) = PHASE_SEARCH;
    cursor->offset = 0;
    cursor->order.name_bytes = 0;
    cursor->order.group_bytes = 0;
    begin_rows(exchange, extra_levels[0]);
}

static enum step
states_step(struct exchange *exchange, struct out *out)
{
    for (int i = 0; i < ROWS_PER_STEP; i++) {
        if (exchange->cursor.row == 0) {
            end_of_state(exchange);
            return STEP_MORE;
        }
        if (write_state(exchange, out, (enum cluster_state)exchange->cursor.offset)) {
            return STEP_MORE;
        }
    }
    return STEP_PAUSE;
}

// Values without an entry in the catalogue

// The next of the row at which the cursor stands. False: none, and the cursor is
// at the next row.
static bool
take_extra(struct exchange *exchange, enum entity entity, struct target *target,
           struct labelled_view *view, struct set_point *point)
{
    struct cursor *cursor = &exchange->cursor;
    if (!cluster_walk_read(exchange->api->table, entity, cursor, target) ||
        !labelled_extra(target, cursor->written++, view)) {
        next_row(exchange, entity);
        return false;
    }
    *point = (struct set_point){
        .metric = METRIC_COUNT,
        .name = view->metric,
        .resource_id = view->name,
        .value = {.is_double = true, .real = view->extra.value},
    };
    return true;
}

static bool
extra_is_fresh(const struct exchange *exchange, const struct labelled_view *view)
{
    // Those of the API server have no cycle.
    struct wall_ms time = {(int64_t)view->extra.cycle_s * MS_PER_S};
    return view->extra.cycle_s == 0 || is_fresh(exchange, time);
}

static bool
write_extra(struct exchange *exchange, struct out *out, enum entity entity, struct text family)
{
    struct target target;
    struct labelled_view view;
    struct set_point point;
    return take_extra(exchange, entity, &target, &view, &point) &&
           extra_is_fresh(exchange, &view) && write_sample(exchange, out, &target, &point, family);
}

static enum step
requests_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    for (int i = 0; i < ROWS_PER_STEP; i++) {
        if (cursor->row == 0) {
            *phase_of(cursor) = PHASE_FAMILY;
            cursor->stage++;
            return STEP_MORE;
        }
        if (write_extra(exchange, out, ENTITY_CONTAINER, text_of(cluster_family_requests))) {
            return STEP_MORE;
        }
    }
    return STEP_PAUSE;
}

// Keeps the least name behind the family written last.
static void
look_at_extra(struct exchange *exchange, enum entity entity)
{
    struct cursor *cursor = &exchange->cursor;
    struct target target;
    struct labelled_view view;
    struct set_point point;
    char room[NAME_BYTES_MAX];
    if (!take_extra(exchange, entity, &target, &view, &point) ||
        !extra_is_fresh(exchange, &view)) {
        return;
    }
    struct text name = cluster_sample_name(&target, &point, room);
    struct text found = extra_found(cursor);
    if (name.size == 0 || text_compare(name, extra_family(cursor)) <= 0 ||
        (found.size > 0 && text_compare(name, found) >= 0) || cluster_family_is_known(name)) {
        return;
    }
    memcpy(cursor->order.group, name.at, name.size);
    cursor->order.group_bytes = (uint16_t)name.size;
}

// True: the next level of those that have extras is begun.
static bool
next_level(struct exchange *exchange)
{
    struct cursor *cursor = &exchange->cursor;
    if (++cursor->offset == ARRAY_COUNT(extra_levels)) {
        cursor->offset = 0;
        begin_rows(exchange, extra_levels[0]);
        return false;
    }
    begin_rows(exchange, extra_levels[cursor->offset]);
    return true;
}

static enum step
end_of_search(struct exchange *exchange)
{
    struct cursor *cursor = &exchange->cursor;
    struct text found = extra_found(cursor);
    // cursor.time counts the families.
    if (found.size == 0 || cursor->time.ms++ == CLUSTER_EXTRA_FAMILIES_MAX) {
        return STEP_DONE;
    }
    memcpy(cursor->order.name, found.at, found.size);
    cursor->order.name_bytes = (uint16_t)found.size;
    cursor->order.group_bytes = 0;
    *has_head(cursor) = 0;
    *phase_of(cursor) = PHASE_EXTRAS;
    return STEP_MORE;
}

static enum step
search_step(struct exchange *exchange)
{
    struct cursor *cursor = &exchange->cursor;
    for (int i = 0; i < ROWS_PER_STEP; i++) {
        if (cursor->row == 0 && !next_level(exchange)) {
            return end_of_search(exchange);
        }
        if (cursor->row != 0) {
            look_at_extra(exchange, extra_levels[cursor->offset]);
        }
    }
    return STEP_PAUSE;
}

static enum step
extras_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    for (int i = 0; i < ROWS_PER_STEP; i++) {
        if (cursor->row == 0 && !next_level(exchange)) {
            *phase_of(cursor) = PHASE_SEARCH;
            return STEP_MORE;
        }
        if (cursor->row != 0 && write_extra(exchange, out, extra_levels[cursor->offset],
                                            extra_family(cursor))) {
            return STEP_MORE;
        }
    }
    return STEP_PAUSE;
}

static enum step
metrics_step(struct exchange *exchange, struct out *out)
{
    switch (*phase_of(&exchange->cursor)) {
    case PHASE_FAMILY:
        return family_step(exchange);
    case PHASE_ROWS:
        return rows_step(exchange, out);
    case PHASE_REQUESTS:
        return requests_step(exchange, out);
    case PHASE_STATES:
        return states_step(exchange, out);
    case PHASE_SEARCH:
        return search_step(exchange);
    default:
        return extras_step(exchange, out);
    }
}

void
cluster_metrics_api(struct exchange *exchange)
{
    if (exchange->api->table == NULL) {
        exchange_fail(exchange, 503, "%s; try again in a few seconds",
                      error_sentence(ERR_NOT_READY));
        return;
    }
    exchange_answer_of_table(exchange, CONTENT_PROMETHEUS, metrics_step);
}
