// The guard's shadow: a child process that watches the guard as the guard
// watches the roles, because nothing else would end a guard that hangs.
//
// Both beat into one shared page. A guard that does not beat for SHADOW_LIMIT_MS
// is killed (s6 starts another); a shadow that does not is noticed by
// shadow_alive(), and the guard then ends by itself. The shadow dies with its
// guard. It is forked before the seal and does nothing but sleep and compare.
#ifndef SKERRY_APP_SHADOW_H
#define SKERRY_APP_SHADOW_H

#include <stdbool.h>

#include "platform/platform.h"

#define SHADOW_LIMIT_MS (10 * 1000)

struct shadow_page;

struct shadow {
    struct shadow_page *page;  // NULL: there is no shadow
    struct mono_ns turn;
    struct mono_ns trusted_from;
};

// `before_kill` runs in the shadow when it is about to kill the guard.
int shadow_start(struct shadow *shadow, const struct platform *platform,
                 void (*before_kill)(void)) MUST_USE;

// Beats; false when the shadow hangs. Called at every turn of the guard.
bool shadow_alive(struct shadow *shadow, struct mono_ns now);

#endif
