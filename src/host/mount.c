#include "host/mount.h"

#include <string.h>

#include "base/check.h"
#include "host/word.h"

static bool
parse_device(struct text word, uint64_t *device)
{
    struct text major_text;
    struct text minor_text;
    uint64_t major;
    uint64_t minor;
    if (!text_cut(word, ':', &major_text, &minor_text) ||
        text_to_u64(major_text, &major) != 0 || text_to_u64(minor_text, &minor) != 0 ||
        major > UINT32_MAX || minor > UINT32_MAX) {
        return false;
    }
    *device = major << 32 | minor;
    return true;
}

bool
mount_line_parse(struct text line, struct mount_line *mount)
{
    // id parent major:minor root point options [optional...] - type source super
    struct text word;
    if (!word_skip(&line, 2) || !word_next(&line, &word) ||
        !parse_device(word, &mount->device) || !word_next(&line, &mount->root) ||
        !word_next(&line, &mount->point) || !word_skip(&line, 1)) {
        return false;
    }
    do {
        if (!word_next(&line, &word)) {
            return false;
        }
    } while (!text_equal(word, TEXT("-")));
    if (!word_next(&line, &mount->type) || !word_next(&line, &mount->source)) {
        return false;
    }
    (void)word_next(&line, &mount->super_options);
    return true;
}

bool
mount_has_option(struct text options, struct text option)
{
    struct text one;
    while (options.size > 0) {
        struct text all = options;
        (void)text_cut(all, ',', &one, &options);
        if (text_equal(one, option)) {
            return true;
        }
    }
    return false;
}

static bool
is_octal(struct text text, size_t from)
{
    if (text.size < 4 || from > text.size - 4 || text.at[from] != '\\') {
        return false;
    }
    char high = text.at[from + 1];
    if (high < '0' || high > '3') {
        return false;
    }
    for (size_t i = from + 2; i < from + 4; i++) {
        if (text.at[i] < '0' || text.at[i] > '7') {
            return false;
        }
    }
    return true;
}

void
mount_unescape(struct text escaped, struct out *out)
{
    for (size_t i = 0; i < escaped.size; i++) {
        if (!is_octal(escaped, i)) {
            out_byte(out, escaped.at[i]);
            continue;
        }
        int byte = (escaped.at[i + 1] - '0') << 6 | (escaped.at[i + 2] - '0') << 3 |
                   (escaped.at[i + 3] - '0');
        out_byte(out, (char)byte);
        i += 3;
    }
}

static bool
is_one_of(struct text text, const struct text *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(text, list[i])) {
            return true;
        }
    }
    return false;
}

// An image is always full, and no news.
static bool
is_image(struct text type)
{
    static const struct text images[] = {
        {"squashfs", 8}, {"iso9660", 7}, {"udf", 3}, {"cramfs", 6}, {"erofs", 5},
    };
    return is_one_of(type, images, ARRAY_COUNT(images));
}

// File systems that are local though their source is no device file.
static bool
is_local_pool(struct text type)
{
    static const struct text pools[] = {
        {"zfs", 3}, {"btrfs", 5}, {"bcachefs", 8}, {"ubifs", 5},
    };
    return is_one_of(type, pools, ARRAY_COUNT(pools));
}

// Files that a container runtime binds into every container.
static bool
is_runtime_file(struct text point)
{
    static const struct text files[] = {
        {"/etc/hosts", 10}, {"/etc/hostname", 13}, {"/etc/resolv.conf", 16},
        {"/dev/termination-log", 20},
    };
    return is_one_of(point, files, ARRAY_COUNT(files));
}

static bool
is_shown(const struct mount_line *mount, struct text point)
{
    if (text_equal(point, TEXT("/"))) {
        return true;
    }
    if (is_image(mount->type) || is_runtime_file(point)) {
        return false;
    }
    return text_starts(mount->source, TEXT("/dev/")) || is_local_pool(mount->type);
}

void
mount_table_clear(struct mount_table *table)
{
    table->count = 0;
    table->dropped = 0;
}

struct text
mount_point(const struct mount_row *row)
{
    return (struct text){row->point, row->point_size};
}

static void
set_row(struct mount_row *row, const struct mount_line *mount, struct text point)
{
    ASSERT(point.size <= sizeof row->point);
    row->device = mount->device;
    row->whole = text_equal(mount->root, TEXT("/"));
    row->point_size = (uint32_t)point.size;
    memcpy(row->point, point.at, point.size);
}

static void
remove_row(struct mount_table *table, uint32_t index)
{
    table->count--;
    if (index != table->count) {
        table->rows[index] = table->rows[table->count];
    }
}

// A later mount hides the earlier one at the same place.
static void
remove_point(struct mount_table *table, struct text point)
{
    for (uint32_t i = 0; i < table->count; i++) {
        if (text_equal(mount_point(&table->rows[i]), point)) {
            remove_row(table, i);
            return;
        }
    }
}

static struct mount_row *
find_device(struct mount_table *table, uint64_t device)
{
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->rows[i].device == device) {
            return &table->rows[i];
        }
    }
    return NULL;
}

static bool
is_better(const struct mount_line *mount, struct text point, const struct mount_row *row)
{
    bool whole = text_equal(mount->root, TEXT("/"));
    if (text_equal(point, TEXT("/"))) {
        return true;
    }
    return whole && !row->whole && !text_equal(mount_point(row), TEXT("/"));
}

void
mount_table_add(struct mount_table *table, const struct mount_line *mount,
                struct text point)
{
    remove_point(table, point);
    if (!is_shown(mount, point)) {
        return;
    }
    if (point.size > MOUNT_POINT_BYTES_MAX || !text_is_utf8(point)) {
        table->dropped++;
        return;
    }
    struct mount_row *row = find_device(table, mount->device);
    if (row != NULL) {
        if (is_better(mount, point, row)) {
            set_row(row, mount, point);
        }
    } else if (table->count < ARRAY_COUNT(table->rows)) {
        set_row(&table->rows[table->count], mount, point);
        table->count++;
    } else {
        table->dropped++;
    }
}

void
mount_table_order(struct mount_table *table)
{
    for (uint32_t i = 1; i < table->count; i++) {
        if (text_equal(mount_point(&table->rows[i]), TEXT("/"))) {
            struct mount_row first = table->rows[0];
            table->rows[0] = table->rows[i];
            table->rows[i] = first;
            return;
        }
    }
}
