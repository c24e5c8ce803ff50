// Giving up what a role does not need: root, core dumps, new processes. All of
// it before seal_apply; nothing here can be undone.
#ifndef SKERRY_PLATFORM_RIGHTS_H
#define SKERRY_PLATFORM_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

// Becomes `uid` and `gid` with no other group and verifies that there is no way
// back. Only root can: for anybody else who already is `uid` it does nothing,
// and otherwise gives -ERR_NO_ACCESS. A uid or gid of 0 is refused as well.
int rights_drop(uint32_t uid, uint32_t gid) MUST_USE;

bool rights_is_root(void);

struct rights_limits {
    uint64_t files;        // open descriptors
    uint64_t stack_bytes;  // 0: as it is
    bool processes;        // may make processes (the seal forbids it anyway)
};

// Sets hard limits: no core dumps, and these. A limit that already is lower
// stays, but -ERR_NO_ACCESS tells if descriptors are fewer than asked for.
int rights_limit(const struct rights_limits *limits) MUST_USE;

#endif
