// Memory of the machine, by `skerry plan`: a cgroup for each role with its limit,
// and the proof that the rest of the machine has room for all.
#ifndef SKERRY_VM_MEMORY_H
#define SKERRY_VM_MEMORY_H

#include <stdbool.h>

// Says what is missing and returns false when the plan does not fit.
bool memory_prepare(void);

#endif
