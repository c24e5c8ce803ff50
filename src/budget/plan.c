#include "budget/plan.h"

#include <string.h>

#include "base/check.h"
#include "base/json.h"

void
plan_add(struct plan *plan, const char *role, const char *name, uint64_t count,
         uint64_t bytes_each)
{
    ASSERT(role != NULL);
    ASSERT(name != NULL);
    if (count == 0) {
        return;
    }
    ASSERT(plan->part_count < PLAN_PARTS_MAX);
    plan->part[plan->part_count++] = (struct plan_part){role, name, count, bytes_each};
}

uint64_t
plan_part_bytes(const struct plan_part *part)
{
    uint64_t bytes;
    return __builtin_mul_overflow(part->count, part->bytes_each, &bytes) ? UINT64_MAX : bytes;
}

#define PAGE_BYTES 4096

uint64_t
plan_bytes(const struct plan *plan, const char *role)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < plan->part_count; i++) {
        const struct plan_part *part = &plan->part[i];
        if (role != NULL && strcmp(role, part->role) != 0) {
            continue;
        }
        if (__builtin_add_overflow(sum, plan_part_bytes(part), &sum)) {
            return UINT64_MAX;
        }
    }
    // The kernel rounds a limit down to pages.
    bool whole = role == NULL && sum <= UINT64_MAX - PAGE_BYTES;
    return whole ? (sum + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES : sum;
}

uint32_t
plan_fit(uint32_t nodes_max, uint64_t limit, plan_bytes_of *bytes_of, const void *context)
{
    uint32_t fits = 0;
    uint32_t beyond = nodes_max + 1;
    ASSERT(nodes_max < UINT32_MAX);
    // Invariant: `fits` fits (0 trivially), `beyond` does not or is no choice.
    while (beyond - fits > 1) {
        uint32_t middle = fits + (beyond - fits) / 2;
        if (bytes_of(context, middle) <= limit) {
            fits = middle;
        } else {
            beyond = middle;
        }
    }
    return fits;
}

void
plan_write_size(struct out *out, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    uint64_t whole = bytes;
    uint64_t rest = 0;
    while (whole >= 1024) {
        rest = whole % 1024;
        whole /= 1024;
        unit++;
    }
    if (unit < 2) {
        out_format(out, "%llu %s", (unsigned long long)whole, units[unit]);
    } else {
        out_format(out, "%llu.%u %s", (unsigned long long)whole, (unsigned)(rest * 10 / 1024),
                   units[unit]);
    }
}

// Right-aligned in 12 columns.
static void
write_size_column(struct out *out, uint64_t bytes)
{
    char buffer[32];
    struct out size = out_of(buffer, sizeof buffer);
    plan_write_size(&size, bytes);
    out_format(out, "%12s", out_c_string(&size));
}

static void
write_part(struct out *out, const struct plan_part *part)
{
    out_format(out, "  %-34s %10llu x ", part->name, (unsigned long long)part->count);
    write_size_column(out, part->bytes_each);
    write_size_column(out, plan_part_bytes(part));
    out_byte(out, '\n');
}

// True for the first part of its role: there the role's block begins.
static bool
is_first_of_role(const struct plan *plan, unsigned index)
{
    for (unsigned i = 0; i < index; i++) {
        if (strcmp(plan->part[i].role, plan->part[index].role) == 0) {
            return false;
        }
    }
    return true;
}

static void
write_role(const struct plan *plan, const char *role, struct out *out)
{
    out_format(out, "%-62s", role);
    write_size_column(out, plan_bytes(plan, role));
    out_byte(out, '\n');
    for (unsigned i = 0; i < plan->part_count; i++) {
        if (strcmp(plan->part[i].role, role) == 0) {
            write_part(out, &plan->part[i]);
        }
    }
}

void
plan_write_table(const struct plan *plan, const struct capacity *capacity, struct out *out)
{
    out_format(out, "planned for %u nodes, %u namespaces, %u pods, %u containers,\n"
               "%u connections, %u clients\n\n",
               capacity->nodes, capacity->namespaces, capacity->pods, capacity->containers,
               capacity->connections, capacity->clients);
    for (unsigned i = 0; i < plan->part_count; i++) {
        if (is_first_of_role(plan, i)) {
            write_role(plan, plan->part[i].role, out);
        }
    }
    out_format(out, "%-62s", "limit to give the container or VM");
    write_size_column(out, plan_bytes(plan, NULL));
    out_format(out, "\n  (%llu bytes)\n", (unsigned long long)plan_bytes(plan, NULL));
}

static void
write_json_capacity(struct json *json, const struct capacity *capacity)
{
    const struct {
        const char *key;
        uint32_t value;
    } rows[] = {
        {"nodes", capacity->nodes},
        {"namespaces", capacity->namespaces},
        {"pods", capacity->pods},
        {"containers", capacity->containers},
        {"connections", capacity->connections},
        {"clients", capacity->clients},
        {"filesystems", capacity->filesystems},
        {"disks", capacity->disks},
        {"extras", capacity->extras},
        {"pressures", capacity->pressures},
        {"events", capacity->events},
        {"stringCells", capacity->string_cells},
        {"overflowNodes", capacity->overflow_nodes},
        {"overflowPods", capacity->overflow_pods},
        {"transfers", capacity->transfers},
        {"streams", capacity->streams},
    };
    json_object(json);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        json_key(json, rows[i].key);
        json_u64(json, rows[i].value);
    }
    json_object_end(json);
}

static void
write_json_part(struct json *json, const struct plan_part *part)
{
    json_object(json);
    json_key(json, "role");
    json_string(json, part->role);
    json_key(json, "name");
    json_string(json, part->name);
    json_key(json, "count");
    json_u64(json, part->count);
    json_key(json, "bytesEach");
    json_u64(json, part->bytes_each);
    json_key(json, "bytes");
    json_u64(json, plan_part_bytes(part));
    json_object_end(json);
}

void
plan_write_json(const struct plan *plan, const struct capacity *capacity, struct out *out)
{
    struct json json = json_of(out);
    json_object(&json);
    json_key(&json, "capacity");
    write_json_capacity(&json, capacity);
    json_key(&json, "parts");
    json_array(&json);
    for (unsigned i = 0; i < plan->part_count; i++) {
        write_json_part(&json, &plan->part[i]);
    }
    json_array_end(&json);
    json_key(&json, "roles");
    json_object(&json);
    for (unsigned i = 0; i < plan->part_count; i++) {
        if (is_first_of_role(plan, i)) {
            json_key(&json, plan->part[i].role);
            json_u64(&json, plan_bytes(plan, plan->part[i].role));
        }
    }
    json_object_end(&json);
    json_key(&json, "bytes");
    json_u64(&json, plan_bytes(plan, NULL));
    json_object_end(&json);
    out_byte(out, '\n');
}
