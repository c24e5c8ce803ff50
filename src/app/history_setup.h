// The history as the configuration has it, for those who read it.
#ifndef SKERRY_APP_HISTORY_SETUP_H
#define SKERRY_APP_HISTORY_SETUP_H

#include "app/config.h"
#include "history/history.h"

// Whether one is kept: --history is not 0 and there is a --state-dir. The rest of
// what a reader of it is configured with, `path` excepted.
bool history_is_kept(const struct config *config);
struct history_config history_reader_config(const struct config *config,
                                            const struct platform *platform, const char *path);
// Of the library heap, for a reader; 0 without a history.
size_t history_reader_heap_bytes(const struct config *config);

#endif
