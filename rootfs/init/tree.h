// The directories below /run: TREE_RUN for the live table, heartbeats and logs,
// TREE_SERVICE as the scan directory of s6-svscan. What a former life left in
// them is removed: a pod's /run outlives its containers.
#ifndef SKERRY_INIT_TREE_H
#define SKERRY_INIT_TREE_H

#define TREE_RUN "/run/skerry"
#define TREE_SERVICE "/run/service"

// Both empty. They lie below /dev/shm where /run is no memory.
void tree_make(void);
// Roles that have users of their own replace files of theirs in TREE_RUN, and none
// another's. To be called before any file of a role is there.
void tree_share(void);
// The service directory of that name: its files are links to those of the image,
// because /run may be mounted noexec.
void tree_add(const char *name);

#endif
