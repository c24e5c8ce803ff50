// How a role talks with those who watch it: readiness for s6, a heartbeat for
// the guard, and signals as a descriptor to poll.
//
// The heartbeat is a small file on tmpfs that the role maps and writes into; no
// system call is made for a beat. The guard reads it as a file, so that it needs
// no mapping of its own and may read it after its seal. With each beat goes how
// full the library heap of the process is.
#ifndef SKERRY_PLATFORM_NOTIFY_H
#define SKERRY_PLATFORM_NOTIFY_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/check.h"
#include "base/times.h"
#include "platform/platform.h"

#define NOTIFY_MAGIC UINT64_C(0x7461656279656b73)  // "skeybeat"

// Whether somebody gave this process the descriptor: to be asked before it opens
// anything, because what it opens may get that number.
bool notify_is_given(int file);

// Writes a newline to the descriptor that the supervisor gave and closes it.
// -ERR_IO when nobody listens, which is no reason to stop.
int notify_ready(int file) MUST_USE;

// A library heap; all 0: the process has none.
struct notify_heap {
    uint64_t now;    // bytes taken
    uint64_t peak;
    uint64_t limit;
    uint64_t failures_total;  // requests that did not fit
};

// What lies in the file.
struct notify_beat {
    uint64_t magic;
    uint64_t pid;
    _Atomic int64_t mono_ns;  // of the last beat; 0: none yet
    _Atomic uint64_t count;   // beats of this process
    _Atomic uint64_t heap_now;  // as in struct notify_heap, of the last beat
    _Atomic uint64_t heap_peak;
    _Atomic uint64_t heap_limit;
    _Atomic uint64_t heap_failures_total;
};
_Static_assert(sizeof(struct notify_beat) == 64, "two processes agree on it");

struct notify_seen {
    uint64_t pid;
    uint64_t count;
    struct mono_ns last;  // 0: none yet
    struct notify_heap heap;
};

// Makes or takes over the file and starts it anew for this process; before the
// seal, since it maps. Errors as block_map_writer.
int notify_beat_open(const char *path, struct notify_beat **beat) MUST_USE;

// Once a turn of the loop.
void notify_beat(struct notify_beat *beat, struct mono_ns now, const struct notify_heap *heap);

// By the guard. -ERR_NO_FILE before the role made it, -ERR_LAYOUT when it is
// something else.
int notify_beat_read(const struct platform *platform, const char *path,
                     struct notify_seen *seen) MUST_USE;

enum notify_signal {
    NOTIFY_NONE,
    NOTIFY_STOP,    // TERM, INT: end in order
    NOTIFY_RELOAD,  // HUP: read credentials and the like again
};

// Blocks TERM, INT and HUP and gives a descriptor that is readable when one has
// come; PIPE is ignored. ABRT stays deadly: the guard kills with it.
int notify_signals_open(int *file) MUST_USE;

// The next signal that has come, or NOTIFY_NONE; never waits.
enum notify_signal notify_signal_next(int file);

#endif
