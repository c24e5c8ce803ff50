#include "discover/credentials.h"

#include <string.h>

#include "parse/kubeconfig.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount/"
#define SERVICE_ACCOUNT_TOKEN SERVICE_ACCOUNT "token"
#define SERVICE_ACCOUNT_CA SERVICE_ACCOUNT "ca.crt"

// A kubeconfig and what is decoded from it, and its URL; or the PEM files.
#define SCRATCH_BYTES (2 * (size_t)CREDENTIALS_FILE_BYTES_MAX + SOURCE_URI_BYTES_MAX)

size_t
credentials_scratch_bytes(void)
{
    return SCRATCH_BYTES;
}

static int
set_path(struct watched_file *file, struct text path, struct out *why)
{
    if (path.size >= sizeof(file->path) || text_find(path, '\0', 0) != SIZE_MAX) {
        out_string(why, "a file name is too long");
        return -ERR_BAD_CONFIG;
    }
    if (path.size != 0) {
        memcpy(file->path, path.at, path.size);
    }
    file->path[path.size] = '\0';
    return 0;
}

// The content takes only its own size of the scratch memory.
static int
read_into(const struct credentials *credentials, const char *path, struct workspace *scratch,
          struct text *content)
{
    size_t before = scratch->used;
    size_t room = scratch->size - before;
    room = room < CREDENTIALS_FILE_BYTES_MAX ? room : CREDENTIALS_FILE_BYTES_MAX;
    char *buffer = room == 0 ? NULL : workspace_take(scratch, room);
    if (buffer == NULL) {
        return -ERR_TOO_LARGE;
    }
    int error = platform_read_file(credentials->platform, path, buffer, room, content);
    scratch->used = before;
    if (error == 0 && content->size != 0) {
        char *same = workspace_take(scratch, content->size);
        ASSERT(same == buffer);
    }
    return error;
}

static int
read_watched(const struct credentials *credentials, struct watched_file *file,
             struct workspace *scratch, struct text *content, struct out *why)
{
    struct platform_status status = {0};
    int error = platform_file_status(credentials->platform, file->path, &status);
    if (error == 0) {
        error = read_into(credentials, file->path, scratch, content);
    }
    if (error == -ERR_TOO_LARGE) {
        out_format(why, "%s is larger than %d KiB, or there is more than planned", file->path,
                   CREDENTIALS_FILE_BYTES_MAX / 1024);
        return error;
    }
    if (error != 0) {
        out_format(why, "%s: %s", file->path, error_sentence(error));
        return error;
    }
    file->inode = status.inode;
    file->size = status.size;
    file->changed = status.changed;
    return 0;
}

static int
set_token(struct credentials *credentials, struct text token, const char *where, struct out *why)
{
    token = text_trim(token);
    if (token.size == 0 || token.size > sizeof(credentials->token)) {
        out_format(why, "%s holds no usable token", where);
        return -ERR_BAD_CONFIG;
    }
    for (size_t i = 0; i < token.size; i++) {
        if (token.at[i] <= ' ' || token.at[i] > '~') {
            out_format(why, "%s holds bytes that no token has", where);
            return -ERR_BAD_CONFIG;
        }
    }
    memcpy(credentials->token, token.at, token.size);
    credentials->token_size = token.size;
    return 0;
}

static int
read_token_file(struct credentials *credentials, struct workspace *scratch, struct out *why)
{
    struct text content = {0};
    int error = read_watched(credentials, &credentials->token_file, scratch, &content, why);
    return error != 0 ? error
                      : set_token(credentials, content, credentials->token_file.path, why);
}

// What the certificates are made from: data, or files.
struct materials {
    struct text ca;
    struct text certificate;
    struct text key;
};

static int
read_pem(const struct credentials *credentials, struct watched_file *file,
         struct workspace *scratch, struct text *pem, struct out *why)
{
    return pem->size != 0 || file->path[0] == '\0'
               ? 0
               : read_watched(credentials, file, scratch, pem, why);
}

