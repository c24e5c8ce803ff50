#include "app/collect_source.h"

#include <string.h>

#include "app/kubelet_access.h"
#include "app/role.h"
#include "app/source_check.h"
#include "table/pool.h"
#include "table/pool.h"
#include "table/string_store.h"

#define CADVISOR_PORT_USUAL 8080
// Refusals of many nodes at once read the files once.
#define REFUSED_MS 1000
#define HOST_CONTAINERS_PER_NODE 8

struct text
collect_source_uri(const struct config *config, unsigned number)
{
    if (config_list_count(config, CONFIG_SOURCE) == 0) {
        return TEXT("host:");
    }
    return config_list(config, CONFIG_SOURCE, number - 1);
}

static bool
asks_for_pins(struct text uri)
{
    static const char option[] = "kubeletTLS=pin";
    for (size_t at = 0; at + sizeof(option) - 1 <= uri.size; at++) {
        if (memcmp(uri.at + at, option, sizeof(option) - 1) == 0) {
            return true;
        }
    }
    return false;
}

struct collect_counts
collect_source_counts(const struct config *config)
{
    struct collect_counts counts = {0};
    unsigned count = config_list_count(config, CONFIG_SOURCE);
    for (unsigned i = 1; i <= (count == 0 ? 1 : count); i++) {
        struct text uri = collect_source_uri(config, i);
        counts.kubernetes += text_starts(uri, TEXT("kubernetes")) ? 1 : 0;
        counts.cadvisors += text_starts(uri, TEXT("cadvisor")) ? 1 : 0;
        counts.pinned += asks_for_pins(uri) ? 1 : 0;
        counts.hosts += text_starts(uri, TEXT("host")) ? 1 : 0;
    }
    return counts;
}

static struct host_config
host_config_of(const struct config *config)
{
    return (struct host_config){
        .root = config_text(config, CONFIG_HOST_ROOT),
        .containers = HOST_CONTAINERS_USUAL,
        .pressure = (enum pressure_level)config_number(config, CONFIG_PRESSURE),
    };
}

size_t
collect_source_footprint(enum source_kind kind, const struct config *config)
{
    struct host_config host = host_config_of(config);
    switch (kind) {
    case SOURCE_KUBERNETES:
        return arena_bytes(sizeof(struct credentials)) + arena_bytes(sizeof(struct discover))
               + discover_footprint(config_number(config, CONFIG_EVENTS) != 0);
    case SOURCE_HOST:
        return host_footprint(&host);
    case SOURCE_CADVISOR:
    case SOURCE_NONE:
        break;
    }
    return 0;
}

// What discover asks of us

struct bound {
    struct collect_source *source;
    struct collect_rooms *rooms;
};

// One for each source, because callbacks have one context.
static struct bound bounds[SOURCES_MAX + 1];

static struct text
api_token(void *context)
{
    struct bound *bound = context;
    return credentials_token(bound->source->credentials);
}

static bool
api_refused(void *context)
{
    struct bound *bound = context;
    return collect_source_refresh(bound->source, bound->rooms, true);
}

static void
node_put(void *context, unsigned number, row_index row, const struct node_object *node)
{
    struct bound *bound = context;
    scrape_put_node(bound->rooms->scrape, number, row, node);
}

static void
node_removed(void *context, unsigned number, struct text name)
{
    struct bound *bound = context;
    scrape_remove_node(bound->rooms->scrape, number, name);
}

static void
nodes_begin(void *context, unsigned number)
{
    struct bound *bound = context;
    scrape_list_begin(bound->rooms->scrape, number);
}

static void
nodes_end(void *context, unsigned number)
{
    struct bound *bound = context;
    scrape_list_end(bound->rooms->scrape, number);
}

static void
api_changed(void *context, unsigned number, int error, struct text sentence)
{
    struct bound *bound = context;
    if (error == 0) {
        role_say("collect", "source %u: %s answers", number,
                 bound->source->credentials->host);
    } else {
        role_say("collect", "source %u: " TEXT_FORMAT, number, TEXT_ARGS(sentence));
    }
}

// Opening

