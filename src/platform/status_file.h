// A small file of one fixed struct that one process writes in place, often, and
// others read at any moment: no lock and no rename. The struct begins with a
// status_head; its checksum tells a torn read from a whole one, so that reading
// tries again a few times.
#ifndef SKERRY_PLATFORM_STATUS_FILE_H
#define SKERRY_PLATFORM_STATUS_FILE_H

#include "platform/platform.h"

struct status_head {
    uint64_t magic;
    uint64_t checksum;  // of all that follows
};

// Fills the head and writes `size` bytes from it.
int status_file_write(const struct platform *platform, const char *path, uint64_t magic,
                      struct status_head *head, size_t size) MUST_USE;

// -ERR_NO_FILE: nobody has written it. -ERR_LAYOUT: by another version.
// -ERR_IO: torn at every try.
int status_file_read(const struct platform *platform, const char *path, uint64_t magic,
                     struct status_head *head, size_t size) MUST_USE;

#endif
