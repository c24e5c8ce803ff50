#include "platform/fetch_outcome.h"

#include <string.h>

#include "base/error.h"

// mbedTLS reports a full heap as one more failure of what it was doing; only
// the words tell ("SSL - Memory allocation failed").
static bool
heap_was_full(const char *text)
{
    return strstr(text, "Memory allocation failed") != NULL || strstr(text, "alloc") != NULL
           || strstr(text, "ut of memory") != NULL;
}

static int
outcome_of_tls(const struct tls_proof *proof, const char *text)
{
    if (proof->changed) {
        return ERR_CERTIFICATE_CHANGED;
    }
    if (proof->flags != 0) {
        return ERR_CERTIFICATE;
    }
    return heap_was_full(text) ? ERR_HEAP_FULL : ERR_TLS;
}

int
fetch_outcome(CURLcode code, const struct tls_proof *proof, const char *text)
{
    static const struct {
        CURLcode code;
        int error;
    } rows[] = {
        {CURLE_OK, ERR_OK},
        {CURLE_COULDNT_RESOLVE_HOST, ERR_RESOLVE},
        {CURLE_COULDNT_CONNECT, ERR_CONNECT},
        {CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT},
        {CURLE_OUT_OF_MEMORY, ERR_HEAP_FULL},
        {CURLE_GOT_NOTHING, ERR_RESET},
        {CURLE_RECV_ERROR, ERR_RESET},
        {CURLE_SEND_ERROR, ERR_RESET},
        {CURLE_PARTIAL_FILE, ERR_RESET},
        {CURLE_WEIRD_SERVER_REPLY, ERR_HTTP_OTHER},
        {CURLE_UNSUPPORTED_PROTOCOL, ERR_HTTP_OTHER},
        {CURLE_BAD_CONTENT_ENCODING, ERR_HTTP_OTHER},
        {CURLE_TOO_LARGE, ERR_TOO_LARGE},
        {CURLE_URL_MALFORMAT, ERR_BAD_CONFIG},
    };
    if (code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION) {
        return outcome_of_tls(proof, text);
    }
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (rows[i].code == code) {
            return code != CURLE_OK && heap_was_full(text) ? ERR_HEAP_FULL : rows[i].error;
        }
    }
    return heap_was_full(text) ? ERR_HEAP_FULL : ERR_IO;
}

void
fetch_outcome_explain(int error, const struct tls_proof *proof, const char *host, uint16_t port,
                      const char *text, struct out *out)
{
    bool bare = strchr(host, ':') == NULL;
    out_format(out, bare ? "%s:%u: %s" : "[%s]:%u: %s", host, port, error_sentence(error));
    if (error == ERR_CERTIFICATE) {
        out_string(out, ": ");
        fetch_tls_explain(proof, out);
    } else if (text[0] != '\0' && error != ERR_CERTIFICATE_CHANGED) {
        out_format(out, " (%s)", text);
    }
}
