// Scratch memory that all decoders of a process share.
//
// An element is decoded in one go, so one space serves any number of streams:
// what is in it lives until the callback that got it returns. Taken once from
// the arena and passed to every decoder's x_init().
#ifndef SKERRY_PARSE_DECODE_SPACE_H
#define SKERRY_PARSE_DECODE_SPACE_H

#include "base/arena.h"
#include "base/times.h"
#include "limits.h"
#include "model/object.h"
#include "model/observation.h"

// Texts after their escapes were decoded; never longer than the element.
#define DECODE_TEXT_BYTES ELEMENT_BYTES_MAX

struct decode_space {
    // One of them at a time; not zeroed in between, for they are large.
    union {
        struct pod_seen pod_seen;
        struct node_seen node_seen;
        struct container_seen container_seen;
        struct pod_object pod;
        struct node_object node;
        struct namespace_object namespace_object;
        struct event_object event;
    } seen;
    char *texts;
    size_t texts_used;
    // Start of the hour that was met last, as "2026-11-22T17:".
    char hour[16];
    struct wall_ms hour_start;
};

size_t decode_space_footprint(void);
struct decode_space *decode_space_new(struct arena *arena);

// Room for text, given back by decode_space_reset(); NULL when there is none.
char *decode_space_take(struct decode_space *space, size_t size);
// Forgets the texts of the element before.
void decode_space_reset(struct decode_space *space);

// RFC 3339, as calendar_parse; quick when the hour is the one met last. All of
// 1970 is unknown (0): kubelets give it for what they never looked at.
int decode_space_time(struct decode_space *space, struct text text, struct wall_ms *time) MUST_USE;

#endif
