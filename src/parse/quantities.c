#include "parse/quantities.h"

#include "base/error.h"
#include "parse/quantity.h"

static int
read_known(struct quantities *q, unsigned bit, uint64_t *place, struct text value)
{
    if ((q->has & bit) != 0) {
        return -ERR_DUPLICATE;
    }
    q->has |= bit;
    return bit == HAS_QUANTITY_CPU ? quantity_milli(value, place) : quantity_units(value, place);
}

static int
read_other(struct quantities *q, struct text name, struct text value,
           struct parse_counters *counters)
{
    if (q->other_count == RESOURCES_MAX) {
        counters->trimmed++;
        return 0;
    }
    q->others[q->other_count].name = name;
    return quantity_units(value, &q->others[q->other_count++].value);
}

static int
read_quantity(struct quantities *q, struct text name, struct text value,
              struct parse_counters *counters)
{
    if (text_equal(name, TEXT("cpu"))) {
        return read_known(q, HAS_QUANTITY_CPU, &q->cpu_milli, value);
    }
    if (text_equal(name, TEXT("memory"))) {
        return read_known(q, HAS_QUANTITY_MEMORY, &q->memory, value);
    }
    if (text_equal(name, TEXT("ephemeral-storage"))) {
        return read_known(q, HAS_QUANTITY_EPHEMERAL, &q->ephemeral, value);
    }
    if (text_equal(name, TEXT("pods"))) {
        return read_known(q, HAS_QUANTITY_PODS, &q->pods, value);
    }
    return read_other(q, name, value, counters);
}

int
quantities_read(struct cursor *cursor, struct quantities *quantities,
                struct parse_counters *counters)
{
    struct pairs pairs = pairs_of(cursor);
    struct text name;
    while (pairs_next(&pairs, &name)) {
        struct text value;
        if (cursor_null(cursor)) {
            continue;
        }
        if (cursor_at_text(cursor)) {
            pairs.error = cursor_text(cursor, &value);
        } else {
            value = cursor_raw(cursor);  // a bare number is allowed too
        }
        if (pairs.error == 0) {
            pairs.error = read_quantity(quantities, name, value, counters);
        }
    }
    return pairs.error;
}
