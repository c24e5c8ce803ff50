#include "scrape/pins.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"

_Static_assert(sizeof(struct pin_record) == 48, "the file's layout");
_Static_assert(sizeof(struct pins_head) == 32, "the file's layout");

// Half full at most.
static uint32_t
slots_of(uint32_t limit)
{
    uint32_t slots = 16;
    while (slots < 2 * limit) {
        slots *= 2;
    }
    return slots;
}

static size_t
file_bytes(uint32_t slots)
{
    return sizeof(struct pins_head) + slots * sizeof(struct pin_record);
}

size_t
pins_footprint(uint32_t limit)
{
    return arena_bytes(file_bytes(slots_of(limit)));
}

void
pins_init(struct pins *pins, struct arena *arena, uint32_t limit,
          const struct platform *platform, const char *path)
{
    *pins = (struct pins){
        .platform = platform,
        .path = path,
        .limit = limit,
        .slots = slots_of(limit),
    };
    unsigned char *memory = arena_take(arena, file_bytes(pins->slots));
    pins->head = (struct pins_head *)(void *)memory;
    pins->record = (struct pin_record *)(void *)(memory + sizeof(struct pins_head));
}

struct pin_key
pin_key_of(struct text cluster, uint16_t port, struct text node)
{
    static const struct hash_key one = {1, 2};
    static const struct hash_key two = {3, 4};
    struct pin_key key = {
        hash_mix(hash_bytes(one, cluster.at, cluster.size) + port,
                 hash_bytes(one, node.at, node.size)),
        hash_mix(hash_bytes(two, cluster.at, cluster.size) + port,
                 hash_bytes(two, node.at, node.size)),
    };
    key.low = key.low == 0 ? 1 : key.low;
    return key;
}

static uint32_t
next_slot(const struct pins *pins, uint32_t slot)
{
    return (slot + 1) & (pins->slots - 1);
}

static uint32_t
home_of(const struct pins *pins, struct pin_key key)
{
    return (uint32_t)key.high & (pins->slots - 1);
}

// Where the key is, or would be.
static struct pin_record *
find(const struct pins *pins, struct pin_key key)
{
    uint32_t slot = home_of(pins, key);
    while (pins->record[slot].key.low != 0
           && (pins->record[slot].key.low != key.low || pins->record[slot].key.high != key.high)) {
        slot = next_slot(pins, slot);
    }
    return &pins->record[slot];
}

void
pins_find(const struct pins *pins, struct pin_key key, struct fingerprint *fingerprint)
{
    const struct pin_record *record = find(pins, key);
    if (record->key.low != 0) {
        fingerprint->known = true;
        memcpy(fingerprint->sha256, record->sha256, sizeof(record->sha256));
    }
}

void
pins_put(struct pins *pins, struct pin_key key, const struct fingerprint *fingerprint)
{
    struct pin_record *record = find(pins, key);
    if (record->key.low == 0) {
        if (pins->count == pins->limit) {
            pins->refused_total++;
            return;
        }
        pins->count++;
    } else if (memcmp(record->sha256, fingerprint->sha256, sizeof(record->sha256)) == 0) {
        return;
    }
    record->key = key;
    memcpy(record->sha256, fingerprint->sha256, sizeof(record->sha256));
    pins->dirty = true;
}

// Moves records back over the gap, so that probing still finds them (Knuth, The
// Art of Computer Programming, 6.4, algorithm R).
static void
close_gap(struct pins *pins, uint32_t gap)
{
    uint32_t slot = next_slot(pins, gap);
    while (pins->record[slot].key.low != 0) {
        uint32_t home = home_of(pins, pins->record[slot].key);
        uint32_t from_home = (slot - home) & (pins->slots - 1);
        uint32_t from_gap = (slot - gap) & (pins->slots - 1);
        if (from_home >= from_gap) {
            pins->record[gap] = pins->record[slot];
            gap = slot;
        }
        slot = next_slot(pins, slot);
    }
    pins->record[gap] = (struct pin_record){0};
}

