#include "scrape/stream.h"

#include "base/check.h"

static size_t
larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t
streams_footprint(uint32_t kubelets, uint32_t cadvisors)
{
    return arena_bytes((kubelets + cadvisors) * sizeof(struct stream))
           + kubelets * larger(summary_footprint(), resource_footprint())
           + cadvisors * cadvisor_footprint();
}

// An answer is of one format: both decoders work in the same memory, which
// neither trusts after the other.
static void
init_kubelet(struct stream *stream, struct arena *arena, struct decode_space *space)
{
    struct arena of_summary = *arena;
    struct arena of_resource = *arena;
    summary_init(&stream->summary, &of_summary, space);
    resource_init(&stream->resource, &of_resource, space);
    arena->used = larger(of_summary.used, of_resource.used);
}

void
streams_init(struct streams *streams, struct arena *arena, uint32_t kubelets,
             uint32_t cadvisors, struct decode_space *space)
{
    *streams = (struct streams){.kubelet_count = kubelets, .count = kubelets + cadvisors};
    streams->stream = arena_take_array(arena, streams->count, sizeof(*streams->stream));
    for (uint32_t i = 0; i < kubelets; i++) {
        init_kubelet(&streams->stream[i], arena, space);
    }
    for (uint32_t i = kubelets; i < streams->count; i++) {
        cadvisor_init(&streams->stream[i].cadvisor, arena, space);
    }
}

static uint32_t
find_free(const struct streams *streams, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        if (!streams->stream[i].used) {
            return i;
        }
    }
    return STREAM_NONE;
}

static uint32_t
pick(struct streams *streams, enum scrape_format format, bool slow)
{
    if (format == FORMAT_CADVISOR) {
        return find_free(streams, streams->kubelet_count, streams->count);
    }
    if (slow && streams->used > streams->kubelet_count / 4) {
        return STREAM_NONE;
    }
    uint32_t index = find_free(streams, 0, streams->kubelet_count);
    if (index != STREAM_NONE && ++streams->used > streams->peak) {
        streams->peak = streams->used;
    }
    return index;
}

static void
begin(struct stream *stream, enum scrape_format format, struct observer observer,
      struct text node_name, struct wall_ms wall)
{
    switch (format) {
    case FORMAT_SUMMARY:
        summary_begin(&stream->summary, observer);
        stream->decoder = summary_decoder(&stream->summary);
        break;
    case FORMAT_RESOURCE:
        resource_begin(&stream->resource, observer, wall);
        stream->decoder = resource_decoder(&stream->resource);
        break;
    case FORMAT_CADVISOR:
        cadvisor_begin(&stream->cadvisor, observer, node_name);
        stream->decoder = cadvisor_decoder(&stream->cadvisor);
        break;
    }
}

uint32_t
stream_lease(struct streams *streams, enum scrape_format format, uint32_t holder, bool slow,
             struct observer observer, struct text node_name, struct mono_ns now,
             struct wall_ms wall)
{
    uint32_t index = pick(streams, format, slow);
    if (index == STREAM_NONE) {
        return STREAM_NONE;
    }
    struct stream *stream = &streams->stream[index];
    stream->used = true;
    stream->holder = holder;
    stream->since = now;
    begin(stream, format, observer, node_name, wall);
    return index;
}

void
stream_return(struct streams *streams, uint32_t index)
{
    ASSERT(index < streams->count);
    struct stream *stream = &streams->stream[index];
    ASSERT(stream->used);
    stream->used = false;
    if (index < streams->kubelet_count) {
        streams->used--;
    }
}

uint32_t
stream_slowest(const struct streams *streams, struct mono_ns *since)
{
    uint32_t holder = STREAM_NONE;
    for (uint32_t i = 0; i < streams->kubelet_count; i++) {
        const struct stream *stream = &streams->stream[i];
        if (stream->used && (holder == STREAM_NONE || mono_before(stream->since, *since))) {
            holder = stream->holder;
            *since = stream->since;
        }
    }
    return holder;
}
