#include "app/serve_access.h"

#include <mbedtls/platform_util.h>

#include "app/listen.h"
#include "app/own_names.h"
#include "app/role.h"
#include "base/calendar.h"
#include "base/hash.h"

#define KEY_BYTES_MAX (16 * 1024)
#define TOKEN_FILE_BYTES_MAX 1024
#define RANDOM_TOKEN_BYTES 32
#define DAY_MS INT64_C(86400000)
// As long as Apple's systems take from anybody (support.apple.com/HT211025 leaves
// certificates that a user trusts himself at this), and renewed well before.
#define VALID_DAYS 825
#define RENEW_DAYS 90
// A clock that is a little behind must not see it as not valid yet.
#define BACKDATE_MS DAY_MS
#define FILES_MS 3000
#define RENEWAL_MS 60000

enum file { FILE_TOKEN, FILE_CERTIFICATE, FILE_KEY, FILE_AUTHORITY, FILE_COUNT };

struct serve_access {
    const struct config *config;
    const struct platform *platform;
    struct tls_server *tls;
    struct access access;
    struct own_names names;
    bool own_certificate;  // made here
    bool cannot_renew;
    bool said_bad;
    bool silent;  // only looks whether the files are good
    uint64_t print[FILE_COUNT];
    char path[FILE_COUNT][SERVE_PATH_BYTES];  // empty: there is none
    struct mono_ns next_files;
    struct mono_ns next_renewal;
    char certificate[TLS_SERVER_PEM_BYTES_MAX];
    char key[KEY_BYTES_MAX];
    char authority[TLS_SERVER_PEM_BYTES_MAX];
};

static const enum config_id flags[FILE_COUNT] = {
    [FILE_TOKEN] = CONFIG_TOKEN_FILE,
    [FILE_CERTIFICATE] = CONFIG_TLS_CERT,
    [FILE_KEY] = CONFIG_TLS_KEY,
    [FILE_AUTHORITY] = CONFIG_REQUESTHEADER_CLIENT_CA_FILE,
};

static const char *const own_files[FILE_COUNT] = {
    [FILE_TOKEN] = SERVE_TOKEN_FILE,
    [FILE_CERTIFICATE] = SERVE_CERTIFICATE_FILE,
    [FILE_KEY] = SERVE_KEY_FILE,
};

size_t
serve_access_footprint(const struct config *config)
{
    return listen_is_secure(config) ? arena_bytes(sizeof(struct serve_access)) : 0;
}

static int
random_bytes(const struct serve_access *serve, void *bytes, size_t size, struct out *why)
{
    int error = platform_random_bytes(serve->platform, bytes, size);
    if (error != 0) {
        out_string(why, "no random bytes are to be had");
    }
    return error;
}

int
serve_access_init(struct serve_access **result, struct arena *arena, const struct config *config,
                  const struct platform *platform, struct out *why)
{
    *result = NULL;
    if (!listen_is_secure(config)) {
        return 0;
    }
    struct serve_access *serve = arena_take(arena, sizeof *serve);
    serve->config = config;
    serve->platform = platform;
    int error = random_bytes(serve, serve->access.key, sizeof serve->access.key, why);
    if (error != 0) {
        return error;
    }
    *result = serve;
    return tls_server_init(&serve->tls, arena, config->capacity.clients, why);
}

const struct access *
serve_access_token(const struct serve_access *serve)
{
    return serve == NULL ? NULL : &serve->access;
}

struct tls_server *
serve_access_tls(const struct serve_access *serve)
{
    return serve == NULL ? NULL : serve->tls;
}

const char *
serve_access_find(const struct config *config, const struct platform *platform, const char *name,
                  struct out *out)
{
    static const enum config_id directories[] = {CONFIG_STATE_DIR, CONFIG_RUN_DIR};
    struct platform_status status;
    for (size_t i = 0; i < ARRAY_COUNT(directories); i++) {
        out->used = 0;
        const char *path = config_path(config, directories[i], name, out);
        if (config_text(config, directories[i]).size > 0 && path != NULL &&
            platform_file_status(platform, path, &status) == 0) {
            return path;
        }
    }
    return NULL;
}

// Files

static int
explain(struct out *why, const struct serve_access *serve, enum file file, int error)
{
    if (config_text(serve->config, flags[file]).size > 0) {
        out_format(why, "%s=%s: ", config_flag(flags[file]), serve->path[file]);
    } else {
        out_format(why, "%s: ", serve->path[file]);
    }
    out_string(why, error_sentence(error));
    return -ERR_BAD_CONFIG;
}

