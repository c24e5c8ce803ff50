// A machine that tests can bend: a clock that stands until it is moved, files
// and directories in memory, a disk that forgets, and faults on demand.
//
//   struct fake fake;
//   fake_open(&fake, test_seed());
//   fake_add_file(&fake, "/etc/token", TEXT("secret"));
//   ... use &fake.platform ...
//   CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
//   fake_close(&fake);
//
// Sweep (fails the Nth call of each operation, once and from then on):
//
//   struct fake_sweep sweep = {0};
//   while (fake_sweep_next(&sweep)) {
//       fake_open(&fake, seed);
//       fake_plan(&fake, &sweep);
//       ... the code under test: nothing unsafe happens ...
//       fake_done(&fake, &sweep);
//       fake_close(&fake);
//   }
//
// Power cut: FAKE_CHANGE counts writes, syncs, truncations, renames, removals,
// and makings of files and directories as one operation; fail its Nth call from
// then on, call fake_power_cut, lift the fault, and look at what the disk kept.
//
// The disk: content counts as kept only after file_sync of the file; of what was
// not synced each block of 512 bytes and each size is kept or lost by chance.
// Names count as kept after file_sync of any directory; of what came since, a
// chance number of steps in their order is kept. Link fake_disk.c with fake.c.
#ifndef SKERRY_TESTS_UNIT_PLATFORM_FAKE_H
#define SKERRY_TESTS_UNIT_PLATFORM_FAKE_H

#include "platform/platform.h"

#define FAKE_NODES_MAX 1024
#define FAKE_NAMES_MAX 1024
#define FAKE_HANDLES_MAX 64
#define FAKE_STEPS_MAX 256
#define FAKE_PATH_BYTES 200
#define FAKE_BLOCK_BYTES 512
#define FAKE_FILE_BYTES_MAX ((uint64_t)256 << 20)

// Every operation that can fail, one row each: FAKE_OPERATION(ID, error)
#define FAKE_OPERATIONS(FAKE_OPERATION)                                                            \
    FAKE_OPERATION(RANDOM_BYTES, ERR_IO)                                                           \
    FAKE_OPERATION(FILE_OPEN, ERR_NO_ACCESS)                                                       \
    FAKE_OPERATION(FILE_READ, ERR_IO)                                                              \
    FAKE_OPERATION(FILE_WRITE, ERR_DISK_FULL)                                                      \
    FAKE_OPERATION(FILE_SYNC, ERR_IO)                                                              \
    FAKE_OPERATION(FILE_SIZE, ERR_IO)                                                              \
    FAKE_OPERATION(FILE_TRUNCATE, ERR_IO)                                                          \
    FAKE_OPERATION(FILE_LOCK, ERR_IO)                                                              \
    FAKE_OPERATION(FILE_RENAME, ERR_NO_ACCESS)                                                     \
    FAKE_OPERATION(FILE_REMOVE, ERR_NO_ACCESS)                                                     \
    FAKE_OPERATION(FILE_STATUS, ERR_NO_ACCESS)                                                     \
    FAKE_OPERATION(DIR_MAKE, ERR_DISK_FULL)                                                        \
    FAKE_OPERATION(DIR_OPEN, ERR_NO_ACCESS)                                                        \
    FAKE_OPERATION(DIR_NEXT, ERR_IO)                                                               \
    FAKE_OPERATION(LINK_READ, ERR_NO_ACCESS)                                                       \
    FAKE_OPERATION(SPACE, ERR_IO)

enum fake_operation {
#define FAKE_OPERATION(id, error) FAKE_##id,
    FAKE_OPERATIONS(FAKE_OPERATION)
#undef FAKE_OPERATION
        FAKE_CHANGE,  // any that changes the disk
    FAKE_OPERATION_COUNT
};

struct fake_fault {
    bool armed;
    enum fake_operation operation;
    uint64_t nth;  // from 1
    bool for_ever;
    int error;  // positive; 0: the operation's own
};

struct fake_sweep {
    bool started;
    bool met;
    bool for_ever;
    enum fake_operation operation;
    uint64_t nth;
};

struct fake_node {
    bool taken;
    enum platform_kind kind;
    unsigned mode;
    struct wall_ms changed;
    uint64_t live_size;
    uint64_t kept_size;
    size_t room;           // of each of the three below
    unsigned char *live;   // what programs see
    unsigned char *kept;   // what a power cut leaves for certain
    unsigned char *dirty;  // a byte a block: live may differ from kept
};

struct fake_name {
    bool taken;
    unsigned node;
    char path[FAKE_PATH_BYTES];
};

struct fake_step {
    bool adds;     // `to` becomes a name of `node`
    bool removes;  // `from` goes
    unsigned node;
    char from[FAKE_PATH_BYTES];
    char to[FAKE_PATH_BYTES];
};

#define FAKE_LOCKS_MAX 4
struct fake_lock {
    enum platform_lock kind;  // PLATFORM_LOCK_NONE: no lock
    uint64_t offset, size;
};

struct fake_handle {
    bool taken;
    unsigned node;
    unsigned flags;
    uint64_t at;
    char path[FAKE_PATH_BYTES];  // of a directory
    struct fake_lock locks[FAKE_LOCKS_MAX];
};

struct fake {
    struct platform platform;
    struct mono_ns mono;
    struct wall_ms wall;
    uint64_t random;      // state
    size_t read_limit;    // a read gives at most so many bytes; 0: no such limit
    uint64_t disk_limit;  // bytes of all files together; 0: no such limit
    struct platform_space space;
    struct fake_fault fault;
    uint64_t calls[FAKE_OPERATION_COUNT];
    uint64_t faults_met;
    struct fake_node nodes[FAKE_NODES_MAX];
    struct fake_name live[FAKE_NAMES_MAX];
    struct fake_name kept[FAKE_NAMES_MAX];
    struct fake_handle handles[FAKE_HANDLES_MAX];
    struct fake_step steps[FAKE_STEPS_MAX];
    size_t step_count;
};

// Large: keep it static. Starts with "/" alone, wall clock in 2026.
void fake_open(struct fake *fake, uint64_t seed);
void fake_close(struct fake *fake);

void fake_advance(struct fake *fake, int64_t ms);    // both clocks
void fake_step_wall(struct fake *fake, int64_t ms);  // only the wall clock

// These make parents as needed, and what they make is kept at once.
void fake_add_file(struct fake *fake, const char *path, struct text content);
void fake_add_directory(struct fake *fake, const char *path);
void fake_add_link(struct fake *fake, const char *path, const char *target);
// Files, directories and what is below them.
void fake_drop(struct fake *fake, const char *path);
void fake_set_mode(struct fake *fake, const char *path, unsigned mode);
// What programs would read now; false if there is no such file.
bool fake_content(struct fake *fake, const char *path, struct text *content);
size_t fake_open_handles(const struct fake *fake);

// Arms a fault; forgets the one before and counts calls anew.
void fake_fail(struct fake *fake, enum fake_operation operation, uint64_t nth, bool for_ever,
               int error);
void fake_heal(struct fake *fake);

bool fake_sweep_next(struct fake_sweep *sweep);
void fake_plan(struct fake *fake, const struct fake_sweep *sweep);
void fake_done(const struct fake *fake, struct fake_sweep *sweep);

// Handles are gone, the disk keeps what chance leaves, and the fault is lifted.
void fake_power_cut(struct fake *fake);

#endif
