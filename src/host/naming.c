#include "host/naming.h"

#include "base/check.h"

size_t
naming_footprint(uint32_t limit)
{
    return container_names_footprint(limit) + container_lookup_footprint();
}

void
naming_init(struct naming *naming, struct arena *arena, struct host_files *files,
            const struct cgroup_walk *walk, struct hash_key key)
{
    naming->walk = walk;
    container_names_init(&naming->names, arena, walk->limit, key);
    container_lookup_init(&naming->lookup, arena, files, &naming->names);
}

static const struct cgroup_entry *
entry_at(const struct naming *naming, uint32_t index)
{
    ASSERT(index < naming->walk->count);
    return &naming->walk->entries[index];
}

// What the cache knows an entry by: a container by its id, wherever it is; a
// pod by its UID; the others by their path.
static struct container_name *
enter_name(struct naming *naming, const struct cgroup_entry *entry)
{
    char bytes[UID_BYTES_MAX];
    struct out uid = out_of(bytes, sizeof bytes);
    struct cgroup_name name = cgroup_entry_name(naming->walk, entry);
    struct text key = cgroup_path(naming->walk, entry);
    if (name.kind == CGROUP_CONTAINER) {
        key = name.id;
    } else if (name.kind == CGROUP_POD && cgroup_pod_uid(name.id, &uid)) {
        key = out_view(&uid);
    }
    return container_names_enter(&naming->names, key);
}

static bool
is_wanted(const struct naming *naming, const struct cgroup_entry *entry)
{
    return entry->kind == CGROUP_POD || entry->kind == CGROUP_CONTAINER ||
           cgroup_is_shown(naming->walk, entry);
}

// A unit or group is named by its directory.
static bool
name_by_directory(struct naming *naming, const struct cgroup_entry *entry,
                  struct container_name *name)
{
    char bytes[NAME_BYTES_MAX];
    struct out readable = out_of(bytes, sizeof bytes);
    struct cgroup_name found = cgroup_entry_name(naming->walk, entry);
    cgroup_readable(found, &readable);
    struct container_words words = {
        .container = found.kind == CGROUP_PODS ? TEXT("pods") : out_view(&readable)};
    return container_name_set(name, &words);
}

// First look at an entry; true while a list might still name it.
static bool
name_entry(struct naming *naming, const struct cgroup_entry *entry, struct wall_ms now)
{
    struct container_name *name = enter_name(naming, entry);
    if (name == NULL) {
        return false;
    }
    container_name_started(name, entry->inode, entry->modified, now);
    if (!container_name_is_due(&naming->names, name)) {
        return false;
    }
    struct cgroup_name found = cgroup_entry_name(naming->walk, entry);
    if (found.kind == CGROUP_POD) {
        return true;
    }
    if (found.kind == CGROUP_CONTAINER) {
        return !container_lookup_files(&naming->lookup, found.id, found.runtime, name);
    }
    if (!name_by_directory(naming, entry, name)) {
        container_name_missed(&naming->names, name, -ERR_BAD_UTF8);
    }
    return false;
}

// A pod goes by what its containers say when its log directory is not there.
static void
name_pod_by_container(struct naming *naming, const struct cgroup_entry *entry)
{
    struct container_name *pod = enter_name(naming, entry);
    for (uint32_t i = 0; pod != NULL && i < entry->below_count; i++) {
        struct container_name *below =
            enter_name(naming, entry_at(naming, entry->first_below + i));
        if (pod->naming != NAMING_UNKNOWN || below == NULL ||
            below->naming == NAMING_UNKNOWN) {
            continue;
        }
        struct container_words words = container_name_words(below);
        words.container = (struct text){0};
        words.image = (struct text){0};
        words.sandbox = false;
        (void)container_name_set(pod, &words);
    }
}

static void
note_missed(struct naming *naming, const struct cgroup_entry *entry)
{
    struct container_name *name = enter_name(naming, entry);
    if (name != NULL && container_name_is_due(&naming->names, name)) {
        int error = naming->lookup.error != 0 ? naming->lookup.error : -ERR_MISSING;
        container_name_missed(&naming->names, name, error);
    }
}

void
naming_run(struct naming *naming, struct wall_ms now)
{
    bool lists = false;
    container_names_begin(&naming->names);
    for (uint32_t i = 0; i < naming->walk->count; i++) {
        const struct cgroup_entry *entry = entry_at(naming, i);
        if (is_wanted(naming, entry)) {
            lists = name_entry(naming, entry, now) || lists;
        }
    }
    if (!lists) {
        return;
    }
    container_lookup_lists(&naming->lookup);
    for (uint32_t i = 0; i < naming->walk->count; i++) {
        const struct cgroup_entry *entry = entry_at(naming, i);
        if (entry->kind == CGROUP_POD) {
            name_pod_by_container(naming, entry);
        }
        if (entry->kind == CGROUP_POD || entry->kind == CGROUP_CONTAINER) {
            note_missed(naming, entry);
        }
    }
}

struct container_name *
naming_of(struct naming *naming, const struct cgroup_entry *entry)
{
    return is_wanted(naming, entry) ? enter_name(naming, entry) : NULL;
}
