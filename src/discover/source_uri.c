#include "discover/source_uri.h"

#include <string.h>

#include "base/check.h"

#define CADVISOR_PORT 8080

// What is known while options are read; some defaults follow from others.
struct parse {
    struct source_uri *result;
    struct out *why;
    uint32_t seen;  // a bit an option
    bool https_given;
    bool trust_given;
};

typedef int option_reader(struct parse *parse, struct text value);

static int
fail(struct parse *parse, const char *what, struct text value)
{
    out_format(parse->why, "%s, not \"" TEXT_FORMAT "\"", what, TEXT_ARGS(value));
    return -ERR_BAD_CONFIG;
}

static int
read_bool(struct parse *parse, const char *name, struct text value, bool *result)
{
    if (text_to_bool(value, result) != 0) {
        out_format(parse->why, "%s must be true or false, not \"" TEXT_FORMAT "\"", name,
                   TEXT_ARGS(value));
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

static int
read_auth(struct parse *parse, struct text value)
{
    parse->result->auth = value;
    return 0;
}

static int
read_context(struct parse *parse, struct text value)
{
    parse->result->context = value;
    return 0;
}

static int
read_in_cluster(struct parse *parse, struct text value)
{
    bool on = false;
    int error = read_bool(parse, "inClusterConfig", value, &on);
    parse->result->in_cluster = on ? ON : OFF;
    return error;
}

static int
read_service_account(struct parse *parse, struct text value)
{
    return read_bool(parse, "useServiceAccount", value, &parse->result->use_service_account);
}

static int
read_insecure(struct parse *parse, struct text value)
{
    return read_bool(parse, "insecure", value, &parse->result->insecure);
}

static int
read_kubelet_https(struct parse *parse, struct text value)
{
    parse->https_given = true;
    return read_bool(parse, "kubeletHttps", value, &parse->result->kubelet_https);
}

static int
read_kubelet_port(struct parse *parse, struct text value)
{
    uint64_t port = 0;
    if (text_to_u64(value, &port) != 0 || port == 0 || port > UINT16_MAX) {
        return fail(parse, "kubeletPort must be a port from 1 to 65535", value);
    }
    parse->result->kubelet_port = (uint16_t)port;
    return 0;
}

static int
read_kubelet_tls(struct parse *parse, struct text value)
{
    parse->trust_given = true;
    if (text_equal(value, TEXT("verify"))) {
        parse->result->kubelet_trust = TRUST_VERIFY;
    } else if (text_equal(value, TEXT("pin"))) {
        parse->result->kubelet_trust = TRUST_PIN;
    } else if (text_equal(value, TEXT("insecure"))) {
        parse->result->kubelet_trust = TRUST_INSECURE;
    } else {
        return fail(parse, "kubeletTLS must be verify, pin or insecure", value);
    }
    return 0;
}

static int
read_endpoint(struct parse *parse, struct text value)
{
    if (text_equal(value, TEXT("summary"))) {
        parse->result->endpoint = ENDPOINT_SUMMARY;
    } else if (text_equal(value, TEXT("resource"))) {
        parse->result->endpoint = ENDPOINT_RESOURCE;
    } else {
        return fail(parse, "endpoint must be summary or resource", value);
    }
    return 0;
}

static int
read_access(struct parse *parse, struct text value)
{
    if (text_equal(value, TEXT("direct"))) {
        parse->result->access = ACCESS_DIRECT;
    } else if (text_equal(value, TEXT("proxy"))) {
        parse->result->access = ACCESS_PROXY;
    } else {
        return fail(parse, "access must be direct or proxy", value);
    }
    return 0;
}

static int
read_host_id(struct parse *parse, struct text value)
{
    parse->result->host_id_annotation = value;
    return 0;
}

static int
read_api_version(struct parse *parse, struct text value)
{
    if (value.size != 0 && !text_equal(value, TEXT("v1"))) {
        return fail(parse, "apiVersion must be v1, the only one there is", value);
    }
    return 0;
}

static const struct {
    const char *name;
    option_reader *read;
} options[] = {
    {"auth", read_auth},
    {"context", read_context},
    {"inClusterConfig", read_in_cluster},
    {"useServiceAccount", read_service_account},
    {"insecure", read_insecure},
    {"kubeletHttps", read_kubelet_https},
    {"kubeletPort", read_kubelet_port},
    {"kubeletTLS", read_kubelet_tls},
    {"endpoint", read_endpoint},
    {"access", read_access},
    {"host_id_annotation", read_host_id},
    {"apiVersion", read_api_version},
};

static int
unknown_option(struct parse *parse, struct text name)
{
    out_format(parse->why, "there is no option \"" TEXT_FORMAT "\"; there are", TEXT_ARGS(name));
    for (size_t i = 0; i < ARRAY_COUNT(options); i++) {
        out_format(parse->why, "%s %s", i == 0 ? "" : ",", options[i].name);
    }
    return -ERR_BAD_CONFIG;
}

static int
read_option(struct parse *parse, struct text name, struct text value)
{
    for (size_t i = 0; i < ARRAY_COUNT(options); i++) {
        if (!text_equal(name, text_of(options[i].name))) {
            continue;
        }
        if ((parse->seen & 1U << i) != 0) {
            out_format(parse->why, "the option %s stands twice", options[i].name);
            return -ERR_BAD_CONFIG;
        }
        parse->seen |= 1U << i;
        return options[i].read(parse, value);
    }
    return unknown_option(parse, name);
}

static int
read_options(struct parse *parse, char *bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        struct text rest = {bytes + at, size - at};
        struct text pair;
        struct text unused;
        struct text name;
        struct text value;
        text_cut(rest, '&', &pair, &unused);
        at += pair.size + 1;
        if (pair.size == 0) {
            continue;
        }
        text_cut(pair, '=', &name, &value);
        char *start = bytes + (value.size != 0 ? (size_t)(value.at - bytes) : 0);
        if (uri_decode(start, value, true, &value) != 0) {
            out_format(parse->why, "the value of " TEXT_FORMAT " has a %% that is no escape",
                       TEXT_ARGS(name));
            return -ERR_BAD_CONFIG;
        }
        int error = read_option(parse, name, value);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

// http://HOST[:PORT][/...]; the path is not used, as with Heapster.
static int
read_url(struct parse *parse, struct text url, uint16_t https_port, uint16_t http_port)
{
    struct text authority;
    struct text path;
    bool https = text_starts(url, TEXT("https://"));
    if (!https && !text_starts(url, TEXT("http://"))) {
        return fail(parse, "the URL must begin with https:// or http://", url);
    }
    parse->result->https = https;
    text_cut(text_sub(url, https ? 8 : 7, SIZE_MAX), '/', &authority, &path);
    if (text_find(authority, '@', 0) != SIZE_MAX) {
        out_string(parse->why, "a name and password in the URL are not supported; use auth=FILE");
        return -ERR_BAD_CONFIG;
    }
    parse->result->port = https ? https_port : http_port;
    if (uri_authority(authority, &parse->result->host, &parse->result->port) != 0) {
        return fail(parse, "the URL must name a host (an IPv6 address in []), and a port from 1 to 65535 "
                    "if one is given",
                    authority);
    }
    return 0;
}

static int
read_kind(struct parse *parse, struct text name)
{
    static const struct {
        const char *name;
        enum source_kind kind;
    } rows[] = {
        {"kubernetes", SOURCE_KUBERNETES},
        {"kubernetes.summary_api", SOURCE_KUBERNETES},
        {"cadvisor", SOURCE_CADVISOR},
        {"host", SOURCE_HOST},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (text_equal(name, text_of(rows[i].name))) {
            parse->result->kind = rows[i].kind;
            return 0;
        }
    }
    return fail(parse, "a source is kubernetes:, kubernetes.summary_api:, cadvisor: or host:",
                name);
}

static int
check_rest(struct parse *parse, struct text url)
{
    struct source_uri *result = parse->result;
    if (result->kind == SOURCE_HOST) {
        if (url.size != 0 || parse->seen != 0) {
            out_string(parse->why, "host: takes neither URL nor options");
            return -ERR_BAD_CONFIG;
        }
        return 0;
    }
    if (result->kind == SOURCE_CADVISOR && (parse->seen != 0 || url.size == 0)) {
        out_string(parse->why, "cadvisor: takes the URL of a cAdvisor and no options");
        return -ERR_BAD_CONFIG;
    }
    if (result->in_cluster == ON && result->auth.size != 0) {
        out_string(parse->why, "inClusterConfig=true and auth exclude each other");
        return -ERR_BAD_CONFIG;
    }
    if (result->access == ACCESS_PROXY && parse->trust_given) {
        out_string(parse->why, "with access=proxy the API server checks the kubelets; "
                               "kubeletTLS has no meaning there");
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

static void
set_defaults(struct parse *parse)
{
    struct source_uri *result = parse->result;
    if (!parse->https_given) {
        result->kubelet_https = result->kubelet_port != KUBELET_PORT_PLAIN;
    }
    if (!result->kubelet_https && result->kubelet_port == 0) {
        result->kubelet_port = KUBELET_PORT_PLAIN;
    }
    // As with Heapster: without a trusted API server nothing is trusted.
    if (!parse->trust_given) {
        result->kubelet_trust = result->insecure ? TRUST_INSECURE : TRUST_VERIFY;
    }
}

static int
parse_expanded(struct parse *parse, char *bytes, size_t size)
{
    struct text kind;
    struct text rest;
    struct text url;
    struct text query;
    struct text before_query;
    text_cut((struct text){bytes, size}, '?', &before_query, &query);
    text_cut(before_query, ':', &kind, &rest);
    url = rest;
    parse->result->name = before_query;
    int error = read_kind(parse, kind);
    if (error == 0 && query.size != 0) {
        error = read_options(parse, bytes + (query.at - bytes), query.size);
    }
    if (error == 0) {
        error = check_rest(parse, url);
    }
    if (error == 0 && url.size != 0) {
        bool cadvisor = parse->result->kind == SOURCE_CADVISOR;
        error = read_url(parse, url, 443, cadvisor ? CADVISOR_PORT : 80);
    }
    if (error == 0) {
        set_defaults(parse);
    }
    return error;
}

int
source_uri_parse(struct text uri, uri_variable *variable, void *context,
                 struct workspace *space, struct source_uri *result, struct out *why)
{
    *result = (struct source_uri){0};
    struct parse parse = {.result = result, .why = why};
    char *bytes = workspace_take(space, SOURCE_URI_BYTES_MAX);
    if (bytes == NULL) {
        out_string(why, "there are too many sources");
        return -ERR_BAD_CONFIG;
    }
    struct out copy = out_of(bytes, SOURCE_URI_BYTES_MAX);
    int error = uri_expand(uri, variable, context, &copy, why);
    return error != 0 ? error : parse_expanded(&parse, bytes, copy.used);
}
