#include "app/watch.h"

#include <signal.h>

static int64_t
latest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t
ms_since(int64_t earlier_ns, struct mono_ns now)
{
    return mono_ms_between((struct mono_ns){earlier_ns}, now);
}

// A new process starts with a clean sheet, but for the cause of its
// predecessor's death, which s6 may tell only now.
static void
meet(struct watch *watch, const struct watch_seen *seen)
{
    if (watch->pid == seen->supervised.pid) {
        return;
    }
    watch->pid = seen->supervised.pid;
    watch->first_seen_ns = seen->now.ns;
    watch->first_ready_ns = 0;
    watch->aborted_ns = 0;
}

static void
mind_gap(struct watch *watch, struct mono_ns now)
{
    if (watch->turn_ns == 0 || ms_since(watch->turn_ns, now) > WATCH_GAP_MS) {
        watch->trusted_from_ns = now.ns;
    }
    watch->turn_ns = now.ns;
}

static enum watch_action
end_it(struct watch *watch, uint8_t cause, struct mono_ns now)
{
    if (watch->aborted_ns == 0) {
        watch->aborted_ns = now.ns;
        watch->kill_cause = cause;
        return WATCH_ABORT;
    }
    return ms_since(watch->aborted_ns, now) >= WATCH_GRACE_MS ? WATCH_KILL : WATCH_NOTHING;
}

static struct watch_verdict
judge_ready(struct watch *watch, const struct watch_seen *seen)
{
    struct watch_verdict verdict = {ROLE_READY, WATCH_NOTHING, -1};
    if (watch->first_ready_ns == 0) {
        watch->first_ready_ns = seen->now.ns;
    }
    if (seen->heartbeat_ns != 0) {
        verdict.heartbeat_age_ms = latest(0, ms_since(seen->heartbeat_ns, seen->now));
    }
    int64_t sign_ns = latest(seen->heartbeat_ns, watch->first_ready_ns);
    sign_ns = latest(sign_ns, watch->trusted_from_ns);
    if (watch->aborted_ns != 0 || ms_since(sign_ns, seen->now) > seen->heartbeat_limit_ms) {
        verdict.state = ROLE_STUCK;
        verdict.action = end_it(watch, DEATH_HANG, seen->now);
    }
    return verdict;
}

static struct watch_verdict
judge_starting(struct watch *watch, const struct watch_seen *seen)
{
    struct watch_verdict verdict = {ROLE_STARTING, WATCH_NOTHING, -1};
    int64_t go_ns = watch->first_seen_ns;
    // The life file is of this process once its start is later than what the
    // guard last knew to be another process; before that the wait is short.
    if (seen->life.end == LIFE_RUNNING && seen->life.go_ns > go_ns) {
        go_ns = seen->life.go_ns;
    }
    if (seen->now.ns < go_ns) {
        verdict.state = ROLE_WAITING;
        return verdict;
    }
    go_ns = latest(go_ns, watch->trusted_from_ns);
    if (watch->aborted_ns != 0 || ms_since(go_ns, seen->now) > WATCH_READY_MS) {
        verdict.state = ROLE_STUCK;
        verdict.action = end_it(watch, DEATH_NOT_READY, seen->now);
    }
    return verdict;
}

// Whether a file changed since the role was refused. A change that came before
// the first look is told by its time, each only once: a file whose time lies in
// the future must not start the role again and again.
static bool
is_mended(struct watch *watch, const struct watch_seen *seen)
{
    bool mended = watch->refused && watch->refused_print != seen->config_print;
    if (!watch->refused && seen->config_changed_ms > seen->last_death.time.ms &&
        seen->config_changed_ms != watch->change_used_ms) {
        mended = true;
    }
    watch->refused = true;
    watch->refused_print = seen->config_print;
    if (mended) {
        watch->change_used_ms = seen->config_changed_ms;
    }
    return mended;
}

static struct watch_verdict
judge_down(struct watch *watch, const struct watch_seen *seen)
{
    struct watch_verdict verdict = {ROLE_DOWN, WATCH_NOTHING, -1};
    if (seen->supervised.wanted_up || seen->supervised.finishing) {
        verdict.state = ROLE_ENDED;
        return verdict;
    }
    if (seen->last_death.signal != 0 || seen->last_death.exit_code != EXIT_BAD_CONFIG) {
        return verdict;
    }
    verdict.state = ROLE_REFUSED;
    if (is_mended(watch, seen)) {
        verdict.action = WATCH_UP;
    }
    return verdict;
}

struct watch_verdict
watch_judge(struct watch *watch, const struct watch_seen *seen)
{
    mind_gap(watch, seen->now);
    if (!seen->supervised_known) {
        return (struct watch_verdict){ROLE_UNKNOWN, WATCH_NOTHING, -1};
    }
    if (!seen->supervised.up) {
        return judge_down(watch, seen);
    }
    meet(watch, seen);
    watch->refused = false;
    if (!seen->supervised.wanted_up) {
        // Being stopped: its supervisor sees to that.
        return (struct watch_verdict){ROLE_ENDED, WATCH_NOTHING, -1};
    }
    return seen->supervised.ready ? judge_ready(watch, seen) : judge_starting(watch, seen);
}

uint8_t
watch_cause(struct watch *watch, const struct supervised_death *death, bool out_of_memory)
{
    uint8_t kill_cause = watch->kill_cause;
    if (death->signal == 0) {
        return death->exit_code == EXIT_BAD_CONFIG ? DEATH_BAD_CONFIG : DEATH_EXIT;
    }
    bool by_guard = kill_cause == DEATH_HANG || kill_cause == DEATH_NOT_READY;
    if (by_guard && (death->signal == SIGABRT || death->signal == SIGKILL)) {
        watch->kill_cause = 0;
        return kill_cause;
    }
    return out_of_memory && death->signal == SIGKILL ? DEATH_OUT_OF_MEMORY : DEATH_SIGNAL;
}