static void
note_print(struct serve_access *serve, enum file file)
{
    struct platform_status status;
    serve->print[file] = 0;
    if (platform_file_status(serve->platform, serve->path[file], &status) == 0) {
        serve->print[file] = hash_mix(hash_mix(status.inode, status.size),
                                      (uint64_t)status.changed.ms);
    }
}

static int
read_file(struct serve_access *serve, enum file file, char *buffer, size_t size,
          struct text *content, struct out *why)
{
    note_print(serve, file);
    int error = platform_read_file(serve->platform, serve->path[file], buffer, size, content);
    return error == 0 ? 0 : explain(why, serve, file, error);
}

// Writes one of our own into the first directory that takes it, and notes where.
static int
write_file(struct serve_access *serve, enum file file, struct text content, struct out *why)
{
    static const enum config_id directories[] = {CONFIG_STATE_DIR, CONFIG_RUN_DIR};
    char buffer[SERVE_PATH_BYTES];
    int error = -ERR_NO_FILE;
    for (size_t i = 0; i < ARRAY_COUNT(directories); i++) {
        struct out path = out_of(serve->path[file], sizeof serve->path[file]);
        struct out dir = out_of(buffer, sizeof buffer);
        if (config_text(serve->config, directories[i]).size == 0 ||
            config_path(serve->config, directories[i], SERVE_DIR, &dir) == NULL ||
            config_path(serve->config, directories[i], own_files[file], &path) == NULL) {
            continue;
        }
        error = platform_dir_make(serve->platform, buffer, 0700);
        if (error == 0) {
            error = platform_replace_file(serve->platform, serve->path[file], content.at,
                                          content.size, 0600);
        }
        if (error == 0) {
            return 0;
        }
    }
    out_format(why, "%s cannot be written below %s: %s", own_files[file],
               config_flag(CONFIG_STATE_DIR), error_sentence(error));
    return -ERR_BAD_CONFIG;
}

// Where the file is, by flag or of our own; false: nowhere yet.
static bool
find_file(struct serve_access *serve, enum file file)
{
    struct out path = out_of(serve->path[file], sizeof serve->path[file]);
    struct text given = config_text(serve->config, flags[file]);
    if (given.size > 0) {
        out_text(&path, given);
        (void)out_c_string(&path);
        return true;
    }
    if (own_files[file] != NULL &&
        serve_access_find(serve->config, serve->platform, own_files[file], &path) != NULL) {
        return true;
    }
    serve->path[file][0] = '\0';
    return false;
}

// Token

static int
read_token(struct serve_access *serve, struct out *why)
{
    char buffer[TOKEN_FILE_BYTES_MAX];
    char sentence[200];
    struct out reason = out_of(sentence, sizeof sentence);
    struct text content;
    struct text token;
    int error = read_file(serve, FILE_TOKEN, buffer, sizeof buffer, &content, why);
    if (error != 0) {
        return error;
    }
    error = access_parse(content, &token, &reason);
    if (error == 0) {
        access_set_token(&serve->access, token);
    } else {
        out_format(why, "%s holds no token: %s", serve->path[FILE_TOKEN], out_c_string(&reason));
    }
    mbedtls_platform_zeroize(buffer, sizeof buffer);
    return error;
}

static int
make_token(struct serve_access *serve, struct out *why)
{
    unsigned char random[RANDOM_TOKEN_BYTES];
    char buffer[2 * RANDOM_TOKEN_BYTES + 2];
    struct out token = out_of(buffer, sizeof buffer);
    int error = random_bytes(serve, random, sizeof random, why);
    for (size_t i = 0; i < sizeof random; i++) {
        out_format(&token, "%02x", random[i]);
    }
    struct text shown = out_view(&token);
    out_byte(&token, '\n');
    error = error != 0 ? error : write_file(serve, FILE_TOKEN, out_view(&token), why);
    if (error == 0) {
        role_say("serve", "a token for the page and the API was made; it is said this once and "
                 "kept in %s: " TEXT_FORMAT, serve->path[FILE_TOKEN], TEXT_ARGS(shown));
    }
    mbedtls_platform_zeroize(random, sizeof random);
    mbedtls_platform_zeroize(buffer, sizeof buffer);
    return error;
}

// Certificate

