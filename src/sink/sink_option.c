#include "sink/sink_option.h"

#include <string.h>

#include "base/check.h"
#include "base/error.h"

// Longest name of a file that is read.
#define PATH_BYTES_MAX 1024

static const char *const common[] = {
    "user",   "pw",   "password", "passwordFile", "token", "tokenFile", "caCert",
    "cacert", "cert", "key",      "insecuressl",  "gzip",  "order",     NULL,
};

bool
sink_option(const struct sink *sink, const char *key, struct text *value)
{
    struct text wanted = text_of(key);
    for (unsigned i = 0; i < sink->uri.option_count; i++) {
        if (text_equal(sink->uri.option[i].key, wanted)) {
            *value = sink->uri.option[i].value;
            return true;
        }
    }
    return false;
}

// Values are shown because people mistype them; secrets are never read here.
static int
fail(struct out *why, const char *key, const char *must, struct text value)
{
    out_format(why, "%s must be %s, not \"", key, must);
    for (size_t i = 0; i < value.size && i < 100; i++) {
        out_byte(why, value.at[i] >= ' ' && value.at[i] <= '~' ? value.at[i] : '?');
    }
    out_byte(why, '"');
    return -ERR_BAD_CONFIG;
}

int
sink_option_bool(const struct sink *sink, const char *key, bool *value, struct out *why)
{
    struct text given;
    if (sink_option(sink, key, &given) && text_to_bool(given, value) != 0) {
        return fail(why, key, "true or false", given);
    }
    return 0;
}

int
sink_option_count(const struct sink *sink, const char *key, uint64_t least, uint64_t most,
                  uint64_t *value, struct out *why)
{
    struct text given;
    uint64_t number = 0;
    if (!sink_option(sink, key, &given)) {
        return 0;
    }
    if (text_to_u64(given, &number) != 0 || number < least || number > most) {
        char must[64];
        struct out sentence = out_of(must, sizeof must);
        out_string(&sentence, "a whole number from ");
        out_u64(&sentence, least);
        out_string(&sentence, " to ");
        out_u64(&sentence, most);
        return fail(why, key, out_c_string(&sentence), given);
    }
    *value = number;
    return 0;
}

int
sink_option_choice(const struct sink *sink, const char *key, const char *const *choices,
                   unsigned *chosen, struct out *why)
{
    char must[200];
    struct text given;
    struct out sentence = out_of(must, sizeof must);
    if (!sink_option(sink, key, &given)) {
        return 0;
    }
    for (unsigned i = 0; choices[i] != NULL; i++) {
        if (text_equal(given, text_of(choices[i]))) {
            *chosen = i;
            return 0;
        }
        out_format(&sentence, "%s%s", i == 0 ? "" : " or ", choices[i]);
    }
    return fail(why, key, out_c_string(&sentence), given);
}

static bool
is_listed(struct text key, const char *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        if (text_equal(key, text_of(list[i]))) {
            return true;
        }
    }
    return false;
}

static void
write_list(struct out *why, const char *const *list, const char **separator)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        out_format(why, "%s %s", *separator, list[i]);
        *separator = ",";
    }
}

