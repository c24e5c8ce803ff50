#include "fake.h"

#include <string.h>

#include "../test.h"
#include "fake_disk.h"

static const int own_errors[] = {
#define FAKE_OPERATION(id, error) error,
    FAKE_OPERATIONS(FAKE_OPERATION)
#undef FAKE_OPERATION
        ERR_IO,  // FAKE_CHANGE
};

// --- faults

static int
count_call(struct fake *fake, enum fake_operation operation)
{
    struct fake_fault *fault = &fake->fault;
    uint64_t call = ++fake->calls[operation];
    if (!fault->armed || fault->operation != operation || call < fault->nth ||
        (call > fault->nth && !fault->for_ever)) {
        return 0;
    }
    fake->faults_met++;
    return -(fault->error != 0 ? fault->error : own_errors[operation]);
}

static int
count_change(struct fake *fake, enum fake_operation operation)
{
    int error = count_call(fake, operation);
    int change_error = count_call(fake, FAKE_CHANGE);
    return error != 0 ? error : change_error;
}

void
fake_fail(struct fake *fake, enum fake_operation operation, uint64_t nth, bool for_ever, int error)
{
    memset(fake->calls, 0, sizeof fake->calls);
    fake->faults_met = 0;
    fake->fault = (struct fake_fault){true, operation, nth, for_ever, error};
}

void
fake_heal(struct fake *fake)
{
    fake->fault.armed = false;
}

bool
fake_sweep_next(struct fake_sweep *sweep)
{
    if (!sweep->started) {
        *sweep = (struct fake_sweep){.started = true, .nth = 1};
        return true;
    }
    if (sweep->met && !sweep->for_ever) {
        sweep->for_ever = true;
    } else if (sweep->met) {
        sweep->for_ever = false;
        sweep->nth++;
    } else {
        sweep->for_ever = false;
        sweep->nth = 1;
        sweep->operation++;
    }
    return sweep->operation < FAKE_OPERATION_COUNT;
}

void
fake_plan(struct fake *fake, const struct fake_sweep *sweep)
{
    fake_fail(fake, sweep->operation, sweep->nth, sweep->for_ever, 0);
}

void
fake_done(const struct fake *fake, struct fake_sweep *sweep)
{
    sweep->met = fake->faults_met > 0;
}

void
fake_power_cut(struct fake *fake)
{
    fake_disk_keep_steps(fake, (size_t)test_random_below(&fake->random, fake->step_count + 1));
    fake->step_count = 0;
    memcpy(fake->live, fake->kept, sizeof fake->live);
    memset(fake->handles, 0, sizeof fake->handles);
    for (size_t i = 0; i < FAKE_NODES_MAX; i++) {
        if (fake->nodes[i].taken) {
            fake_disk_lose_content(&fake->nodes[i], &fake->random);
        }
    }
    fake_disk_free_unused(fake);
    fake_heal(fake);
}

// --- the operations

static struct mono_ns
mono_now(void *state)
{
    return ((struct fake *)state)->mono;
}

static struct wall_ms
wall_now(void *state)
{
    return ((struct fake *)state)->wall;
}

static void
sleep_ms(void *state, int64_t ms)
{
    fake_advance(state, ms);
}

static int
random_bytes(void *state, void *bytes, size_t size)
{
    struct fake *fake = state;
    int error = count_call(fake, FAKE_RANDOM_BYTES);
    for (size_t i = 0; error == 0 && i < size; i++) {
        ((unsigned char *)bytes)[i] = (unsigned char)test_random(&fake->random);
    }
    return error;
}

static int
new_handle(struct fake *fake, const char *path, unsigned node, unsigned flags)
{
    for (int i = 0; i < FAKE_HANDLES_MAX; i++) {
        if (!fake->handles[i].taken) {
            fake->handles[i] = (struct fake_handle){.taken = true, .node = node, .flags = flags};
            strcpy(fake->handles[i].path, path);
            return i;
        }
    }
    test_fail(__FILE__, __LINE__, "no handle is left: something does not close");
}

