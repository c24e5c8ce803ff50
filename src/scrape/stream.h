// The decoders that answers are read with: few, lent to one answer each.
//
// An answer waits (its transfer is paused) while none is free. Answers that
// come slowly must not keep the others waiting: a node that was slow the last
// time gets one only while more than three quarters are free, and stream_slowest
// tells which holder to give up.
#ifndef SKERRY_SCRAPE_STREAM_H
#define SKERRY_SCRAPE_STREAM_H

#include "base/arena.h"
#include "parse/cadvisor.h"
#include "parse/decode_space.h"
#include "parse/decoder.h"
#include "parse/resource.h"
#include "parse/summary.h"
#include "scrape/endpoint.h"

#define STREAM_NONE UINT32_MAX

struct stream {
    bool used;
    uint32_t holder;     // the caller's number
    struct mono_ns since;
    struct decoder decoder;
    struct summary summary;
    struct resource resource;
    struct cadvisor cadvisor;
};

struct streams {
    uint32_t kubelet_count;  // streams for kubelets come first
    uint32_t count;
    uint32_t used;           // of those for kubelets
    uint32_t peak;
    struct stream *stream;
};

// `cadvisors`: answers of stand-alone cAdvisors decoded at once.
size_t streams_footprint(uint32_t kubelets, uint32_t cadvisors);
void streams_init(struct streams *streams, struct arena *arena, uint32_t kubelets,
                  uint32_t cadvisors, struct decode_space *space);

// Lends a decoder that is begun; STREAM_NONE when none is free.
uint32_t stream_lease(struct streams *streams, enum scrape_format format, uint32_t holder,
                      bool slow, struct observer observer, struct text node_name,
                      struct mono_ns now, struct wall_ms wall);
void stream_return(struct streams *streams, uint32_t index);

// Who has held a decoder longest, and since when; STREAM_NONE if nobody.
uint32_t stream_slowest(const struct streams *streams, struct mono_ns *since);

#endif
