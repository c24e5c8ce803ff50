#include "platform/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "platform/block.h"
#include "platform/linux.h"

bool
notify_is_given(int file)
{
    return fcntl(file, F_GETFD) >= 0;
}

int
notify_ready(int file)
{
    ssize_t put;
    do {
        put = write(file, "\n", 1);
    } while (put < 0 && errno == EINTR);
    if (put < 0) {
        return -ERR_IO;
    }
    (void)close(file);
    return 0;
}

static void
store_heap(struct notify_beat *beat, const struct notify_heap *heap)
{
    atomic_store_explicit(&beat->heap_now, heap->now, memory_order_relaxed);
    atomic_store_explicit(&beat->heap_peak, heap->peak, memory_order_relaxed);
    atomic_store_explicit(&beat->heap_limit, heap->limit, memory_order_relaxed);
    atomic_store_explicit(&beat->heap_failures_total, heap->failures_total,
                          memory_order_relaxed);
}

int
notify_beat_open(const char *path, struct notify_beat **beat)
{
    struct block_shared shared;
    int error = block_map_writer(path, sizeof(struct notify_beat), 0644, &shared);
    if (error != 0) {
        return error;
    }
    *beat = shared.base;
    atomic_store_explicit(&(*beat)->mono_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&(*beat)->count, 0, memory_order_relaxed);
    store_heap(*beat, &(struct notify_heap){0});
    (*beat)->pid = (uint64_t)getpid();
    (*beat)->magic = NOTIFY_MAGIC;
    return 0;
}

// One writer: a plain increment is enough.
void
notify_beat(struct notify_beat *beat, struct mono_ns now, const struct notify_heap *heap)
{
    ASSERT(beat->magic == NOTIFY_MAGIC);
    uint64_t count = atomic_load_explicit(&beat->count, memory_order_relaxed);
    store_heap(beat, heap);
    atomic_store_explicit(&beat->mono_ns, now.ns, memory_order_relaxed);
    atomic_store_explicit(&beat->count, count + 1, memory_order_release);
}

// The words may be of neighbouring beats, which does not matter.
int
notify_beat_read(const struct platform *platform, const char *path, struct notify_seen *seen)
{
    struct notify_beat beat;
    struct text content;
    int error = platform_read_file(platform, path, (char *)&beat, sizeof beat, &content);
    if (error != 0) {
        return error == -ERR_TOO_LARGE ? -ERR_LAYOUT : error;
    }
    if (content.size != sizeof beat || beat.magic != NOTIFY_MAGIC) {
        return -ERR_LAYOUT;
    }
    *seen = (struct notify_seen){
        .pid = beat.pid,
        .count = atomic_load_explicit(&beat.count, memory_order_relaxed),
        .last = {atomic_load_explicit(&beat.mono_ns, memory_order_relaxed)},
        .heap = {
            .now = atomic_load_explicit(&beat.heap_now, memory_order_relaxed),
            .peak = atomic_load_explicit(&beat.heap_peak, memory_order_relaxed),
            .limit = atomic_load_explicit(&beat.heap_limit, memory_order_relaxed),
            .failures_total = atomic_load_explicit(&beat.heap_failures_total,
                                                   memory_order_relaxed),
        },
    };
    return 0;
}

int
notify_signals_open(int *file)
{
    sigset_t set;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || sigaction(SIGPIPE, &ignore, NULL) != 0) {
        return linux_error(errno);
    }
    *file = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return *file < 0 ? linux_error(errno) : 0;
}

enum notify_signal
notify_signal_next(int file)
{
    struct signalfd_siginfo info;
    ssize_t got;
    do {
        got = read(file, &info, sizeof info);
    } while (got < 0 && errno == EINTR);
    if (got != sizeof info) {
        return NOTIFY_NONE;
    }
    return info.ssi_signo == SIGHUP ? NOTIFY_RELOAD : NOTIFY_STOP;
}