static int
may_open(const struct fake_node *node, unsigned flags)
{
    if (node->kind == PLATFORM_LINK ||
        ((flags & PLATFORM_READ) != 0 && (node->mode & 0400U) == 0) ||
        ((flags & PLATFORM_WRITE) != 0 &&
         ((node->mode & 0200U) == 0 || node->kind == PLATFORM_DIRECTORY))) {
        return -ERR_NO_ACCESS;
    }
    return 0;
}

static int
create_file(struct fake *fake, const char *path, unsigned mode, unsigned *node)
{
    int error = count_call(fake, FAKE_CHANGE);
    if (error == 0 && !fake_disk_has_parent(fake, path)) {
        error = -ERR_NO_FILE;
    }
    if (error == 0) {
        *node = fake_disk_new_node(fake, PLATFORM_FILE, mode);
        fake_disk_take_step(fake, NULL, path, *node);
    }
    return error;
}

static int
open_existing(struct fake *fake, unsigned node, unsigned flags)
{
    int error =
        (flags & PLATFORM_EXCLUSIVE) != 0 ? -ERR_NO_ACCESS : may_open(&fake->nodes[node], flags);
    if (error == 0 && (flags & PLATFORM_TRUNCATE) != 0) {
        error = count_call(fake, FAKE_CHANGE);
    }
    if (error == 0 && (flags & PLATFORM_TRUNCATE) != 0) {
        fake_disk_set_size(&fake->nodes[node], 0);
    }
    return error;
}

static int
file_open(void *state, const char *path, unsigned flags, unsigned mode, int *file)
{
    struct fake *fake = state;
    int error = count_call(fake, FAKE_FILE_OPEN);
    if (error != 0) {
        return error;
    }
    struct fake_name *name = fake_disk_look_up(fake, path, (flags & PLATFORM_NO_FOLLOW) == 0);
    unsigned node = name != NULL ? name->node : 0;
    if (name != NULL) {
        error = open_existing(fake, node, flags);
    } else {
        error =
            (flags & PLATFORM_CREATE) == 0 ? -ERR_NO_FILE : create_file(fake, path, mode, &node);
    }
    if (error == 0) {
        *file = new_handle(fake, path, node, flags);
    }
    return error;
}

static struct fake_handle *
handle_of(struct fake *fake, int file)
{
    CHECK(file >= 0 && file < FAKE_HANDLES_MAX);
    CHECK(fake->handles[file].taken);
    return &fake->handles[file];
}

// The path of a name in an open directory.
static const char *
path_at(struct fake *fake, int dir, const char *name, char path[static FAKE_PATH_BYTES])
{
    const struct fake_handle *handle = handle_of(fake, dir);
    struct out out = out_of(path, FAKE_PATH_BYTES);
    CHECK(fake->nodes[handle->node].kind == PLATFORM_DIRECTORY);
    out_string(&out, strcmp(handle->path, "/") == 0 ? "" : handle->path);
    out_byte(&out, '/');
    out_string(&out, name);
    const char *joined = out_c_string(&out);
    CHECK(!out.full);
    return joined;
}

static int
file_open_at(void *state, int dir, const char *name, unsigned flags, int *file)
{
    char path[FAKE_PATH_BYTES];
    CHECK((flags & PLATFORM_CREATE) == 0);
    return file_open(state, path_at(state, dir, name, path), flags, 0, file);
}

static int64_t
file_read(void *state, int file, void *bytes, size_t size, int64_t offset)
{
    struct fake *fake = state;
    struct fake_handle *handle = handle_of(fake, file);
    struct fake_node *node = &fake->nodes[handle->node];
    int error = count_call(fake, FAKE_FILE_READ);
    CHECK((handle->flags & PLATFORM_READ) != 0);
    if (error != 0 || node->kind == PLATFORM_DIRECTORY) {
        return error != 0 ? error : -ERR_NO_ACCESS;
    }
    uint64_t at = offset < 0 ? handle->at : (uint64_t)offset;
    uint64_t left = at < node->live_size ? node->live_size - at : 0;
    size_t got = size < left ? size : (size_t)left;
    got = fake->read_limit != 0 && got > fake->read_limit ? fake->read_limit : got;
    if (got > 0) {
        memcpy(bytes, node->live + at, got);
    }
    handle->at = offset < 0 ? at + got : handle->at;
    return (int64_t)got;
}

