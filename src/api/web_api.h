// The page itself: `/` and its files, from the binary, compressed as they lie there.
//
// Each has an ETag of its content, so that a reload costs a 304, and a
// Content-Security-Policy that allows nothing but this server. Who does not take
// gzip gets the plain summary at `/`, and 406 for the files.
#ifndef SKERRY_API_WEB_API_H
#define SKERRY_API_WEB_API_H

#include "api/exchange.h"

exchange_handler web_api_page;
exchange_handler web_api_file;

#endif
