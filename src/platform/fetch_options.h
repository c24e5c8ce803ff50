// A fetch_request as options of a curl easy handle. Internal to fetch_transfer.c.
//
// Everything of the request that curl does not copy lies in struct fetch_options
// and lives as long as the transfer; a scratch buffer is shared by all.
#ifndef SKERRY_PLATFORM_FETCH_OPTIONS_H
#define SKERRY_PLATFORM_FETCH_OPTIONS_H

#include <curl/curl.h>

#include "platform/fetch.h"

// Host names of RFC 1035 and node names.
#define FETCH_HOST_BYTES_MAX 256
// The scheme, host and port take up to 280 bytes of it; a continue token of
// CONTINUE_BYTES_MAX may take three bytes for each of its own.
#define FETCH_TEXT_BYTES_MAX 8192

struct fetch_scratch {
    char text[FETCH_TEXT_BYTES_MAX];
};

struct fetch_options {
    struct fetch_scratch *scratch;
    struct curl_slist headers[FETCH_HEADERS_MAX + 2];
    struct curl_slist connect_to;
    char host[FETCH_HOST_BYTES_MAX];  // as dialled
    char accept[192];
    char connect_to_text[FETCH_HOST_BYTES_MAX + 16];
    char identity_label[24];
};

// What is the same for every request.
void fetch_options_common(CURL *easy);

// -ERR_BAD_CONFIG for a host or path that no URL can have; -ERR_HEAP_FULL when
// curl has no room for a copy, or a text is too long.
int fetch_options_apply(struct fetch_options *options, CURL *easy,
                        const struct fetch_request *request) MUST_USE;

// Forgets token and password and gives back curl's copies.
void fetch_options_drop(CURL *easy);

#endif
