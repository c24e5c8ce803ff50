// Options of sinks that mean the same for every kind, and the credentials that
// come from files. Reading single values (sink_option_bool and others) is
// declared in sink.h.
//
//   user=, pw=, password=, passwordFile=      instead of USER:PASSWORD@
//   token=, tokenFile=
//   caCert=, cert=, key=                      PEM files (cacert= too, as Heapster's kafka)
//   insecuressl=BOOL                          certificates are not verified
//   gzip=BOOL                                 bodies of HTTP are compressed (true)
//   order=BOOL                                read by delivery: gaps before what is live
//
// Files are read once, at start; export begins again when one changes. Sentences never hold a value that may be
// secret.
#ifndef SKERRY_SINK_SINK_OPTION_H
#define SKERRY_SINK_SINK_OPTION_H

#include "limits.h"
#include "platform/platform.h"
#include "sink/sink.h"

// Fills user, password, token, the files' names, insecure and gzip from
// sink->uri.
int sink_option_common(struct sink *sink, const struct platform *platform,
                       struct out *why) MUST_USE;

// "a,b,,c": the next part that is not empty; false: there are no more.
bool sink_option_part(struct text *list, struct text *part);

#endif
