// `skerry status --json`.
#ifndef SKERRY_APP_STATUS_JSON_H
#define SKERRY_APP_STATUS_JSON_H

#include "app/roles.h"
#include "app/tool.h"

void status_json_write(const struct tool *tool, const struct roles *roles);

#endif
