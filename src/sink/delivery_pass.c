#include "sink/delivery_state.h"

// Sets that are read in one go: a millisecond or two of encoding.
#define SETS_PER_FILL 2000
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

static uint32_t
earliest(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void
delivery_batch_reset(struct delivery *delivery)
{
    delivery->batch.body.used = 0;
    delivery->batch.body.full = false;
    delivery->batch.points = 0;
    delivery->batch_done = false;
}

static void
release(struct delivery *delivery)
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

void
delivery_pass_close(struct delivery *delivery)
{
    if (!delivery->pass.live) {
        release(delivery);
    }
    delivery->pass = (struct delivery_pass){0};
    delivery_batch_reset(delivery);
}

// Cycles before the first that this process saw were perhaps never collected.
static void
miss(struct delivery *delivery, uint32_t first_s, uint32_t last_s)
{
    uint32_t seen_s = first_s > delivery->begun_s ? first_s : delivery->begun_s;
    if (seen_s <= last_s) {
        struct cursor_range range = {seen_s, last_s};
        delivery->status.missed_total += cursor_range_count(&delivery->cursor, range);
    }
    cursor_remove(&delivery->cursor, first_s, last_s);
}

void
delivery_pass_note(struct delivery *delivery, uint32_t cycle_s)
{
    struct delivery_pass *pass = &delivery->pass;
    if (cycle_s == 0 || cycle_s == delivery->cycle_s) {
        return;
    }
    delivery->begun_s = delivery->begun_s == 0 ? cycle_s : earliest(delivery->begun_s, cycle_s);
    delivery->cycle_s = cycle_s;
    delivery->status.missed_total += cursor_see(&delivery->cursor, cycle_s);
    if (delivery->owes_all) {
        delivery->owes_all = false;
        cursor_add(&delivery->cursor, DELIVERY_OWED_FROM_S, cycle_s);
    }
    if (!pass->open || !pass->live) {
        return;
    }
    // What was read to the end may still be sent.
    if (pass->ended || delivery->state == DELIVERY_SENDING) {
        pass->stale = true;
    } else {
        delivery_pass_close(delivery);
    }
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

static void
open_live(struct delivery *delivery)
{
    delivery->pass = (struct delivery_pass){
        .open = true,
        .live = true,
        .cycle_s = delivery->cycle_s,
    };
    delivery_batch_reset(delivery);
    delivery->config.live.begin(delivery->config.live.context, delivery->cycle_s);
}

static enum pass_result
wait_for_archive(struct delivery *delivery, struct mono_ns until, struct mono_ns *look)
{
    release(delivery);
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
static enum pass_result
fail_archive(struct delivery *delivery, uint32_t cycle_s, int error, struct mono_ns now,
             struct mono_ns *look)
{
    struct sink_status *status = &delivery->status;
    unsigned doublings = delivery->gap_failures < 6 ? delivery->gap_failures : 6;
    int64_t again_ms = (int64_t)ARCHIVE_AGAIN_MS << doublings;
    struct out why = out_of(status->why, sizeof status->why);
    out_format(&why, "the history cannot be read: %s", error_sentence(error));
    (void)out_c_string(&why);
    status->last_error = -error;
    status->error_ms = platform_wall_now(delivery->config.platform).ms;
    status->unread_total++;
    if (delivery->gap_failures++ == 0 && delivery->over_s == 0) {
        delivery_say(delivery, status->why);
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
        return fail_archive(delivery, 0, error, now, look);
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
        return fail_archive(delivery, cycle_s, error, now, look);
    }
    delivery->pass = (struct delivery_pass){
        .open = true,
        .cycle_s = cycle_s,
        .skip = cycle_s == delivery->gap_cycle_s ? delivery->gap_sets : 0,
    };
    delivery_batch_reset(delivery);
    return PASS_FULL;
}

static enum pass_result
choose_gap(struct delivery *delivery, const struct cursor_range *gap, struct mono_ns now,
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
static bool
is_lost(const struct delivery *delivery)
{
    const struct delivery_pass *pass = &delivery->pass;
    return pass->open && !pass->live && delivery->config.archive->holder != delivery;
}

// An in_order sink sends what is live behind the gaps, but for those that cannot be
// had for long: they follow when they can, and the server may refuse them.
static bool
holds_back(const struct delivery *delivery, struct mono_ns now)
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
delivery_pass_choose(struct delivery *delivery, struct mono_ns now, struct mono_ns *look)
{
    struct delivery_pass *pass = &delivery->pass;
    struct cursor_range gap;
    bool live = delivery->cycle_s != 0 && delivery->cycle_s != delivery->partial_s &&
                cursor_owes(&delivery->cursor, delivery->cycle_s) && !holds_back(delivery, now);
    if (is_lost(delivery) || (pass->open && !pass->live && live)) {
        delivery_pass_close(delivery);
    }
    if (pass->open) {
        return PASS_FULL;
    }
    if (live) {
        open_live(delivery);
        return PASS_FULL;
    }
    begin_round(delivery, now);
    return oldest_gap(delivery, delivery->tried_s + 1, &gap)
               ? choose_gap(delivery, &gap, now, look)
               : PASS_NONE;
}

// 1: pass.set is the next one; 0: there is none; -ERR_... of the archive.
static int
next_set(struct delivery *delivery)
{
    struct delivery_pass *pass = &delivery->pass;
    const struct delivery_config *config = &delivery->config;
    int result = 1;
    pass->at = 0;
    if (pass->live) {
        pass->set = config->live.next(config->live.context);
        result = pass->set != NULL;
    } else {
        result = config->archive->next(config->archive->context, &pass->set);
    }
    if (result != 1) {
        pass->set = NULL;
        pass->ended = result == 0;
    }
    return result;
}

// True: all of the set is in the batch.
static bool
add_set(struct delivery *delivery)
{
    struct delivery_pass *pass = &delivery->pass;
    struct sink *sink = delivery->sink;
    bool wanted = pass->sets >= pass->skip && shard_has(&delivery->config.shard, pass->set);
    unsigned before = pass->at;
    if (wanted && !sink->kind->add(sink, &delivery->batch, pass->set, &pass->at)) {
        if (delivery->batch.points == 0 && pass->at == before) {
            pass->at++;  // does not even fit alone
            sink->skipped_total++;
        }
        return false;
    }
    pass->set = NULL;
    pass->sets++;
    return true;
}

enum pass_result
delivery_pass_fill(struct delivery *delivery, struct mono_ns now, struct mono_ns *look)
{
    struct delivery_pass *pass = &delivery->pass;
    ASSERT(pass->open);
    for (unsigned i = 0; i < SETS_PER_FILL; i++) {
        if (pass->set == NULL) {
            int result = next_set(delivery);
            if (result < 0) {
                uint32_t cycle_s = pass->cycle_s;
                delivery_pass_close(delivery);
                return fail_archive(delivery, cycle_s, result, now, look);
            }
            if (result == 0) {
                return PASS_FULL;
            }
        }
        if (!add_set(delivery) && delivery->batch.points > 0) {
            return PASS_FULL;
        }
    }
    return PASS_PAUSE;
}

// Others than in_order ones give a gap half of the time, so that a server which is
// just back is not kept busy with the past.
static void
pace(struct delivery *delivery, struct mono_ns now)
{
    int64_t took_ms = mono_ms_between(delivery->sent_at, now);
    if (!delivery->in_order) {
        delivery->gap_after = mono_add_ms(now, took_ms < PACE_MS_MAX ? took_ms : PACE_MS_MAX);
    }
}

// Some of a live cycle was gone before it could be read: it stays owed, and the
// history has it whole.
static bool
is_partial(const struct delivery *delivery)
{
    const struct delivery_live *live = &delivery->config.live;
    return delivery->pass.live && delivery->config.archive != NULL && live->is_whole != NULL &&
           !live->is_whole(live->context);
}

void
delivery_pass_accept(struct delivery *delivery, struct mono_ns now)
{
    struct delivery_pass *pass = &delivery->pass;
    delivery_batch_reset(delivery);
    if (!pass->open) {
        return;
    }
    if (!pass->live) {
        delivery->gap_cycle_s = pass->cycle_s;
        delivery->gap_sets = pass->sets;
        pace(delivery, now);
    }
    if (pass->ended && !pass->live) {
        delivery->starved_since.ns = 0;
        delivery->gap_failures = 0;
    }
    if (pass->ended && is_partial(delivery)) {
        delivery->partial_s = pass->cycle_s;
        delivery->unsure_s = pass->cycle_s;
        delivery_pass_close(delivery);
    } else if (pass->ended) {
        cursor_remove(&delivery->cursor, pass->cycle_s, pass->cycle_s);
        delivery->unsure_s = pass->cycle_s;
        delivery->status.cycles_total++;
        delivery_pass_close(delivery);
    } else if (pass->stale) {
        delivery_pass_close(delivery);
    }
}
