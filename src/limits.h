// Every compile-time ceiling, with its reason. Run-time limits (capacity) come
// from flags and live in budget/; none of them may exceed a ceiling here.
#ifndef SKERRY_LIMITS_H
#define SKERRY_LIMITS_H

// Kubernetes: node, pod and container names are DNS subdomains or labels of at
// most 253 bytes (RFC 1123); namespaces have at most 63.
#define NAME_BYTES_MAX 253
// An image reference with registry, path, tag and digest; longer ones are cut.
#define IMAGE_BYTES_MAX 512
// All labels of one object as `key:value` pairs joined, as Heapster shows
// them; the pairs that do not fit are dropped and counted.
#define LABELS_BYTES_MAX 1024
// Volume, device, resource and label-like names; longer ones are cut.
#define SHORT_NAME_BYTES_MAX 320
// A pod UID is a UUID of 36 bytes; static pods carry a hash of 32.
#define UID_BYTES_MAX 36
// A resourceVersion is opaque; etcd's are up to 19 digits.
#define RESOURCE_VERSION_BYTES_MAX 64
// A continue token holds base64 of a key path of two names and a version.
#define CONTINUE_BYTES_MAX 1536

// Containers of one pod that are read, init and ephemeral ones included.
#define POD_CONTAINERS_MAX 64
// Volumes of one pod that are read.
#define POD_VOLUMES_MAX 64
// System containers of one node (kubelet, runtime, pods, misc and the like).
#define NODE_SYSTEM_CONTAINERS_MAX 16
// File systems, block devices and interfaces of one node that are read.
#define NODE_FILESYSTEMS_MAX 32
#define NODE_DISKS_MAX 32
#define NODE_INTERFACES_MAX 32
// Accelerators and user-defined metrics of one container.
#define CONTAINER_EXTRAS_MAX 16
// Addresses in one node's status.
#define NODE_ADDRESSES_MAX 16
// Different resources in one requests or limits map.
#define RESOURCES_MAX 16
// Labels of one object that are looked at.
#define LABELS_MAX 128

// Nesting of a JSON document before it is refused; the API server's own
// objects stay below 20.
#define JSON_NESTING_MAX 64
// One element (a pod or a node after the members nobody needs were dropped)
// kept for decoding, without white space. A pod of 64 containers takes 56 KiB.
#define ELEMENT_BYTES_MAX (64 * 1024)
// A line of Prometheus text.
#define METRIC_LINE_BYTES_MAX 4096

// Cycles for which a deleted row stays readable, so that a role which was away
// for one cycle still sees the last samples.
#define GONE_CYCLES 2
// Cycles after which a value counts as stale: it leaves the totals, and a row
// that only a kubelet named is dropped. Covers two missed scrapes.
#define STALE_CYCLES 3

// Sources (clusters and hosts) of one appliance.
#define SOURCES_MAX 16

// Ceilings of the capacity flags: a mistyped figure is refused here and not
// by the machine running out of memory.
#define NODES_MAX 20000
#define NAMESPACES_MAX 65000
#define PODS_MAX 1000000
#define CONTAINERS_MAX 2000000
#define CONNECTIONS_MAX 20000
#define CLIENTS_MAX 4096

// The shortest interval between two scrapes of a node, as Heapster's: kubelets
// refresh their figures every 10 s at best. Tests of many cycles set a lower one.
#ifndef RESOLUTION_MS_MIN
#define RESOLUTION_MS_MIN 5000
#endif
#define RESOLUTION_MS_MAX (60 * 60 * 1000)

// The path of the history; its journal's is 8 bytes longer. No directory of an
// appliance is deeper.
#define HISTORY_PATH_BYTES_MAX 1024
// The smallest history: below, one window of a hundred nodes would not fit.
#define HISTORY_BYTES_MIN (4 * 1024 * 1024)
// Blocks of up to this size lie together in one row of the history: more would
// be that much heap in every process that reads it; the largest block must fit.
#define HISTORY_PACK_BYTES_MAX (100 * 1024)
// Labelled values of one entity that are recorded: as many as are read of it.
#define HISTORY_SET_LABELLED_MAX 512

// The part of a terminal that `skerry top` draws on: four 4K displays in the
// smallest font; what is larger stays empty.
#define TERMINAL_ROWS_MAX 256
#define TERMINAL_COLUMNS_MAX 512
// Rows that `skerry top` sorts: every container that a table may hold.
#define TOP_ROWS_MAX CONTAINERS_MAX
// The filter typed in it: a few names.
#define TOP_FILTER_BYTES_MAX 256

#endif
