// What the name of a cgroup directory says: whose it is, and whether to look
// below it. Pure.
//
// Names come from runtimes and from systemd; anybody who may make cgroups can
// make any of them, so a name is a claim and nothing more.
#ifndef SKERRY_HOST_CGROUP_NAME_H
#define SKERRY_HOST_CGROUP_NAME_H

#include <stdbool.h>

#include "base/text.h"
#include "limits.h"

enum cgroup_kind {
    CGROUP_NOTHING,    // left out, with everything below
    CGROUP_INNER,      // only a place for others: a slice, a runtime's parent
    CGROUP_CONTAINER,  // id: 64 hexadecimal digits; nothing below is looked at
    CGROUP_MACHINE,    // a container or virtual machine with a name of its own
    CGROUP_POD,        // id: the pod's UID as it is written
    CGROUP_PODS,       // all pods together
    CGROUP_SERVICE,    // a unit of systemd
    CGROUP_USERS,      // everything that people log in to
    CGROUP_GROUP,      // a top-level cgroup that nobody knows
};

enum cgroup_runtime {
    RUNTIME_UNKNOWN,
    RUNTIME_DOCKER,
    RUNTIME_CONTAINERD,
    RUNTIME_CRIO,
    RUNTIME_PODMAN,
};

struct cgroup_name {
    enum cgroup_kind kind;
    enum cgroup_runtime runtime;  // of a container
    struct text id;               // a view of the directory's name
};

#define CONTAINER_ID_BYTES 64

// Where the directory lies.
struct cgroup_place {
    struct text parent;       // the name of the directory above; empty at the top
    enum cgroup_kind within;  // kind of the directory above; INNER at the top
    bool top;
};

struct cgroup_name cgroup_name_of(struct cgroup_place place, struct text name);

// A pod's UID as the API writes it: systemd's form has _ for -. False when it
// is none or does not fit.
bool cgroup_pod_uid(struct text id, struct out *out);

// The name of a unit or machine as people write it: without the escapes of
// systemd (\x2d), a `machine-` before and a `.scope` behind a machine's name.
void cgroup_readable(struct cgroup_name name, struct out *out);

#endif