static void
open_discover(struct collect_source *source, struct arena *arena, struct collect_rooms *rooms)
{
    const struct credentials *credentials = source->credentials;
    struct bound *bound = &bounds[source->number];
    *bound = (struct bound){source, rooms};
    struct discover_config config = {
        .source = source->number,
        .host_id_annotation = source->uri.host_id_annotation,
        .server = {
            .https = credentials->https,
            .port = credentials->port,
            .host = text_of(credentials->host),
            .server_name = text_of(credentials->server_name),
            .identity = credentials->api,
            .context = bound,
            .token = api_token,
            .refused = api_refused,
        },
        .seed = rooms->key.k0 + source->number * 16,
        .events = config_number(rooms->config, CONFIG_EVENTS) != 0,
    };
    struct discover_hooks hooks = {
        .context = bound,
        .node_put = node_put,
        .node_removed = node_removed,
        .nodes_begin = nodes_begin,
        .nodes_end = nodes_end,
        .changed = api_changed,
    };
    source->discover = arena_take(arena, sizeof(*source->discover));
    discover_init(source->discover, arena, &config, rooms->platform, rooms->fetch,
                  rooms->writer, &hooks, rooms->space);
}

static int
open_cluster(struct collect_source *source, struct arena *arena, struct collect_rooms *rooms,
             struct out *why)
{
    source->credentials = arena_take(arena, sizeof(*source->credentials));
    int error = credentials_load(source->credentials, &source->uri, rooms->platform,
                                 rooms->fetch, source_check_variable, NULL, &rooms->scratch, why);
    if (error != 0) {
        return error;
    }
    bool proxy = source->uri.access == ACCESS_PROXY;
    bool insecure = source->credentials->insecure
                    || (!proxy && source->uri.kubelet_trust == TRUST_INSECURE);
    table_put_source(rooms->writer, source->number, SOURCE_KUBERNETES, source->uri.name, insecure,
                     proxy);
    source->access = kubelet_access(&source->uri, source->credentials);
    scrape_set_access(rooms->scrape, source->number, &source->access);
    open_discover(source, arena, rooms);
    if (proxy) {
        role_say("collect", "source %u: access=proxy needs the right nodes/proxy, which amounts "
                 "to running code in every pod; prefer access=direct", source->number);
    }
    return 0;
}

static int
open_cadvisor(struct collect_source *source, struct collect_rooms *rooms, struct out *why)
{
    const struct source_uri *uri = &source->uri;
    struct out name = out_of(source->name, sizeof(source->name));
    out_text(&name, uri->host);
    if (uri->port != CADVISOR_PORT_USUAL) {
        out_format(&name, ":%u", uri->port);
    }
    struct scrape_access *access = &source->access;
    *access = (struct scrape_access){
        .format = FORMAT_CADVISOR,
        .api_https = uri->https,
        .api_host = uri->host,
        .api_port = uri->port,
    };
    if (uri->https) {
        struct identity_config identity = {.trust = TRUST_VERIFY};
        int error = rooms->fetch->ops->identity_add(rooms->fetch, &identity,
                                                    &access->api_identity, why);
        if (error != 0) {
            return error;
        }
    }
    table_put_source(rooms->writer, source->number, SOURCE_CADVISOR, uri->name, !uri->https,
                     false);
    source->row = table_put_pseudo_node(rooms->writer, source->number, out_view(&name));
    scrape_set_access(rooms->scrape, source->number, access);
    scrape_put_row(rooms->scrape, source->number, source->row, out_view(&name),
                   ADDRESS_HOSTNAME, uri->host, uri->port);
    return 0;
}

static int
open_host(struct collect_source *source, struct arena *arena, struct collect_rooms *rooms)
{
    struct host_config config = host_config_of(rooms->config);
    config.key = rooms->key;
    source->host = host_init(arena, &config, rooms->platform);
    table_put_source(rooms->writer, source->number, SOURCE_HOST, source->uri.name, false, false);
    return 0;
}

