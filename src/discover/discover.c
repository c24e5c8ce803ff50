#include "discover/discover.h"

#include "base/check.h"
#include "table/event_ring.h"
#include "table/source_count.h"

// Pods are listed without waiting longer for the others.
#define PODS_WAIT_MS (10 * 1000)

_Static_assert(OBJECT_EVENT + 1 == OBJECT_KIND_COUNT, "events may be left out");

static unsigned
kinds_of(bool events)
{
    return events ? OBJECT_KIND_COUNT : OBJECT_EVENT;
}

size_t
discover_footprint(bool events)
{
    size_t bytes = status_footprint();
    for (unsigned kind = 0; kind < kinds_of(events); kind++) {
        bytes += list_watch_footprint((enum object_kind)kind);
    }
    return bytes;
}

static struct text
host_id_of(const struct node_object *node)
{
    if (node->external_id.size != 0 || node->annotation_count == 0) {
        return node->external_id;
    }
    return node->annotations[0].value;
}

static void
on_node(void *context, enum object_change change, struct text version,
        const struct node_object *node)
{
    (void)version;
    struct discover *self = context;
    if (change == OBJECT_DELETED) {
        self->hooks.node_removed(self->hooks.context, self->source, node->name);
        table_remove_node(self->writer, self->source, node->name);
        return;
    }
    row_index row = table_put_node(self->writer, self->source, node, host_id_of(node));
    self->hooks.node_put(self->hooks.context, self->source, row, node);
}

static void
on_pod(void *context, enum object_change change, struct text version,
       const struct pod_object *pod)
{
    (void)version;
    struct discover *self = context;
    if (change == OBJECT_DELETED) {
        table_remove_pod(self->writer, self->source, pod);
    } else {
        (void)table_put_pod(self->writer, self->source, pod);
    }
}

static void
on_namespace(void *context, enum object_change change, struct text version,
             const struct namespace_object *seen)
{
    (void)version;
    struct discover *self = context;
    if (change == OBJECT_DELETED) {
        table_remove_namespace(self->writer, self->source, seen->name);
    } else {
        (void)table_put_namespace(self->writer, self->source, seen);
    }
}

// What a cluster has forgotten has happened all the same.
static void
on_event(void *context, enum object_change change, struct text version,
         const struct event_object *event)
{
    (void)version;
    struct discover *self = context;
    if (change != OBJECT_DELETED) {
        table_put_event(self->writer, self->source, event, change == OBJECT_LISTED);
    }
}

static void
on_list_begin(void *context, enum object_kind kind)
{
    struct discover *self = context;
    if (kind != OBJECT_EVENT) {
        table_list_begin(self->writer, self->source, kind);
    }
    if (self->list_begun[kind]) {
        source_count_relist(self->writer, self->source);
    }
    self->list_begun[kind] = true;
    if (kind == OBJECT_NODE) {
        self->hooks.nodes_begin(self->hooks.context, self->source);
    }
}

static void
on_list_end(void *context, enum object_kind kind)
{
    struct discover *self = context;
    if (kind == OBJECT_EVENT) {
        table_events_listed(self->writer, self->source);
        return;
    }
    table_list_end(self->writer, self->source, kind);
    if (kind == OBJECT_NODE) {
        self->hooks.nodes_end(self->hooks.context, self->source);
    }
}

static bool
is_well(const struct discover *self)
{
    for (unsigned i = 0; i < OBJECT_KIND_COUNT; i++) {
        if (i != OBJECT_EVENT && self->last_error[i] != 0) {
            return false;
        }
    }
    return true;
}

// The API server is as bad as the last answer of each kind: what one kind is
// denied is shown although the others work; but for events, which stand apart. The
// same failure is told once.
static void
on_result(void *context, enum object_kind kind, int error, struct text sentence)
{
    struct discover *self = context;
    struct wall_ms now = platform_wall_now(self->platform);
    int before = self->last_error[kind];
    self->last_error[kind] = error;
    if (kind == OBJECT_EVENT) {
        table_note_events(self->writer, self->source, error);
    } else if (error != 0 || is_well(self)) {
        table_note_source(self->writer, self->source, error, sentence, now);
    }
    if (error != 0) {
        table_count(self->writer, COUNTER_API_FAILURES, 1);
        table_count_error(self->writer, error, 1);
    }
    if (before != error) {
        self->hooks.changed(self->hooks.context, self->source, error, sentence);
    }
}

static void
on_watch_started(void *context, enum object_kind kind)
{
    (void)kind;
    struct discover *self = context;
    table_count(self->writer, COUNTER_WATCH_STARTS, 1);
    source_count_watch(self->writer, self->source);
}

