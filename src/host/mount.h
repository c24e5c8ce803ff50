// Mount points: one line of /proc/self/mountinfo, and the table of the file
// systems that are worth showing. Pure.
//
// Shown are file systems on local block devices and whatever lies at "/"; not
// pseudo file systems, images (squashfs, iso9660) and anything across a
// network, because statfs() of a dead server never returns. Bind mounts of
// one device are one row: the mount of the whole file system wins over that
// of a part, else the first. When the table is full, further ones are counted
// as dropped.
#ifndef SKERRY_HOST_MOUNT_H
#define SKERRY_HOST_MOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "limits.h"

// Format: Documentation/filesystems/proc.rst, 3.5. Views of the line; `root`,
// `point` and `source` still have the kernel's octal escapes.
struct mount_line {
    uint64_t device;     // major << 32 | minor
    struct text root;    // what of the file system is mounted
    struct text point;
    struct text type;
    struct text source;
    struct text super_options;
};

bool mount_line_parse(struct text line, struct mount_line *mount);
// Whether `options`, separated by commas, hold `option`.
bool mount_has_option(struct text options, struct text option);
// Undoes \040 and the like.
void mount_unescape(struct text escaped, struct out *out);

#define MOUNT_POINT_BYTES_MAX 256

struct mount_row {
    uint64_t device;
    bool whole;  // root is "/"
    uint32_t point_size;
    char point[MOUNT_POINT_BYTES_MAX];  // as the machine sees it
};

struct mount_table {
    uint32_t count;
    uint64_t dropped;  // since mount_table_clear: table or name too small
    struct mount_row rows[NODE_FILESYSTEMS_MAX];
};

void mount_table_clear(struct mount_table *table);
// `point` is what mount->point is for people, without escapes.
void mount_table_add(struct mount_table *table, const struct mount_line *mount,
                     struct text point);
// "/" goes to the front.
void mount_table_order(struct mount_table *table);
struct text mount_point(const struct mount_row *row);

#endif
