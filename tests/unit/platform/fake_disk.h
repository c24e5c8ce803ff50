// The lower half of the fake machine: nodes, names and content, each with what
// programs see (live) and what a power cut leaves (kept). Only for fake.c.
#ifndef SKERRY_TESTS_UNIT_PLATFORM_FAKE_DISK_H
#define SKERRY_TESTS_UNIT_PLATFORM_FAKE_DISK_H

#include "fake.h"

struct fake_name *fake_disk_find_name(struct fake_name *names, const char *path);
void fake_disk_set_name(struct fake_name *names, const char *path, unsigned node);
// Follows links; NULL if there is nothing, or a circle.
struct fake_name *fake_disk_look_up(struct fake *fake, const char *path, bool follow);
void fake_disk_parent_of(const char *path, char parent[static FAKE_PATH_BYTES]);
bool fake_disk_has_parent(struct fake *fake, const char *path);

// Does a change of names now, and for the disk some time. Either may be NULL.
void fake_disk_take_step(struct fake *fake, const char *from, const char *to, unsigned node);
// The first `count` steps are on the disk now.
void fake_disk_keep_steps(struct fake *fake, size_t count);

unsigned fake_disk_new_node(struct fake *fake, enum platform_kind kind, unsigned mode);
void fake_disk_free_node(struct fake_node *node);
void fake_disk_free_unused(struct fake *fake);

uint64_t fake_disk_use(const struct fake *fake);
void fake_disk_set_size(struct fake_node *node, uint64_t size);
void fake_disk_put_bytes(struct fake *fake, struct fake_node *node, uint64_t at, const void *bytes,
                         size_t size);
void fake_disk_keep_content(struct fake_node *node);
void fake_disk_lose_content(struct fake_node *node, uint64_t *random);

#endif
