// Gaps: cycles that are owed besides the newest one, from the archive.
#include "sink/delivery_state.h"

#include "history/history.h"

// While another sink has the archive.
#define HOLD_MS 1000
#define HOLD_LOOK_MS 50
// Until a cycle that is complete may be recorded, and how long an in_order sink
// holds back what is live for it: a recorder that is away so long is broken.
#define RECORD_LOOK_MS 500
#define STARVE_MS (10 * 60 * 1000)
// After errors of the archive; so many on one cycle, and those behind it go first.
// It stays owed, and all such are tried again after a while.
#define ARCHIVE_AGAIN_MS 1000
#define ARCHIVE_AGAIN_MS_MAX (60 * 1000)
#define ARCHIVE_FAILURES_MAX 5
// A gap never waits longer for its share of the time.
#define PACE_MS_MAX 2000

void
delivery_gap_release(struct delivery *delivery)
{
    struct delivery_archive *archive = delivery->config.archive;
    if (archive != NULL && archive->holder == delivery) {
        archive->holder = NULL;
    }
}

static bool
hold(struct delivery *delivery, struct mono_ns now)
{
    struct delivery_archive *archive = delivery->config.archive;
    if (archive->holder == delivery) {
        return true;
    }
    if (archive->holder != NULL && mono_ms_between(archive->held_since, now) < HOLD_MS) {
        return false;
    }
    archive->holder = delivery;
    archive->held_since = now;
    return true;
}

// Cycles before the first that this process saw were perhaps never collected.
static void
miss(struct delivery *delivery, uint32_t first_s, uint32_t last_s)
{
    uint32_t seen_s = first_s > delivery->begun_s ? first_s : delivery->begun_s;
    if (seen_s <= last_s) {
        struct cursor_range range = {seen_s, last_s};
        delivery->sender.status.missed_total += cursor_range_count(&delivery->cursor, range);
    }
    cursor_remove(&delivery->cursor, first_s, last_s);
}

// The oldest stretch that is owed from `from_s` on besides the newest cycle.
static bool
oldest_gap(const struct delivery *delivery, uint32_t from_s, struct cursor_range *gap)
{
    const struct cursor *cursor = &delivery->cursor;
    uint32_t newest_s = delivery->cycle_s;
    for (unsigned i = 0; i < cursor->range_count; i++) {
        *gap = cursor->range[i];
        gap->first_s = gap->first_s < from_s ? from_s : gap->first_s;
        if (gap->first_s == newest_s) {
            gap->first_s++;
        } else if (newest_s > gap->first_s && newest_s <= gap->last_s) {
            gap->last_s = newest_s - 1;
        }
        if (gap->first_s <= gap->last_s) {
            return true;
        }
    }
    return false;
}

static enum pass_result
wait_for_archive(struct delivery *delivery, struct mono_ns until, struct mono_ns *look)
{
    delivery_gap_release(delivery);
    delivery->gap_after = until;
    *look = until;
    return PASS_NONE;
}

static bool
is_starved(const struct delivery *delivery, struct mono_ns now)
{
    return delivery->starved_since.ns != 0 &&
           mono_ms_between(delivery->starved_since, now) >= STARVE_MS;
}

static void
begin_starving(struct delivery *delivery, struct mono_ns now)
{
    if (delivery->starved_since.ns == 0) {
        delivery->starved_since = now;
    }
}

// Cycles behind one that cannot be read go first; for an in_order sink that is the
// last resort. Those that were stepped over once are tried once in a round.
static void
step_over(struct delivery *delivery, uint32_t cycle_s, struct mono_ns now)
{
    bool is_known = cycle_s <= delivery->over_s;
    bool is_late = delivery->gap_failures >= ARCHIVE_FAILURES_MAX &&
                   (!delivery->in_order || is_starved(delivery, now));
    if (is_known || is_late) {
        delivery->over_s = is_known ? delivery->over_s : cycle_s;
        delivery->tried_s = cycle_s;
        delivery->round_after = mono_add_ms(now, ARCHIVE_AGAIN_MS_MAX);
        delivery->gap_failures = 0;
    }
}

