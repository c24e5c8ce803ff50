#include "sink/sink_uri.h"

#include <string.h>

#include "base/check.h"
#include "base/error.h"
#include "limits.h"

static int
fail(struct out *why, const char *sentence)
{
    out_string(why, sentence);
    return -ERR_BAD_CONFIG;
}

// Decodes a view into `bytes`, whose owner may write.
static bool
decode_view(char *bytes, const char *base, struct text *view, bool plus_is_blank)
{
    if (view->size == 0) {
        return true;
    }
    return uri_decode(bytes + (view->at - base), *view, plus_is_blank, view) == 0;
}

static int
read_option(struct sink_uri *result, char *bytes, const char *base, struct text pair,
            struct out *why)
{
    struct sink_option option;
    text_cut(pair, '=', &option.key, &option.value);
    if (!decode_view(bytes, base, &option.key, true) || option.key.size == 0 ||
        !text_is_utf8(option.key)) {
        return fail(why, "the name of an option is empty or has a % that is no escape");
    }
    if (!decode_view(bytes, base, &option.value, true)) {
        out_format(why, "the value of " TEXT_FORMAT " has a %% that is no escape",
                   TEXT_ARGS(option.key));
        return -ERR_BAD_CONFIG;
    }
    if (result->option_count == SINK_OPTIONS_MAX) {
        out_format(why, "there are more than %d options", SINK_OPTIONS_MAX);
        return -ERR_BAD_CONFIG;
    }
    result->option[result->option_count++] = option;
    return 0;
}

static int
read_options(struct sink_uri *result, char *bytes, const char *base, struct text query,
             struct out *why)
{
    int error = 0;
    while (query.size != 0 && error == 0) {
        struct text pair;
        text_cut(query, '&', &pair, &query);
        if (pair.size != 0) {
            error = read_option(result, bytes, base, pair, why);
        }
    }
    return error;
}

// USER:PASSWORD@ at the front; the last @ counts, so that one in a password that
// nobody escaped does no harm.
static int
read_user(struct sink_uri *result, char *bytes, const char *base, struct text *authority,
          struct out *why)
{
    size_t at = SIZE_MAX;
    for (size_t next = text_find(*authority, '@', 0); next != SIZE_MAX;
         next = text_find(*authority, '@', next + 1)) {
        at = next;
    }
    if (at == SIZE_MAX) {
        return 0;
    }
    text_cut(text_sub(*authority, 0, at), ':', &result->user, &result->password);
    *authority = text_sub(*authority, at + 1, SIZE_MAX);
    if (!decode_view(bytes, base, &result->user, false) ||
        !decode_view(bytes, base, &result->password, false)) {
        return fail(why, "user or password has a % that is no escape");
    }
    return 0;
}

static int
read_path(struct sink_uri *result, struct text path, struct out *why)
{
    for (size_t i = 0; i < path.size; i++) {
        if (path.at[i] <= ' ' || path.at[i] > '~' || path.at[i] == '"') {
            return fail(why, "the path must be plain letters; other bytes are written as %XX");
        }
    }
    result->path = path;
    return 0;
}

static int
read_scheme(struct sink_uri *result, struct text *rest, struct out *why)
{
    static const char *const schemes[] = {"http", "https", "tcp", "udp", "tls"};
    size_t colon = text_find(*rest, ':', 0);
    if (colon == SIZE_MAX || !text_starts(text_sub(*rest, colon, 3), TEXT("://"))) {
        return 0;
    }
    struct text scheme = text_sub(*rest, 0, colon);
    for (size_t i = 0; i < ARRAY_COUNT(schemes); i++) {
        if (text_equal(scheme, text_of(schemes[i]))) {
            result->scheme = scheme;
            *rest = text_sub(*rest, colon + 3, SIZE_MAX);
            return 0;
        }
    }
    return fail(why, "the URL must begin with http://, https://, tcp://, tls:// or udp://");
}

