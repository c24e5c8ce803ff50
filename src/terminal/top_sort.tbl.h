// What rows of `skerry top` can be ordered by:
//   SORT(id, "name", key, "what comes first")
// `name` is a value of --sort, `key` chooses it in the terminal.
SORT(CPU, "cpu", 'c', "most CPU")
SORT(MEMORY, "memory", 'm', "most memory (working set)")
SORT(CPU_SHARE, "cpu-share", 'C', "most CPU of what is allocatable or the limit")
SORT(MEMORY_SHARE, "memory-share", 'M', "most memory of what is allocatable or the limit")
SORT(NETWORK, "network", 't', "most traffic, both ways")
SORT(RESTARTS, "restarts", 'r', "most restarts")
SORT(AGE, "age", 'a', "what started last")
SORT(NAME, "name", 'n', "in the order of the names")
