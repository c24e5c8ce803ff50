#include "parse/kubeconfig.h"

#include <string.h>
#include <yaml.h>

#include "base/error.h"
#include "parse/base64.h"

struct reading {
    struct kubeconfig *kubeconfig;
    const struct kubeconfig_source *source;
    struct workspace *space;
    struct out *reason;
    yaml_document_t document;
};

static const char rbac_hint[] =
    "make a service account and use its token instead: `skerry rbac` prints "
    "the manifest";

static struct text
scalar_text(const yaml_node_t *node)
{
    return (struct text){(const char *)node->data.scalar.value, node->data.scalar.length};
}

// "FILE line N: " of a node; without the line when there is none.
static void
say_place(struct reading *reading, const yaml_node_t *node)
{
    out_text(reading->reason, reading->source->file_name);
    if (node != NULL) {
        out_format(reading->reason, " line %zu", node->start_mark.line + 1);
    }
    out_string(reading->reason, ": ");
}

static int
refuse(struct reading *reading, const yaml_node_t *node, struct text what, const char *sentence)
{
    say_place(reading, node);
    out_text(reading->reason, what);
    out_string(reading->reason, sentence);
    return -ERR_BAD_CONFIG;
}

// The value of a member, NULL in *value when it is absent or null.
static int
find_member(struct reading *reading, const yaml_node_t *map, struct text name, yaml_node_t **value)
{
    *value = NULL;
    if (map == NULL || map->type != YAML_MAPPING_NODE) {
        return 0;
    }
    bool found = false;
    for (yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top;
         pair++) {
        const yaml_node_t *key = yaml_document_get_node(&reading->document, pair->key);
        if (key->type != YAML_SCALAR_NODE || !text_equal(scalar_text(key), name)) {
            continue;
        }
        if (found) {
            return refuse(reading, key, name, " stands here a second time");
        }
        found = true;
        *value = yaml_document_get_node(&reading->document, pair->value);
    }
    if (*value != NULL && (*value)->type == YAML_SCALAR_NODE &&
        (*value)->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        struct text text = scalar_text(*value);
        if (text.size == 0 || text_equal(text, TEXT("~")) || text_equal(text, TEXT("null"))) {
            *value = NULL;
        }
    }
    return 0;
}

static int
copy_text(struct reading *reading, struct text text, struct text *copy)
{
    char *room = workspace_take(reading->space, text.size);
    if (room == NULL) {
        say_place(reading, NULL);
        out_string(reading->reason, "the file has more text than is planned");
        return -ERR_TOO_LONG;
    }
    memcpy(room, text.at, text.size);
    *copy = (struct text){room, text.size};
    return 0;
}

// A member that is one text; empty when it is absent. Also gives its node.
static int
read_text(struct reading *reading, const yaml_node_t *map, struct text name, struct text *text,
          yaml_node_t **node)
{
    *text = (struct text){0};
    int error = find_member(reading, map, name, node);
    if (error != 0 || *node == NULL) {
        return error;
    }
    if ((*node)->type != YAML_SCALAR_NODE) {
        return refuse(reading, *node, name, " must be a single text");
    }
    return copy_text(reading, scalar_text(*node), text);
}

// A file's name; a relative one starts in the kubeconfig's folder.
static int
read_path(struct reading *reading, const yaml_node_t *map, struct text name, struct text *path)
{
    yaml_node_t *node;
    int error = read_text(reading, map, name, path, &node);
    if (error != 0 || path->size == 0 || path->at[0] == '/') {
        return error;
    }
    struct text folder = reading->source->file_name;
    while (folder.size > 0 && folder.at[folder.size - 1] != '/') {
        folder.size--;
    }
    size_t size = folder.size + path->size;
    char *room = workspace_take(reading->space, size);
    if (room == NULL) {
        return refuse(reading, node, name, " is too long");
    }
    if (folder.size > 0) {
        memcpy(room, folder.at, folder.size);
    }
    memcpy(room + folder.size, path->at, path->size);
    *path = (struct text){room, size};
    return 0;
}

static int
read_data(struct reading *reading, const yaml_node_t *map, struct text name, struct text *data)
{
    yaml_node_t *node;
    struct text encoded;
    int error = read_text(reading, map, name, &encoded, &node);
    *data = (struct text){0};
    if (error != 0 || encoded.size == 0) {
        return error;
    }
    size_t size = encoded.size / 4 * 3 + 3;
    char *room = workspace_take(reading->space, size);
    if (room == NULL) {
        return refuse(reading, node, name, " is too long");
    }
    struct out out = out_of(room, size);
    if (base64_decode(encoded, &out) != 0) {
        return refuse(reading, node, name, " is not valid base64");
    }
    *data = out_view(&out);
    return 0;
}

