#include "api/query.h"

#include <string.h>

#include "api/percent.h"
#include "base/calendar.h"
#include "base/error.h"

// RFC 3339 with a fraction of nanoseconds and an offset takes 35 bytes.
#define TIME_BYTES_MAX 64

static int
add_parameter(struct query *query, char *at, size_t size, struct out *why)
{
    if (query->count == QUERY_PARAMETERS_MAX) {
        out_format(why, "the query has more than %d parameters", QUERY_PARAMETERS_MAX);
        return -ERR_TOO_MANY;
    }
    struct text name;
    struct text value;
    (void)text_cut((struct text){at, size}, '=', &name, &value);
    // The value lies in the same bytes, behind the name.
    char *value_at = at + (size - value.size);
    int error = percent_decode(at, name, true, &name);
    if (error == 0) {
        error = percent_decode(value_at, value, true, &value);
    }
    if (error != 0) {
        out_string(why, "the query is not well-formed: a broken %-escape, a control byte or "
                        "a text that is not UTF-8");
        return error;
    }
    query->parameter[query->count].name = name;
    query->parameter[query->count].value = value;
    query->count++;
    return 0;
}

int
query_parse(struct query *query, char *raw, size_t size, struct out *why)
{
    query->count = 0;
    for (size_t at = 0; at < size;) {
        size_t end = text_find((struct text){raw, size}, '&', at);
        size_t length = (end == SIZE_MAX ? size : end) - at;
        if (length > 0) {
            int error = add_parameter(query, raw + at, length, why);
            if (error != 0) {
                return error;
            }
        }
        at += length + 1;
    }
    return 0;
}

static size_t
find_parameter(const struct query *query, struct text name)
{
    for (size_t i = 0; i < query->count; i++) {
        if (text_equal(query->parameter[i].name, name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

bool
query_has(const struct query *query, struct text name)
{
    return find_parameter(query, name) != SIZE_MAX;
}

struct text
query_get(const struct query *query, struct text name)
{
    size_t at = find_parameter(query, name);
    return at == SIZE_MAX ? (struct text){"", 0} : query->parameter[at].value;
}

// A '+' that the client forgot to escape arrives as a blank, but no RFC 3339
// time has a blank in front of its offset.
static struct text
mend_offset(struct text value, char room[TIME_BYTES_MAX])
{
    size_t blank = text_find(value, ' ', 0);
    if (blank == SIZE_MAX || blank + 6 != value.size || value.size > TIME_BYTES_MAX) {
        return value;
    }
    memcpy(room, value.at, value.size);
    room[blank] = '+';
    return (struct text){room, value.size};
}

static int
read_time(const struct query *query, const char *name, struct wall_ms *time, struct out *why)
{
    struct text value = query_get(query, text_of(name));
    if (value.size == 0) {
        return 0;
    }
    char room[TIME_BYTES_MAX];
    int error = calendar_parse(mend_offset(value, room), time);
    if (error != 0) {
        out_format(why, "%s is not a time as RFC 3339 writes it, such as 2026-01-31T12:00:00Z: ",
                   name);
        out_text(why, text_sub(value, 0, TIME_BYTES_MAX));
    }
    return error;
}

int
query_range(const struct query *query, struct wall_ms now, struct time_range *range,
            struct out *why)
{
    *range = (struct time_range){.start = {0}, .end = now};
    int error = read_time(query, "start", &range->start, why);
    if (error == 0) {
        error = read_time(query, "end", &range->end, why);
    }
    if (error == 0 && range->start.ms > range->end.ms && query_has(query, TEXT("end"))) {
        out_string(why, "start is later than end");
        error = -ERR_BAD_TIME;
    }
    return error;
}

int
query_limit(const struct query *query, uint64_t *limit, struct out *why)
{
    struct text value = query_get(query, TEXT("limit"));
    *limit = 0;
    if (value.size == 0 || text_to_u64(value, limit) == 0) {
        return 0;
    }
    out_string(why, "limit is not a whole number: ");
    out_text(why, text_sub(value, 0, TIME_BYTES_MAX));
    return -ERR_MALFORMED;
}

static int
add_label(struct label_set *labels, struct text item, struct out *why)
{
    if (labels->count == QUERY_LABELS_MAX) {
        out_format(why, "labels has more than %d pairs", QUERY_LABELS_MAX);
        return -ERR_TOO_MANY;
    }
    struct label_pair *pair = &labels->pair[labels->count];
    if (!text_cut(item, ':', &pair->key, &pair->value) || pair->key.size == 0) {
        out_string(why, "labels is not a list of key:value pairs with commas between: ");
        out_text(why, text_sub(item, 0, TIME_BYTES_MAX));
        return -ERR_MALFORMED;
    }
    labels->count++;
    return 0;
}

int
query_labels(const struct query *query, struct label_set *labels, struct out *why)
{
    labels->count = 0;
    struct text rest = query_get(query, TEXT("labels"));
    while (rest.size > 0) {
        struct text item;
        (void)text_cut(rest, ',', &item, &rest);
        int error = add_label(labels, item, why);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}
