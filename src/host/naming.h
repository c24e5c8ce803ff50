// Naming everything that a walk over the control groups found.
//
// Runs after the walk: enters each container, pod and unit in the cache,
// notes when it started, and looks names up where they are due. Containers
// are known by their id, wherever their directory is; pods by their UID; the
// rest by their path, and named by it.
#ifndef SKERRY_HOST_NAMING_H
#define SKERRY_HOST_NAMING_H

#include "base/arena.h"
#include "base/hash.h"
#include "host/cgroup.h"
#include "host/container_lookup.h"
#include "host/container_name.h"

struct naming {
    const struct cgroup_walk *walk;
    struct container_names names;
    struct container_lookup lookup;
};

size_t naming_footprint(uint32_t limit);
// `limit` as of the walk, so that every entry has its place.
void naming_init(struct naming *naming, struct arena *arena, struct host_files *files,
                 const struct cgroup_walk *walk, struct hash_key key);
void naming_run(struct naming *naming, struct wall_ms now);
// The cache's entry for an entry of the walk; NULL when it is of no interest.
struct container_name *naming_of(struct naming *naming, const struct cgroup_entry *entry);

#endif