// A write that fails has written some of its bytes.
static int
file_write(void *state, int file, const void *bytes, size_t size, int64_t offset)
{
    struct fake *fake = state;
    struct fake_handle *handle = handle_of(fake, file);
    struct fake_node *node = &fake->nodes[handle->node];
    int error = count_change(fake, FAKE_FILE_WRITE);
    CHECK((handle->flags & PLATFORM_WRITE) != 0);
    uint64_t at = offset < 0 ? handle->at : (uint64_t)offset;
    if (fake->disk_limit != 0 && fake_disk_use(fake) + size > fake->disk_limit) {
        error = error != 0 ? error : -ERR_DISK_FULL;
    }
    size_t put = error == 0 ? size : (size_t)test_random_below(&fake->random, size + 1);
    fake_disk_put_bytes(fake, node, at, bytes, put);
    handle->at = offset < 0 ? at + put : handle->at;
    return error;
}

static int
file_sync(void *state, int file)
{
    struct fake *fake = state;
    struct fake_handle *handle = handle_of(fake, file);
    int error = count_change(fake, FAKE_FILE_SYNC);
    if (error != 0) {
        return error;
    }
    if (fake->nodes[handle->node].kind == PLATFORM_DIRECTORY) {
        fake_disk_keep_steps(fake, fake->step_count);
    } else {
        fake_disk_keep_content(&fake->nodes[handle->node]);
    }
    return 0;
}

static int
file_size(void *state, int file, uint64_t *size)
{
    struct fake *fake = state;
    int error = count_call(fake, FAKE_FILE_SIZE);
    if (error == 0) {
        *size = fake->nodes[handle_of(fake, file)->node].live_size;
    }
    return error;
}

static int
file_truncate(void *state, int file, uint64_t size)
{
    struct fake *fake = state;
    struct fake_handle *handle = handle_of(fake, file);
    int error = count_change(fake, FAKE_FILE_TRUNCATE);
    CHECK((handle->flags & PLATFORM_WRITE) != 0);
    if (error == 0) {
        fake_disk_set_size(&fake->nodes[handle->node], size);
    }
    return error;
}

static bool
overlaps(const struct fake_lock *lock, uint64_t offset, uint64_t size)
{
    return lock->kind != PLATFORM_LOCK_NONE && lock->offset < offset + size &&
           offset < lock->offset + lock->size;
}

static bool
is_locked_by_another(const struct fake *fake, int file, uint64_t offset, uint64_t size, bool shared)
{
    for (int i = 0; i < FAKE_HANDLES_MAX; i++) {
        const struct fake_handle *handle = &fake->handles[i];
        for (size_t j = 0; handle->taken && i != file && j < FAKE_LOCKS_MAX; j++) {
            const struct fake_lock *lock = &handle->locks[j];
            if (handle->node == fake->handles[file].node && overlaps(lock, offset, size) &&
                !(shared && lock->kind == PLATFORM_LOCK_SHARED)) {
                return true;
            }
        }
    }
    return false;
}

// A range is given back or changed as a whole, never in parts.
static int
file_lock(void *state, int file, uint64_t offset, uint64_t size, enum platform_lock kind)
{
    struct fake *fake = state;
    struct fake_handle *handle = handle_of(fake, file);
    struct fake_lock *free_lock = NULL;
    int error = count_call(fake, FAKE_FILE_LOCK);
    CHECK(kind != PLATFORM_LOCK_EXCLUSIVE || (handle->flags & PLATFORM_WRITE) != 0);
    if (error == 0 && kind != PLATFORM_LOCK_NONE &&
        is_locked_by_another(fake, file, offset, size, kind == PLATFORM_LOCK_SHARED)) {
        error = -ERR_BUSY;
    }
    if (error != 0 || kind == PLATFORM_LOCK_TEST) {
        return error;
    }
    for (size_t i = 0; i < FAKE_LOCKS_MAX; i++) {
        struct fake_lock *lock = &handle->locks[i];
        if (overlaps(lock, offset, size)) {
            CHECK(lock->offset == offset && lock->size == size);
            lock->kind = PLATFORM_LOCK_NONE;
        }
        free_lock = lock->kind == PLATFORM_LOCK_NONE ? lock : free_lock;
    }
    CHECK(free_lock != NULL);
    *free_lock = (struct fake_lock){kind, offset, size};
    return 0;
}