static bool
is_fresh(const struct serve_access *serve, const struct certificate_facts *facts)
{
    int64_t now_ms = platform_wall_now(serve->platform).ms;
    return facts->covers && facts->from.ms <= now_ms &&
           facts->until.ms - now_ms > RENEW_DAYS * DAY_MS;
}

static void
read_names(struct serve_access *serve)
{
    own_names_read(&serve->names, serve->config, serve->platform, serve->authority,
                   sizeof serve->authority);
}

// Whether there is one of our own that needs no renewal.
static bool
has_fresh_certificate(struct serve_access *serve)
{
    struct certificate_facts facts;
    struct text pem;
    return find_file(serve, FILE_CERTIFICATE) && find_file(serve, FILE_KEY) &&
           platform_read_file(serve->platform, serve->path[FILE_CERTIFICATE], serve->certificate,
                              sizeof serve->certificate, &pem) == 0 &&
           certificate_inspect(pem, &serve->names.names, &facts) == 0 && is_fresh(serve, &facts);
}

static int
make_certificate(struct serve_access *serve, struct out *why)
{
    struct out key = out_of(serve->key, sizeof serve->key);
    struct out certificate = out_of(serve->certificate, sizeof serve->certificate);
    struct wall_ms now = platform_wall_now(serve->platform);
    struct wall_ms from = {now.ms > BACKDATE_MS ? now.ms - BACKDATE_MS : 0};
    struct wall_ms until = {now.ms + VALID_DAYS * DAY_MS};
    int error = certificate_make_key(&key);
    if (error == 0) {
        error = certificate_make(out_view(&key), &serve->names.names, from, until, &certificate);
    }
    if (error != 0) {
        out_format(why, "no certificate can be made: %s", error_sentence(error));
        return error;
    }
    error = write_file(serve, FILE_KEY, out_view(&key), why);
    return error != 0 ? error : write_file(serve, FILE_CERTIFICATE, out_view(&certificate), why);
}

static int
renew_certificate(struct serve_access *serve, struct out *why)
{
    bool had = find_file(serve, FILE_CERTIFICATE);
    int error = make_certificate(serve, why);
    if (error == 0) {
        role_say("serve", "%s certificate was made: %s", had ? "another" : "a",
                 serve->path[FILE_CERTIFICATE]);
        return 0;
    }
    serve->cannot_renew = true;
    if (had && find_file(serve, FILE_CERTIFICATE) && find_file(serve, FILE_KEY)) {
        role_say("serve", "the certificate should be renewed and is used as it is: %s",
                 out_c_string(why));
        why->used = 0;
        return 0;
    }
    return error;
}

static void
say_fingerprint(struct text pem)
{
    char buffer[CERTIFICATE_SHA256_BYTES * 3 + 1];
    struct certificate_facts facts;
    struct out sha256 = out_of(buffer, sizeof buffer);
    if (certificate_inspect(pem, NULL, &facts) == 0) {
        certificate_write_sha256(&sha256, facts.sha256);
        role_say("serve", "shows the certificate with sha256 %s", out_c_string(&sha256));
    }
}

// One that has ended is no reason not to start: the other roles do their work without
// it, and it may be replaced at any time. One that is longer than certificate_inspect()
// takes is not judged. Of one that is not valid yet the clock of this machine may be the
// reason, which is set later.
static void
note_end(const struct serve_access *serve, struct text pem, struct out *why)
{
    struct certificate_facts facts;
    if (certificate_inspect(pem, NULL, &facts) != 0 ||
        facts.until.ms > platform_wall_now(serve->platform).ms) {
        return;
    }
    out_format(why, "%s=%s: the certificate was valid until ",
               config_flag(flags[FILE_CERTIFICATE]), serve->path[FILE_CERTIFICATE]);
    calendar_write(why, facts.until);
    out_string(why, "; give one that still is");
}

static int
load_certificate(struct serve_access *serve, struct out *why)
{
    char sentence[300];
    struct out reason = out_of(sentence, sizeof sentence);
    struct tls_server_files files = {
        .allowed_names = config_text(serve->config, CONFIG_REQUESTHEADER_ALLOWED_NAMES),
    };
    int error = read_file(serve, FILE_CERTIFICATE, serve->certificate, sizeof serve->certificate,
                          &files.certificate_pem, why);
    if (error == 0) {
        error = read_file(serve, FILE_KEY, serve->key, sizeof serve->key, &files.key_pem, why);
    }
    if (error == 0 && find_file(serve, FILE_AUTHORITY)) {
        error = read_file(serve, FILE_AUTHORITY, serve->authority, sizeof serve->authority,
                          &files.authority_pem, why);
    }
    if (error == 0) {
        error = tls_server_load(serve->tls, &files, &reason);
        if (error != 0) {
            out_format(why, "%s and %s: %s", serve->path[FILE_CERTIFICATE], serve->path[FILE_KEY],
                       out_c_string(&reason));
        } else if (serve->silent) {
            note_end(serve, files.certificate_pem, why);
        } else {
            say_fingerprint(files.certificate_pem);
        }
    }
    mbedtls_platform_zeroize(serve->key, sizeof serve->key);
    return error;
}

