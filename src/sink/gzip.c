#include "sink/gzip.h"

#include <string.h>

#include <zlib.h>

// 4 KB; 16 more mean the head and tail of gzip.
#define WINDOW_BITS (12 + 16)
#define MEMORY_LEVEL 4
#define LEVEL 3
// Of zlib 1.3: window and chains 4 << 12, tables and symbols below 12 KB, and its
// state of 6 KB; gzip_new asserts that it is enough.
#define SPACE_BYTES (48 * 1024)

struct gzip {
    z_stream stream;
    struct workspace space;
};

static voidpf
take(voidpf context, uInt count, uInt size)
{
    struct workspace *space = context;
    void *taken = workspace_take(space, (size_t)count * size);
    return taken == NULL ? Z_NULL : memset(taken, 0, (size_t)count * size);
}

static void
give(voidpf context, voidpf memory)
{
    (void)context;
    (void)memory;
}

size_t
gzip_footprint(void)
{
    return arena_bytes(sizeof(struct gzip)) + arena_bytes(SPACE_BYTES);
}

struct gzip *
gzip_new(struct arena *arena)
{
    struct gzip *gzip = arena_take(arena, sizeof *gzip);
    workspace_init(&gzip->space, arena, SPACE_BYTES);
    gzip->stream = (z_stream){.zalloc = take, .zfree = give, .opaque = &gzip->space};
    int result = deflateInit2(&gzip->stream, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
                              Z_DEFAULT_STRATEGY);
    ASSERT(result == Z_OK);
    return gzip;
}

int
gzip_pack(struct gzip *gzip, struct text body, void *room, size_t room_bytes,
          struct text *packed)
{
    z_stream *stream = &gzip->stream;
    union {
        const char *given;
        Bytef *in;  // zlib only reads it
    } bytes = {.given = body.at};
    deflateReset(stream);
    stream->next_in = bytes.in;
    stream->avail_in = (uInt)body.size;
    stream->next_out = room;
    stream->avail_out = (uInt)room_bytes;
    if (deflate(stream, Z_FINISH) != Z_STREAM_END) {
        return -ERR_TOO_LARGE;
    }
    *packed = (struct text){room, (size_t)stream->total_out};
    return 0;
}
