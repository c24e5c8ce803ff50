// The part of `skerry status` about sinks: what export wrote last.
#ifndef SKERRY_APP_STATUS_SINKS_H
#define SKERRY_APP_STATUS_SINKS_H

#include "app/tool.h"
#include "base/json.h"

// A line or two for each sink; nothing when export never wrote.
void status_sinks_write(const struct tool *tool, struct wall_ms now);
// One array, empty when there are none.
void status_sinks_json(struct json *json, const struct tool *tool);

#endif