static void
file_close(void *state, int file)
{
    handle_of(state, file)->taken = false;
}

static int
file_rename(void *state, const char *from, const char *to)
{
    struct fake *fake = state;
    int error = count_change(fake, FAKE_FILE_RENAME);
    struct fake_name *name = fake_disk_find_name(fake->live, from);
    if (error != 0) {
        return error;
    }
    if (name == NULL || !fake_disk_has_parent(fake, to)) {
        return -ERR_NO_FILE;
    }
    CHECK(fake->nodes[name->node].kind != PLATFORM_DIRECTORY);
    if (strcmp(from, to) != 0) {
        fake_disk_take_step(fake, from, to, name->node);
    }
    return 0;
}

static int
file_remove(void *state, const char *path)
{
    struct fake *fake = state;
    int error = count_change(fake, FAKE_FILE_REMOVE);
    struct fake_name *name = fake_disk_find_name(fake->live, path);
    if (error != 0 || name == NULL) {
        return error != 0 ? error : -ERR_NO_FILE;
    }
    if (fake->nodes[name->node].kind == PLATFORM_DIRECTORY) {
        return -ERR_NO_ACCESS;
    }
    fake_disk_take_step(fake, path, NULL, 0);
    return 0;
}

// The last part of `path` if it lies right below `parent`, or NULL.
static const char *
child_of(const char *path, const char *parent)
{
    char own[FAKE_PATH_BYTES];
    if (strcmp(path, "/") == 0) {
        return NULL;
    }
    fake_disk_parent_of(path, own);
    return strcmp(own, parent) == 0 ? strrchr(path, '/') + 1 : NULL;
}

// A directory's count as most file systems keep it; names of links to files
// are not counted, since nobody asks.
static uint32_t
links_of(const struct fake *fake, const struct fake_name *of)
{
    uint32_t links = 1;
    if (fake->nodes[of->node].kind != PLATFORM_DIRECTORY) {
        return links;
    }
    for (size_t i = 0; i < FAKE_NAMES_MAX; i++) {
        const struct fake_name *name = &fake->live[i];
        links += name->taken && fake->nodes[name->node].kind == PLATFORM_DIRECTORY &&
                 child_of(name->path, of->path) != NULL;
    }
    return links + 1;
}

static int
file_status(void *state, const char *path, struct platform_status *status)
{
    struct fake *fake = state;
    int error = count_call(fake, FAKE_FILE_STATUS);
    struct fake_name *name = fake_disk_look_up(fake, path, true);
    if (error != 0 || name == NULL) {
        return error != 0 ? error : -ERR_NO_FILE;
    }
    const struct fake_node *node = &fake->nodes[name->node];
    *status = (struct platform_status){.kind = node->kind,
                                       .device = 1,
                                       .inode = name->node + 1U,
                                       .size = node->live_size,
                                       .changed = node->changed,
                                       .mode = node->mode,
                                       .links = links_of(fake, name)};
    return 0;
}

static int
file_status_at(void *state, int dir, const char *name, struct platform_status *status)
{
    char path[FAKE_PATH_BYTES];
    return file_status(state, path_at(state, dir, name, path), status);
}

static int
dir_make(void *state, const char *path, unsigned mode)
{
    struct fake *fake = state;
    int error = count_change(fake, FAKE_DIR_MAKE);
    struct fake_name *name = fake_disk_look_up(fake, path, true);
    if (error != 0) {
        return error;
    }
    if (name != NULL) {
        return fake->nodes[name->node].kind == PLATFORM_DIRECTORY ? 0 : -ERR_NO_ACCESS;
    }
    if (!fake_disk_has_parent(fake, path)) {
        return -ERR_NO_FILE;
    }
    fake_disk_take_step(fake, NULL, path, fake_disk_new_node(fake, PLATFORM_DIRECTORY, mode));
    return 0;
}

