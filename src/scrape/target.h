// The nodes to fetch from: names, addresses, and what worked.
//
// Filled from node objects, or from the live table after a restart while the
// API server is away. A fixed number of targets; nodes beyond it are refused
// and counted. A target that leaves while a request is under way is freed when
// that is over (target_release).
#ifndef SKERRY_SCRAPE_TARGET_H
#define SKERRY_SCRAPE_TARGET_H

#include "base/arena.h"
#include "base/hash.h"
#include "limits.h"
#include "model/object.h"
#include "platform/fetch.h"
#include "table/row.h"

#define TARGET_NONE UINT32_MAX
// Of a Hostname or DNS address that differs from the node's name; longer ones,
// and a second one, are left out.
#define TARGET_OTHER_BYTES_MAX 128
// "[ADDRESS]" or a name, and its end.
#define TARGET_HOST_BYTES (NAME_BYTES_MAX + 1)

enum target_form { TARGET_NAME, TARGET_OTHER, TARGET_IPV4, TARGET_IPV6 };

struct target_address {
    uint8_t type;  // enum address_type
    uint8_t form;  // enum target_form
    uint8_t bytes[16];
};

struct target {
    bool used;
    bool busy;        // a request is under way
    bool leaving;     // to be freed when that is over
    bool slow;        // held a decoder for long the last time
    bool ready;       // its Ready condition is true
    uint8_t source;
    uint8_t address_count;
    uint8_t choice;   // of the addresses: what worked last, or is tried next
    uint16_t port;    // of daemonEndpoints; 0: not told
    uint16_t name_size;
    uint16_t last_error;  // enum error
    uint32_t generation;  // of the list that named it
    uint32_t next;        // in the chain of its bucket, or of the free ones
    row_index row;        // 0: beyond the plan
    row_index row_next;   // to be used when the request under way is over
    struct fingerprint pin;
    struct target_address addresses[TARGET_ADDRESSES_MAX];
    char other[TARGET_OTHER_BYTES_MAX];
    char name[NAME_BYTES_MAX];
};

struct targets {
    uint32_t limit;
    uint32_t count;
    uint32_t free;
    uint32_t bucket_count;
    uint64_t refused_total;
    struct hash_key key;
    uint32_t *buckets;
    struct target *target;
};

size_t targets_footprint(uint32_t limit);
void targets_init(struct targets *targets, struct arena *arena, uint32_t limit,
                  struct hash_key key);

struct text target_name(const struct target *target);
// Decides its moment in the interval: the same on every appliance.
uint64_t target_hash(struct text name);

uint32_t targets_find(const struct targets *targets, unsigned source, struct text name);
// Finds or makes one; TARGET_NONE when all are taken. *fresh: it was made.
uint32_t targets_put(struct targets *targets, unsigned source, struct text name, bool *fresh);
// What the node says of itself; keeps what worked if it is still offered.
void target_describe(struct target *target, const struct node_object *node);
// From one address alone, as the live table keeps it.
void target_describe_address(struct target *target, enum address_type type,
                             struct text address, uint16_t port);
// True: freed now. False: when target_release is called.
bool targets_remove(struct targets *targets, uint32_t index);
// The request is over; true when the target was leaving and is free now.
bool targets_release(struct targets *targets, uint32_t index);

// What to dial now, as text in `host` (TARGET_HOST_BYTES).
struct text target_host(const struct target *target, char *host);
enum address_type target_address_type(const struct target *target);
// The address could not be reached: another one is tried next time.
void target_try_next(struct target *target);

#endif
