#include "discover/discover.h"

#include <string.h>

#include "base/check.h"

// Objects a page: 500 pods are 2 MB, which an API server answers in a moment;
// kubectl asks for as many.
#define PAGE_LIMIT 500

size_t
discover_footprint(void)
{
    return OBJECT_KIND_COUNT * list_watch_footprint();
}

void
discover_address(const struct credentials *credentials, struct fetch_request *request)
{
    request->scheme = credentials->https ? TEXT("https") : TEXT("http");
    request->host = text_of(credentials->host);
    request->server_name = text_of(credentials->server_name);
    request->port = credentials->port;
    request->identity = credentials->api;
    request->bearer = credentials_token(credentials);
}

static void
address(void *context, struct fetch_request *request)
{
    struct discover *discover = context;
    discover_address(discover->credentials, request);
}

static void
list_begin(void *context, enum object_kind kind)
{
    struct discover *discover = context;
    table_list_begin(discover->writer, discover->source, kind);
    if (kind == OBJECT_NODE) {
        discover->owner.nodes_begin(discover->owner.context, discover->source);
    }
}

static void
list_end(void *context, enum object_kind kind)
{
    struct discover *discover = context;
    table_list_end(discover->writer, discover->source, kind);
    if (kind == OBJECT_NODE) {
        discover->nodes_tried = true;
        discover->owner.nodes_end(discover->owner.context, discover->source);
    }
}

static void
note_change(struct discover *discover, enum object_change change)
{
    if (change != OBJECT_LISTED) {
        table_count(discover->writer, COUNTER_WATCH_EVENTS, 1);
    }
}

// spec.externalID (or providerID), else the annotation, as Heapster does it.
static struct text
host_id_of(const struct node_object *node)
{
    if (node->external_id.size == 0 && node->annotation_count != 0) {
        return node->annotations[0].value;
    }
    return node->external_id;
}

static void
on_node(void *context, enum object_change change, const struct node_object *node)
{
    struct discover *discover = context;
    note_change(discover, change);
    if (change == OBJECT_DELETED) {
        discover->owner.node_gone(discover->owner.context, discover->source, node->name);
        table_remove_node(discover->writer, discover->source, node->name);
        return;
    }
    row_index row = table_put_node(discover->writer, discover->source, node, host_id_of(node));
    discover->owner.node(discover->owner.context, discover->source, row, node);
}

static void
on_pod(void *context, enum object_change change, const struct pod_object *pod)
{
    struct discover *discover = context;
    note_change(discover, change);
    if (change == OBJECT_DELETED) {
        table_remove_pod(discover->writer, discover->source, pod);
    } else {
        (void)table_put_pod(discover->writer, discover->source, pod);
    }
}

static void
on_namespace(void *context, enum object_change change, const struct namespace_object *seen)
{
    struct discover *discover = context;
    note_change(discover, change);
    if (change == OBJECT_DELETED) {
        table_remove_namespace(discover->writer, discover->source, seen->name);
    } else {
        (void)table_put_namespace(discover->writer, discover->source, seen);
    }
}

static void
on_outcome(void *context, enum object_kind kind, int error, struct text sentence)
{
    struct discover *discover = context;
    struct wall_ms now = platform_wall_now(discover->platform);
    if (error == 0) {
        table_note_source(discover->writer, discover->source, 0, TEXT(""), now);
        return;
    }
    discover->nodes_tried = discover->nodes_tried || kind == OBJECT_NODE;
    char bytes[SOURCE_TEXT_BYTES];
    struct out out = out_of(bytes, sizeof bytes);
    out_format(&out, "%s: " TEXT_FORMAT, object_kind_plural(kind), TEXT_ARGS(sentence));
    table_note_source(discover->writer, discover->source, error, out_view(&out), now);
    table_count(discover->writer, COUNTER_API_FAILURES, 1);
    table_count_error(discover->writer, error, 1);
    if (error == -ERR_HTTP_401) {
        discover->owner.refused(discover->owner.context, discover->source);
    }
}

static void
on_counted(void *context, const struct parse_counters *counters, bool watch)
{
    struct discover *discover = context;
    table_count(discover->writer, COUNTER_API_BYTES, counters->bytes);
    table_count(discover->writer, COUNTER_ELEMENTS, counters->elements);
    table_count(discover->writer, COUNTER_WATCH_STARTS, watch ? 1 : 0);
    for (int i = 1; i < ERR_COUNT; i++) {
        if (counters->skipped[i] != 0) {
            table_count(discover->writer, COUNTER_ELEMENTS_SKIPPED, counters->skipped[i]);
            table_count_error(discover->writer, i, counters->skipped[i]);
        }
    }
}

void
discover_init(struct discover *discover, struct arena *arena, struct decode_space *space,
              const struct platform *platform, struct fetch *fetch, struct table_writer *writer,
              unsigned source, const struct credentials *credentials,
              struct text host_id_annotation, struct discover_owner owner)
{
    *discover = (struct discover){
        .writer = writer,
        .platform = platform,
        .credentials = credentials,
        .source = source,
        .owner = owner,
    };
    struct text kept = text_sub(host_id_annotation, 0, sizeof discover->annotation);
    memcpy(discover->annotation, kept.at, kept.size);
    if (kept.size != 0) {
        discover->annotations.count = 1;
        discover->annotations.keys[0] = (struct text){discover->annotation, kept.size};
    }
    const struct list_watch_owner list_owner = {
        .context = discover,
        .address = address,
        .list_begin = list_begin,
        .list_end = list_end,
        .node = on_node,
        .pod = on_pod,
        .namespace_seen = on_namespace,
        .outcome = on_outcome,
        .counted = on_counted,
    };
    for (unsigned i = 0; i < OBJECT_KIND_COUNT; i++) {
        enum object_kind kind = (enum object_kind)i;
        const struct wanted *wanted = kind == OBJECT_NODE ? &discover->annotations : NULL;
        list_watch_init(&discover->lists[i], arena, space, platform, fetch, kind, PAGE_LIMIT,
                        wanted, list_owner);
    }
}

struct mono_ns
discover_step(struct discover *discover, struct mono_ns now)
{
    struct mono_ns next = mono_add_ms(now, 1000);
    for (unsigned i = 0; i < OBJECT_KIND_COUNT; i++) {
        if (i == OBJECT_POD && !discover->nodes_tried) {
            continue;
        }
        struct mono_ns due = list_watch_step(&discover->lists[i], now);
        next = mono_before(due, next) ? due : next;
    }
    return next;
}
