#include "app/sink_files.h"

#include <string.h>

#include "app/sink_setup.h"
#include "app/source_check.h"
#include "base/hash.h"
#include "sink/sink_uri.h"

#define PATH_BYTES 1024
#define CHUNK_BYTES 4096

_Static_assert(SINK_FILES_SPACE_BYTES >= SINK_URI_SPACE_BYTES, "a URI taken apart");

static bool
names_a_file(struct text key)
{
    static const struct text keys[] = {
        TEXT("passwordFile"), TEXT("tokenFile"), TEXT("caCert"),
        TEXT("cacert"),       TEXT("cert"),      TEXT("key"),
    };
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
        if (text_equal(key, keys[i])) {
            return true;
        }
    }
    return false;
}

void
sink_files_visit(const struct config *config, struct workspace *space, sink_file *visit,
                 void *context)
{
    for (unsigned i = 0; i < sink_setup_count(config); i++) {
        char sentence[200];
        struct sink_uri uri;
        struct out why = out_of(sentence, sizeof sentence);
        workspace_reset(space);
        if (sink_uri_parse(sink_setup_uri(config, i), source_check_variable, NULL, space, &uri,
                           &why) != 0) {
            continue;
        }
        for (unsigned option = 0; option < uri.option_count; option++) {
            if (names_a_file(uri.option[option].key)) {
                visit(context, uri.option[option].value);
            }
        }
    }
    workspace_reset(space);
}

static const char *
c_path_of(struct text path, struct out *out)
{
    out_text(out, path);
    const char *c_path = out_c_string(out);
    return path.size == 0 || out->full ? NULL : c_path;
}

// PEM

// 1: the words are in the file; 0: not; -ERR_... Bounded by the file, in chunks that
// overlap by the words.
static int
has_words(const struct platform *platform, const char *path, const char *words)
{
    char chunk[CHUNK_BYTES];
    size_t length = strlen(words);
    size_t kept = 0;
    int found = 0;
    int file;
    int error = platform_file_open(platform, path, PLATFORM_READ, 0, &file);
    if (error != 0) {
        return error;
    }
    while (found == 0) {
        int64_t got = platform_file_read(platform, file, chunk + kept, sizeof chunk - kept,
                                         PLATFORM_STREAM);
        if (got <= 0) {
            found = (int)got;
            break;
        }
        size_t size = kept + (size_t)got;
        found = memmem(chunk, size, words, length) != NULL;
        kept = size < length - 1 ? size : length - 1;
        memmove(chunk, chunk + size - kept, kept);
    }
    platform_file_close(platform, file);
    explicit_bzero(chunk, sizeof chunk);
    return found;
}

static bool
is_pem(const struct platform *platform, struct text path, const char *option, const char *words,
       const char *what, struct out *why)
{
    char buffer[PATH_BYTES];
    struct out out = out_of(buffer, sizeof buffer);
    const char *c_path = c_path_of(path, &out);
    if (path.size == 0) {
        return true;
    }
    int found = c_path == NULL ? -ERR_TOO_LONG : has_words(platform, c_path, words);
    if (found <= 0) {
        out_format(why, "%s=" TEXT_FORMAT ": %s; give a PEM file with a %s", option,
                   TEXT_ARGS(path), found < 0 ? error_sentence(found) : "there is none in it",
                   what);
    }
    return found > 0;
}

bool
sink_files_are_good(const struct platform *platform, const struct sink *sink, struct out *why)
{
    static const char certificate[] = "-----BEGIN CERTIFICATE";
    return is_pem(platform, sink->ca_file, "caCert", certificate, "certificate", why) &&
           is_pem(platform, sink->cert_file, "cert", certificate, "certificate", why) &&
           is_pem(platform, sink->key_file, "key", "PRIVATE KEY-----", "private key", why);
}

// Changes

struct look {
    const struct platform *platform;
    uint64_t print;
    bool forbidden;  // a file may only be read with rights that are gone
};

static void
add_print(void *context, struct text path)
{
    struct look *look = context;
    char buffer[PATH_BYTES];
    struct platform_status status;
    struct out out = out_of(buffer, sizeof buffer);
    const char *c_path = c_path_of(path, &out);
    int file;
    if (c_path == NULL || platform_file_status(look->platform, c_path, &status) != 0) {
        look->print = hash_mix(look->print, 1);
        return;
    }
    look->print = hash_mix(look->print, status.inode);
    look->print = hash_mix(look->print, status.size);
    look->print = hash_mix(look->print, (uint64_t)status.changed.ms);
    int error = platform_file_open(look->platform, c_path, PLATFORM_READ, 0, &file);
    look->forbidden = look->forbidden || error == -ERR_NO_ACCESS;
    if (error == 0) {
        platform_file_close(look->platform, file);
    }
}

// Whether a process that begins now would take them all.
static bool
are_usable(struct sink_files *files, struct out *why)
{
    struct sink sink;
    struct sink_label_rules rules = sink_setup_rules(files->config);
    bool good = true;
    for (unsigned i = 0; i < sink_setup_count(files->config) && good; i++) {
        workspace_reset(files->space);
        good = sink_setup_open(files->config, i, &sink, &rules, files->space, files->platform,
                               why) == 0 &&
               sink_files_are_good(files->platform, &sink, why);
    }
    explicit_bzero(files->space->base, files->space->size);
    workspace_reset(files->space);
    return good;
}

enum sink_files_news
sink_files_look(struct sink_files *files, struct out *why)
{
    struct look look = {.platform = files->platform};
    sink_files_visit(files->config, files->space, add_print, &look);
    if (!files->begun) {
        files->begun = true;
        files->read = files->seen = look.print;
    }
    bool stands_still = look.print == files->seen;
    files->seen = look.print;
    if (!stands_still || look.print == files->read || look.print == files->refused) {
        return SINK_FILES_SAME;
    }
    if (look.forbidden || are_usable(files, why)) {
        return SINK_FILES_CHANGED;
    }
    files->refused = look.print;
    return SINK_FILES_BAD;
}