void
pins_drop(struct pins *pins, struct pin_key key)
{
    struct pin_record *record = find(pins, key);
    if (record->key.low != 0) {
        close_gap(pins, (uint32_t)(record - pins->record));
        pins->count--;
        pins->dirty = true;
    }
}

static uint64_t
add_to_checksum(uint64_t checksum, const struct pin_record *record)
{
    static const struct hash_key key = {5, 6};
    return hash_mix(checksum, hash_bytes(key, record, sizeof(*record)));
}

static int
read_exactly(const struct pins *pins, int file, void *bytes, size_t size, uint64_t offset)
{
    size_t done = 0;
    while (done < size) {
        int64_t got = platform_file_read(pins->platform, file, (unsigned char *)bytes + done,
                                         size - done, (int64_t)(offset + done));
        if (got < 0) {
            return (int)got;
        }
        if (got == 0) {
            return -ERR_LAYOUT;
        }
        done += (size_t)got;
    }
    return 0;
}

// Goes over all records twice: first the checksum must be right.
static int
read_records(struct pins *pins, int file, const struct pins_head *head, bool take)
{
    uint64_t checksum = 0;
    for (uint64_t i = 0; i < head->slots; i++) {
        struct pin_record record;
        uint64_t offset = sizeof(*head) + i * sizeof(record);
        int error = read_exactly(pins, file, &record, sizeof(record), offset);
        if (error != 0) {
            return error;
        }
        checksum = add_to_checksum(checksum, &record);
        if (take && record.key.low != 0) {
            struct fingerprint fingerprint = {.known = true};
            memcpy(fingerprint.sha256, record.sha256, sizeof(record.sha256));
            pins_put(pins, record.key, &fingerprint);
        }
    }
    return checksum == head->checksum ? 0 : -ERR_LAYOUT;
}

static int
read_file(struct pins *pins, int file)
{
    struct pins_head head;
    uint64_t size = 0;
    int error = platform_file_size(pins->platform, file, &size);
    if (error == 0) {
        error = read_exactly(pins, file, &head, sizeof(head), 0);
    }
    if (error != 0) {
        return error;
    }
    if (head.magic != PINS_MAGIC || head.slots > UINT32_MAX
        || size != sizeof(head) + head.slots * sizeof(struct pin_record)) {
        return -ERR_LAYOUT;
    }
    error = read_records(pins, file, &head, false);
    return error != 0 ? error : read_records(pins, file, &head, true);
}

int
pins_load(struct pins *pins)
{
    int file = -1;
    int error = platform_file_open(pins->platform, pins->path, PLATFORM_READ, 0, &file);
    if (error == -ERR_NO_FILE) {
        return 0;
    }
    if (error != 0) {
        return error;
    }
    error = read_file(pins, file);
    platform_file_close(pins->platform, file);
    pins->dirty = false;
    return error;
}

static void
fill_head(struct pins *pins)
{
    uint64_t checksum = 0;
    for (uint32_t i = 0; i < pins->slots; i++) {
        checksum = add_to_checksum(checksum, &pins->record[i]);
    }
    *pins->head = (struct pins_head){
        .magic = PINS_MAGIC,
        .slots = pins->slots,
        .checksum = checksum,
    };
}

int
pins_write(struct pins *pins, bool now_or_never)
{
    struct mono_ns now = platform_mono_now(pins->platform);
    bool soon = pins->written.ns != 0 && mono_ms_between(pins->written, now) < PINS_WRITE_MS;
    if (!pins->dirty || (soon && !now_or_never)) {
        return 0;
    }
    fill_head(pins);
    pins->written = now;
    int error = platform_replace_file(pins->platform, pins->path, pins->head,
                                      file_bytes(pins->slots), 0600);
    pins->dirty = error != 0;
    return error;
}
