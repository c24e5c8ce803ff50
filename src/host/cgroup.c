#include "host/cgroup.h"

#include <string.h>

#include "base/check.h"

// A pod's container under systemd has a path of 200 bytes.
#define PATH_BYTES_PLANNED 200
#define PATH_BYTES_MAX 512

void
cgroup_mounts_clear(struct cgroup_mounts *mounts)
{
    for (size_t i = 0; i < CGROUP_HIERARCHY_COUNT; i++) {
        mounts->rows[i].size = 0;
        mounts->rows[i].whole = false;
    }
}

static void
set_mount(struct cgroup_mounts *mounts, enum cgroup_hierarchy hierarchy,
          struct text point, bool whole)
{
    bool known = mounts->rows[hierarchy].size > 0;
    bool better = whole && !mounts->rows[hierarchy].whole;
    if (point.size == 0 || point.size > CGROUP_MOUNT_BYTES_MAX || (known && !better)) {
        return;
    }
    memcpy(mounts->rows[hierarchy].at, point.at, point.size);
    mounts->rows[hierarchy].size = (uint32_t)point.size;
    mounts->rows[hierarchy].whole = whole;
}

void
cgroup_mount(struct cgroup_mounts *mounts, const struct mount_line *mount,
             struct text point)
{
    static const struct text options[CGROUP_HIERARCHY_COUNT] = {
        [CGROUP_CPU] = {"cpu", 3},         [CGROUP_CPUACCT] = {"cpuacct", 7},
        [CGROUP_MEMORY] = {"memory", 6},   [CGROUP_BLKIO] = {"blkio", 5},
        [CGROUP_PIDS] = {"pids", 4},       [CGROUP_SYSTEMD] = {"name=systemd", 12},
    };
    bool whole = text_equal(mount->root, TEXT("/"));
    if (text_equal(mount->type, TEXT("cgroup2"))) {
        set_mount(mounts, CGROUP_UNIFIED, point, whole);
        return;
    }
    if (!text_equal(mount->type, TEXT("cgroup"))) {
        return;
    }
    for (unsigned i = 0; i < CGROUP_UNIFIED; i++) {
        if (mount_has_option(mount->super_options, options[i])) {
            set_mount(mounts, (enum cgroup_hierarchy)i, point, whole);
        }
    }
}

struct text
cgroup_mount_point(const struct cgroup_mounts *mounts, enum cgroup_hierarchy hierarchy)
{
    return (struct text){mounts->rows[hierarchy].at, mounts->rows[hierarchy].size};
}

enum cgroup_hierarchy
cgroup_where(const struct cgroup_mounts *mounts, enum cgroup_hierarchy hierarchy)
{
    return mounts->rows[hierarchy].size > 0 ? hierarchy : CGROUP_UNIFIED;
}

// The hierarchy in which the most things have a directory.
static struct text
mount_to_walk(const struct cgroup_mounts *mounts)
{
    static const enum cgroup_hierarchy order[] = {
        CGROUP_MEMORY, CGROUP_UNIFIED, CGROUP_SYSTEMD, CGROUP_CPUACCT, CGROUP_PIDS,
    };
    for (size_t i = 0; i < ARRAY_COUNT(order); i++) {
        if (mounts->rows[order[i]].size > 0) {
            return cgroup_mount_point(mounts, order[i]);
        }
    }
    return TEXT("");
}

size_t
cgroup_walk_footprint(uint32_t limit)
{
    return arena_bytes(limit * sizeof(struct cgroup_entry)) +
           arena_bytes((size_t)limit * PATH_BYTES_PLANNED);
}

void
cgroup_walk_init(struct cgroup_walk *walk, struct arena *arena, uint32_t limit)
{
    ASSERT(limit > 0);
    size_t text_bytes = (size_t)limit * PATH_BYTES_PLANNED;
    *walk = (struct cgroup_walk){.limit = limit};
    walk->entries = arena_take_array(arena, limit, sizeof(struct cgroup_entry));
    walk->text = out_of(arena_take(arena, text_bytes), text_bytes);
}

struct text
cgroup_path(const struct cgroup_walk *walk, const struct cgroup_entry *entry)
{
    return (struct text){walk->text.at + entry->path_at, entry->path_size};
}

struct cgroup_name
cgroup_entry_name(const struct cgroup_walk *walk, const struct cgroup_entry *entry)
{
    return (struct cgroup_name){
        .kind = (enum cgroup_kind)entry->kind,
        .runtime = (enum cgroup_runtime)entry->runtime,
        .id = text_sub(cgroup_path(walk, entry), entry->id_at, entry->id_size),
    };
}

static struct text
last_part(struct text path)
{
    size_t start = path.size;
    while (start > 0 && path.at[start - 1] != '/') {
        start--;
    }
    return text_sub(path, start, SIZE_MAX);
}

static struct cgroup_place
place_below(const struct cgroup_walk *walk)
{
    if (walk->current == CGROUP_NONE) {
        return (struct cgroup_place){.parent = TEXT(""), .within = CGROUP_INNER, .top = true};
    }
    const struct cgroup_entry *parent = &walk->entries[walk->current];
    return (struct cgroup_place){
        .parent = last_part(cgroup_path(walk, parent)),
        .within = (enum cgroup_kind)parent->within,
    };
}

