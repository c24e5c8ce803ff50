// The part of own_metrics.h about sinks: what export wrote last.
#include "api/exposition.h"
#include "api/own_family.h"

enum sink_part {
    SINK_PART_UP,
    SINK_PART_BACKLOG,
    SINK_PART_BACKLOG_EVENTS,
    SINK_PART_LAG,
    SINK_PART_SUCCESS,
    SINK_PART_POINTS,
    SINK_PART_CYCLES,
    SINK_PART_BYTES,
    SINK_PART_SKIPPED,
    SINK_PART_MISSED,
    SINK_PART_MISSED_EVENTS,
    SINK_PART_HISTORY_ERRORS,
    // By reason
    SINK_PART_RETRIES,
    SINK_PART_REFUSED,
};

static uint64_t
value_of(unsigned part, const struct sink_status *sink)
{
    switch ((enum sink_part)part) {
    case SINK_PART_UP:
        return sink->state == SINK_STATE_LIVE || sink->state == SINK_STATE_CATCHING;
    case SINK_PART_BACKLOG:
    case SINK_PART_BACKLOG_EVENTS:
        return sink->backlog_cycles;
    case SINK_PART_POINTS:
        return sink->points_total;
    case SINK_PART_CYCLES:
        return sink->cycles_total;
    case SINK_PART_BYTES:
        return sink->bytes_total;
    case SINK_PART_SKIPPED:
        return sink->skipped_total;
    case SINK_PART_MISSED:
    case SINK_PART_MISSED_EVENTS:
        return sink->missed_total;
    case SINK_PART_HISTORY_ERRORS:
        return sink->unread_total;
    case SINK_PART_LAG:
    case SINK_PART_SUCCESS:
    case SINK_PART_RETRIES:
    case SINK_PART_REFUSED:
        break;
    }
    return 0;
}

static void
write_value(struct out *out, unsigned part, const struct sink_status *sink)
{
    if (part == SINK_PART_LAG) {
        exposition_end_double(out, (double)sink->lag_ms / (double)MS_PER_S);
    } else if (part == SINK_PART_SUCCESS) {
        exposition_end_seconds(out, sink->success_ms);
    } else {
        exposition_end_u64(out, value_of(part, sink));
    }
}

// Sinks of metrics have cycles, those of events have events.
static bool
has_part(const struct sink_status *sink, unsigned part)
{
    switch ((enum sink_part)part) {
    case SINK_PART_BACKLOG:
    case SINK_PART_CYCLES:
    case SINK_PART_MISSED:
    case SINK_PART_HISTORY_ERRORS:
        return sink->events == 0;
    case SINK_PART_BACKLOG_EVENTS:
    case SINK_PART_MISSED_EVENTS:
        return sink->events != 0;
    default:
        return true;
    }
}

// One sink after the other: names are long.
static enum step
write_sink(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    const struct sink_statuses *sinks = exchange->api->sinks;
    struct cursor *cursor = &exchange->cursor;
    if (cursor->row >= sinks->count) {
        return STEP_DONE;
    }
    const struct sink_status *sink = &sinks->sink[cursor->row++];
    if (has_part(sink, family->part)) {
        exposition_begin(out, family->name);
        exposition_label(out, '{', "sink", text_of(sink->name));
        out_byte(out, '}');
        write_value(out, family->part, sink);
    }
    return STEP_MORE;
}

// One reason of one sink after the other: cursor.row counts through all of them.
static enum step
write_by_reason(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    const struct sink_statuses *sinks = exchange->api->sinks;
    struct cursor *cursor = &exchange->cursor;
    if (cursor->row >= sinks->count * ERR_COUNT) {
        return STEP_DONE;
    }
    const struct sink_status *sink = &sinks->sink[cursor->row / ERR_COUNT];
    unsigned reason = cursor->row++ % ERR_COUNT;
    uint64_t total = family->part == SINK_PART_RETRIES ? sink->retried_total[reason]
                                                       : sink->refused_total[reason];
    if (total != 0) {
        exposition_begin(out, family->name);
        exposition_label(out, '{', "sink", text_of(sink->name));
        exposition_label(out, ',', "reason", text_of(error_name((int)reason)));
        out_byte(out, '}');
        exposition_end_u64(out, total);
    }
    return STEP_MORE;
}

static const struct own_family families[] = {
    {"sink_up", "gauge", "1 while the sink takes what it is sent", write_sink, SINK_PART_UP},
    {"sink_backlog_cycles", "gauge", "Cycles owed, the newest one included", write_sink,
     SINK_PART_BACKLOG},
    {"sink_backlog_events", "gauge", "Events owed", write_sink, SINK_PART_BACKLOG_EVENTS},
    {"sink_lag_seconds", "gauge", "Age of the oldest cycle or event owed", write_sink,
     SINK_PART_LAG},
    {"sink_last_success_timestamp_seconds", "gauge", "When it last took something, 0 = never",
     write_sink, SINK_PART_SUCCESS},
    {"sink_points_total", "counter", "Points, or events, taken", write_sink,
     SINK_PART_POINTS},
    {"sink_cycles_total", "counter", "Cycles taken whole", write_sink, SINK_PART_CYCLES},
    {"sink_bytes_total", "counter", "Bytes taken, before compression", write_sink,
     SINK_PART_BYTES},
    {"sink_retries_total", "counter", "Requests that failed and were tried again, by reason",
     write_by_reason, SINK_PART_RETRIES},
    {"sink_refused_points_total", "counter", "Points the server will not take, by reason",
     write_by_reason, SINK_PART_REFUSED},
    {"sink_skipped_points_total", "counter", "Points that the sink's format cannot say",
     write_sink, SINK_PART_SKIPPED},
    {"sink_missed_cycles_total", "counter", "Cycles that the history does not have", write_sink,
     SINK_PART_MISSED},
    {"sink_missed_events_total", "counter", "Events that made room before they were sent, at most",
     write_sink, SINK_PART_MISSED_EVENTS},
    {"sink_history_errors_total", "counter", "Times the history could not be read for the sink",
     write_sink, SINK_PART_HISTORY_ERRORS},
};

struct own_families
own_sink_families(void)
{
    return (struct own_families){families, ARRAY_COUNT(families)};
}
