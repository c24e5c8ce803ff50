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

static int
hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// In place; false for a % that is not followed by two hex digits, and for NUL.
static bool
percent_decode(char *bytes, size_t *size, bool plus_is_blank)
{
    size_t to = 0;
    for (size_t from = 0; from < *size; from++) {
        char byte = bytes[from];
        if (byte == '+' && plus_is_blank) {
            byte = ' ';
        } else if (byte == '%') {
            int high = from + 2 < *size ? hex_digit(bytes[from + 1]) : -1;
            int low = from + 2 < *size ? hex_digit(bytes[from + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0)) {
                return false;
            }
            byte = (char)(high << 4 | low);
            from += 2;
        }
        bytes[to++] = byte;
    }
    *size = to;
    return true;
}

// Decodes a view into `bytes`, whose owner may write.
static bool
decode_view(char *bytes, const char *base, struct text *view, bool plus_is_blank)
{
    if (view->size == 0) {
        return true;
    }
    return percent_decode(bytes + (view->at - base), &view->size, plus_is_blank);
}

static bool
is_variable_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

// The variable that begins behind a $; 0 bytes when there is none.
static size_t
variable_name(struct text rest, struct text *name)
{
    if (rest.size != 0 && rest.at[0] == '{') {
        size_t end = text_find(rest, '}', 0);
        if (end == SIZE_MAX) {
            return 0;
        }
        *name = text_sub(rest, 1, end - 1);
        return end + 1;
    }
    size_t size = 0;
    while (size < rest.size && is_variable_byte(rest.at[size])) {
        size++;
    }
    *name = text_sub(rest, 0, size);
    return size;
}

static int
expand(struct text uri, sink_variable *variable, void *context, struct out *copy, struct out *why)
{
    for (size_t at = 0; at < uri.size; at++) {
        struct text name = {0};
        struct text value = {0};
        size_t size = 0;
        if (uri.at[at] == '$' && variable != NULL) {
            size = variable_name(text_sub(uri, at + 1, SIZE_MAX), &name);
        }
        if (size == 0) {
            out_byte(copy, uri.at[at]);
        } else if (variable(context, name, &value)) {
            out_text(copy, value);
            at += size;
        } else {
            out_format(why, "the variable $" TEXT_FORMAT " is not set", TEXT_ARGS(name));
            return -ERR_BAD_CONFIG;
        }
    }
    if (copy->full) {
        out_format(why, "it is longer than %d bytes", SINK_URI_BYTES_MAX);
        return -ERR_BAD_CONFIG;
    }
    return 0;
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

static bool
is_host_byte(char byte, bool v6)
{
    return (is_variable_byte(byte) || byte == '.' || byte == '-') || (v6 && byte == ':');
}

static bool
is_host(struct text host, bool v6)
{
    bool good = host.size != 0 && host.size <= NAME_BYTES_MAX;
    for (size_t i = 0; good && i < host.size; i++) {
        good = is_host_byte(host.at[i], v6);
    }
    return good;
}

bool
sink_uri_authority(struct text authority, struct text *host, uint16_t *port)
{
    struct text rest = {0};
    bool v6 = authority.size != 0 && authority.at[0] == '[';
    *host = authority;
    if (v6 && !text_cut(text_sub(authority, 1, SIZE_MAX), ']', host, &rest)) {
        return false;
    }
    if (!v6 && text_cut(authority, ':', host, &rest)) {
        rest = (struct text){rest.at - 1, rest.size + 1};
    }
    uint64_t given = *port;
    if (rest.size != 0) {
        bool bad = rest.at[0] != ':' || text_to_u64(text_sub(rest, 1, SIZE_MAX), &given) != 0;
        if (bad || given == 0 || given > UINT16_MAX) {
            return false;
        }
    }
    *port = (uint16_t)given;
    return is_host(*host, v6);
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
    if (error == 0 && given && !sink_uri_authority(authority, &result->host, &result->port)) {
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
sink_uri_parse(struct text uri, sink_variable *variable, void *context, struct workspace *space,
               struct sink_uri *result, struct out *why)
{
    *result = (struct sink_uri){0};
    char *bytes = workspace_take(space, SINK_URI_BYTES_MAX);
    char *name = workspace_take(space, SINK_URI_BYTES_MAX + 64);
    if (bytes == NULL || name == NULL) {
        return fail(why, "there are too many sinks");
    }
    struct out copy = out_of(bytes, SINK_URI_BYTES_MAX);
    int error = expand(uri, variable, context, &copy, why);
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

void
sink_uri_escape(struct out *out, struct text text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (is_variable_byte(text.at[i]) || byte == '-' || byte == '.' || byte == '~') {
            out_byte(out, text.at[i]);
        } else {
            out_byte(out, '%');
            out_byte(out, hex[byte >> 4]);
            out_byte(out, hex[byte & 15]);
        }
    }
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
