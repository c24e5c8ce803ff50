#include "base/error.h"

#include <stddef.h>

#include "base/check.h"

static const struct {
    const char *name;
    const char *sentence;
} rows[] = {
#define ERROR(code, name, sentence) {name, sentence},
#include "base/error.tbl.h"
#undef ERROR
};

_Static_assert(ARRAY_COUNT(rows) == ERR_COUNT, "one row for each code");

static size_t
row_of(int error)
{
    long code = error < 0 ? -(long)error : (long)error;
    return code < ERR_COUNT ? (size_t)code : ERR_COUNT;
}

const char *
error_name(int error)
{
    size_t row = row_of(error);
    return row < ERR_COUNT ? rows[row].name : "unknown";
}

const char *
error_sentence(int error)
{
    size_t row = row_of(error);
    return row < ERR_COUNT ? rows[row].sentence : "an unknown error happened";
}

enum error
error_of_http_status(long status)
{
    switch (status) {
    case 400:
        return ERR_HTTP_400;
    case 401:
        return ERR_HTTP_401;
    case 403:
        return ERR_HTTP_403;
    case 404:
        return ERR_HTTP_404;
    case 410:
        return ERR_HTTP_410;
    case 429:
        return ERR_HTTP_429;
    default:
        break;
    }
    if (status >= 200 && status < 300) {
        return ERR_OK;
    }
    if (status >= 400 && status < 500) {
        return ERR_HTTP_4XX;
    }
    return status >= 500 && status < 600 ? ERR_HTTP_5XX : ERR_HTTP_OTHER;
}
