// The memory limit that this process lives under, and whether the kernel killed
// something for want of memory: cgroup v2 and v1, and the machine itself.
//
// Every group from our own up to the root may hold a limit; the smallest counts.
// In a container without a cgroup namespace our own path is not there: then the
// root of the mount is the container's group. ROOT is "" but in tests.
#ifndef SKERRY_APP_MEMORY_LIMIT_H
#define SKERRY_APP_MEMORY_LIMIT_H

#include "platform/platform.h"

#define MEMORY_LIMIT_NONE UINT64_MAX

// The smallest memory limit of our groups, bytes, or MEMORY_LIMIT_NONE.
uint64_t memory_limit_cgroup(const struct platform *platform, const char *root);

// MemTotal of the machine, bytes, or MEMORY_LIMIT_NONE if it cannot be read.
uint64_t memory_limit_machine(const struct platform *platform, const char *root);

// Processes of our group that the kernel killed for want of memory, since the
// group was made; 0 when the kernel does not tell.
uint64_t memory_limit_oom_kill_total(const struct platform *platform, const char *root);

#endif