static void
on_bytes(void *context, size_t size)
{
    struct discover *self = context;
    table_count(self->writer, COUNTER_API_BYTES, size);
    // A watch that is open and brings events is an answer as good as any.
    if (is_well(self)) {
        table_note_source(self->writer, self->source, 0, TEXT(""),
                          platform_wall_now(self->platform));
    }
}

static void
on_decoded(void *context, const struct parse_counters *counters, bool watch)
{
    struct discover *self = context;
    uint64_t skipped = 0;
    for (int i = 0; i < ERR_COUNT; i++) {
        if (counters->skipped[i] != 0) {
            skipped += counters->skipped[i];
            table_count_error(self->writer, i, counters->skipped[i]);
        }
    }
    table_count(self->writer, COUNTER_ELEMENTS, counters->elements);
    table_count(self->writer, COUNTER_ELEMENTS_SKIPPED, skipped);
    if (watch) {
        table_count(self->writer, COUNTER_WATCH_EVENTS, counters->elements);
    }
}

void
discover_init(struct discover *discover, struct arena *arena,
              const struct discover_config *config, const struct platform *platform,
              struct fetch *fetch, struct table_writer *writer,
              const struct discover_hooks *hooks, struct decode_space *space)
{
    *discover = (struct discover){
        .source = config->source,
        .platform = platform,
        .writer = writer,
        .hooks = *hooks,
        .server = config->server,
        .kinds = kinds_of(config->events),
        .begun = platform_mono_now(platform),
    };
    if (config->host_id_annotation.size != 0) {
        discover->annotations = (struct wanted){1, {config->host_id_annotation}};
    }
    status_init(&discover->status, arena, space);
    discover->server.status = &discover->status;
    discover->server.status_holder = NULL;
    struct list_watch_hooks list_watch_hooks = {
        .context = discover,
        .list_begin = on_list_begin,
        .list_end = on_list_end,
        .result = on_result,
        .watch_started = on_watch_started,
        .bytes = on_bytes,
        .decoded = on_decoded,
        .objects = {.context = discover, .on_node = on_node, .on_pod = on_pod,
                    .on_namespace = on_namespace, .on_event = on_event},
    };
    for (unsigned kind = 0; kind < discover->kinds; kind++) {
        list_watch_init(&discover->list_watch[kind], arena, (enum object_kind)kind,
                        &discover->server, platform, fetch, &list_watch_hooks, space,
                        &discover->annotations, config->seed + kind);
    }
    list_watch_begin(&discover->list_watch[OBJECT_NODE]);
    list_watch_begin(&discover->list_watch[OBJECT_NAMESPACE]);
}

// Each was listed, or cannot be for now.
static bool
may_list_pods(const struct discover *self)
{
    const struct list_watch *nodes = &self->list_watch[OBJECT_NODE];
    const struct list_watch *namespaces = &self->list_watch[OBJECT_NAMESPACE];
    int64_t waited = mono_ms_between(self->begun, platform_mono_now(self->platform));
    bool failing = nodes->failures != 0 || namespaces->failures != 0;
    return (nodes->synced && namespaces->synced)
           || ((failing || nodes->tried) && waited >= PODS_WAIT_MS);
}

struct mono_ns
discover_turn(struct discover *self)
{
    struct mono_ns next = {INT64_MAX};
    if (!self->pods_begun && may_list_pods(self)) {
        self->pods_begun = true;
        list_watch_begin(&self->list_watch[OBJECT_POD]);
        if (self->kinds > OBJECT_EVENT) {
            list_watch_begin(&self->list_watch[OBJECT_EVENT]);
        }
    }
    for (unsigned kind = 0; kind < self->kinds; kind++) {
        struct mono_ns due = list_watch_turn(&self->list_watch[kind]);
        next = mono_before(due, next) ? due : next;
    }
    if (!self->pods_begun) {
        struct mono_ns look = mono_add_ms(platform_mono_now(self->platform), 50);
        next = mono_before(look, next) ? look : next;
    }
    return next;
}

void
discover_ask_pods(struct discover *self)
{
    struct mono_ns now = platform_mono_now(self->platform);
    if (self->pods_asked.ns == 0
        || mono_ms_between(self->pods_asked, now) >= DISCOVER_ASK_MS) {
        self->pods_asked = now;
        list_watch_ask(&self->list_watch[OBJECT_POD]);
    }
}

bool
discover_is_synced(const struct discover *self)
{
    return self->list_watch[OBJECT_NODE].synced && self->list_watch[OBJECT_POD].synced
           && self->list_watch[OBJECT_NAMESPACE].synced;
}
