// skerry update FILE: the next version into the slot that is not running.
#ifndef SKERRY_APP_UPDATE_TOOL_H
#define SKERRY_APP_UPDATE_TOOL_H

#include "platform/platform.h"

// It has words of its own and reads no configuration, which may be what is wrong:
//   FILE                 checks it, writes it, and starts the machine again
//   --keep               what runs is good: the trial is over
//   --at-start           nobody asked for this file, and the caller restarts
//   --downgrade=VERSION  that older version is wanted
//   --machine=FILE       where the slots lie (default UPDATE_MACHINE_FILE)
//   --key=FILE           the public key (default UPDATE_KEY_FILE)
// Exit codes: 0 done; 1 refused, with a sentence; 2 --at-start and nothing new; 100
// words that it does not know, or a machine without slots.
int update_tool(const struct platform *platform, int argc, char **argv);

#define UPDATE_MACHINE_FILE "/run/vm/slots"
#define UPDATE_KEY_FILE "/usr/share/skerry/update.pub"

#endif
