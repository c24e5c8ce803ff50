// The fingerprints of kubelets' certificates, kept over restarts.
//
// A node's certificate is trusted as it was seen first (TRUST_PIN); so what was
// seen must not be forgotten when the process dies. One file, replaced as a
// whole soon after something changed. Known by cluster and node name; a node
// that is deleted is forgotten. To trust a node's new certificate, delete the
// file (STATE_DIR/pins) and start again.
//
// Fixed memory for `limit` nodes; when it is full, further pins are not kept over
// a restart, and counted. A damaged file is refused as a whole.
#ifndef SKERRY_SCRAPE_PINS_H
#define SKERRY_SCRAPE_PINS_H

#include "base/arena.h"
#include "platform/fetch.h"
#include "platform/platform.h"

#define PINS_MAGIC UINT64_C(0x736b657270696e31)  // "skerpin1"
// Changes are written at most so often.
#define PINS_WRITE_MS 2000

struct pin_key {
    uint64_t low;   // never 0
    uint64_t high;
};

// As in the file.
struct pin_record {
    struct pin_key key;  // low 0: free
    uint8_t sha256[32];
};

struct pins_head {
    uint64_t magic;
    uint64_t slots;
    uint64_t checksum;  // of the slots
    uint64_t spare;
};

struct pins {
    const struct platform *platform;
    const char *path;
    uint32_t limit;
    uint32_t count;
    uint32_t slots;  // power of two
    uint64_t refused_total;
    bool dirty;
    struct mono_ns written;
    int last_error;  // of writing, negative
    struct pins_head *head;      // the slots follow
    struct pin_record *record;
};

size_t pins_footprint(uint32_t limit);
// `path` must outlive the pins.
void pins_init(struct pins *pins, struct arena *arena, uint32_t limit,
               const struct platform *platform, const char *path);

// 0 also when there is no file yet; -ERR_LAYOUT when it is damaged.
int pins_load(struct pins *pins) MUST_USE;
// Writes what changed, at most every PINS_WRITE_MS unless `now_or_never`.
// Negative when that failed; it is tried again.
int pins_write(struct pins *pins, bool now_or_never) MUST_USE;

// `cluster` tells sources apart: where their API server is.
struct pin_key pin_key_of(struct text cluster, uint16_t port, struct text node);
// Fills `fingerprint` if that node is known.
void pins_find(const struct pins *pins, struct pin_key key, struct fingerprint *fingerprint);
void pins_put(struct pins *pins, struct pin_key key, const struct fingerprint *fingerprint);
void pins_drop(struct pins *pins, struct pin_key key);

#endif
