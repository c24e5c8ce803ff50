// The history as serve reads it: opened when it is there, opened again after an
// error or when another file took its place, and what the recorder says of itself.
#ifndef SKERRY_APP_SERVE_HISTORY_H
#define SKERRY_APP_SERVE_HISTORY_H

#include "api/exchange.h"
#include "app/config.h"

struct serve_history {
    const struct platform *platform;
    struct history *history;  // NULL: none is kept
    struct historical *historical;
    struct mono_ns next_try;
    struct mono_ns next_use;
    char path[512];
    char status_path[512];
};

// 0 when none is kept.
size_t serve_history_footprint(const struct config *config);

// After the library heap is there, and before the seal.
void serve_history_init(struct serve_history *serve, struct arena *arena,
                        const struct config *config, const struct platform *platform,
                        struct historical *historical);

// About once a second.
void serve_history_look(struct serve_history *serve, struct mono_ns now);

#endif