static int
open_certificate(struct serve_access *serve, struct out *why)
{
    serve->own_certificate = config_text(serve->config, CONFIG_TLS_CERT).size == 0;
    if (serve->own_certificate) {
        read_names(serve);
        int error = has_fresh_certificate(serve) ? 0 : renew_certificate(serve, why);
        if (error != 0) {
            return error;
        }
    }
    (void)find_file(serve, FILE_CERTIFICATE);
    (void)find_file(serve, FILE_KEY);
    return load_certificate(serve, why);
}

// A token that has to be made comes last: it is said when everything else is well.
int
serve_access_open(struct serve_access *serve, struct out *why)
{
    if (serve == NULL) {
        return 0;
    }
    bool has_token = find_file(serve, FILE_TOKEN);
    int error = has_token ? read_token(serve, why) : 0;
    if (error == 0) {
        error = open_certificate(serve, why);
    }
    if (error == 0 && !has_token) {
        error = make_token(serve, why);
        error = error != 0 ? error : read_token(serve, why);
    }
    return error;
}

size_t
serve_access_check_bytes(void)
{
    return arena_bytes(sizeof(struct serve_access)) + tls_server_footprint(1);
}

int
serve_access_check(struct arena *arena, const struct config *config,
                   const struct platform *platform, struct out *why)
{
    if (!listen_is_secure(config)) {
        return 0;
    }
    struct serve_access *serve = arena_take(arena, sizeof *serve);
    serve->config = config;
    serve->platform = platform;
    serve->silent = true;
    int error = 0;
    if (config_text(config, CONFIG_TOKEN_FILE).size > 0 && find_file(serve, FILE_TOKEN)) {
        error = read_token(serve, why);
    }
    if (error == 0 && config_text(config, CONFIG_TLS_CERT).size > 0) {
        error = tls_server_init(&serve->tls, arena, 1, why);
        error = error != 0 ? error : open_certificate(serve, why);
    }
    return error;
}

// Looking again

static bool
has_changed(struct serve_access *serve, enum file file)
{
    uint64_t before = serve->print[file];
    if (serve->path[file][0] == '\0') {
        return false;
    }
    note_print(serve, file);
    bool changed = serve->print[file] != before && serve->print[file] != 0;
    serve->print[file] = before;
    return changed;
}

static void
read_again(struct serve_access *serve)
{
    char sentence[600];
    struct out why = out_of(sentence, sizeof sentence);
    int error = 0;
    if (has_changed(serve, FILE_TOKEN)) {
        error = read_token(serve, &why);
        if (error == 0) {
            role_say("serve", "another token was read");
        }
    }
    if (error == 0 && (has_changed(serve, FILE_CERTIFICATE) || has_changed(serve, FILE_KEY) ||
                       has_changed(serve, FILE_AUTHORITY))) {
        error = load_certificate(serve, &why);
        // Half of a pair may be written: it is looked at again next time.
        serve->print[FILE_CERTIFICATE] = error == 0 ? serve->print[FILE_CERTIFICATE] : 1;
    }
    if (error != 0 && !serve->said_bad) {
        role_say("serve", "goes on with what it has: %s", out_c_string(&why));
    }
    serve->said_bad = error != 0;
}

bool
serve_access_look(struct serve_access *serve, struct mono_ns now)
{
    if (serve == NULL) {
        return false;
    }
    if (!mono_before(now, serve->next_files)) {
        serve->next_files = mono_add_ms(now, FILES_MS);
        read_again(serve);
    }
    if (!serve->own_certificate || serve->cannot_renew || mono_before(now, serve->next_renewal)) {
        return false;
    }
    bool first = serve->next_renewal.ns == 0;
    serve->next_renewal = mono_add_ms(now, RENEWAL_MS);
    if (first) {
        return false;
    }
    read_names(serve);
    return !has_fresh_certificate(serve);
}
