#include "fake_disk.h"

#include <stdlib.h>
#include <string.h>

#include "../test.h"

struct fake_name *
fake_disk_find_name(struct fake_name *names, const char *path)
{
    for (size_t i = 0; i < FAKE_NAMES_MAX; i++) {
        if (names[i].taken && strcmp(names[i].path, path) == 0) {
            return &names[i];
        }
    }
    return NULL;
}

void
fake_disk_set_name(struct fake_name *names, const char *path, unsigned node)
{
    struct fake_name *name = fake_disk_find_name(names, path);
    for (size_t i = 0; i < FAKE_NAMES_MAX && name == NULL; i++) {
        name = names[i].taken ? NULL : &names[i];
    }
    CHECK(name != NULL);
    CHECK(strlen(path) < FAKE_PATH_BYTES);
    name->taken = true;
    name->node = node;
    strcpy(name->path, path);
}

static void
unset_name(struct fake_name *names, const char *path)
{
    struct fake_name *name = fake_disk_find_name(names, path);
    if (name != NULL) {
        name->taken = false;
    }
}

static void
apply_step(struct fake_name *names, const struct fake_step *step)
{
    if (step->removes) {
        unset_name(names, step->from);
    }
    if (step->adds) {
        fake_disk_set_name(names, step->to, step->node);
    }
}

// The first `count` steps are on the disk now.
void
fake_disk_keep_steps(struct fake *fake, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        apply_step(fake->kept, &fake->steps[i]);
    }
    fake->step_count -= count;
    memmove(fake->steps, fake->steps + count, fake->step_count * sizeof fake->steps[0]);
}

// Does a change of names now, and for the disk some time.
void
fake_disk_take_step(struct fake *fake, const char *from, const char *to, unsigned node)
{
    if (fake->step_count == FAKE_STEPS_MAX) {
        fake_disk_keep_steps(fake, FAKE_STEPS_MAX / 2);
    }
    struct fake_step *step = &fake->steps[fake->step_count++];
    *step = (struct fake_step){.adds = to != NULL, .removes = from != NULL, .node = node};
    CHECK(from == NULL || strlen(from) < FAKE_PATH_BYTES);
    CHECK(to == NULL || strlen(to) < FAKE_PATH_BYTES);
    strcpy(step->from, from == NULL ? "" : from);
    strcpy(step->to, to == NULL ? "" : to);
    apply_step(fake->live, step);
}

static bool
is_used(const struct fake *fake, unsigned node)
{
    for (size_t i = 0; i < FAKE_NAMES_MAX; i++) {
        if ((fake->live[i].taken && fake->live[i].node == node) ||
            (fake->kept[i].taken && fake->kept[i].node == node)) {
            return true;
        }
    }
    for (size_t i = 0; i < FAKE_HANDLES_MAX; i++) {
        if (fake->handles[i].taken && fake->handles[i].node == node) {
            return true;
        }
    }
    for (size_t i = 0; i < fake->step_count; i++) {
        if (fake->steps[i].adds && fake->steps[i].node == node) {
            return true;
        }
    }
    return false;
}

void
fake_disk_free_node(struct fake_node *node)
{
    free(node->live);
    free(node->kept);
    free(node->dirty);
    *node = (struct fake_node){0};
}

void
fake_disk_free_unused(struct fake *fake)
{
    for (unsigned i = 0; i < FAKE_NODES_MAX; i++) {
        if (fake->nodes[i].taken && !is_used(fake, i)) {
            fake_disk_free_node(&fake->nodes[i]);
        }
    }
}

unsigned
fake_disk_new_node(struct fake *fake, enum platform_kind kind, unsigned mode)
{
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < FAKE_NODES_MAX; i++) {
            if (!fake->nodes[i].taken) {
                fake->nodes[i] = (struct fake_node){
                    .taken = true, .kind = kind, .mode = mode, .changed = fake->wall};
                return i;
            }
        }
        fake_disk_free_unused(fake);
    }
    test_fail(__FILE__, __LINE__, "more files than FAKE_NODES_MAX");
}

