#include "api/route.h"

#include "api/percent.h"

struct route_row {
    struct text method;
    struct text path;
    const char *doc;
};

static const struct route_row rows[] = {
#define ROUTE(id, method, path, handler, doc) \
    {{method, sizeof(method) - 1}, {path, sizeof(path) - 1}, doc},
#include "api/route.tbl.h"
#undef ROUTE
};

_Static_assert(ARRAY_COUNT(rows) == ROUTE_COUNT, "one row for each route");

// The decoded segments; they lie in one buffer with a slash between each two.
struct segments {
    unsigned count;
    bool too_many;
    size_t size;  // of all that are decoded
    struct text at[ROUTE_SEGMENTS_MAX];
};

static bool
is_trick(struct text segment)
{
    return segment.size == 0 || text_equal(segment, TEXT(".")) || text_equal(segment, TEXT(".."));
}

// Decodes in place, moving later segments forward, so that any run of segments
// is one text.
static bool
split_path(char *path, size_t size, struct segments *segments)
{
    segments->count = 0;
    segments->too_many = false;
    segments->size = 0;
    struct text rest = {path + 1, size - 1};
    char *to = path;
    while (rest.size > 0) {
        struct text raw;
        struct text segment;
        (void)text_cut(rest, '/', &raw, &rest);
        *to++ = '/';
        if (percent_decode(to, raw, false, &segment) != 0 || is_trick(segment)) {
            return false;
        }
        to += segment.size;
        segments->size = (size_t)(to - path);
        if (segments->count == ROUTE_SEGMENTS_MAX) {
            segments->too_many = true;
            return true;
        }
        segments->at[segments->count++] = segment;
    }
    return true;
}

static bool
is_value(struct text part)
{
    return part.size > 0 && part.at[0] == '{';
}

static bool
is_rest(struct text part)
{
    return is_value(part) && text_ends(part, TEXT("...}"));
}

static void
add_value(struct route_match *match, struct text value)
{
    ASSERT(match->count < ROUTE_VALUES_MAX);
    match->value[match->count++] = value;
}

static bool
row_matches(const struct route_row *row, const struct segments *segments,
            struct route_match *match)
{
    match->count = 0;
    struct text pattern = text_sub(row->path, 1, row->path.size);
    unsigned at = 0;
    while (pattern.size > 0) {
        struct text part;
        (void)text_cut(pattern, '/', &part, &pattern);
        if (at == segments->count) {
            return false;
        }
        struct text segment = segments->at[at];
        if (is_rest(part)) {
            struct text last = segments->at[segments->count - 1];
            size_t bytes = (size_t)(last.at + last.size - segment.at);
            add_value(match, (struct text){segment.at, bytes});
            return true;
        }
        if (is_value(part)) {
            add_value(match, segment);
        } else if (!text_equal(part, segment)) {
            return false;
        }
        at++;
    }
    return at == segments->count;
}

static bool
method_fits(const struct route_row *row, struct text method)
{
    return text_equal(row->method, method) ||
           (text_equal(method, TEXT("HEAD")) && text_equal(row->method, TEXT("GET")));
}

enum route_result
route_find(struct text method, char *path, size_t size, struct route_match *match)
{
    struct segments segments;
    match->path = (struct text){path, 0};
    if (size == 0 || path[0] != '/' || !split_path(path, size, &segments)) {
        return ROUTE_BAD_PATH;
    }
    match->path.size = segments.size;
    if (segments.too_many) {
        return ROUTE_UNKNOWN;
    }
    enum route_result result = ROUTE_UNKNOWN;
    for (unsigned i = 0; i < ROUTE_COUNT; i++) {
        if (!row_matches(&rows[i], &segments, match)) {
            continue;
        }
        match->route = (enum route)i;
        if (method_fits(&rows[i], method)) {
            return ROUTE_FOUND;
        }
        result = ROUTE_BAD_METHOD;
    }
    return result;
}

// Values come from `path` as long as it has segments: names that differ are told
// when the path is right. Gives how many segments more than `path` there are;
// *alike bytes are of those that both have.
static unsigned
fill_pattern(struct text pattern, struct text path, struct out *out, size_t *alike)
{
    unsigned further = 0;
    *alike = 0;
    pattern = text_sub(pattern, 1, pattern.size);
    path = text_sub(path, 1, path.size);
    while (pattern.size > 0) {
        struct text part;
        struct text segment;
        struct text given = path;
        (void)text_cut(pattern, '/', &part, &pattern);
        (void)text_cut(path, '/', &segment, &path);
        if (is_value(part) && given.size > 0) {
            part = is_rest(part) ? given : segment;
        }
        out_byte(out, '/');
        out_text(out, part);
        if (given.size > 0) {
            *alike = out->used;
        } else {
            further++;
        }
    }
    return further;
}

void
route_offer_near(struct text path, struct near *near)
{
    char buffer[NAME_BYTES_MAX];
    for (unsigned i = 0; i < ROUTE_COUNT; i++) {
        struct out out = out_of(buffer, sizeof buffer);
        size_t alike;
        unsigned further = fill_pattern(rows[i].path, path, &out, &alike);
        if (!out.full) {
            struct text whole = out_view(&out);
            near_offer_longer(near, text_sub(whole, 0, alike), further, whole);
        }
    }
}

const char *
route_method(enum route route)
{
    ASSERT(route < ROUTE_COUNT);
    return rows[route].method.at;
}

const char *
route_path(enum route route)
{
    ASSERT(route < ROUTE_COUNT);
    return rows[route].path.at;
}

const char *
route_doc(enum route route)
{
    ASSERT(route < ROUTE_COUNT);
    return rows[route].doc;
}
