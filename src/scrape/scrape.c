#include "scrape/scrape.h"

#include "base/check.h"
#include "scrape/flight.h"

// Started in one turn, so that answers are read in between.
#define STARTS_PER_TURN 8
// When the fetch side is busy, or too many go through one proxy.
#define BUSY_MS 20
#define HEAP_FULL_MS 1000
// Others wait for a decoder: the slowest holder may keep it for so long.
#define PATIENCE_MS 1500

size_t
scrape_footprint(const struct scrape_caps *caps)
{
    return targets_footprint(caps->targets) + 2 * schedule_footprint(caps->targets)
           + streams_footprint(caps->streams, caps->cadvisor_streams)
           + arena_bytes(caps->flights * sizeof(struct flight));
}

void
scrape_init(struct scrape *scrape, struct arena *arena, const struct scrape_caps *caps,
            const struct platform *platform, struct fetch *fetch, struct table_writer *writer,
            struct decode_space *space, struct cycle *cycle, const struct scrape_hooks *hooks,
            struct hash_key key)
{
    ASSERT(caps->flights >= 1);
    *scrape = (struct scrape){
        .caps = *caps,
        .platform = platform,
        .fetch = fetch,
        .writer = writer,
        .hooks = *hooks,
        .cycle = cycle,
        .waiting_first = FLIGHT_NONE,
        .waiting_last = FLIGHT_NONE,
    };
    targets_init(&scrape->targets, arena, caps->targets, key);
    schedule_init(&scrape->planned, arena, caps->targets, caps->resolution_ms, caps->first_ms,
                  key.k0);
    schedule_init(&scrape->beyond, arena, caps->targets, caps->resolution_ms, caps->first_ms,
                  key.k1);
    streams_init(&scrape->streams, arena, caps->streams, caps->cadvisor_streams, space);
    scrape->flight = arena_take_array(arena, caps->flights, sizeof(*scrape->flight));
    flight_init_all(scrape);
}

void
scrape_set_access(struct scrape *scrape, unsigned source, const struct scrape_access *access)
{
    ASSERT(source >= 1 && source <= SOURCES_MAX);
    scrape->access[source] = *access;
}

void
scrape_set_pins(struct scrape *scrape, struct pins *pins)
{
    scrape->pins = pins;
}

static bool
is_pinned(const struct scrape *scrape, const struct target *target)
{
    return scrape->pins != NULL && scrape->access[target->source].trust == TRUST_PIN;
}

static struct pin_key
pin_key(const struct scrape *scrape, const struct target *target)
{
    const struct scrape_access *access = &scrape->access[target->source];
    return pin_key_of(access->api_host, access->api_port, target_name(target));
}

static struct schedule *
schedule_of(struct scrape *scrape, const struct target *target)
{
    return target->row != 0 ? &scrape->planned : &scrape->beyond;
}

// A target that gets a row, or loses it, changes its schedule; but not while it
// is fetched.
static void
set_row(struct scrape *scrape, uint32_t index, row_index row)
{
    struct target *target = &scrape->targets.target[index];
    target->row_next = row;
    if ((target->row != 0) != (row != 0)) {
        if (target->busy) {
            return;
        }
        schedule_remove(schedule_of(scrape, target), index);
        target->row = row;
        schedule_add(schedule_of(scrape, target), index, target_hash(target_name(target)),
                     platform_mono_now(scrape->platform));
    }
    target->row = row;
}

static struct target *
put(struct scrape *scrape, unsigned source, row_index row, struct text name, bool *fresh)
{
    uint32_t index = targets_put(&scrape->targets, source, name, fresh);
    if (index == TARGET_NONE) {
        table_count_error(scrape->writer, ERR_NODES_FULL, 1);
        return NULL;
    }
    struct target *target = &scrape->targets.target[index];
    target->generation = scrape->generation[source];
    if (*fresh) {
        if (is_pinned(scrape, target)) {
            pins_find(scrape->pins, pin_key(scrape, target), &target->pin);
        }
        target->row = row;
        target->row_next = row;
        target->row_next = row;
        schedule_add(schedule_of(scrape, target), index, target_hash(name),
                     platform_mono_now(scrape->platform));
    } else {
        set_row(scrape, index, row);
    }
    return target;
}

void
scrape_put_node(struct scrape *scrape, unsigned source, row_index row,
                const struct node_object *node)
{
    bool fresh = false;
    struct target *target = put(scrape, source, row, node->name, &fresh);
    if (target != NULL) {
        target_describe(target, node);
    }
}

void
scrape_put_row(struct scrape *scrape, unsigned source, row_index row, struct text name,
               enum address_type type, struct text address, uint16_t port)
{
    bool fresh = false;
    struct target *target = put(scrape, source, row, name, &fresh);
    if (target != NULL && fresh) {
        target_describe_address(target, type, address, port);
    }
}

static void
remove_target(struct scrape *scrape, uint32_t index)
{
    struct target *target = &scrape->targets.target[index];
    if (is_pinned(scrape, target)) {
        pins_drop(scrape->pins, pin_key(scrape, target));
    }
    schedule_remove(schedule_of(scrape, target), index);
    (void)targets_remove(&scrape->targets, index);
}

