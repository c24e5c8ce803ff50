// How a transfer of libcurl ended, in our words: an enum error and a sentence.
#ifndef SKERRY_PLATFORM_FETCH_OUTCOME_H
#define SKERRY_PLATFORM_FETCH_OUTCOME_H

#include <curl/curl.h>

#include "base/text.h"
#include "platform/fetch_tls.h"

// 0 or the positive enum error of a finished transfer. `text` is curl's own
// description, NUL-terminated, possibly empty.
int fetch_outcome(CURLcode code, const struct tls_proof *proof, const char *text);

// One sentence without a full stop, lower case, that names host and port.
void fetch_outcome_explain(int error, const struct tls_proof *proof, const char *host,
                           uint16_t port, const char *text, struct out *out);

#endif
