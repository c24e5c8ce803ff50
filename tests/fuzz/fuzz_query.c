// The query parser and the forms of its parameters. Texts must lie inside the
// input.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void
check_inside(struct text text, const char *at, size_t size)
{
    require(text.size == 0 || (text.at >= at && text.at + text.size <= at + size));
    require(text_is_utf8(text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct query query;
    struct time_range range;
    struct label_set labels;
    char sentence[256];
    struct out why = out_of(sentence, sizeof sentence);
    char *copy = malloc(size == 0 ? 1 : size);
    require(copy != NULL);
    memcpy(copy, data, size);
    if (query_parse(&query, copy, size, &why) == 0) {
        require(query.count <= QUERY_PARAMETERS_MAX);
        for (unsigned i = 0; i < query.count; i++) {
            check_inside(query.parameter[i].name, copy, size);
            check_inside(query.parameter[i].value, copy, size);
        }
        if (query_range(&query, (struct wall_ms){1795008415000}, &range, &why) == 0) {
            require(range.start.ms >= 0 && range.end.ms >= 0);
        }
        if (query_labels(&query, &labels, &why) == 0) {
            require(labels.count <= QUERY_LABELS_MAX);
            for (unsigned i = 0; i < labels.count; i++) {
                check_inside(labels.pair[i].key, copy, size);
                check_inside(labels.pair[i].value, copy, size);
            }
        } else {
            require(why.used > 0);
        }
    } else {
        require(why.used > 0);
    }
    free(copy);
    return 0;
}
