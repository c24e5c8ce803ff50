#include "platform/platform.h"

#define PATH_BYTES_MAX 1024

static int
read_to_end(const struct platform *platform, int file, char *buffer, size_t size, size_t *used)
{
    *used = 0;
    while (*used < size) {
        int64_t got =
            platform_file_read(platform, file, buffer + *used, size - *used, PLATFORM_STREAM);
        if (got <= 0) {
            return (int)got;
        }
        *used += (size_t)got;
    }
    char more;
    int64_t got = platform_file_read(platform, file, &more, 1, PLATFORM_STREAM);
    return got > 0 ? -ERR_TOO_LARGE : (int)got;
}

static int
read_and_close(const struct platform *platform, int file, char *buffer, size_t size,
               struct text *content)
{
    size_t used;
    int error = read_to_end(platform, file, buffer, size, &used);
    platform_file_close(platform, file);
    if (error == 0) {
        *content = (struct text){buffer, used};
    }
    return error;
}

int
platform_read_file(const struct platform *platform, const char *path, char *buffer, size_t size,
                   struct text *content)
{
    int file;
    int error = platform_file_open(platform, path, PLATFORM_READ, 0, &file);
    return error != 0 ? error : read_and_close(platform, file, buffer, size, content);
}

int
platform_read_file_at(const struct platform *platform, int dir, const char *name, char *buffer,
                      size_t size, struct text *content)
{
    int file;
    int error = platform_file_open_at(platform, dir, name, PLATFORM_READ, &file);
    return error != 0 ? error : read_and_close(platform, file, buffer, size, content);
}

static int
write_new(const struct platform *platform, const char *path, const void *bytes, size_t size,
          unsigned mode)
{
    int file;
    int error = platform_file_open(
        platform, path, PLATFORM_WRITE | PLATFORM_CREATE | PLATFORM_TRUNCATE | PLATFORM_NO_FOLLOW,
        mode, &file);
    if (error != 0) {
        return error;
    }
    error = platform_file_write(platform, file, bytes, size, PLATFORM_STREAM);
    if (error == 0) {
        error = platform_file_sync(platform, file);
    }
    platform_file_close(platform, file);
    return error;
}

static int
sync_directory_of(const struct platform *platform, const char *path)
{
    char buffer[PATH_BYTES_MAX];
    struct out parent = out_of(buffer, sizeof buffer);
    size_t slash = SIZE_MAX;
    for (size_t i = 0; path[i] != '\0'; i++) {
        slash = path[i] == '/' ? i : slash;
    }
    if (slash == SIZE_MAX) {
        out_byte(&parent, '.');
    } else {
        out_bytes(&parent, path, slash == 0 ? 1 : slash);
    }
    int file;
    int error = platform_file_open(platform, out_c_string(&parent), PLATFORM_READ, 0, &file);
    if (error != 0) {
        return error;
    }
    error = platform_file_sync(platform, file);
    platform_file_close(platform, file);
    return error;
}

int
platform_replace_file(const struct platform *platform, const char *path, const void *bytes,
                      size_t size, unsigned mode)
{
    char buffer[PATH_BYTES_MAX];
    struct out fresh = out_of(buffer, sizeof buffer);
    out_string(&fresh, path);
    out_string(&fresh, ".new");
    const char *name = out_c_string(&fresh);
    if (fresh.full) {
        return -ERR_TOO_LONG;
    }
    int error = write_new(platform, name, bytes, size, mode);
    if (error == 0) {
        error = platform_file_rename(platform, name, path);
    }
    if (error != 0) {
        // What is left over is not in the way: the next try empties it.
        int ignored = platform_file_remove(platform, name);
        (void)ignored;
        return error;
    }
    return sync_directory_of(platform, path);
}