static int
read_url(struct sink_uri *result, char *bytes, const char *base, struct text url, struct out *why)
{
    int error = read_scheme(result, &url, why);
    if (error != 0) {
        return error;
    }
    size_t slash = text_find(url, '/', 0);
    struct text authority = text_sub(url, 0, slash);
    bool given = authority.size != 0;
    error = read_path(result, slash == SIZE_MAX ? (struct text){0} : text_sub(url, slash, SIZE_MAX),
                      why);
    if (error == 0) {
        error = read_user(result, bytes, base, &authority, why);
    }
    if (error == 0 && given && uri_authority(authority, &result->host, &result->port) != 0) {
        return fail(why, "the URL must name a host, and a port from 1 to 65535 if one is given");
    }
    return error;
}

// Bytes that no terminal or page minds.
static void
write_plain(struct out *out, struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        out_byte(out, text.at[i] > ' ' && text.at[i] <= '~' ? text.at[i] : '?');
    }
}

static void
write_host(struct out *out, const struct sink_uri *uri)
{
    bool v6 = text_find(uri->host, ':', 0) != SIZE_MAX;
    out_format(out, v6 ? "[" TEXT_FORMAT "]" : TEXT_FORMAT, TEXT_ARGS(uri->host));
    if (uri->port != 0) {
        out_format(out, ":%u", (unsigned)uri->port);
    }
}

static bool
is_telling(struct text key)
{
    static const char *const keys[] = {"db",    "bucket",          "org",   "index",
                                       "topic", "timeseriestopic", "prefix"};
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
        if (text_equal(key, text_of(keys[i]))) {
            return true;
        }
    }
    return false;
}

static void
write_name(struct out *out, const struct sink_uri *uri)
{
    const char *separator = "?";
    write_plain(out, uri->kind);
    out_byte(out, ':');
    if (uri->scheme.size != 0) {
        out_format(out, TEXT_FORMAT "://", TEXT_ARGS(uri->scheme));
    }
    write_host(out, uri);
    out_text(out, uri->path);
    for (unsigned i = 0; i < uri->option_count; i++) {
        if (is_telling(uri->option[i].key)) {
            out_string(out, separator);
            out_text(out, uri->option[i].key);
            out_byte(out, '=');
            write_plain(out, uri->option[i].value);
            separator = "&";
        }
    }
}

static int
parse_expanded(struct sink_uri *result, char *bytes, struct text uri, struct out *why)
{
    struct text before_query;
    struct text query;
    struct text rest;
    const char *base = uri.at;
    text_cut(uri, '?', &before_query, &query);
    text_cut(before_query, ':', &result->kind, &rest);
    if (result->kind.size == 0) {
        return fail(why, "a sink is KIND:URL?OPTION=VALUE&...");
    }
    int error = read_options(result, bytes, base, query, why);
    if (error == 0 && rest.size != 0) {
        error = read_url(result, bytes, base, rest, why);
    }
    return error;
}

int
sink_uri_parse(struct text uri, uri_variable *variable, void *context, struct workspace *space,
               struct sink_uri *result, struct out *why)
{
    *result = (struct sink_uri){0};
    char *bytes = workspace_take(space, SINK_URI_BYTES_MAX);
    char *name = workspace_take(space, SINK_URI_BYTES_MAX + 64);
    if (bytes == NULL || name == NULL) {
        return fail(why, "there are too many sinks");
    }
    struct out copy = out_of(bytes, SINK_URI_BYTES_MAX);
    int error = uri_expand(uri, variable, context, &copy, why);
    if (error == 0) {
        error = parse_expanded(result, bytes, out_view(&copy), why);
    }
    if (error == 0) {
        struct out written = out_of(name, SINK_URI_BYTES_MAX + 64);
        write_name(&written, result);
        result->name = out_view(&written);
    }
    return error;
}

struct text
sink_uri_base(const struct sink_uri *uri)
{
    struct text base = uri->path;
    while (base.size != 0 && base.at[base.size - 1] == '/') {
        base.size--;
    }
    return base;
}
