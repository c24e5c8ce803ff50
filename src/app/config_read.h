// Where the configuration comes from: argv, the flags file, the environment and
// the configuration file. The order in which they win is in config.h.
//
// The flags file is for the supervision tree, which starts many processes with
// the same flags: each line is one argument as it would stand on the command
// line. The configuration file is for people: `flag = value` lines and comments.
#ifndef SKERRY_APP_CONFIG_READ_H
#define SKERRY_APP_CONFIG_READ_H

#include "app/config.h"
#include "platform/platform.h"

// Room for both files, for names of variables and for notices.
size_t config_read_workspace_bytes(void);

// `argv` begins after the role or tool name. `environment` may be NULL.
// 0, or -ERR_BAD_CONFIG with the sentence in `why`.
int config_read(struct config *config, const struct platform *platform, int argc,
                char *const *argv, char *const *environment, struct workspace *space,
                struct out *why) MUST_USE;

#endif
