#include "terminal/top_item.h"

#include "api/cluster_count.h"
#include "base/calendar.h"
#include "base/check.h"
#include "base/error.h"

#define UNKNOWN (-1.0)

static const struct {
    const char *name;
    enum table_pool pool;
} kinds[TOP_KIND_COUNT] = {
    [TOP_NODES] = {"nodes", POOL_NODES},
    [TOP_PODS] = {"pods", POOL_PODS},
    [TOP_CONTAINERS] = {"containers", POOL_CONTAINERS},
};

static const char *const sort_names[TOP_SORT_COUNT] = {
#define SORT(id, name, key, help) name,
#include "terminal/top_sort.tbl.h"
#undef SORT
};

const char *
top_kind_name(enum top_kind kind)
{
    ASSERT(kind < TOP_KIND_COUNT);
    return kinds[kind].name;
}

enum table_pool
top_kind_pool(enum top_kind kind)
{
    ASSERT(kind < TOP_KIND_COUNT);
    return kinds[kind].pool;
}

const char *
top_sort_name(enum top_sort sort)
{
    ASSERT(sort < TOP_SORT_COUNT);
    return sort_names[sort];
}

double
top_share(double used, double whole)
{
    return used >= 0 && whole > 0 ? used / whole : UNKNOWN;
}

static double
number_of(bool known, const struct metric_value *value)
{
    if (!known) {
        return UNKNOWN;
    }
    return value->is_double ? value->real : (double)value->u64;
}

static double
node_number(const struct table_reader *table, const struct node_view *view, enum metric metric)
{
    struct metric_value value;
    struct wall_ms time;
    return number_of(table_node_metric(table, view, metric, TEXT(""), 0, &value, &time), &value);
}

static double
pod_number(const struct table_reader *table, const struct pod_view *view, enum metric metric)
{
    struct metric_value value;
    struct wall_ms time;
    return number_of(table_pod_metric(table, view, metric, TEXT(""), 0, &value, &time), &value);
}

static double
container_number(const struct table_reader *table, const struct container_view *view,
                 enum metric metric)
{
    struct metric_value value;
    struct wall_ms time;
    return number_of(table_container_metric(table, view, metric, TEXT(""), 0, &value, &time),
                     &value);
}

static double
whole_of(uint64_t first, uint64_t second)
{
    uint64_t whole = first != 0 ? first : second;
    return whole != 0 ? (double)whole : UNKNOWN;
}

static bool
read_node(struct top_item *item, const struct table_reader *table, row_index row)
{
    struct node_view *view = &item->node_view;
    if (!table_read_node(table, row, VIEW_NAMES, view)) {
        return false;
    }
    item->space = item->pod = item->node = TEXT("");
    item->name = view->name;
    item->cpu = node_number(table, view, METRIC_CPU_USAGE_RATE);
    item->memory = node_number(table, view, METRIC_MEMORY_WORKING_SET);
    item->cpu_whole = whole_of(view->row.cpu_allocatable_milli, view->row.cpu_capacity_milli);
    item->memory_whole = whole_of(view->row.memory_allocatable, view->row.memory_capacity);
    item->receive = node_number(table, view, METRIC_NETWORK_RX_RATE);
    item->transmit = node_number(table, view, METRIC_NETWORK_TX_RATE);
    item->restarts = UNKNOWN;
    item->pods = (double)view->row.pod_count;
    item->start_s = view->row.start_s != 0 ? view->row.start_s : view->row.created_s;
    item->sample_s = view->row.samples[view->row.head.newest].head.cycle_s;
    return true;
}

// The limits of a pod count only when no container of it is without.
static void
read_pod_limits(struct top_item *item, const struct table_reader *table)
{
    const struct pod_row *pod = &item->pod_view.row;
    struct container_view *view = &item->container_view;
    bool cpu = pod->resources.cpu_limit != 0;
    bool memory = pod->resources.memory_limit != 0;
    row_index row = pod->first_container;
    for (int i = 0; i < POD_CONTAINERS_MAX && row != 0 && (cpu || memory); i++) {
        if (table_read_container(table, row, VIEW_ROW, view) && view->row.role != CONTAINER_INIT &&
            view->row.role != CONTAINER_EPHEMERAL) {
            cpu = cpu && view->row.resources.cpu_limit != 0;
            memory = memory && view->row.resources.memory_limit != 0;
        }
        row = table_next_container(table, row);
    }
    item->cpu_whole = cpu ? (double)pod->resources.cpu_limit : UNKNOWN;
    item->memory_whole = memory ? (double)pod->resources.memory_limit : UNKNOWN;
}

