// The --source values of a configuration, parsed: whether they can be used, and
// which files they name.
#ifndef SKERRY_APP_SOURCE_CHECK_H
#define SKERRY_APP_SOURCE_CHECK_H

#include "app/config.h"

// Scratch that one source needs.
#define SOURCE_CHECK_BYTES (16 * 1024)

// $NAME in a source, from this process's environment; a uri_variable.
bool source_check_variable(void *context, struct text name, struct text *value);

// 0, or -ERR_BAD_CONFIG with the sentence in `why`. `space` is reset for each.
int source_check(const struct config *config, struct workspace *space, struct out *why) MUST_USE;

// The kubeconfig that source number `index` names; empty for none. It lies in
// `space`, which is reset.
struct text source_check_auth(const struct config *config, unsigned index,
                              struct workspace *space);

#endif