static int
read_materials(struct credentials *credentials, struct materials *materials,
               struct workspace *scratch, struct out *why)
{
    int error =
        read_pem(credentials, &credentials->ca_file, scratch, &materials->ca, why);
    if (error == 0) {
        error = read_pem(credentials, &credentials->certificate_file, scratch,
                         &materials->certificate, why);
    }
    if (error == 0) {
        error = read_pem(credentials, &credentials->key_file, scratch, &materials->key, why);
    }
    if (error == 0 && (materials->certificate.size == 0) != (materials->key.size == 0)) {
        out_string(why, "a client certificate and its key must both be given");
        return -ERR_BAD_CONFIG;
    }
    return error;
}

static int
give_identity(struct credentials *credentials, const struct identity_config *config,
              fetch_identity *identity, struct out *why)
{
    struct fetch *fetch = credentials->fetch;
    if (*identity != 0) {
        return fetch->ops->identity_replace(fetch, *identity, config, why);
    }
    return fetch->ops->identity_add(fetch, config, identity, why);
}

static int
give_identities(struct credentials *credentials, const struct materials *materials,
                struct out *why)
{
    struct identity_config config = {
        .trust = credentials->insecure ? TRUST_INSECURE : TRUST_VERIFY,
        .ca_pem = materials->ca,
        .client_cert_pem = materials->certificate,
        .client_key_pem = materials->key,
    };
    int error = 0;
    if (credentials->https) {
        error = give_identity(credentials, &config, &credentials->api, why);
    }
    if (error == 0) {
        config.trust = credentials->kubelet_trust;
        error = give_identity(credentials, &config, &credentials->kubelet, why);
    }
    return error;
}

static int
copy_name(char *to, size_t room, struct text name, struct out *why)
{
    if (name.size >= room) {
        out_string(why, "a host name is too long");
        return -ERR_BAD_CONFIG;
    }
    if (name.size != 0) {
        memcpy(to, name.at, name.size);
    }
    to[name.size] = '\0';
    return 0;
}

// The server of a kubeconfig or of the environment, unless the URI names one.
static int
set_server(struct credentials *credentials, const struct source_uri *uri, struct text server,
           struct workspace *scratch, struct out *why)
{
    struct source_uri parsed = {0};
    if (uri->host.size == 0) {
        char text[512];
        struct out out = out_of(text, sizeof(text));
        out_format(&out, "kubernetes:" TEXT_FORMAT, TEXT_ARGS(server));
        int error = source_uri_parse(out_view(&out), NULL, NULL, scratch, &parsed, why);
        if (error != 0) {
            return error;
        }
        uri = &parsed;
    }
    if (uri->host.size == 0) {
        out_string(why, "no API server is named: give its URL, or auth=KUBECONFIG");
        return -ERR_BAD_CONFIG;
    }
    credentials->https = uri->https;
    credentials->port = uri->port;
    return copy_name(credentials->host, sizeof(credentials->host), uri->host, why);
}

static int
copy_kubeconfig(struct credentials *credentials, const struct source_uri *uri,
                const struct kubeconfig *config, struct workspace *scratch, struct out *why)
{
    if (config->username.size != 0) {
        out_format(why,
                   "%s: a user with username and password is not supported, as API servers no "
                   "longer accept one; make a service account's token (skerry rbac)",
                   credentials->config_file.path);
        return -ERR_UNSUPPORTED;
    }
    credentials->insecure = uri->insecure || config->insecure;
    int error = set_server(credentials, uri, config->server, scratch, why);
    if (error == 0) {
        error = copy_name(credentials->server_name, sizeof(credentials->server_name),
                          config->tls_server_name, why);
    }
    if (error == 0 && config->ca_data.size == 0) {
        error = set_path(&credentials->ca_file, config->ca_file, why);
    }
    if (error == 0 && config->client_certificate_data.size == 0) {
        error = set_path(&credentials->certificate_file, config->client_certificate_file, why);
    }
    if (error == 0 && config->client_key_data.size == 0) {
        error = set_path(&credentials->key_file, config->client_key_file, why);
    }
    if (error == 0) {
        error = set_path(&credentials->token_file, config->token_file, why);
    }
    return error;
}

