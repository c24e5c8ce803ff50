// What --sink says: one URI, in Heapster's syntax, taken apart.
//
//   influxdb:http://USER:PASSWORD@HOST:8086/PATH?db=k8s&...
//   riemann:HOST:5555?ttl=60        the scheme may be missing
//   kafka:?brokers=HOST:9092        and so may the host
//   log
//
// Pure: whether a kind exists and what its options mean is asked elsewhere
// (sink.h, sink_option.h). $VAR and ${VAR} are replaced through a callback
// before anything is taken apart, as Heapster does with the environment, so that
// a variable may hold any part of the URI; odd bytes in it must be escaped.
// User, password and the values of options are percent-decoded, in options "+"
// is a blank; the path stays as it is.
//
// `name` is for logs and pages: kind, scheme, host, port, path and those of the
// options that tell two sinks of one server apart. It never holds user, password
// or any option that is not on that list.
#ifndef SKERRY_SINK_SINK_URI_H
#define SKERRY_SINK_SINK_URI_H

#include "base/uri.h"
#include "limits.h"
#include "sink/sink.h"

// What sink_uri_parse takes of the space: the URI with its variables replaced,
// and the name.
#define SINK_URI_SPACE_BYTES (2 * SINK_URI_BYTES_MAX + 2 * (size_t)64)

// The texts of the result lie in `space`. -ERR_BAD_CONFIG with the sentence in
// `why`, which holds nothing of user, password or values. `variable` may be NULL:
// then a $ stays as it is.
int sink_uri_parse(struct text uri, uri_variable *variable, void *context, struct workspace *space,
                   struct sink_uri *result, struct out *why) MUST_USE;

// The path without slashes at its end: what requests of HTTP begin with.
struct text sink_uri_base(const struct sink_uri *uri);

#endif
