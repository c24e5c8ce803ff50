// The part of own_metrics.h about the history.
#include "api/exposition.h"
#include "api/own_family.h"

enum history_part {
    HISTORY_PART_UP,
    HISTORY_PART_BYTES,
    HISTORY_PART_LIMIT,
    HISTORY_PART_SAMPLES,
    HISTORY_PART_SAMPLE_BYTES,
    HISTORY_PART_ENTITIES,
    HISTORY_PART_CYCLES,
    HISTORY_PART_CYCLES_LOST,
    HISTORY_PART_CYCLES_REFUSED,
    HISTORY_PART_CYCLES_FORGOTTEN,
    HISTORY_PART_BAD_BLOCKS,
    HISTORY_PART_SET_ASIDE,
    HISTORY_PART_READS,
    HISTORY_PART_READ_FAILURES,
};
enum tier_part { TIER_PART_OLDEST, TIER_PART_NEWEST };

static uint64_t
value_of(const struct own_family *family, const struct historical *historical)
{
    const struct history_use *use = historical_use(historical);
    const struct history_status *status = &historical->status;
    switch (family->part) {
    case HISTORY_PART_UP:
        return historical->history != NULL;
    case HISTORY_PART_BYTES:
        return use->bytes;
    case HISTORY_PART_LIMIT:
        return use->bytes_limit;
    case HISTORY_PART_SAMPLES:
        return use->samples_total;
    case HISTORY_PART_SAMPLE_BYTES:
        return use->sample_bytes_total;
    case HISTORY_PART_ENTITIES:
        return use->entities;
    case HISTORY_PART_CYCLES:
        return historical->has_status ? status->cycles_total : 0;
    case HISTORY_PART_CYCLES_LOST:
        return historical->has_status ? status->cycles_lost_total : 0;
    case HISTORY_PART_CYCLES_REFUSED:
        return historical->has_status ? status->use.cycles_refused_total : 0;
    case HISTORY_PART_CYCLES_FORGOTTEN:
        return historical->has_status ? status->use.cycles_forgotten_total : 0;
    case HISTORY_PART_BAD_BLOCKS:
        return use->bad_blocks_total;
    case HISTORY_PART_SET_ASIDE:
        return use->set_aside_total;
    case HISTORY_PART_READS:
        return historical->pages_total;
    default:
        return historical->failures_total;
    }
}

static enum step
write_value(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    exposition_u64(out, family->name, value_of(family, &exchange->api->historical));
    return STEP_DONE;
}

static enum step
write_tiers(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    const struct history_use *use = historical_use(&exchange->api->historical);
    for (unsigned tier = 0; tier < TIER_COUNT; tier++) {
        exposition_labelled_u64(out, family->name, "tier",
                                historical_tier_name((enum history_tier)tier),
                                family->part == TIER_PART_OLDEST ? use->oldest_s[tier]
                                                                 : use->newest_s[tier]);
    }
    return STEP_DONE;
}

static const struct own_family families[] = {
    {"history_up", "gauge", "1 while the history can be read", write_value, HISTORY_PART_UP},
    {"history_bytes", "gauge", "Size of the history's file", write_value, HISTORY_PART_BYTES},
    {"history_bytes_limit", "gauge", "Size that it may have", write_value, HISTORY_PART_LIMIT},
    {"history_samples_total", "counter", "Samples recorded since the file was begun", write_value,
     HISTORY_PART_SAMPLES},
    {"history_sample_bytes_total", "counter", "Bytes that those took, all included", write_value,
     HISTORY_PART_SAMPLE_BYTES},
    {"history_entities", "gauge", "Versions of entities in the file", write_value,
     HISTORY_PART_ENTITIES},
    {"history_oldest_timestamp_seconds", "gauge", "Oldest time recorded, 0 = none", write_tiers,
     TIER_PART_OLDEST},
    {"history_newest_timestamp_seconds", "gauge", "Newest time recorded, 0 = none", write_tiers,
     TIER_PART_NEWEST},
    {"history_cycles_total", "counter", "Cycles recorded", write_value, HISTORY_PART_CYCLES},
    {"history_cycles_lost_total", "counter", "Cycles that could not be recorded", write_value,
     HISTORY_PART_CYCLES_LOST},
    {"history_cycles_refused_total", "counter",
     "Cycles not newer than the newest recorded, after the clock was set back a little",
     write_value, HISTORY_PART_CYCLES_REFUSED},
    {"history_cycles_forgotten_total", "counter",
     "Recorded cycles of times yet to come, dropped when the clock was set back", write_value,
     HISTORY_PART_CYCLES_FORGOTTEN},
    {"history_bad_blocks_total", "counter", "Damaged blocks that were left out", write_value,
     HISTORY_PART_BAD_BLOCKS},
    {"history_set_aside_total", "counter", "Damaged files that were set aside", write_value,
     HISTORY_PART_SET_ASIDE},
    {"history_reads_total", "counter", "Pages of points read for clients", write_value,
     HISTORY_PART_READS},
    {"history_read_failures_total", "counter", "Reads that failed", write_value,
     HISTORY_PART_READ_FAILURES},
};

struct own_families
own_history_families(void)
{
    return (struct own_families){families, ARRAY_COUNT(families)};
}