static int
load_kubeconfig(struct credentials *credentials, const struct source_uri *uri,
                struct materials *materials, struct workspace *scratch, struct out *why)
{
    struct text content = {0};
    struct kubeconfig config = {0};
    int error = set_path(&credentials->config_file, uri->auth, why);
    if (error == 0) {
        error = read_watched(credentials, &credentials->config_file, scratch, &content, why);
    }
    if (error == 0) {
        struct kubeconfig_source source = {uri->auth, content, uri->context};
        error = kubeconfig_read(&config, &source, scratch, why);
    }
    if (error == 0) {
        error = copy_kubeconfig(credentials, uri, &config, scratch, why);
    }
    if (error == 0 && credentials->token_file.path[0] == '\0' && config.token.size != 0) {
        error = set_token(credentials, config.token, credentials->config_file.path, why);
    }
    *materials =
        (struct materials){config.ca_data, config.client_certificate_data, config.client_key_data};
    credentials->reloadable = config.client_certificate_data.size == 0
                              && config.client_key_data.size == 0 && config.ca_data.size == 0;
    return error;
}

static int
load_service_account(struct credentials *credentials, bool with_authority, struct out *why)
{
    int error = set_path(&credentials->token_file, TEXT(SERVICE_ACCOUNT_TOKEN), why);
    if (error == 0 && with_authority) {
        error = set_path(&credentials->ca_file, TEXT(SERVICE_ACCOUNT_CA), why);
    }
    return error;
}

static int
load_in_cluster(struct credentials *credentials, const struct source_uri *uri,
                uri_variable *variable, void *context, struct workspace *scratch,
                struct out *why)
{
    struct text host = {0};
    struct text port = TEXT("443");
    char server[NAME_BYTES_MAX + 32];
    struct out out = out_of(server, sizeof(server));
    bool known = variable != NULL && variable(context, TEXT("KUBERNETES_SERVICE_HOST"), &host);
    if (!known && uri->host.size == 0) {
        out_string(why, "this is not a pod of a cluster (KUBERNETES_SERVICE_HOST is not set): give "
                        "the API server's URL and auth=KUBECONFIG");
        return -ERR_BAD_CONFIG;
    }
    if (variable != NULL) {
        (void)variable(context, TEXT("KUBERNETES_SERVICE_PORT"), &port);
    }
    bool v6 = text_find(host, ':', 0) != SIZE_MAX;
    out_format(&out, v6 ? "https://[" TEXT_FORMAT "]:" TEXT_FORMAT
                        : "https://" TEXT_FORMAT ":" TEXT_FORMAT,
               TEXT_ARGS(host), TEXT_ARGS(port));
    int error = set_server(credentials, uri, out_view(&out), scratch, why);
    return error != 0 ? error : load_service_account(credentials, !uri->insecure, why);
}

static bool
has_service_account(const struct credentials *credentials, uri_variable *variable,
                    void *context)
{
    struct text host = {0};
    struct platform_status status;
    return variable != NULL && variable(context, TEXT("KUBERNETES_SERVICE_HOST"), &host)
           && platform_file_status(credentials->platform, SERVICE_ACCOUNT_TOKEN, &status) == 0;
}

static int
load_by_kind(struct credentials *credentials, const struct source_uri *uri,
             uri_variable *variable, void *context, struct materials *materials,
             struct workspace *scratch, struct out *why)
{
    credentials->insecure = uri->insecure;
    credentials->reloadable = true;
    if (uri->auth.size != 0) {
        return load_kubeconfig(credentials, uri, materials, scratch, why);
    }
    bool in_cluster = uri->in_cluster == ON
                      || (uri->in_cluster == UNSET
                          && has_service_account(credentials, variable, context));
    if (in_cluster) {
        return load_in_cluster(credentials, uri, variable, context, scratch, why);
    }
    int error = set_server(credentials, uri, TEXT(""), scratch, why);
    if (error == 0 && uri->use_service_account) {
        error = load_service_account(credentials, false, why);
    }
    return error;
}