// Follows links; NULL if there is nothing, or a circle.
struct fake_name *
fake_disk_look_up(struct fake *fake, const char *path, bool follow)
{
    struct fake_name *name = fake_disk_find_name(fake->live, path);
    for (int links = 0; follow && name != NULL; links++) {
        struct fake_node *node = &fake->nodes[name->node];
        if (node->kind != PLATFORM_LINK) {
            return name;
        }
        name = links < 8 ? fake_disk_find_name(fake->live, (const char *)node->live) : NULL;
    }
    return name;
}

void
fake_disk_parent_of(const char *path, char parent[static FAKE_PATH_BYTES])
{
    const char *slash = strrchr(path, '/');
    CHECK(path[0] == '/' && strlen(path) < FAKE_PATH_BYTES);
    size_t size = slash == path ? 1 : (size_t)(slash - path);
    memcpy(parent, path, size);
    parent[size] = '\0';
}

bool
fake_disk_has_parent(struct fake *fake, const char *path)
{
    char parent[FAKE_PATH_BYTES];
    fake_disk_parent_of(path, parent);
    struct fake_name *name = fake_disk_look_up(fake, parent, true);
    return name != NULL && fake->nodes[name->node].kind == PLATFORM_DIRECTORY;
}

static uint64_t
blocks_of(uint64_t size)
{
    return (size + FAKE_BLOCK_BYTES - 1) / FAKE_BLOCK_BYTES;
}

static unsigned char *
grown(unsigned char *old, size_t had, size_t want)
{
    unsigned char *fresh = realloc(old, want);
    CHECK(fresh != NULL);
    memset(fresh + had, 0, want - had);
    return fresh;
}

static void
make_room(struct fake_node *node, uint64_t size)
{
    size_t want = (size_t)(blocks_of(size) + 1) * FAKE_BLOCK_BYTES;
    CHECK(size <= FAKE_FILE_BYTES_MAX);
    if (want > node->room) {
        want = want > 2 * node->room ? want : 2 * node->room;
        node->live = grown(node->live, node->room, want);
        node->kept = grown(node->kept, node->room, want);
        node->dirty = grown(node->dirty, node->room / FAKE_BLOCK_BYTES, want / FAKE_BLOCK_BYTES);
        node->room = want;
    }
}

uint64_t
fake_disk_use(const struct fake *fake)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < FAKE_NODES_MAX; i++) {
        sum += fake->nodes[i].taken ? fake->nodes[i].live_size : 0;
    }
    return sum;
}

static void
mark_dirty(struct fake_node *node, uint64_t from, uint64_t end)
{
    for (uint64_t block = from / FAKE_BLOCK_BYTES; block < blocks_of(end); block++) {
        node->dirty[block] = 1;
    }
}

void
fake_disk_set_size(struct fake_node *node, uint64_t size)
{
    make_room(node, size);
    if (size < node->live_size) {
        memset(node->live + size, 0, (size_t)(node->live_size - size));
        mark_dirty(node, size, node->live_size);
    }
    node->live_size = size;
}

void
fake_disk_put_bytes(struct fake *fake, struct fake_node *node, uint64_t at, const void *bytes,
                    size_t size)
{
    uint64_t end = at + size;
    make_room(node, end);
    if (size > 0) {
        memcpy(node->live + at, bytes, size);
    }
    mark_dirty(node, at, end);
    node->live_size = end > node->live_size ? end : node->live_size;
    node->changed = fake->wall;
}

void
fake_disk_keep_content(struct fake_node *node)
{
    if (node->room > 0) {
        memcpy(node->kept, node->live, node->room);
        memset(node->dirty, 0, node->room / FAKE_BLOCK_BYTES);
    }
    node->kept_size = node->live_size;
}

void
fake_disk_lose_content(struct fake_node *node, uint64_t *random)
{
    for (size_t block = 0; block < node->room / FAKE_BLOCK_BYTES; block++) {
        if (node->dirty[block] && test_random_below(random, 2) == 0) {
            size_t at = block * FAKE_BLOCK_BYTES;
            memcpy(node->kept + at, node->live + at, FAKE_BLOCK_BYTES);
        }
    }
    if (test_random_below(random, 2) == 0) {
        node->kept_size = node->live_size;
    }
    if (node->room > 0) {
        memset(node->kept + node->kept_size, 0, node->room - (size_t)node->kept_size);
        memcpy(node->live, node->kept, node->room);
        memset(node->dirty, 0, node->room / FAKE_BLOCK_BYTES);
    }
    node->live_size = node->kept_size;
}
