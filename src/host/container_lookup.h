// Where runtimes and the kubelet leave the names of containers, and reading
// them. Only files; no socket is opened, so that nothing needs more rights
// than reading, and a hung runtime hangs nobody.
//
//   containerd  /run/containerd/io.containerd.runtime.v2.task/NS/ID/config.json
//   CRI-O       /run/containers/storage/overlay-containers/ID/userdata/config.json
//   Docker      /var/lib/docker/containers/ID/config.v2.json
//   Podman      /var/lib/containers/storage/overlay-containers/containers.json
//   kubelet     /var/log/containers/POD_NS_CONTAINER-ID.log, /var/log/pods/NS_POD_UID
//
// Files of one container are read when it is first seen. Podman's list and the
// kubelet's directories are read at most once a cycle, and only while a name
// is wanted. All are read as streams of any size (json_pick.h).
#ifndef SKERRY_HOST_CONTAINER_LOOKUP_H
#define SKERRY_HOST_CONTAINER_LOOKUP_H

#include "base/arena.h"
#include "host/cgroup_name.h"
#include "host/container_name.h"
#include "host/host_file.h"
#include "host/json_pick.h"

struct container_lookup {
    struct host_files *files;
    struct container_names *names;
    struct container_name *wanted;  // whose file is being read
    bool found;
    int error;  // the first reason why nothing was found, or 0
    struct json_pick *pick;
    struct json_pick *inner;  // of a JSON text within a string
};

size_t container_lookup_footprint(void);
void container_lookup_init(struct container_lookup *lookup, struct arena *arena,
                           struct host_files *files, struct container_names *names);

// Reads the files of one container; the hint says which to read first. False
// when they say nothing; lookup->error is the most telling reason.
bool container_lookup_files(struct container_lookup *lookup, struct text id,
                            enum cgroup_runtime hint, struct container_name *name);
// Reads the lists and directories for all entries that are seen and unnamed.
void container_lookup_lists(struct container_lookup *lookup);

#endif