int
credentials_load(struct credentials *credentials, const struct source_uri *uri,
                 const struct platform *platform, struct fetch *fetch, uri_variable *variable,
                 void *context, struct workspace *scratch, struct out *why)
{
    struct materials materials = {0};
    *credentials = (struct credentials){
        .platform = platform,
        .fetch = fetch,
        .kubelet_trust = uri->kubelet_trust,
        .checked = platform_mono_now(platform),
    };
    workspace_reset(scratch);
    int error =
        load_by_kind(credentials, uri, variable, context, &materials, scratch, why);
    if (error == 0 && credentials->token_file.path[0] != '\0') {
        error = read_token_file(credentials, scratch, why);
    }
    if (error == 0) {
        // The token's bytes in the scratch memory are done with by now.
        error = read_materials(credentials, &materials, scratch, why);
    }
    if (error == 0) {
        error = give_identities(credentials, &materials, why);
    }
    memset(scratch->base, 0, scratch->size);
    workspace_reset(scratch);
    return error;
}

static bool
has_changed(const struct credentials *credentials, const struct watched_file *file)
{
    struct platform_status status = {0};
    if (file->path[0] == '\0'
        || platform_file_status(credentials->platform, file->path, &status) != 0) {
        // A file that is gone for a moment is being replaced.
        return false;
    }
    return status.inode != file->inode || status.size != file->size
           || status.changed.ms != file->changed.ms;
}

static int
refresh_token(struct credentials *credentials, struct workspace *scratch,
              struct credentials_news *news, struct out *why)
{
    char before[64];
    size_t size = credentials->token_size;
    size_t tail = size < sizeof(before) ? size : sizeof(before);
    // The signature, which is at the end, differs between any two tokens.
    memcpy(before, credentials->token + size - tail, tail);
    int error = read_token_file(credentials, scratch, why);
    news->token = error == 0
                  && (size != credentials->token_size
                      || memcmp(before, credentials->token + size - tail, tail) != 0);
    memset(before, 0, sizeof(before));
    return error;
}

static int
refresh_certificates(struct credentials *credentials, struct workspace *scratch,
                     struct credentials_news *news, struct out *why)
{
    struct materials materials = {0};
    int error = read_materials(credentials, &materials, scratch, why);
    if (error == 0) {
        error = give_identities(credentials, &materials, why);
    }
    news->certificates = error == 0;
    return error;
}

int
credentials_refresh(struct credentials *credentials, bool refused, struct workspace *scratch,
                    struct credentials_news *news, struct out *why)
{
    *news = (struct credentials_news){0};
    struct mono_ns now = platform_mono_now(credentials->platform);
    if (!refused && mono_ms_between(credentials->checked, now) < CREDENTIALS_CHECK_MS) {
        return 0;
    }
    credentials->checked = now;
    news->config = has_changed(credentials, &credentials->config_file);
    int error = 0;
    workspace_reset(scratch);
    if (has_changed(credentials, &credentials->token_file)) {
        error = refresh_token(credentials, scratch, news, why);
    }
    bool certificates = has_changed(credentials, &credentials->ca_file)
                        || has_changed(credentials, &credentials->certificate_file)
                        || has_changed(credentials, &credentials->key_file);
    if (error == 0 && certificates) {
        if (credentials->reloadable) {
            error = refresh_certificates(credentials, scratch, news, why);
        } else {
            news->config = true;
        }
    }
    memset(scratch->base, 0, scratch->size);
    workspace_reset(scratch);
    return error;
}

struct text
credentials_token(const struct credentials *credentials)
{
    return (struct text){credentials->token, credentials->token_size};
}
