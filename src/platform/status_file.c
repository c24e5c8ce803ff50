#include "platform/status_file.h"

#include "base/hash.h"

#define READ_TRIES 8

// Against accidents, not against people: the key is no secret.
static const struct hash_key checksum_key = {0x7374617475732d66, 0x696c652d73756d31};

static uint64_t
checksum_of(const struct status_head *head, size_t size)
{
    ASSERT(size > sizeof(*head));
    return hash_bytes(checksum_key, (const char *)head + sizeof(*head), size - sizeof(*head));
}

int
status_file_write(const struct platform *platform, const char *path, uint64_t magic,
                  struct status_head *head, size_t size)
{
    int file;
    head->magic = magic;
    head->checksum = checksum_of(head, size);
    int error = platform_file_open(platform, path, PLATFORM_WRITE | PLATFORM_CREATE, 0644, &file);
    if (error != 0) {
        return error;
    }
    error = platform_file_write(platform, file, head, size, 0);
    platform_file_close(platform, file);
    return error;
}

static int
read_once(const struct platform *platform, const char *path, uint64_t magic,
          struct status_head *head, size_t size)
{
    int file;
    int error = platform_file_open(platform, path, PLATFORM_READ, 0, &file);
    if (error != 0) {
        return error;
    }
    int64_t got = platform_file_read(platform, file, head, size, 0);
    platform_file_close(platform, file);
    if (got < 0) {
        return (int)got;
    }
    if (got != (int64_t)size || head->magic != magic) {
        return -ERR_LAYOUT;
    }
    return head->checksum == checksum_of(head, size) ? 0 : -ERR_IO;
}

int
status_file_read(const struct platform *platform, const char *path, uint64_t magic,
                 struct status_head *head, size_t size)
{
    int error = -ERR_IO;
    for (unsigned i = 0; error == -ERR_IO && i < READ_TRIES; i++) {
        error = read_once(platform, path, magic, head, size);
    }
    return error;
}
