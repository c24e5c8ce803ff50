#include "app/shadow.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "platform/linux.h"
#include "platform/seal.h"

#define SHADOW_TURN_MS 1000
// A gap between two own turns after which the other's beats are not judged yet:
// then both were stopped, or the whole machine.
#define SHADOW_GAP_MS 5000

struct shadow_page {
    _Atomic int64_t guard_ns;
    _Atomic int64_t shadow_ns;
};

// One turn of either side: whether the other's beat is older than the limit.
static bool
is_stuck(struct shadow *shadow, _Atomic int64_t *mine, _Atomic int64_t *other,
         struct mono_ns now)
{
    if (mono_ms_between(shadow->turn, now) > SHADOW_GAP_MS) {
        shadow->trusted_from = now;
    }
    shadow->turn = now;
    atomic_store_explicit(mine, now.ns, memory_order_release);
    struct mono_ns beat = {atomic_load_explicit(other, memory_order_acquire)};
    if (mono_before(beat, shadow->trusted_from)) {
        beat = shadow->trusted_from;
    }
    return mono_ms_between(beat, now) > SHADOW_LIMIT_MS;
}

static _Noreturn void
watch_guard(struct shadow shadow, const struct platform *platform, pid_t guard,
            void (*before_kill)(void))
{
    const struct timespec pause = {.tv_sec = SHADOW_TURN_MS / 1000};
    while (getppid() == guard) {
        struct mono_ns now = platform_mono_now(platform);
        if (is_stuck(&shadow, &shadow.page->shadow_ns, &shadow.page->guard_ns, now)) {
            before_kill();
            kill(guard, SIGKILL);
        }
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    _exit(0);
}

int
shadow_start(struct shadow *shadow, const struct platform *platform, void (*before_kill)(void))
{
    pid_t guard = getpid();
    *shadow = (struct shadow){0};
    void *page = mmap(NULL, sizeof *shadow->page, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return linux_error(errno);
    }
    shadow->page = page;
    shadow->turn = platform_mono_now(platform);
    shadow->trusted_from = shadow->turn;
    pid_t child = fork();
    if (child < 0) {
        return linux_error(errno);
    }
    if (child == 0) {
        // The kernel ends the shadow of a guard that was killed, stopped or not.
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        // Without seccomp in the kernel it does the same work unsealed.
        int error = seal_is_possible() ? seal_apply(SEAL_GUARD) : 0;
        (void)error;
        watch_guard(*shadow, platform, guard, before_kill);
    }
    return 0;
}

bool
shadow_alive(struct shadow *shadow, struct mono_ns now)
{
    return shadow->page == NULL ||
           !is_stuck(shadow, &shadow->page->guard_ns, &shadow->page->shadow_ns, now);
}
