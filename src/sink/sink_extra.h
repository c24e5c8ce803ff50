// What people add to all that a sink sends: labels and headers, for kinds whose
// servers want tenants, keys and names of clusters.
//
//   cluster=NAME         the label that the kind calls the cluster by
//   label=KEY:VALUE      another one, several times
//   header=NAME:VALUE    of every request, several times; may hold secrets
#ifndef SKERRY_SINK_SINK_EXTRA_H
#define SKERRY_SINK_SINK_EXTRA_H

#include "sink/sink.h"

#define SINK_EXTRA_LABELS_MAX 12
// The rest of a request's headers is left to the kind.
#define SINK_EXTRA_HEADERS_MAX (SINK_HEADERS_MAX - 2)
// All headers of a request share the transport's room.
#define SINK_EXTRA_HEADER_BYTES_MAX 400

// For a kind's list of options.
#define SINK_EXTRA_OPTIONS "cluster", "label", "header"

struct sink_extra_label {
    struct text key;
    struct text value;  // UTF-8, not empty
};

struct sink_extra {
    unsigned label_count;
    struct sink_extra_label label[SINK_EXTRA_LABELS_MAX];
    unsigned header_count;
    struct text header[SINK_EXTRA_HEADERS_MAX];
};

// `is_key` says whether the kind takes a key as it is. -ERR_BAD_CONFIG with the
// sentence.
int sink_extra_read(struct sink *sink, const char *cluster_key, bool (*is_key)(struct text key),
                    struct sink_extra *extra, struct out *why) MUST_USE;
void sink_extra_add_headers(const struct sink_extra *extra, struct sink_request *request);

#endif
