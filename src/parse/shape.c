#include "parse/shape.h"

#include <string.h>

#include "parse/scan.h"

int
shape_find(const struct shape *shape, unsigned start, const char *key)
{
    unsigned count = shape->field_count;
    unsigned index = start < count ? start : 0;
    for (unsigned left = count; left > 0; left--) {
        const struct field *field = &shape->fields[index];
        if (scan_equal(key, field->key, field->key_size)) {
            return (int)index;
        }
        index = index + 1 < count ? index + 1 : 0;
    }
    return -1;
}

int
shape_find_text(const struct shape *shape, struct text key)
{
    for (unsigned i = 0; i < shape->field_count; i++) {
        const struct field *field = &shape->fields[i];
        if (key.size + 2 == field->key_size && memcmp(key.at, field->key + 1, key.size) == 0) {
            return (int)i;
        }
    }
    return -1;
}