static int
dir_open(void *state, const char *path, void *buffer, size_t size, struct platform_dir *dir)
{
    struct fake *fake = state;
    int error = count_call(fake, FAKE_DIR_OPEN);
    struct fake_name *name = fake_disk_look_up(fake, path, true);
    CHECK(size >= PLATFORM_DIR_BYTES_MIN);
    if (error != 0 || name == NULL) {
        return error != 0 ? error : -ERR_NO_FILE;
    }
    const struct fake_node *node = &fake->nodes[name->node];
    if (node->kind != PLATFORM_DIRECTORY) {
        return -ERR_NO_FILE;
    }
    if ((node->mode & 0400U) == 0) {
        return -ERR_NO_ACCESS;
    }
    *dir = (struct platform_dir){.buffer = buffer, .size = size};
    dir->handle = new_handle(fake, name->path, name->node, PLATFORM_READ);
    return 0;
}

static int
dir_next(void *state, struct platform_dir *dir, struct platform_entry *entry)
{
    struct fake *fake = state;
    struct fake_handle *handle = handle_of(fake, dir->handle);
    int error = count_call(fake, FAKE_DIR_NEXT);
    for (; error == 0 && dir->at < FAKE_NAMES_MAX; dir->at++) {
        struct fake_name *name = &fake->live[dir->at];
        const char *child = name->taken ? child_of(name->path, handle->path) : NULL;
        if (child != NULL) {
            dir->at++;
            memset(dir->buffer, '?', FAKE_PATH_BYTES);
            memcpy(dir->buffer, child, strlen(child));
            entry->name = (struct text){(const char *)dir->buffer, strlen(child)};
            entry->kind = fake->nodes[name->node].kind;
            entry->inode = name->node + 1U;
            return 1;
        }
    }
    return error;
}

static void
dir_close(void *state, struct platform_dir *dir)
{
    file_close(state, dir->handle);
    dir->handle = -1;
}

static int
link_read(void *state, const char *path, char *buffer, size_t size, struct text *target)
{
    struct fake *fake = state;
    int error = count_call(fake, FAKE_LINK_READ);
    struct fake_name *name = fake_disk_look_up(fake, path, false);
    if (error != 0 || name == NULL) {
        return error != 0 ? error : -ERR_NO_FILE;
    }
    const struct fake_node *node = &fake->nodes[name->node];
    if (node->kind != PLATFORM_LINK) {
        return -ERR_BAD_TYPE;
    }
    if (node->live_size >= size) {
        return -ERR_TOO_LONG;
    }
    memcpy(buffer, node->live, (size_t)node->live_size);
    *target = (struct text){buffer, (size_t)node->live_size};
    return 0;
}

static int
space(void *state, const char *path, struct platform_space *space)
{
    struct fake *fake = state;
    int error = count_call(fake, FAKE_SPACE);
    if (error != 0 || fake_disk_look_up(fake, path, true) == NULL) {
        return error != 0 ? error : -ERR_NO_FILE;
    }
    *space = fake->space;
    return 0;
}

static const struct platform_ops fake_ops = {
    .mono_now = mono_now,
    .wall_now = wall_now,
    .sleep_ms = sleep_ms,
    .random_bytes = random_bytes,
    .file_open = file_open,
    .file_open_at = file_open_at,
    .file_read = file_read,
    .file_write = file_write,
    .file_sync = file_sync,
    .file_size = file_size,
    .file_truncate = file_truncate,
    .file_lock = file_lock,
    .file_close = file_close,
    .file_rename = file_rename,
    .file_remove = file_remove,
    .file_status = file_status,
    .file_status_at = file_status_at,
    .dir_make = dir_make,
    .dir_open = dir_open,
    .dir_next = dir_next,
    .dir_close = dir_close,
    .link_read = link_read,
    .space = space,
};

// --- set-up