// The history has it, so that it is owed until it can be read, or until the history
// itself has given it up: a later cycle is then its oldest.
enum pass_result
delivery_gap_fail(struct delivery *delivery, uint32_t cycle_s, int error, struct mono_ns now,
                  struct mono_ns *look)
{
    struct sink_status *status = &delivery->sender.status;
    unsigned doublings = delivery->gap_failures < 6 ? delivery->gap_failures : 6;
    int64_t again_ms = (int64_t)ARCHIVE_AGAIN_MS << doublings;
    struct out why = out_of(status->why, sizeof status->why);
    out_format(&why, "the history cannot be read: %s", history_sentence(error));
    (void)out_c_string(&why);
    status->last_error = -error;
    status->error_ms = platform_wall_now(delivery->config.platform).ms;
    status->unread_total++;
    if (delivery->gap_failures++ == 0 && delivery->over_s == 0) {
        sender_say(&delivery->sender, status->why);
    }
    begin_starving(delivery, now);
    if (cycle_s != 0) {
        step_over(delivery, cycle_s, now);
    }
    again_ms = again_ms < ARCHIVE_AGAIN_MS_MAX ? again_ms : ARCHIVE_AGAIN_MS_MAX;
    return wait_for_archive(delivery, mono_add_ms(now, again_ms), look);
}

static enum pass_result
open_gap(struct delivery *delivery, const struct cursor_range *gap, struct mono_ns now,
         struct mono_ns *look)
{
    struct delivery_archive *archive = delivery->config.archive;
    uint32_t cycle_s = 0;
    int error = archive->next_cycle(archive->context, gap->first_s - 1, &cycle_s);
    if (error == -ERR_NO_FILE) {  // not recorded yet
        begin_starving(delivery, now);
        return wait_for_archive(delivery, mono_add_ms(now, RECORD_LOOK_MS), look);
    }
    if (error != 0) {
        return delivery_gap_fail(delivery, 0, error, now, look);
    }
    if (cycle_s > gap->last_s || cycle_s < gap->first_s) {
        miss(delivery, gap->first_s, gap->last_s);
        return PASS_MORE;
    }
    if (cycle_s > gap->first_s) {
        miss(delivery, gap->first_s, cycle_s - 1);
    }
    error = archive->begin(archive->context, cycle_s);
    if (error != 0) {
        return delivery_gap_fail(delivery, cycle_s, error, now, look);
    }
    delivery->pass = (struct delivery_pass){
        .open = true,
        .cycle_s = cycle_s,
        .skip = cycle_s == delivery->gap_cycle_s ? delivery->gap_sets : 0,
    };
    sender_empty(&delivery->sender);
    return PASS_FULL;
}

static enum pass_result
begin_gap(struct delivery *delivery, const struct cursor_range *gap, struct mono_ns now,
          struct mono_ns *look)
{
    if (delivery->config.archive == NULL) {
        miss(delivery, gap->first_s, gap->last_s);
        return PASS_MORE;
    }
    if (mono_before(now, delivery->gap_after)) {
        *look = delivery->gap_after;
        return PASS_NONE;
    }
    if (!hold(delivery, now)) {
        *look = mono_add_ms(now, HOLD_LOOK_MS);
        return PASS_NONE;
    }
    return open_gap(delivery, gap, now, look);
}

// Another sink may have been lent the archive meanwhile.
bool
delivery_gap_is_lost(const struct delivery *delivery)
{
    const struct delivery_pass *pass = &delivery->pass;
    return pass->open && !pass->live && delivery->config.archive->holder != delivery;
}

// An in_order sink sends what is live behind the gaps, but for those that cannot be
// had for long: they follow when they can, and the server may refuse them.
bool
delivery_gap_holds_back(const struct delivery *delivery, struct mono_ns now)
{
    struct cursor_range gap;
    return delivery->in_order && !is_starved(delivery, now) &&
           oldest_gap(delivery, delivery->over_s + 1, &gap) && gap.first_s < delivery->cycle_s;
}

// What could not be read is tried again; none of it may be left.
static void
begin_round(struct delivery *delivery, struct mono_ns now)
{
    struct cursor_range gap;
    if (delivery->tried_s != 0 && !mono_before(now, delivery->round_after)) {
        delivery->tried_s = 0;
    }
    if (delivery->over_s != 0 &&
        !(oldest_gap(delivery, 1, &gap) && gap.first_s <= delivery->over_s)) {
        delivery->over_s = 0;
        delivery->tried_s = 0;
    }
}

enum pass_result
delivery_gap_choose(struct delivery *delivery, struct mono_ns now, struct mono_ns *look)
{
    struct cursor_range gap;
    begin_round(delivery, now);
    return oldest_gap(delivery, delivery->tried_s + 1, &gap) ? begin_gap(delivery, &gap, now, look)
                                                             : PASS_NONE;
}

// Others than in_order ones give a gap half of the time, so that a server which is
// just back is not kept busy with the past.
void
delivery_gap_pace(struct delivery *delivery, struct mono_ns now)
{
    int64_t took_ms = mono_ms_between(delivery->sender.sent_at, now);
    if (!delivery->in_order) {
        delivery->gap_after = mono_add_ms(now, took_ms < PACE_MS_MAX ? took_ms : PACE_MS_MAX);
    }
}
