// The history as the role export reads it: what delivery asks of an archive
// (sink/delivery.h), and opening it again when its file vanished or was replaced.
#ifndef SKERRY_APP_EXPORT_ARCHIVE_H
#define SKERRY_APP_EXPORT_ARCHIVE_H

#include "app/config.h"
#include "history/replay.h"
#include "sink/delivery.h"

struct export_archive {
    const struct platform *platform;
    struct history *history;
    struct replay *replay;
    struct mono_ns reopen_after;
    struct delivery_archive delivery;  // what sinks are given
    char path[512];
};

// Both 0 without a history.
size_t export_archive_footprint(const struct config *config);
// `archive` is zeroed but for its platform. A history that cannot be read yet is no
// error: it is said, and tried again. -ERR_TOO_LONG.
int export_archive_open(struct export_archive *archive, const struct config *config,
                        struct arena *arena) MUST_USE;

#endif
