// Codes for what the world does to us: one table gives code, name, sentence.
//
// Functions that can fail because of the world return int: 0, or the negative
// of an enum error (-ERR_TIMEOUT). Results go through pointers.
#ifndef SKERRY_BASE_ERROR_H
#define SKERRY_BASE_ERROR_H

enum error {
#define ERROR(code, name, sentence) ERR_##code,
#include "base/error.tbl.h"
#undef ERROR
    ERR_COUNT
};

// The name used as a label and counter; `error` may be negative or positive.
// An unknown value gives "unknown".
const char *error_name(int error);

// One sentence without a full stop, lower case; never NULL.
const char *error_sentence(int error);

// The code whose name is `http_STATUS` or its class; ERR_OK for 200 to 299.
enum error error_of_http_status(long status);

#endif