void
scrape_remove_node(struct scrape *scrape, unsigned source, struct text name)
{
    uint32_t index = targets_find(&scrape->targets, source, name);
    if (index != TARGET_NONE) {
        remove_target(scrape, index);
    }
}

void
scrape_list_begin(struct scrape *scrape, unsigned source)
{
    scrape->generation[source]++;
}

void
scrape_list_end(struct scrape *scrape, unsigned source)
{
    for (uint32_t i = 0; i < scrape->targets.limit; i++) {
        const struct target *target = &scrape->targets.target[i];
        if (target->used && !target->leaving && target->source == source
            && target->generation != scrape->generation[source]) {
            remove_target(scrape, i);
        }
    }
}

void
scrape_count_beyond(const struct scrape *scrape, unsigned source, uint32_t *count,
                    uint32_t *ready)
{
    *count = 0;
    *ready = 0;
    for (uint32_t i = 0; i < scrape->targets.limit; i++) {
        const struct target *target = &scrape->targets.target[i];
        if (target->used && !target->leaving && target->source == source
            && target->row_next == 0) {
            (*count)++;
            *ready += target->ready ? 1 : 0;
        }
    }
}

// The next one that may start; planned nodes come first. *schedule is its own.
static uint32_t
take_due(struct scrape *scrape, struct mono_ns now, struct schedule **schedule)
{
    *schedule = &scrape->planned;
    uint32_t index = schedule_take(&scrape->planned, scrape->cycle, now);
    if (index == SCHEDULE_NONE) {
        *schedule = &scrape->beyond;
        index = schedule_take(&scrape->beyond, scrape->cycle, now);
    }
    return index;
}

static void
note_lateness(struct scrape *scrape, int64_t due_ns, struct mono_ns now)
{
    if (now.ns - due_ns > scrape->caps.resolution_ms * NS_PER_MS) {
        table_count(scrape->writer, COUNTER_SCRAPE_MISSED, 1);
    }
}

static bool
start_one(struct scrape *scrape, struct mono_ns now)
{
    struct schedule *schedule = NULL;
    uint32_t index = take_due(scrape, now, &schedule);
    if (index == SCHEDULE_NONE) {
        return false;
    }
    struct target *target = &scrape->targets.target[index];
    if (scrape->access[target->source].proxy
        && scrape->proxy_flights[target->source] >= SCRAPE_PROXY_FLIGHTS_MAX) {
        schedule_defer(schedule, index, now, BUSY_MS);
        return true;
    }
    note_lateness(scrape, schedule->slot[index].due_ns, now);
    int error = flight_start(scrape, index, now);
    if (error == -ERR_BUSY) {
        schedule_defer(schedule, index, now, BUSY_MS);
        return false;
    }
    return true;
}

// Frees a decoder that somebody holds while others wait.
static void
hurry(struct scrape *scrape, struct mono_ns now)
{
    struct mono_ns since = {0};
    if (scrape->waiting_first == FLIGHT_NONE) {
        return;
    }
    uint32_t holder = stream_slowest(&scrape->streams, &since);
    if (holder != STREAM_NONE && mono_ms_between(since, now) >= PATIENCE_MS) {
        scrape->targets.target[scrape->flight[holder].target].slow = true;
        fetch_cancel(scrape->fetch, scrape->flight[holder].id, -ERR_TIMEOUT);
    }
}

struct mono_ns
scrape_turn(struct scrape *scrape)
{
    struct mono_ns now = platform_mono_now(scrape->platform);
    bool more = true;
    hurry(scrape, now);
    for (int i = 0; i < STARTS_PER_TURN && more && scrape->free_flight != FLIGHT_NONE; i++) {
        more = start_one(scrape, now);
    }
    struct mono_ns planned = schedule_next(&scrape->planned);
    struct mono_ns beyond = schedule_next(&scrape->beyond);
    struct mono_ns next = mono_before(planned, beyond) ? planned : beyond;
    // Without a free place only the end of a request can change anything.
    if (scrape->free_flight == FLIGHT_NONE || scrape->waiting_first != FLIGHT_NONE) {
        struct mono_ns look = mono_add_ms(now, BUSY_MS);
        next = scrape->free_flight == FLIGHT_NONE || mono_before(look, next) ? look : next;
    }
    return next;
}

void
scrape_put_back(struct scrape *scrape, uint32_t index, const struct flight *flight, int error)
{
    struct target *target = &scrape->targets.target[index];
    struct schedule *schedule = schedule_of(scrape, target);
    struct mono_ns now = platform_mono_now(scrape->platform);
    if (target->pin.known && !target->leaving && is_pinned(scrape, target)) {
        pins_put(scrape->pins, pin_key(scrape, target), &target->pin);
    }
    if (error == ERR_BUSY) {
        schedule_defer(schedule, index, now, BUSY_MS);
    } else if (error == ERR_HEAP_FULL) {
        schedule_defer(schedule, index, now, HEAP_FULL_MS);
    } else if (flight->retry_after_ms > scrape->caps.resolution_ms && error != 0) {
        schedule_defer(schedule, index, now, flight->retry_after_ms);
    } else {
        schedule_done(schedule, index, scrape->cycle, now, error != 0);
    }
    if (!targets_release(&scrape->targets, index)) {
        set_row(scrape, index, target->row_next);
    }
}
