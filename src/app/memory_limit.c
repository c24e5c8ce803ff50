#include "app/memory_limit.h"

#include <string.h>

#define FILE_BYTES 4096
#define PATH_BYTES 512
// v1 shows "no limit" as the largest multiple of a page.
#define V1_NO_LIMIT (UINT64_C(1) << 62)

struct group {
    const char *mount;  // "/sys/fs/cgroup/memory"
    const char *limit;  // "memory.limit_in_bytes"
    const char *events; // file with an oom_kill line
};

static const struct group v2 = {"/sys/fs/cgroup", "memory.max", "memory.events"};
// Both hierarchies at once: v2 lies beside, without the memory controller.
static const struct group v1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                "memory.oom_control"};

static int
read_in(const struct platform *platform, const char *root, struct text directory,
        const char *name, char *buffer, struct text *content)
{
    char path_buffer[PATH_BYTES];
    struct out path = out_of(path_buffer, sizeof path_buffer);
    out_format(&path, "%s" TEXT_FORMAT "/%s", root, TEXT_ARGS(directory), name);
    const char *c_path = out_c_string(&path);
    return path.full ? -ERR_TOO_LONG
                     : platform_read_file(platform, c_path, buffer, FILE_BYTES, content);
}

// The value of the line that begins with `key` and a blank.
static bool
find_line(struct text content, struct text key, struct text *value)
{
    struct text rest = content;
    struct text line;
    while (rest.size > 0) {
        text_cut(rest, '\n', &line, &rest);
        if (text_starts(line, key)) {
            *value = text_trim(text_sub(line, key.size, SIZE_MAX));
            return true;
        }
    }
    return false;
}

// Of a line "4:memory:/path" or "0::/path": the path, if the line is of `group`.
static bool
is_of_group(struct text line, const struct group *group, struct text *path)
{
    struct text number;
    struct text rest;
    struct text controllers;
    if (!text_cut(line, ':', &number, &rest) || !text_cut(rest, ':', &controllers, path)) {
        return false;
    }
    if (group == &v2) {
        return controllers.size == 0;
    }
    while (controllers.size > 0) {
        struct text one;
        text_cut(controllers, ',', &one, &controllers);
        if (text_equal(one, TEXT("memory"))) {
            return true;
        }
    }
    return false;
}

// The directory of our own group into `directory`.
static bool
own_group(const struct platform *platform, const char *root, const struct group *group,
          struct out *directory)
{
    char buffer[FILE_BYTES];
    struct text rest;
    struct text line;
    struct text path;
    if (read_in(platform, root, TEXT("/proc/self"), "cgroup", buffer, &rest) != 0) {
        return false;
    }
    while (rest.size > 0) {
        text_cut(rest, '\n', &line, &rest);
        if (is_of_group(line, group, &path)) {
            out_string(directory, group->mount);
            out_text(directory, path);
            return !directory->full;
        }
    }
    return false;
}

// `directory` without its last part; false when the mount itself was reached.
static bool
to_parent(struct text *directory, const struct group *group)
{
    size_t least = strlen(group->mount);
    size_t end = directory->size;
    if (end <= least) {
        return false;
    }
    while (end > least && directory->at[end - 1] != '/') {
        end--;
    }
    *directory = text_sub(*directory, 0, end > least ? end - 1 : least);
    return true;
}

static uint64_t
limit_in(const struct platform *platform, const char *root, struct text directory,
         const struct group *group)
{
    char buffer[FILE_BYTES];
    struct text content;
    uint64_t bytes;
    if (read_in(platform, root, directory, group->limit, buffer, &content) != 0 ||
        text_to_u64(text_trim(content), &bytes) != 0 || bytes >= V1_NO_LIMIT) {
        return MEMORY_LIMIT_NONE;
    }
    return bytes;
}

static uint64_t
limit_of(const struct platform *platform, const char *root, const struct group *group)
{
    char buffer[PATH_BYTES];
    struct out own = out_of(buffer, sizeof buffer);
    uint64_t least = MEMORY_LIMIT_NONE;
    if (!own_group(platform, root, group, &own)) {
        return least;
    }
    struct text directory = out_view(&own);
    do {
        uint64_t bytes = limit_in(platform, root, directory, group);
        least = bytes < least ? bytes : least;
    } while (to_parent(&directory, group));
    return least;
}

uint64_t
memory_limit_cgroup(const struct platform *platform, const char *root)
{
    uint64_t one = limit_of(platform, root, &v1);
    uint64_t two = limit_of(platform, root, &v2);
    return one < two ? one : two;
}

uint64_t
memory_limit_machine(const struct platform *platform, const char *root)
{
    char buffer[FILE_BYTES];
    struct text content;
    struct text value;
    struct text number;
    struct text unit;
    uint64_t kib;
    if (read_in(platform, root, TEXT("/proc"), "meminfo", buffer, &content) != 0 ||
        !find_line(content, TEXT("MemTotal:"), &value) ||
        !text_cut(value, ' ', &number, &unit) || text_to_u64(number, &kib) != 0 ||
        kib > UINT64_MAX / 1024) {
        return MEMORY_LIMIT_NONE;
    }
    return kib * 1024;
}

static bool
kills_of(const struct platform *platform, const char *root, const struct group *group,
         uint64_t *total)
{
    char path[PATH_BYTES];
    char buffer[FILE_BYTES];
    struct out own = out_of(path, sizeof path);
    struct text content;
    struct text value;
    bool known = own_group(platform, root, group, &own);
    if (!known ||
        read_in(platform, root, out_view(&own), group->events, buffer, &content) != 0) {
        struct text mount = text_of(group->mount);
        known = read_in(platform, root, mount, group->events, buffer, &content) == 0;
    }
    return known && find_line(content, TEXT("oom_kill "), &value) &&
           text_to_u64(value, total) == 0;
}

uint64_t
memory_limit_oom_kill_total(const struct platform *platform, const char *root)
{
    uint64_t total = 0;
    if (kills_of(platform, root, &v1, &total) || kills_of(platform, root, &v2, &total)) {
        return total;
    }
    return 0;
}
