// token_tool(): what a client needs to come in.
#include <mbedtls/platform_util.h>

#include "app/serve_access.h"
#include "app/tool.h"
#include "base/json.h"
#include "platform/certificate.h"

static const char *
path_of(const struct tool *tool, enum config_id flag, const char *own, struct out *out)
{
    struct text given = config_text(tool->config, flag);
    if (given.size == 0) {
        return serve_access_find(tool->config, tool->platform, own, out);
    }
    out_text(out, given);
    return out_c_string(out);
}

static int
refuse(struct tool *tool, const char *path, const char *why)
{
    out_format(tool->out, "%s%s%s\n", path == NULL ? "" : path, path == NULL ? "" : ": ", why);
    return 1;
}

static bool
inspect(const struct tool *tool, const char *path, struct certificate_facts *facts)
{
    static char pem[32 * 1024];
    struct text content;
    return path != NULL &&
           platform_read_file(tool->platform, path, pem, sizeof pem, &content) == 0 &&
           certificate_inspect(content, NULL, facts) == 0;
}

static void
write_json(struct out *out, struct text token, const char *path, const char *sha256)
{
    struct json json = json_of(out);
    json_object(&json);
    json_key(&json, "token");
    json_text(&json, token);
    json_key(&json, "certificate");
    json_string(&json, path);
    json_key(&json, "sha256");
    json_string(&json, sha256);
    json_object_end(&json);
    out_byte(out, '\n');
}

int
token_tool(struct tool *tool)
{
    char buffer[1024];
    char sentence[200];
    char token_path[SERVE_PATH_BYTES];
    char certificate_path[SERVE_PATH_BYTES];
    char hex[CERTIFICATE_SHA256_BYTES * 3 + 1] = "";
    struct out token_out = out_of(token_path, sizeof token_path);
    struct out certificate_out = out_of(certificate_path, sizeof certificate_path);
    struct out why = out_of(sentence, sizeof sentence);
    struct out sha256 = out_of(hex, sizeof hex);
    struct certificate_facts facts;
    struct text content;
    struct text token;
    const char *path = path_of(tool, CONFIG_TOKEN_FILE, SERVE_TOKEN_FILE, &token_out);
    if (path == NULL) {
        return refuse(tool, NULL, "there is no token: the page and API are open on loopback; --tls, "
                      "or an address with --listen-ip, makes one (--state-dir tells where to look)");
    }
    int error = platform_read_file(tool->platform, path, buffer, sizeof buffer, &content);
    if (error != 0) {
        return refuse(tool, path, error_sentence(error));
    }
    if (access_parse(content, &token, &why) != 0) {
        return refuse(tool, path, out_c_string(&why));
    }
    path = path_of(tool, CONFIG_TLS_CERT, SERVE_CERTIFICATE_FILE, &certificate_out);
    bool has_certificate = inspect(tool, path, &facts);
    if (has_certificate) {
        certificate_write_sha256(&sha256, facts.sha256);
    }
    if (config_bool(tool->config, CONFIG_JSON)) {
        write_json(tool->out, token, has_certificate ? path : "", out_c_string(&sha256));
    } else {
        out_format(tool->out, TEXT_FORMAT "\n", TEXT_ARGS(token));
        if (has_certificate) {
            out_format(tool->out, "certificate %s sha256 %s\n", path, out_c_string(&sha256));
        }
    }
    mbedtls_platform_zeroize(buffer, sizeof buffer);
    return 0;
}