int
sink_options_known(const struct sink *sink, const char *const *own, struct out *why)
{
    static const char *const none[] = {NULL};
    own = own == NULL ? none : own;
    for (unsigned i = 0; i < sink->uri.option_count; i++) {
        struct text key = sink->uri.option[i].key;
        if (is_listed(key, own) || is_listed(key, common)) {
            continue;
        }
        const char *separator = "";
        out_string(why, "there is no option \"");
        for (size_t at = 0; at < key.size && at < 60; at++) {
            out_byte(why, key.at[at] >= ' ' && key.at[at] <= '~' ? key.at[at] : '?');
        }
        out_format(why, "\" of %s; there are", sink->kind->name);
        write_list(why, own, &separator);
        write_list(why, common, &separator);
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

bool
sink_option_part(struct text *list, struct text *part)
{
    while (list->size != 0) {
        text_cut(*list, ',', part, list);
        *part = text_trim(*part);
        if (part->size != 0) {
            return true;
        }
    }
    return false;
}

// The first line of a file; blanks at both ends do not belong to it.
static int
read_secret(struct sink *sink, const struct platform *platform, const char *key, struct text *value,
            struct out *why)
{
    struct text path;
    char name[PATH_BYTES_MAX];
    if (!sink_option(sink, key, &path)) {
        return 0;
    }
    if (path.size == 0 || path.size >= sizeof name) {
        out_format(why, "%s must name a file", key);
        return -ERR_BAD_CONFIG;
    }
    memcpy(name, path.at, path.size);
    name[path.size] = '\0';
    char *buffer = workspace_take(sink->space, SINK_SECRET_BYTES_MAX);
    if (buffer == NULL) {
        out_string(why, "there are too many sinks");
        return -ERR_BAD_CONFIG;
    }
    int error = platform_read_file(platform, name, buffer, SINK_SECRET_BYTES_MAX, value);
    if (error != 0) {
        out_format(why, "%s: %s: %s", key, name, error_sentence(error));
        return -ERR_BAD_CONFIG;
    }
    *value = text_trim(*value);
    if (value->size == 0) {
        out_format(why, "%s: %s is empty", key, name);
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

// They go into headers and protocols, where a line end would be another line.
static int
check_secret(struct text secret, const char *what, struct out *why)
{
    for (size_t i = 0; i < secret.size; i++) {
        unsigned char byte = (unsigned char)secret.at[i];
        if (byte < ' ' || byte == 0x7f) {
            out_format(why, "the %s has control bytes or more than one line", what);
            return -ERR_BAD_CONFIG;
        }
    }
    if (secret.size > SINK_SECRET_BYTES_MAX) {
        out_format(why, "the %s is longer than %d bytes", what, SINK_SECRET_BYTES_MAX);
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

static int
read_account(struct sink *sink, const struct platform *platform, struct out *why)
{
    sink->user = sink->uri.user;
    sink->password = sink->uri.password;
    sink_option(sink, "user", &sink->user);
    if (!sink_option(sink, "pw", &sink->password)) {
        sink_option(sink, "password", &sink->password);
    }
    sink_option(sink, "token", &sink->token);
    int error = read_secret(sink, platform, "passwordFile", &sink->password, why);
    if (error == 0) {
        error = read_secret(sink, platform, "tokenFile", &sink->token, why);
    }
    if (error == 0) {
        error = check_secret(sink->user, "user", why);
    }
    if (error == 0) {
        error = check_secret(sink->password, "password", why);
    }
    return error != 0 ? error : check_secret(sink->token, "token", why);
}

static int
read_trust(struct sink *sink, struct out *why)
{
    if (!sink_option(sink, "caCert", &sink->ca_file)) {
        sink_option(sink, "cacert", &sink->ca_file);
    }
    sink_option(sink, "cert", &sink->cert_file);
    sink_option(sink, "key", &sink->key_file);
    if ((sink->cert_file.size == 0) != (sink->key_file.size == 0)) {
        out_string(why, "cert and key must both be given, or neither");
        return -ERR_BAD_CONFIG;
    }
    return sink_option_bool(sink, "insecuressl", &sink->insecure, why);
}

int
sink_option_common(struct sink *sink, const struct platform *platform, struct out *why)
{
    bool order = false;
    sink->gzip = sink->kind->transport == SINK_HTTP;
    int error = read_account(sink, platform, why);
    if (error == 0) {
        error = read_trust(sink, why);
    }
    if (error == 0) {
        error = sink_option_bool(sink, "gzip", &sink->gzip, why);
    }
    if (error == 0) {
        error = sink_option_bool(sink, "order", &order, why);
    }
    if (error == 0 && sink->gzip && sink->kind->transport != SINK_HTTP) {
        out_format(why, "%s does not take gzip", sink->kind->name);
        return -ERR_BAD_CONFIG;
    }
    return error;
}
