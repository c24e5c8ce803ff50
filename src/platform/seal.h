// After this a process can do its work and nothing else: no new memory, no new
// process or thread, no other program, no system call that its role has no use
// for. A breach kills the process at once (SIGSYS), and it is restarted.
//
// Called once by each role, when everything is mapped, opened and dropped. The
// table of what is allowed is seal.tbl.h; the filter is a classic BPF program
// made from it (linux/Documentation/userspace-api/seccomp_filter.rst). x86-64
// and arm64. Not for programs built with sanitizers, which map memory as they go.
#ifndef SKERRY_PLATFORM_SEAL_H
#define SKERRY_PLATFORM_SEAL_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

enum seal_role { SEAL_COLLECT, SEAL_SERVE, SEAL_RECORD, SEAL_EXPORT, SEAL_GUARD, SEAL_ROLES };

// Cannot be undone; also gives up for good to gain rights by running a program.
// -ERR_UNSUPPORTED when the kernel has no seccomp filters.
int seal_apply(enum seal_role role) MUST_USE;

// Whether this build can be sealed at all: not with sanitizers.
bool seal_is_possible(void);

// Instructions of the longest program.
#define SEAL_PROGRAM_MAX 700

// Writes the program of a role, of at most SEAL_PROGRAM_MAX instructions; how
// many they are. seal_apply uses it; tests look at it.
size_t seal_program(enum seal_role role, struct sock_filter *program);

#endif