static bool
read_pod(struct top_item *item, const struct table_reader *table, row_index row)
{
    struct pod_view *view = &item->pod_view;
    if (!table_read_pod(table, row, VIEW_NAMES, view)) {
        view->index = 0;  // has_pod must not take it for whole
        return false;
    }
    bool own_network = (view->row.head.flags & ROW_HOST_NETWORK) == 0;
    item->space = view->namespace_name;
    item->pod = TEXT("");
    item->name = view->name;
    item->node = view->node_name;
    item->cpu = pod_number(table, view, METRIC_CPU_USAGE_RATE);
    item->memory = pod_number(table, view, METRIC_MEMORY_WORKING_SET);
    item->receive = own_network ? pod_number(table, view, METRIC_NETWORK_RX_RATE) : UNKNOWN;
    item->transmit = own_network ? pod_number(table, view, METRIC_NETWORK_TX_RATE) : UNKNOWN;
    item->restarts = pod_number(table, view, METRIC_RESTART_COUNT);
    item->pods = UNKNOWN;
    item->start_s = view->row.start_s != 0 ? view->row.start_s : view->row.created_s;
    item->sample_s = view->row.samples[view->row.head.newest].head.cycle_s;
    read_pod_limits(item, table);
    return true;
}

// Containers of one pod come one after the other: its names are read once.
static bool
has_pod(const struct top_item *item, const struct table_reader *table, row_index pod)
{
    return item->pod_view.index == pod &&
           table_is_unchanged(table, POOL_PODS, pod,
                              atomic_load_explicit(&item->pod_view.row.head.seq,
                                                   memory_order_relaxed));
}

static bool
read_parent(struct top_item *item, const struct table_reader *table,
            const struct container_row *row)
{
    item->space = item->pod = TEXT("");
    if (row->pod == 0) {
        bool read = table_read_node(table, row->node, VIEW_NAMES, &item->node_view);
        item->node = item->node_view.name;
        return read;
    }
    if (!has_pod(item, table, row->pod) &&
        !table_read_pod(table, row->pod, VIEW_NAMES, &item->pod_view)) {
        item->pod_view.index = 0;
        return false;
    }
    item->space = item->pod_view.namespace_name;
    item->pod = item->pod_view.name;
    item->node = item->pod_view.node_name;
    return true;
}

static bool
read_container(struct top_item *item, const struct table_reader *table, row_index row)
{
    struct container_view *view = &item->container_view;
    if (!table_read_container(table, row, VIEW_NAMES, view) ||
        !read_parent(item, table, &view->row)) {
        return false;
    }
    item->name = view->name;
    item->cpu = container_number(table, view, METRIC_CPU_USAGE_RATE);
    item->memory = container_number(table, view, METRIC_MEMORY_WORKING_SET);
    item->cpu_whole = whole_of(view->row.resources.cpu_limit, 0);
    item->memory_whole = whole_of(view->row.resources.memory_limit, 0);
    item->receive = item->transmit = item->pods = UNKNOWN;
    item->restarts = view->row.pod != 0 ? container_number(table, view, METRIC_RESTART_COUNT)
                                        : UNKNOWN;
    item->start_s = view->row.start_s;
    item->sample_s = view->row.samples[view->row.head.newest].head.cycle_s;
    return true;
}

bool
top_item_read(struct top_item *item, const struct table_reader *table, enum top_kind kind,
              row_index row)
{
    item->kind = kind;
    item->row = row;
    item->status = TEXT("");
    item->status_style = STYLE_PLAIN;
    switch (kind) {
    case TOP_NODES:
        return read_node(item, table, row);
    case TOP_PODS:
        return read_pod(item, table, row);
    default:
        return read_container(item, table, row);
    }
}

double
top_item_value(const struct top_item *item, enum top_sort sort)
{
    switch (sort) {
    case TOP_SORT_CPU:
        return item->cpu;
    case TOP_SORT_MEMORY:
        return item->memory;
    case TOP_SORT_CPU_SHARE:
        return top_share(item->cpu, item->cpu_whole);
    case TOP_SORT_MEMORY_SHARE:
        return top_share(item->memory, item->memory_whole);
    case TOP_SORT_NETWORK:
        return item->receive >= 0 && item->transmit >= 0 ? item->receive + item->transmit
                                                         : UNKNOWN;
    case TOP_SORT_RESTARTS:
        return item->restarts;
    case TOP_SORT_AGE:
        return (double)item->start_s;
    default:
        return 0;
    }
}

// --- How it is doing

struct status {
    struct out out;
    enum style style;
};

// The worst style stays.
static void
say(struct status *status, enum style style, const char *what)
{
    if (status->out.used > 0) {
        out_string(&status->out, ", ");
    }
    out_string(&status->out, what);
    if (style > status->style) {
        status->style = style;
    }
}

static void
say_text(struct status *status, enum style style, struct text what)
{
    say(status, style, "");
    out_text(&status->out, what);
}

