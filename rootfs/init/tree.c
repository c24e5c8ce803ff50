#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "say.h"

#define TEMPLATES "/usr/share/skerry/service"
#define PATH_BYTES 512
#define LIST_BYTES 4096
// Files below one directory that is removed: some tens are there.
#define REMOVALS_MAX 10000

// getdents64(2); opendir() would allocate.
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short size;
    unsigned char type;
    char name[];
};

struct list {
    int file;
    long used;
    long next;
    _Alignas(struct entry) char bytes[LIST_BYTES];
};

static bool
list_open(struct list *list, const char *path)
{
    list->used = 0;
    list->next = 0;
    list->file = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return list->file >= 0;
}

// NULL when there are no more.
static const struct entry *
list_next(struct list *list)
{
    const struct entry *entry;
    do {
        if (list->next >= list->used) {
            list->used = syscall(SYS_getdents64, list->file, list->bytes, sizeof list->bytes);
            list->next = 0;
        }
        if (list->used <= 0) {
            return NULL;
        }
        entry = (const struct entry *)(const void *)(list->bytes + list->next);
        list->next += entry->size;
    } while (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0);
    return entry;
}

static void
join(char path[PATH_BYTES], const char *directory, const char *name)
{
    int size = snprintf(path, PATH_BYTES, "%s/%s", directory, name);
    if (size < 0 || size >= PATH_BYTES) {
        end(END_SYSTEM, "a path below %.40s is too long", directory);
    }
}

// Goes down to the first thing that has nothing below it, and removes that.
static int
remove_one(const char *root, bool *was_root)
{
    struct list list;
    char path[PATH_BYTES];
    char below[PATH_BYTES];
    snprintf(path, sizeof path, "%s", root);
    while (list_open(&list, path)) {
        const struct entry *entry = list_next(&list);
        close(list.file);
        if (entry == NULL) {
            *was_root = strcmp(path, root) == 0;
            return rmdir(path);
        }
        join(below, path, entry->name);
        memcpy(path, below, sizeof path);
    }
    *was_root = strcmp(path, root) == 0;
    return unlink(path);
}

static void
remove_all(const char *root)
{
    struct stat status;
    // Even where nothing may be removed, what is not there is no trouble.
    bool was_root = lstat(root, &status) != 0;
    for (int i = 0; i < REMOVALS_MAX && !was_root; i++) {
        if (remove_one(root, &was_root) != 0 && errno != ENOENT) {
            end(END_CONFIG, "%s is left of a former life and cannot be removed: %s", root,
                strerror(errno));
        }
    }
}

static void
make_directory(const char *path, mode_t mode)
{
    if (mkdir(path, mode) != 0 || chmod(path, mode) != 0) {
        end(END_CONFIG, "%s cannot be made (%s): mount a tmpfs on /run that user %u may write to",
            path, strerror(errno), (unsigned)getuid());
    }
}

static bool
is_memory(const char *path)
{
    struct statfs status;
    return statfs(path, &status) == 0 &&
           (status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC);
}

// Others only get through: the roles' own users must.
static void
make_fresh(const char *path, const char *in_memory)
{
    remove_all(path);
    if (in_memory == NULL) {
        make_directory(path, 0711);
        return;
    }
    remove_all(in_memory);
    make_directory(in_memory, 0711);
    if (symlink(in_memory, path) != 0) {
        end(END_CONFIG, "%s cannot be made (%s): mount a tmpfs on /run", path, strerror(errno));
    }
}

void
tree_make(void)
{
    // A tmpfs takes the image's mode, which lets any user in; it need not stay so.
    int ignored = chmod("/run", 0755);
    (void)ignored;  // not ours
    bool memory = is_memory("/run");
    if (!memory && !is_memory("/dev/shm")) {
        end(END_CONFIG, "neither /run nor /dev/shm is a tmpfs: mount one on /run");
    }
    if (!memory) {
        say("/run is no tmpfs: /dev/shm is used instead");
    }
    make_fresh(TREE_RUN, memory ? NULL : "/dev/shm/skerry");
    make_fresh(TREE_SERVICE, memory ? NULL : "/dev/shm/skerry-service");
    make_directory(TREE_RUN "/log", 0755);
}

void
tree_share(void)
{
    if (chmod(TREE_RUN, 01777) != 0) {
        end_of_call("opening " TREE_RUN " to the roles");
    }
}

void
tree_add(const char *name)
{
    struct list list;
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    char source[PATH_BYTES];
    char target[PATH_BYTES];
    const struct entry *entry;
    join(from, TEMPLATES, name);
    join(to, TREE_SERVICE, name);
    if (!list_open(&list, from)) {
        end_of_call(from);
    }
    make_directory(to, 0755);
    while ((entry = list_next(&list)) != NULL) {
        join(source, from, entry->name);
        join(target, to, entry->name);
        if (symlink(source, target) != 0) {
            end_of_call(target);
        }
    }
    close(list.file);
    if (strcmp(name, "s6-svscan-log") == 0) {
        join(target, to, "fifo");
        if (mkfifo(target, 0600) != 0) {
            end_of_call(target);
        }
    }
}