static int
read_bool(struct reading *reading, const yaml_node_t *map, struct text name, bool *value)
{
    yaml_node_t *node;
    struct text text;
    int error = read_text(reading, map, name, &text, &node);
    *value = false;
    if (error != 0 || node == NULL) {
        return error;
    }
    if (text_to_bool(text, value) != 0) {
        return refuse(reading, node, name, " must be true or false");
    }
    return 0;
}

// A member that must not be there.
static int
forbid(struct reading *reading, const yaml_node_t *map, const char *name, const char *sentence)
{
    yaml_node_t *node;
    int error = find_member(reading, map, text_of(name), &node);
    if (error != 0 || node == NULL) {
        return error;
    }
    error = refuse(reading, node, text_of(name), sentence);
    return error == -ERR_BAD_CONFIG ? -ERR_UNSUPPORTED : error;
}

// In `list`, an array of {name: ..., KIND: {...}}, the KIND of this name.
static int
find_named(struct reading *reading, const yaml_node_t *root, const char *list, const char *kind,
           struct text name, yaml_node_t **found)
{
    yaml_node_t *array;
    int error = find_member(reading, root, text_of(list), &array);
    *found = NULL;
    if (error != 0) {
        return error;
    }
    if (array != NULL && array->type != YAML_SEQUENCE_NODE) {
        return refuse(reading, array, text_of(list), " must be a list");
    }
    size_t count =
        array == NULL ? 0
                      : (size_t)(array->data.sequence.items.top - array->data.sequence.items.start);
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *item =
            yaml_document_get_node(&reading->document, array->data.sequence.items.start[i]);
        yaml_node_t *item_name;
        error = find_member(reading, item, TEXT("name"), &item_name);
        if (error != 0) {
            return error;
        }
        if (item_name != NULL && item_name->type == YAML_SCALAR_NODE &&
            text_equal(scalar_text(item_name), name)) {
            return find_member(reading, item, text_of(kind), found);
        }
    }
    say_place(reading, array);
    out_string(reading->reason, list);
    out_string(reading->reason, " has none with the name \"");
    out_text(reading->reason, name);
    out_string(reading->reason, "\"");
    return -ERR_BAD_CONFIG;
}

static int
check_cluster(struct reading *reading, const yaml_node_t *cluster, const yaml_node_t *server)
{
    const struct kubeconfig *k = reading->kubeconfig;
    if (k->server.size == 0) {
        return refuse(reading, cluster, TEXT("server"),
                      " is missing: it is the URL of the API server");
    }
    if (!text_starts(k->server, TEXT("https://")) && !text_starts(k->server, TEXT("http://"))) {
        return refuse(reading, server, TEXT("server"), " must start with https:// or http://");
    }
    if (k->insecure && (k->ca_data.size != 0 || k->ca_file.size != 0)) {
        return refuse(reading, cluster, TEXT("insecure-skip-tls-verify"),
                      " and a certificate-authority exclude each other: "
                      "remove one of them");
    }
    return 0;
}

static int
read_cluster(struct reading *reading, const yaml_node_t *cluster)
{
    struct kubeconfig *k = reading->kubeconfig;
    yaml_node_t *server = NULL;
    yaml_node_t *node;
    int error = forbid(reading, cluster, "proxy-url",
                       " is not supported: the API server must be reachable "
                       "without a proxy");
    if (error == 0) {
        error = read_text(reading, cluster, TEXT("server"), &k->server, &server);
    }
    if (error == 0) {
        error = read_data(reading, cluster, TEXT("certificate-authority-data"), &k->ca_data);
    }
    if (error == 0) {
        error = read_path(reading, cluster, TEXT("certificate-authority"), &k->ca_file);
    }
    if (error == 0) {
        error = read_bool(reading, cluster, TEXT("insecure-skip-tls-verify"), &k->insecure);
    }
    if (error == 0) {
        error = read_text(reading, cluster, TEXT("tls-server-name"), &k->tls_server_name, &node);
    }
    return error != 0 ? error : check_cluster(reading, cluster, server);
}

