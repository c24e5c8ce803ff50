// Which cycle is sent, and its sets into batches.
#include "sink/delivery_state.h"

// Sets that are read in one go: a millisecond or two of encoding.
#define SETS_PER_FILL 2000

static uint32_t
earliest(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void
delivery_pass_close(struct delivery *delivery)
{
    if (!delivery->pass.live) {
        delivery_gap_release(delivery);
    }
    delivery->pass = (struct delivery_pass){0};
    sender_empty(&delivery->sender);
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
    delivery->sender.status.missed_total += cursor_see(&delivery->cursor, cycle_s);
    if (delivery->owes_all) {
        delivery->owes_all = false;
        cursor_add(&delivery->cursor, DELIVERY_OWED_FROM_S, cycle_s);
    }
    if (!pass->open || !pass->live) {
        return;
    }
    // What was read to the end may still be sent.
    if (pass->ended || delivery->sender.state == SENDER_SENDING) {
        pass->stale = true;
    } else {
        delivery_pass_close(delivery);
    }
}

static void
open_live(struct delivery *delivery)
{
    delivery->pass = (struct delivery_pass){
        .open = true,
        .live = true,
        .cycle_s = delivery->cycle_s,
    };
    sender_empty(&delivery->sender);
    delivery->config.live.begin(delivery->config.live.context, delivery->cycle_s);
}

enum pass_result
delivery_pass_choose(struct delivery *delivery, struct mono_ns now, struct mono_ns *look)
{
    struct delivery_pass *pass = &delivery->pass;
    bool live = delivery->cycle_s != 0 && delivery->cycle_s != delivery->partial_s &&
                cursor_owes(&delivery->cursor, delivery->cycle_s) &&
                !delivery_gap_holds_back(delivery, now);
    if (delivery_gap_is_lost(delivery) || (pass->open && !pass->live && live)) {
        delivery_pass_close(delivery);
    }
    if (pass->open) {
        return PASS_FULL;
    }
    if (live) {
        open_live(delivery);
        return PASS_FULL;
    }
    return delivery_gap_choose(delivery, now, look);
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
    if (wanted && !sink->kind->add(sink, &delivery->sender.batch, pass->set, &pass->at)) {
        if (delivery->sender.batch.points == 0 && pass->at == before) {
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
                return delivery_gap_fail(delivery, cycle_s, result, now, look);
            }
            if (result == 0) {
                return PASS_FULL;
            }
        }
        if (!add_set(delivery) && delivery->sender.batch.points > 0) {
            return PASS_FULL;
        }
    }
    return PASS_PAUSE;
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
    sender_empty(&delivery->sender);
    if (!pass->open) {
        return;
    }
    if (!pass->live) {
        delivery->gap_cycle_s = pass->cycle_s;
        delivery->gap_sets = pass->sets;
        delivery_gap_pace(delivery, now);
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
        delivery->sender.status.cycles_total++;
        delivery_pass_close(delivery);
    } else if (pass->stale) {
        delivery_pass_close(delivery);
    }
}
