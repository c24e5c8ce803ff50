// The tree of control groups: where the hierarchies are mounted, and which
// directories in them are containers, pods and services.
//
// cgroup v1 has one hierarchy for each controller, v2 one for all, and hybrid
// systems both; cgroup_mount() hears of all of them and each value is then
// read where its controller is. The walk goes over one hierarchy, breadth
// first, without recursion: the list of directories found is also the list of
// those still to be read. It has room for `limit` directories; further ones
// are refused and counted. Nothing is kept from one walk to the next.
//
// What counts as one thing: a container (nothing below it is looked at), a
// unit of systemd, a machine of LXC or libvirt, all users together, a
// top-level group nobody knows. A service or group in which a container was
// found is not counted besides it; all users and all pods together are.
#ifndef SKERRY_HOST_CGROUP_H
#define SKERRY_HOST_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/times.h"
#include "host/cgroup_name.h"
#include "host/host_file.h"
#include "host/mount.h"
#include "limits.h"

#define CGROUP_MOUNT_BYTES_MAX 128
#define CGROUP_NONE UINT32_MAX

// Hierarchies by what is read there; UNIFIED is v2.
enum cgroup_hierarchy {
    CGROUP_CPU,      // v1: limits
    CGROUP_CPUACCT,  // v1: use
    CGROUP_MEMORY,
    CGROUP_BLKIO,
    CGROUP_PIDS,
    CGROUP_SYSTEMD,  // v1: name=systemd, no controller
    CGROUP_UNIFIED,
    CGROUP_HIERARCHY_COUNT
};

struct cgroup_mounts {
    struct {
        bool whole;  // the root of the mount is the root of the hierarchy
        uint32_t size;
        char at[CGROUP_MOUNT_BYTES_MAX];
    } rows[CGROUP_HIERARCHY_COUNT];
};

void cgroup_mounts_clear(struct cgroup_mounts *mounts);
// Looks at one line of mountinfo; `point` is its mount point below the root.
void cgroup_mount(struct cgroup_mounts *mounts, const struct mount_line *mount,
                  struct text point);
// Empty when it is not mounted.
struct text cgroup_mount_point(const struct cgroup_mounts *mounts,
                               enum cgroup_hierarchy hierarchy);
// The hierarchy itself if it is mounted as v1, else UNIFIED.
enum cgroup_hierarchy cgroup_where(const struct cgroup_mounts *mounts,
                                   enum cgroup_hierarchy hierarchy);

struct cgroup_entry {
    uint32_t path_at;    // of the path in the walk's text
    uint32_t path_size;  // below the mount point, begins with a slash
    uint32_t parent;     // entry, or CGROUP_NONE at the top
    uint16_t id_at;      // of the id within the path
    uint16_t id_size;
    uint8_t kind;     // enum cgroup_kind
    uint8_t within;   // what the directories below it lie within
    uint8_t runtime;  // enum cgroup_runtime
    uint8_t depth;    // 1 at the top
    bool holds;       // a container was found below
    bool bare;        // has no directory below it
    bool done;        // for whoever goes over the entries
    uint32_t first_below;  // entries right below lie one after another
    uint32_t below_count;
    uint64_t inode;
    struct wall_ms modified;
};

struct cgroup_walk {
    uint32_t limit;
    uint32_t count;
    uint32_t current;  // whose directory is being read
    uint64_t refused;  // directories beyond the limit, since init
    uint64_t too_deep;
    struct cgroup_entry *entries;
    struct out text;  // all paths
    struct host_files *files;
    struct text mount;
};

size_t cgroup_walk_footprint(uint32_t limit);
void cgroup_walk_init(struct cgroup_walk *walk, struct arena *arena, uint32_t limit);
// Reads the tree afresh. -ERR_UNSUPPORTED when no hierarchy is mounted.
int cgroup_walk_run(struct cgroup_walk *walk, struct host_files *files,
                    const struct cgroup_mounts *mounts) MUST_USE;

struct text cgroup_path(const struct cgroup_walk *walk, const struct cgroup_entry *entry);
struct cgroup_name cgroup_entry_name(const struct cgroup_walk *walk,
                                     const struct cgroup_entry *entry);
bool cgroup_is_in_pod(const struct cgroup_walk *walk, const struct cgroup_entry *entry);
// Whether the entry is one thing to show that is not part of a pod.
bool cgroup_is_shown(const struct cgroup_walk *walk, const struct cgroup_entry *entry);

#endif
