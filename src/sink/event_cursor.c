#include "sink/event_cursor.h"

#include <string.h>

#include "base/hash.h"

#define EVENT_CURSOR_MAGIC UINT64_C(0x736b657265766331)  // "skerevc1"
// Each write is two syncs.
#define STORE_MS 1000
#define STORE_AGAIN_MS 5000

#define FILE_BYTES offsetof(struct event_cursor_file, beyond)
_Static_assert(FILE_BYTES == 56 + 8 * EVENT_CURSOR_KNOWN, "the file's layout");

static uint64_t
checksum_of(const struct event_position *at)
{
    static const struct hash_key key = {0x6576656e742d6375, 0x72736f722d73756d};
    return hash_bytes(key, at, sizeof *at);
}

void
event_cursor_init(struct event_cursor *cursor, const struct platform *platform, const char *path)
{
    *cursor = (struct event_cursor){.platform = platform};
    struct out out = out_of(cursor->path, sizeof cursor->path);
    out_string(&out, path);
    (void)out_c_string(&out);
    ASSERT(!out.full);
}

static bool
is_sound(const struct event_cursor_file *file, size_t size)
{
    return size == FILE_BYTES && file->magic == EVENT_CURSOR_MAGIC &&
           file->checksum == checksum_of(&file->at) &&
           file->at.known_count <= EVENT_CURSOR_KNOWN && file->at.known_next < EVENT_CURSOR_KNOWN;
}

int
event_cursor_load(struct event_cursor *cursor)
{
    struct text content;
    struct event_cursor_file *file = &cursor->file;
    int error = platform_read_file(cursor->platform, cursor->path, (char *)file, sizeof *file,
                                   &content);
    if (error == -ERR_TOO_LARGE || (error == 0 && !is_sound(file, content.size))) {
        error = -ERR_MALFORMED;
    }
    if (error != 0) {
        memset(file, 0, sizeof *file);
    }
    return error;
}

int
event_cursor_store(struct event_cursor *cursor, struct mono_ns now, bool at_once)
{
    if (!cursor->changed || (!at_once && mono_before(now, cursor->store_after))) {
        return 0;
    }
    struct event_cursor_file *file = &cursor->file;
    file->magic = EVENT_CURSOR_MAGIC;
    file->checksum = checksum_of(&file->at);
    int error = platform_replace_file(cursor->platform, cursor->path, file, FILE_BYTES, 0644);
    cursor->store_after = mono_add_ms(now, error == 0 ? STORE_MS : STORE_AGAIN_MS);
    cursor->changed = error != 0;
    cursor->last_error = error;
    return error;
}

void
event_cursor_know(struct event_cursor *cursor, uint64_t hash)
{
    struct event_position *at = &cursor->file.at;
    at->known[at->known_next] = hash;
    at->known_next = (at->known_next + 1) % EVENT_CURSOR_KNOWN;
    at->known_count += at->known_count < EVENT_CURSOR_KNOWN;
    cursor->changed = true;
}

bool
event_cursor_knows(const struct event_cursor *cursor, uint64_t hash)
{
    for (uint32_t i = 0; i < cursor->file.at.known_count; i++) {
        if (cursor->file.at.known[i] == hash) {
            return true;
        }
    }
    return false;
}
