// From the path of a request to a row of route.tbl.h and the values in it.
//
// Pure: works on the caller's copy of the path, which it decodes in place. What
// looks like a trick is refused as a whole: segments "." and "..", empty
// segments, control bytes, broken escapes, what is not UTF-8. No path is ever
// opened as a file.
#ifndef SKERRY_API_ROUTE_H
#define SKERRY_API_ROUTE_H

#include "api/near.h"
#include "base/text.h"

enum route {
#define ROUTE(id, method, path, handler, doc) ROUTE_##id,
#include "api/route.tbl.h"
#include "limits.h"
#undef ROUTE
    ROUTE_COUNT
};

// {namespace}, {pod}, {container}, {aggregations}, {metric...}
#define ROUTE_VALUES_MAX 5

struct route_match {
    struct text path;  // decoded; what was looked at of one that is malformed
    enum route route;
    unsigned count;
    struct text value[ROUTE_VALUES_MAX];  // decoded, in the order of the path
};

enum route_result {
    ROUTE_FOUND,
    ROUTE_UNKNOWN,     // no such path
    ROUTE_BAD_METHOD,  // the path exists, but not for this method
    ROUTE_BAD_PATH,    // malformed, or a trick
};

// `path` begins with a slash and has no query. match->route is set on
// ROUTE_BAD_METHOD too.
enum route_result route_find(struct text method, char *path, size_t size,
                             struct route_match *match);

// Offers what each row would be with the values of `path`, which is decoded.
void route_offer_near(struct text path, struct near *near);

const char *route_method(enum route route);
const char *route_path(enum route route);
const char *route_doc(enum route route);

#endif