// Marks everything above a container.
static void
mark_above(struct cgroup_walk *walk, uint32_t index)
{
    while (index != CGROUP_NONE && !walk->entries[index].holds) {
        walk->entries[index].holds = true;
        index = walk->entries[index].parent;
    }
}

// Writes parent's path, a slash and the name behind all other paths.
static bool
write_path(struct cgroup_walk *walk, struct text name, struct cgroup_entry *entry)
{
    struct text above = TEXT("");
    if (walk->current != CGROUP_NONE) {
        above = cgroup_path(walk, &walk->entries[walk->current]);
    }
    size_t size = above.size + 1 + name.size;
    if (size > PATH_BYTES_MAX || size > walk->text.size - walk->text.used) {
        return false;
    }
    entry->path_at = (uint32_t)walk->text.used;
    entry->path_size = (uint32_t)size;
    out_text(&walk->text, above);
    out_byte(&walk->text, '/');
    out_text(&walk->text, name);
    return true;
}

// A directory's age, and whether there is anything below it: cgroup file systems
// count directories in the links.
static bool
look_at(struct cgroup_walk *walk, struct text name, struct cgroup_entry *entry)
{
    struct platform_status status;
    if (host_dir_status(walk->files, name, &status) != 0) {
        return false;
    }
    entry->inode = status.inode;
    entry->modified = status.changed;
    entry->bare = status.links == 2;
    return true;
}

static void
take_name(void *context, struct text name, bool is_dir)
{
    struct cgroup_walk *walk = context;
    if (!is_dir) {
        return;
    }
    struct cgroup_place place = place_below(walk);
    struct cgroup_name found = cgroup_name_of(place, name);
    if (found.kind == CGROUP_NOTHING) {
        return;
    }
    struct cgroup_entry entry = {
        .parent = walk->current,
        .kind = (uint8_t)found.kind,
        .within = (uint8_t)(found.kind == CGROUP_INNER ? place.within : found.kind),
        .runtime = (uint8_t)found.runtime,
        .depth = place.top ? 1 : (uint8_t)(walk->entries[walk->current].depth + 1),
    };
    if (walk->count == walk->limit || !write_path(walk, name, &entry)) {
        walk->refused++;
        return;
    }
    if (!look_at(walk, name, &entry)) {
        walk->text.used = entry.path_at;
        return;
    }
    entry.id_at = (uint16_t)(entry.path_size - name.size + (size_t)(found.id.at - name.at));
    entry.id_size = (uint16_t)found.id.size;
    walk->entries[walk->count] = entry;
    walk->count++;
    if (found.kind == CGROUP_CONTAINER) {
        mark_above(walk, walk->current);
    }
}

static bool
is_leaf(const struct cgroup_entry *entry)
{
    return entry->bare || entry->kind == CGROUP_CONTAINER || entry->kind == CGROUP_MACHINE;
}

// Reads what is below the directory, if there is anything.
static void
visit(struct cgroup_walk *walk, uint32_t index)
{
    struct cgroup_entry *entry = &walk->entries[index];
    char dir_bytes[CGROUP_MOUNT_BYTES_MAX + PATH_BYTES_MAX];
    struct out dir = out_of(dir_bytes, sizeof dir_bytes);
    if (is_leaf(entry)) {
        return;
    }
    if (entry->depth == CGROUP_DEPTH_MAX) {
        walk->too_deep++;
        return;
    }
    out_text(&dir, walk->mount);
    out_text(&dir, cgroup_path(walk, entry));
    walk->current = index;
    entry->first_below = walk->count;
    int error = host_dir_names(walk->files, out_view(&dir), take_name, walk);
    (void)error;  // counted there; a directory that has gone holds nothing
    entry->below_count = walk->count - entry->first_below;
}

int
cgroup_walk_run(struct cgroup_walk *walk, struct host_files *files,
                const struct cgroup_mounts *mounts)
{
    walk->count = 0;
    walk->text.used = 0;
    walk->text.full = false;
    walk->files = files;
    walk->mount = mount_to_walk(mounts);
    if (walk->mount.size == 0) {
        return -ERR_UNSUPPORTED;
    }
    walk->current = CGROUP_NONE;
    int error = host_dir_names(files, walk->mount, take_name, walk);
    for (uint32_t i = 0; i < walk->count; i++) {
        visit(walk, i);
    }
    return error;
}

bool
cgroup_is_in_pod(const struct cgroup_walk *walk, const struct cgroup_entry *entry)
{
    return entry->parent != CGROUP_NONE &&
           walk->entries[entry->parent].kind == CGROUP_POD;
}

bool
cgroup_is_shown(const struct cgroup_walk *walk, const struct cgroup_entry *entry)
{
    switch ((enum cgroup_kind)entry->kind) {
    case CGROUP_CONTAINER:
        return !cgroup_is_in_pod(walk, entry);
    case CGROUP_SERVICE:
    case CGROUP_GROUP:
        return !entry->holds;
    case CGROUP_MACHINE:
    case CGROUP_PODS:
    case CGROUP_USERS:
        return true;
    default:
        return false;
    }
}