void
fake_open(struct fake *fake, uint64_t seed)
{
    memset(fake, 0, sizeof *fake);
    fake->platform = (struct platform){.ops = &fake_ops, .state = fake};
    fake->mono.ns = 1000 * NS_PER_S;
    fake->wall.ms = INT64_C(1795369634000);
    fake->random = seed;
    fake->space = (struct platform_space){1000000000, 400000000, 400000000, 100000, 90000};
    unsigned root = fake_disk_new_node(fake, PLATFORM_DIRECTORY, 0755);
    fake_disk_set_name(fake->live, "/", root);
    fake_disk_set_name(fake->kept, "/", root);
}

void
fake_close(struct fake *fake)
{
    for (size_t i = 0; i < FAKE_NODES_MAX; i++) {
        fake_disk_free_node(&fake->nodes[i]);
    }
}

void
fake_advance(struct fake *fake, int64_t ms)
{
    fake->mono.ns += ms * NS_PER_MS;
    fake->wall.ms += ms;
}

void
fake_step_wall(struct fake *fake, int64_t ms)
{
    fake->wall.ms += ms;
}

static unsigned
add_kept(struct fake *fake, const char *path, enum platform_kind kind, unsigned mode)
{
    struct fake_name *name = fake_disk_find_name(fake->live, path);
    unsigned node = name != NULL ? name->node : fake_disk_new_node(fake, kind, mode);
    CHECK(fake->nodes[node].kind == kind);
    fake_disk_set_name(fake->live, path, node);
    fake_disk_set_name(fake->kept, path, node);
    return node;
}

void
fake_add_directory(struct fake *fake, const char *path)
{
    char part[FAKE_PATH_BYTES];
    CHECK(path[0] == '/' && strlen(path) < sizeof part);
    for (size_t i = 1; i <= strlen(path); i++) {
        if (path[i] == '/' || path[i] == '\0') {
            memcpy(part, path, i);
            part[i] = '\0';
            add_kept(fake, part, PLATFORM_DIRECTORY, 0755);
        }
    }
}

static void
add_with_content(struct fake *fake, const char *path, enum platform_kind kind, struct text content)
{
    char parent[FAKE_PATH_BYTES];
    fake_disk_parent_of(path, parent);
    if (strcmp(parent, "/") != 0) {
        fake_add_directory(fake, parent);
    }
    struct fake_node *node = &fake->nodes[add_kept(fake, path, kind, 0644)];
    fake_disk_set_size(node, 0);
    fake_disk_put_bytes(fake, node, 0, content.at, content.size);
    fake_disk_keep_content(node);
}

void
fake_add_file(struct fake *fake, const char *path, struct text content)
{
    add_with_content(fake, path, PLATFORM_FILE, content);
}

void
fake_add_link(struct fake *fake, const char *path, const char *target)
{
    add_with_content(fake, path, PLATFORM_LINK, text_of(target));
}

static void
drop_from(struct fake_name *names, const char *path)
{
    size_t size = strlen(path);
    for (size_t i = 0; i < FAKE_NAMES_MAX; i++) {
        if (names[i].taken && strncmp(names[i].path, path, size) == 0 &&
            (names[i].path[size] == '\0' || names[i].path[size] == '/')) {
            names[i].taken = false;
        }
    }
}

void
fake_drop(struct fake *fake, const char *path)
{
    CHECK(strcmp(path, "/") != 0);
    drop_from(fake->live, path);
    drop_from(fake->kept, path);
    fake_disk_free_unused(fake);
}

void
fake_set_mode(struct fake *fake, const char *path, unsigned mode)
{
    struct fake_name *name = fake_disk_look_up(fake, path, true);
    CHECK(name != NULL);
    fake->nodes[name->node].mode = mode;
}

bool
fake_content(struct fake *fake, const char *path, struct text *content)
{
    struct fake_name *name = fake_disk_look_up(fake, path, true);
    if (name == NULL || fake->nodes[name->node].kind != PLATFORM_FILE) {
        return false;
    }
    const struct fake_node *node = &fake->nodes[name->node];
    *content = (struct text){node->live_size == 0 ? "" : (const char *)node->live,
                             (size_t)node->live_size};
    return true;
}

size_t
fake_open_handles(const struct fake *fake)
{
    size_t count = 0;
    for (size_t i = 0; i < FAKE_HANDLES_MAX; i++) {
        count += fake->handles[i].taken;
    }
    return count;
}
