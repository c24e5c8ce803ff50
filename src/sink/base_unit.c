#include "sink/base_unit.h"

#include "base/check.h"

// What the catalogue gives no unit although it has one.
static struct base_unit
unit_of_none(enum metric metric)
{
    switch (metric) {
    case METRIC_CPU_USAGE_RATE:
    case METRIC_CPU_REQUEST:
    case METRIC_CPU_LIMIT:
    case METRIC_CPU_NODE_CAPACITY:
    case METRIC_CPU_NODE_ALLOCATABLE:
        return (struct base_unit){"_cores", "{cpu}", 1e3};
    case METRIC_CPU_LOAD:
        return (struct base_unit){"", "1", 1e3};
    case METRIC_PRESSURE_CPU_SOME:
    case METRIC_PRESSURE_CPU_FULL:
    case METRIC_PRESSURE_MEMORY_SOME:
    case METRIC_PRESSURE_MEMORY_FULL:
    case METRIC_PRESSURE_IO_SOME:
    case METRIC_PRESSURE_IO_FULL:
        return (struct base_unit){"_seconds", "s", 1e6};
    case METRIC_RESTART_COUNT:
        return (struct base_unit){"", "{restart}", 1};
    default:
        return (struct base_unit){"", "1", 1};
    }
}

struct base_unit
base_unit_of(enum metric metric)
{
    switch (metric_info(metric)->unit) {
    case METRIC_UNIT_NS:
        return (struct base_unit){"_seconds", "s", 1e9};
    case METRIC_UNIT_MS:
        return (struct base_unit){"_seconds", "s", 1e3};
    case METRIC_UNIT_BYTES:
        return (struct base_unit){"_bytes", "By", 1};
    case METRIC_UNIT_NONE:
        break;
    }
    return unit_of_none(metric);
}

char
base_unit_letter(enum entity entity)
{
    static const char letters[ENTITY_COUNT] = {'N', 'P', 'C', 'S', 'A', 'T'};
    ASSERT(entity < ENTITY_COUNT);
    return letters[entity];
}