int
collect_source_open(struct collect_source *source, unsigned number, struct arena *arena,
                    struct collect_rooms *rooms, struct out *why)
{
    source->number = number;
    int error = source_uri_parse(collect_source_uri(rooms->config, number), source_check_variable,
                                 NULL, &rooms->texts, &source->uri, why);
    if (error != 0) {
        return error;
    }
    switch (source->uri.kind) {
    case SOURCE_KUBERNETES:
        return open_cluster(source, arena, rooms, why);
    case SOURCE_CADVISOR:
        return open_cadvisor(source, rooms, why);
    case SOURCE_HOST:
        return open_host(source, arena, rooms);
    case SOURCE_NONE:
        break;
    }
    return -ERR_BAD_CONFIG;
}

static void
adopt_row(struct collect_source *source, struct collect_rooms *rooms, row_index index)
{
    struct table_header *header = table_writer_header(rooms->writer);
    const struct node_row *row = node_row_at(header, index);
    char name[NAME_BYTES_MAX];
    char address[NAME_BYTES_MAX];
    if (row->head.state != ROW_LIVE || row->head.source != source->number
        || (row->head.flags & ROW_FROM_API) == 0) {
        return;
    }
    size_t name_size = string_copy(header, row->head.name, name, sizeof(name));
    size_t address_size = string_copy(header, row->address, address, sizeof(address));
    if (name_size != 0 && row->scrape.address_type < ADDRESS_TYPE_COUNT) {
        scrape_put_row(rooms->scrape, source->number, index, (struct text){name, name_size},
                       (enum address_type)row->scrape.address_type,
                       (struct text){address, address_size}, row->kubelet_port);
    }
}

void
collect_source_adopt(struct collect_source *source, struct collect_rooms *rooms)
{
    if (source->uri.kind != SOURCE_KUBERNETES) {
        return;
    }
    const struct table_header *header = table_writer_header(rooms->writer);
    for (row_index i = 0; (i = pool_next(header, POOL_NODES, i)) != 0;) {
        adopt_row(source, rooms, i);
    }
}

// Running

bool
collect_source_refresh(struct collect_source *source, struct collect_rooms *rooms, bool refused)
{
    struct credentials_news news;
    char bytes[512];
    struct out why = out_of(bytes, sizeof(bytes));
    struct mono_ns now = platform_mono_now(rooms->platform);
    if (source->credentials == NULL) {
        return false;
    }
    if (refused) {
        if (source->refused.ns != 0 && mono_ms_between(source->refused, now) < REFUSED_MS) {
            return false;
        }
        source->refused = now;
    }
    if (credentials_refresh(source->credentials, refused, &rooms->scratch, &news, &why) != 0) {
        role_say("collect", "source %u: " TEXT_FORMAT "; goes on with what was read before",
                 source->number, TEXT_ARGS(out_view(&why)));
    }
    rooms->restart = rooms->restart || news.config;
    if (news.token) {
        table_count(rooms->writer, COUNTER_TOKEN_READS, 1);
    }
    return news.token || news.certificates;
}

struct mono_ns
collect_source_turn(struct collect_source *source, struct collect_rooms *rooms)
{
    if (source->discover == NULL) {
        return (struct mono_ns){INT64_MAX};
    }
    (void)collect_source_refresh(source, rooms, false);
    return discover_turn(source->discover);
}

void
collect_source_cycle(struct collect_source *source, struct collect_rooms *rooms)
{
    uint32_t count = 0;
    uint32_t ready = 0;
    if (source->discover == NULL) {
        return;
    }
    scrape_count_beyond(rooms->scrape, source->number, &count, &ready);
    table_note_overflow_nodes(rooms->writer, source->number, count, ready);
    if (table_has_room_for_refused_pods(rooms->writer)) {
        discover_ask_pods(source->discover);
    }
}

void
collect_source_read_host(struct collect_source *source, struct collect_rooms *rooms,
                         uint32_t cycle_s)
{
    static struct node_object node;  // 20 KB, not for the stack
    if (source->host == NULL) {
        return;
    }
    struct wall_ms now = platform_wall_now(rooms->platform);
    host_describe(source->host, &node);
    source->row = table_put_node(rooms->writer, source->number, &node, TEXT(""));
    table_node_begin(rooms->writer, source->number, source->row, cycle_s, now);
    host_collect(source->host, now, table_writer_observer(rooms->writer));
    table_node_end(rooms->writer);
    table_note_source(rooms->writer, source->number, 0, TEXT(""), now);
}