static void
describe_node(const struct node_row *row, struct status *status)
{
    const struct {
        uint8_t state;
        const char *what;
    } troubles[] = {
        {row->memory_pressure, "memory pressure"},
        {row->disk_pressure, "disk pressure"},
        {row->pid_pressure, "PID pressure"},
        {row->network_unavailable, "no network"},
    };
    bool pseudo = (row->head.flags & ROW_PSEUDO) != 0;
    if (row->ready == CONDITION_TRUE || pseudo) {
        say(status, STYLE_GOOD, pseudo ? "this machine" : "ready");
    } else {
        say(status, STYLE_BAD, row->ready == CONDITION_FALSE ? "not ready" : "unknown");
    }
    if ((row->head.flags & ROW_UNSCHEDULABLE) != 0) {
        say(status, STYLE_WARN, "cordoned");
    }
    for (size_t i = 0; i < ARRAY_COUNT(troubles); i++) {
        if (troubles[i].state == CONDITION_TRUE) {
            say(status, STYLE_BAD, troubles[i].what);
        }
    }
    if (row->scrape.failure_streak > 0) {
        say(status, STYLE_BAD, "scrape: ");
        out_string(&status->out, error_name(row->scrape.last_error));
    }
}

// Why a container waits, or ended badly the last time.
static void
describe_ends(const struct container_view *view, struct status *status)
{
    if (view->waiting_reason.size > 0) {
        bool begins = text_equal(view->waiting_reason, TEXT("ContainerCreating")) ||
                      text_equal(view->waiting_reason, TEXT("PodInitializing"));
        say_text(status, begins ? STYLE_WARN : STYLE_BAD, view->waiting_reason);
    } else if (view->last_reason.size > 0 && view->row.last_exit_code != 0) {
        say(status, STYLE_WARN, "was ");
        out_text(&status->out, view->last_reason);
    }
}

static void
describe_pod(struct top_item *item, const struct table_reader *table, struct status *status)
{
    static const enum style styles[] = {
        [POD_UNKNOWN] = STYLE_PLAIN, [POD_PENDING] = STYLE_WARN,  [POD_RUNNING] = STYLE_GOOD,
        [POD_SUCCEEDED] = STYLE_DIM, [POD_FAILED] = STYLE_BAD,
    };
    struct pod_view *view = &item->pod_view;
    const struct pod_row *pod = &view->row;
    if (!table_read_pod(table, item->row, VIEW_DETAILS, view)) {
        view->index = 0;
        item->space = item->name = item->node = TEXT("");
        return;
    }
    item->space = view->namespace_name;
    item->name = view->name;
    item->node = view->node_name;
    if (pod->phase != POD_UNKNOWN && pod->phase < ARRAY_COUNT(styles)) {
        say(status, styles[pod->phase], cluster_phase_name(pod->phase));
    }
    if ((pod->head.flags & ROW_DELETING) != 0) {
        say(status, STYLE_WARN, "terminating");
    }
    if (view->reason.size > 0) {
        say_text(status, STYLE_BAD, view->reason);
        return;
    }
    row_index row = pod->first_container;
    size_t before = status->out.used;
    for (int i = 0; i < POD_CONTAINERS_MAX && row != 0 && status->out.used == before; i++) {
        if (table_read_container(table, row, VIEW_DETAILS, &item->container_view)) {
            describe_ends(&item->container_view, status);
        }
        row = table_next_container(table, row);
    }
}

static void
describe_container(struct top_item *item, const struct table_reader *table, struct status *status)
{
    struct container_view *view = &item->container_view;
    if (!table_read_container(table, item->row, VIEW_DETAILS, view)) {
        return;
    }
    item->name = view->name;
    if (view->row.container_state == CONTAINER_RUNNING) {
        say(status, STYLE_GOOD, "running");
    } else if (view->row.container_state == CONTAINER_TERMINATED) {
        say(status, STYLE_DIM, "ended");
    } else if (view->row.container_state == CONTAINER_WAITING && view->waiting_reason.size == 0) {
        say(status, STYLE_WARN, "waiting");
    }
    describe_ends(view, status);
}

void
top_item_describe(struct top_item *item, const struct table_reader *table, struct wall_ms now)
{
    struct status status = {out_of(item->status_buffer, sizeof item->status_buffer), STYLE_PLAIN};
    if (item->kind == TOP_NODES) {
        describe_node(&item->node_view.row, &status);
    } else if (item->kind == TOP_PODS) {
        describe_pod(item, table, &status);
    } else {
        describe_container(item, table, &status);
    }
    int64_t age_ms = now.ms - (int64_t)item->sample_s * MS_PER_S;
    if (item->sample_s != 0 && age_ms > (int64_t)table->header->resolution_ms * STALE_CYCLES) {
        say(&status, STYLE_WARN, "data ");
        calendar_write_age(&status.out, age_ms);
        out_string(&status.out, " old");
    }
    item->status = out_view(&status.out);
    item->status_style = status.style;
}
