// The route matcher: input is "METHOD PATH". Values must lie inside the path,
// and what matched must match again after it was decoded.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void
check_values(const struct route_match *match, const char *path, size_t size)
{
    require(match->route < ROUTE_COUNT);
    require(match->count <= ROUTE_VALUES_MAX);
    for (unsigned i = 0; i < match->count; i++) {
        struct text value = match->value[i];
        require(value.size > 0);
        require(value.at >= path && value.at + value.size <= path + size);
        require(text_is_utf8(value));
        require(!text_equal(value, TEXT("..")));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = {(const char *)data, size};
    struct text method;
    struct text path;
    struct route_match match;
    if (!text_cut(input, ' ', &method, &path)) {
        return 0;
    }
    // Exactly as large as the path, so that a step beyond it is seen.
    char *copy = malloc(path.size == 0 ? 1 : path.size);
    require(copy != NULL);
    memcpy(copy, path.at, path.size);
    if (route_find(method, copy, path.size, &match) == ROUTE_FOUND) {
        check_values(&match, copy, path.size);
    }
    free(copy);
    return 0;
}
