// Every compile-time ceiling on what comes from outside, with its reason; the sizes of
// buffers within a module stand there. Run-time limits (capacity) come from flags and
// live in budget/; none of them may exceed a ceiling here.
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
// The same for an Event: the API server allows 1,024 bytes of message in the new form,
// and clients cut the old one there too; names add less than 2 KB. Every byte of it may
// be an escape of six.
#define EVENT_BYTES_MAX (16 * 1024)
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
// Windows of a tier, and versions of an entity, that are looked through for the
// names of its metrics: most have some; one that was long without is told by the
// next tier, whose windows are longer.
#define HISTORY_NAME_WINDOWS_MAX 16
#define HISTORY_NAME_VERSIONS_MAX 4

// The part of a terminal that `skerry top` draws on: four 4K displays in the
// smallest font; what is larger stays empty.
#define TERMINAL_ROWS_MAX 256
#define TERMINAL_COLUMNS_MAX 512
// Rows that `skerry top` sorts: every container that a table may hold.
#define TOP_ROWS_MAX CONTAINERS_MAX
// The filter typed in it: a few names.
#define TOP_FILTER_BYTES_MAX 256

// Configuration: what a person writes; beyond it a sentence says so.

// The configuration file and the flags file; longer ones are refused.
#define CONFIG_FILE_BYTES_MAX (64 * 1024)
// Items of all LIST flags together: sources, labels, and sinks to come.
#define CONFIG_ITEMS_MAX 128
// A source or a sink with all its options; a bearer token alone may have 2 KB.
#define SOURCE_URI_BYTES_MAX 4096
#define SINK_URI_BYTES_MAX 4096
// One appliance sends to a handful of stores; each costs up to a megabyte.
#define SINKS_MAX 16
// Options of one sink; no kind knows as many.
#define SINK_OPTIONS_MAX 48
// Passwords and tokens of sinks; a service account's token has about 1,000 bytes.
#define SINK_SECRET_BYTES_MAX 8000
// --ignore-label and --store-label that are looked at; the rest is not.
#define SINK_LABEL_RULES_MAX 16
// Appliances that share one cluster; each still discovers all of it.
#define SHARDS_MAX 1024
// Brokers that are named, of which any leads to the others.
#define KAFKA_BROKERS_MAX 16
// Partitions that are used; further ones of a topic are not.
#define KAFKA_PARTITIONS_MAX 128
// Servers of one cluster that are asked in turn.
#define ELASTICSEARCH_SERVERS_MAX 16
// A kubeconfig with its data, a bundle of authorities, a key; larger ones are
// refused.
#define CREDENTIALS_FILE_BYTES_MAX (64 * 1024)
// A service account's token has about 1,000 bytes, one of a login service up to 4 KB.
#define CREDENTIALS_TOKEN_BYTES_MAX 8000
// Tokens of the page: shorter ones can be guessed, longer ones are something else.
#define ACCESS_TOKEN_BYTES_MIN 16
#define ACCESS_TOKEN_BYTES_MAX 512
// A certificate with its chain, or authorities of clients; larger files are refused.
#define TLS_SERVER_PEM_BYTES_MAX (32 * 1024)
// Names that browsers may ask for (--allow-host).
#define HOST_NAMES_MAX 16

// Requests to the page and the API; beyond it 4xx, and counted.

// What libmicrohttpd has for one connection: the request's head, then the
// answer's head and what is being sent. Beyond: 431, or 414 for a long target.
#define HTTP_CONNECTION_BYTES 12288
// The longest path with query; pod-list takes hundreds of names. Beyond: 414.
#define HTTP_TARGET_BYTES_MAX 8000
// "token=..." as the form of the login sends it; no other request has a body.
#define LOGIN_BODY_BYTES_MAX 2048
// The longest path has 10 segments before the metrics, each of which has a slash.
#define ROUTE_SEGMENTS_MAX 64
// kubectl sends at most 3; the historical API takes 4.
#define QUERY_PARAMETERS_MAX 16
// Labels of one label set: no metric has more than resource_id and three others.
#define QUERY_LABELS_MAX 8
// Longer ones are refused: each object of a list costs a pass.
#define SELECTOR_BYTES_MAX 4096

// Answers of the page and the API; what is cut is said in the answer.

// A day at 15 s is 5,760 points: a week. Beyond, coarser tiers are read.
#define HISTORICAL_FINE_POINTS_MAX 40320
// Of one answer, or of one metric of several: a year of ten minutes.
#define HISTORICAL_POINTS_MAX 60000
// Of one entity in one answer: the page's charts of a node need fewer.
#define HISTORICAL_METRICS_MAX 40
// Failing nodes that are listed; `truncated` says when there are more.
#define APPLIANCE_FAILING_MAX 200
// What is listed of the last hour at most; the answer says when there is more.
#define PAGE_CHANGES_MAX 200
// Events that are kept, and those of one answer, newest first.
#define EVENTS_KEPT_MAX 1000
#define PAGE_EVENTS_MAX EVENTS_KEPT_MAX
// Rows of each table on /plain, which is one page without script.
#define SUMMARY_NODES_MAX 200
#define SUMMARY_NAMESPACES_MAX 200
#define SUMMARY_PODS_MAX 200
// Metrics of applications in /metrics/cluster: each costs two passes over the table.
#define CLUSTER_EXTRA_FAMILIES_MAX 256

// Answers of API servers, kubelets and sinks; beyond it a transfer fails and is counted.

// An answer of a kubelet; of 500 pods with 2 containers it is 1.6 MB.
#define SCRAPE_BYTES_MAX (32 * 1024 * 1024)
// Requests through one API server's proxy at once: few connections, and it has
// other work.
#define SCRAPE_PROXY_FLIGHTS_MAX 8
// Addresses that are kept of one node; real ones have two to four.
#define TARGET_ADDRESSES_MAX 6
// Objects of one page of a list: lists that expire in the middle are asked for again in
// larger pages, up to this.
#define LIST_WATCH_LIMIT_MAX 8000
// Requests under way in one process: their places fit into 12 bits.
#define FETCH_TRANSFERS_MAX 4095
// Header bytes of one answer that are read; servers here send below 1 KB.
#define FETCH_HEAD_BYTES_MAX (32 * 1024)
// What is kept of a sink's answer: enough for its reason.
#define SINK_ANSWER_BYTES_MAX 4096
// Answers larger than this are not Kafka's.
#define KAFKA_ANSWER_BYTES_MAX (INT32_C(16) << 20)

// This machine as a source.

// What is read of one file at most: a mountinfo of 5,000 mounts has 1.5 MiB.
#define HOST_FILE_TOTAL_BYTES_MAX (4 * 1024 * 1024)
// Names that are looked at in one directory: cgroups of a machine at its limit of pods.
#define HOST_DIR_NAMES_MAX 20000
// The deepest known place of a container is a user's: 8 below the top.
#define CGROUP_DEPTH_MAX 12

// Labelled values of one set; more are counted and left out.
#define SET_LABELLED_MAX 512

#endif