static int
forbid_helpers(struct reading *reading, const yaml_node_t *user)
{
    static const struct {
        const char *name;
        const char *sentence;
    } rows[] = {
        {"exec", " (a login by a helper program) is not supported; "},
        {"auth-provider", " (a login by a cloud provider) is not supported; "},
        {"as", " (impersonation) is not supported; "},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int error = forbid(reading, user, rows[i].name, rows[i].sentence);
        if (error == -ERR_UNSUPPORTED) {
            out_string(reading->reason, rbac_hint);
        }
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

static int
check_user(struct reading *reading, const yaml_node_t *user)
{
    const struct kubeconfig *k = reading->kubeconfig;
    bool certificate = k->client_certificate_data.size != 0 || k->client_certificate_file.size != 0;
    bool key = k->client_key_data.size != 0 || k->client_key_file.size != 0;
    if (certificate && !key) {
        return refuse(reading, user, TEXT("client-key"),
                      " is missing beside the client-certificate");
    }
    if (key && !certificate) {
        return refuse(reading, user, TEXT("client-certificate"),
                      " is missing beside the client-key");
    }
    return 0;
}

static int
read_user(struct reading *reading, const yaml_node_t *user)
{
    struct kubeconfig *k = reading->kubeconfig;
    const struct {
        struct text name;
        int (*read)(struct reading *, const yaml_node_t *, struct text, struct text *);
        struct text *text;
    } rows[] = {
        {TEXT("client-certificate-data"), read_data, &k->client_certificate_data},
        {TEXT("client-key-data"), read_data, &k->client_key_data},
        {TEXT("client-certificate"), read_path, &k->client_certificate_file},
        {TEXT("client-key"), read_path, &k->client_key_file},
        {TEXT("tokenFile"), read_path, &k->token_file},
    };
    const struct {
        struct text name;
        struct text *text;
    } texts[] = {
        {TEXT("token"), &k->token},
        {TEXT("username"), &k->username},
        {TEXT("password"), &k->password},
    };
    int error = forbid_helpers(reading, user);
    for (size_t i = 0; error == 0 && i < ARRAY_COUNT(rows); i++) {
        error = rows[i].read(reading, user, rows[i].name, rows[i].text);
    }
    for (size_t i = 0; error == 0 && i < ARRAY_COUNT(texts); i++) {
        yaml_node_t *node;
        error = read_text(reading, user, texts[i].name, texts[i].text, &node);
    }
    return error != 0 ? error : check_user(reading, user);
}

// The name of the context to read, and the context.
static int
find_context(struct reading *reading, const yaml_node_t *root, yaml_node_t **context)
{
    struct text name = reading->source->context;
    yaml_node_t *node = NULL;
    if (name.size == 0) {
        int error = read_text(reading, root, TEXT("current-context"), &name, &node);
        if (error != 0) {
            return error;
        }
    }
    if (name.size == 0) {
        return refuse(reading, NULL, TEXT("current-context"),
                      " is missing: set it, or name a context");
    }
    int error = copy_text(reading, name, &reading->kubeconfig->context);
    return error != 0 ? error : find_named(reading, root, "contexts", "context", name, context);
}

static int
read_document(struct reading *reading)
{
    yaml_node_t *root = yaml_document_get_root_node(&reading->document);
    if (root == NULL || root->type != YAML_MAPPING_NODE) {
        return refuse(reading, root, TEXT("the file"),
                      " is no kubeconfig: it must be a mapping with clusters, "
                      "users and contexts");
    }
    yaml_node_t *context;
    struct text cluster_name;
    struct text user_name;
    yaml_node_t *node;
    int error = find_context(reading, root, &context);
    if (error == 0) {
        error = read_text(reading, context, TEXT("cluster"), &cluster_name, &node);
    }
    if (error == 0 && cluster_name.size == 0) {
        error = refuse(reading, context, TEXT("cluster"), " is missing in this context");
    }
    if (error == 0) {
        error = read_text(reading, context, TEXT("user"), &user_name, &node);
    }
    if (error == 0) {
        error = find_named(reading, root, "clusters", "cluster", cluster_name, &node);
    }
    if (error == 0) {
        error = read_cluster(reading, node);
    }
    if (error == 0 && user_name.size != 0) {
        error = find_named(reading, root, "users", "user", user_name, &node);
        if (error == 0) {
            error = read_user(reading, node);
        }
    }
    return error;
}

static int
refuse_yaml(struct reading *reading, const yaml_parser_t *parser)
{
    out_text(reading->reason, reading->source->file_name);
    out_format(reading->reason,
               " line %zu: the file is not valid YAML: ", parser->problem_mark.line + 1);
    out_string(reading->reason, parser->problem == NULL ? "no memory" : parser->problem);
    return -ERR_BAD_CONFIG;
}

int
kubeconfig_read(struct kubeconfig *kubeconfig, const struct kubeconfig_source *source,
                struct workspace *space, struct out *reason)
{
    struct reading reading = {
        .kubeconfig = kubeconfig,
        .source = source,
        .space = space,
        .reason = reason,
    };
    *kubeconfig = (struct kubeconfig){0};
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0) {
        return refuse(&reading, NULL, TEXT("the file"),
                      " cannot be read: the library heap is too small");
    }
    const unsigned char *input = (const unsigned char *)source->content.at;
    yaml_parser_set_input_string(&parser, input, source->content.size);
    int error;
    if (yaml_parser_load(&parser, &reading.document) == 0) {
        error = refuse_yaml(&reading, &parser);
    } else {
        error = read_document(&reading);
        yaml_document_delete(&reading.document);
    }
    yaml_parser_delete(&parser);
    return error;
}
