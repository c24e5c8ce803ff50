#include "host/proc.h"

#include "base/check.h"
#include "host/word.h"

#define KIB UINT64_C(1024)
#define SECTOR_BYTES UINT64_C(512)

static bool
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

bool
proc_cpu_line(struct text line, uint64_t *ticks)
{
    // user nice system idle iowait irq softirq steal guest guest_nice
    static const bool working[] = {true, true, true, false, false, true, true, true};
    struct text word;
    if (!word_next(&line, &word) || !text_equal(word, TEXT("cpu"))) {
        return false;
    }
    uint64_t sum = 0;
    size_t found = 0;
    uint64_t value;
    while (found < ARRAY_COUNT(working) && word_u64(&line, &value)) {
        sum = add_capped(sum, working[found] ? value : 0);
        found++;
    }
    *ticks = sum;
    return found >= 4;
}

bool
proc_is_one_cpu(struct text line)
{
    return line.size > 3 && text_starts(line, TEXT("cpu")) && is_digit(line.at[3]);
}

bool
proc_boot_line(struct text line, uint64_t *seconds)
{
    struct text word;
    return word_next(&line, &word) && text_equal(word, TEXT("btime")) &&
           word_u64(&line, seconds);
}

// "3" or "0-3".
static uint64_t
range_count(struct text range)
{
    struct text first;
    struct text last;
    uint64_t from;
    uint64_t to;
    bool many = text_cut(range, '-', &first, &last);
    if (text_to_u64(first, &from) != 0) {
        return 0;
    }
    if (!many) {
        return 1;
    }
    if (text_to_u64(last, &to) != 0 || to < from || to - from >= UINT32_MAX) {
        return 0;
    }
    return to - from + 1;
}

uint64_t
proc_cpu_list_count(struct text list)
{
    uint64_t count = 0;
    struct text rest = text_trim(list);
    struct text range;
    while (rest.size > 0) {
        struct text all = rest;
        (void)text_cut(all, ',', &range, &rest);
        uint64_t more = range_count(range);
        if (more == 0) {
            return 0;
        }
        count = add_capped(count, more);
    }
    return count;
}

void
proc_memory_line(struct text line, struct proc_memory *memory)
{
    const struct {
        struct text name;
        unsigned bit;
        uint64_t *value;
    } rows[] = {
        {TEXT("MemTotal:"), MEMINFO_TOTAL, &memory->total},
        {TEXT("MemFree:"), MEMINFO_FREE, &memory->free},
        {TEXT("MemAvailable:"), MEMINFO_AVAILABLE, &memory->available},
        {TEXT("Buffers:"), MEMINFO_BUFFERS, &memory->buffers},
        {TEXT("Cached:"), MEMINFO_CACHED, &memory->cached},
        {TEXT("Inactive(file):"), MEMINFO_INACTIVE_FILE, &memory->inactive_file},
        {TEXT("AnonPages:"), MEMINFO_ANONYMOUS, &memory->anonymous},
        {TEXT("SwapTotal:"), MEMINFO_SWAP_TOTAL, &memory->swap_total},
        {TEXT("SwapFree:"), MEMINFO_SWAP_FREE, &memory->swap_free},
    };
    struct text name;
    uint64_t kib;
    if (!word_next(&line, &name) || !word_u64(&line, &kib)) {
        return;
    }
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (text_equal(name, rows[i].name)) {
            *rows[i].value = multiply_capped(kib, KIB);
            memory->found |= rows[i].bit;
            return;
        }
    }
}

static bool
has_all(unsigned found, unsigned bits)
{
    return (found & bits) == bits;
}

static void
fill_use(const struct proc_memory *memory, struct memory_seen *seen)
{
    if (!has_all(memory->found, MEMINFO_TOTAL | MEMINFO_FREE)) {
        return;
    }
    seen->usage = subtract_floored(memory->total, memory->free);
    seen->has |= HAS_MEMORY_USAGE;
    if (has_all(memory->found, MEMINFO_AVAILABLE)) {
        seen->available = memory->available;
        seen->working_set = subtract_floored(memory->total, memory->available);
    } else if (has_all(memory->found, MEMINFO_INACTIVE_FILE)) {
        seen->working_set = subtract_floored(seen->usage, memory->inactive_file);
        seen->available = subtract_floored(memory->total, seen->working_set);
    } else {
        return;
    }
    seen->has |= HAS_MEMORY_WORKING_SET | HAS_MEMORY_AVAILABLE;
}

void
proc_memory_fill(const struct proc_memory *memory, struct memory_seen *seen)
{
    fill_use(memory, seen);
    if (has_all(memory->found, MEMINFO_ANONYMOUS)) {
        seen->rss = memory->anonymous;
        seen->has |= HAS_MEMORY_RSS;
    }
    if (has_all(memory->found, MEMINFO_BUFFERS | MEMINFO_CACHED)) {
        seen->cache = add_capped(memory->buffers, memory->cached);
        seen->has |= HAS_MEMORY_CACHE;
    }
    if (has_all(memory->found, MEMINFO_SWAP_TOTAL | MEMINFO_SWAP_FREE)) {
        seen->swap = subtract_floored(memory->swap_total, memory->swap_free);
        seen->has |= HAS_MEMORY_SWAP;
    }
}

void
proc_vmstat_line(struct text line, struct memory_seen *seen)
{
    struct text name;
    if (!word_next(&line, &name)) {
        return;
    }
    if (text_equal(name, TEXT("pgfault")) && word_u64(&line, &seen->page_faults)) {
        seen->has |= HAS_MEMORY_PAGE_FAULTS;
    }
    if (text_equal(name, TEXT("pgmajfault")) &&
        word_u64(&line, &seen->major_page_faults)) {
        seen->has |= HAS_MEMORY_MAJOR_PAGE_FAULTS;
    }
}

bool
proc_load(struct text text, uint64_t *milli)
{
    struct text word;
    struct text whole;
    struct text fraction;
    uint64_t units;
    if (!word_next(&text, &word) || !text_cut(word, '.', &whole, &fraction) ||
        text_to_u64(whole, &units) != 0) {
        return false;
    }
    *milli = multiply_capped(units, 1000);
    uint64_t weight = 100;
    for (size_t i = 0; i < fraction.size && weight > 0; i++, weight /= 10) {
        if (!is_digit(fraction.at[i])) {
            return false;
        }
        *milli = add_capped(*milli, weight * (uint64_t)(fraction.at[i] - '0'));
    }
    return true;
}

// "some avg10=0.00 avg60=0.00 avg300=0.00 total=123"
static bool
pressure_line(struct text line, struct text kind, uint64_t *us)
{
    static const struct text total = {"total=", 6};
    struct text word;
    if (!word_next(&line, &word) || !text_equal(word, kind)) {
        return false;
    }
    while (word_next(&line, &word)) {
        if (text_starts(word, total)) {
            return text_to_u64(text_sub(word, total.size, SIZE_MAX), us) == 0;
        }
    }
    return false;
}

bool
proc_pressure(struct text text, uint64_t *some_us, uint64_t *full_us)
{
    bool some = false;
    struct text line;
    *some_us = 0;
    *full_us = 0;
    while (line_next(&text, &line)) {
        uint64_t us;
        if (pressure_line(line, TEXT("some"), &us)) {
            *some_us = us;
            some = true;
        } else if (pressure_line(line, TEXT("full"), &us)) {
            *full_us = us;
        }
    }
    return some;
}

static bool
word_hex(struct text *rest, uint64_t *value)
{
    struct text word;
    if (!word_next(rest, &word) || word.size > 16) {
        return false;
    }
    *value = 0;
    for (size_t i = 0; i < word.size; i++) {
        int digit = text_hex_digit(word.at[i]);
        if (digit < 0) {
            return false;
        }
        *value = *value << 4 | (uint64_t)digit;
    }
    return true;
}

// A word of hexadecimal zeros: an address or prefix that matches everything.
static bool
word_is_zero(struct text *rest)
{
    struct text word;
    if (!word_next(rest, &word)) {
        return false;
    }
    for (size_t i = 0; i < word.size; i++) {
        if (word.at[i] != '0') {
            return false;
        }
    }
    return true;
}

#define ROUTE_UP 0x1U
#define ROUTE_REJECT 0x200U

static bool
is_usable(uint64_t flags)
{
    return (flags & ROUTE_UP) != 0 && (flags & ROUTE_REJECT) == 0;
}

bool
proc_route_line(struct text line, struct text *interface, uint64_t *metric)
{
    // Iface Destination Gateway Flags RefCnt Use Metric Mask ...
    uint64_t flags;
    return word_next(&line, interface) && word_is_zero(&line) &&
           word_skip(&line, 1) && word_hex(&line, &flags) && is_usable(flags) &&
           word_skip(&line, 2) && word_u64(&line, metric) && word_is_zero(&line);
}

bool
proc_route6_line(struct text line, struct text *interface, uint64_t *metric)
{
    // destination prefix source prefix next-hop metric refs use flags interface
    uint64_t flags;
    return word_is_zero(&line) && word_is_zero(&line) && word_skip(&line, 3) &&
           word_hex(&line, metric) && word_skip(&line, 2) &&
           word_hex(&line, &flags) && is_usable(flags) &&
           word_next(&line, interface) && !text_equal(*interface, TEXT("lo"));
}

bool
proc_interface_line(struct text line, struct proc_interface *interface)
{
    // name: rx-bytes packets errs drop fifo frame compressed multicast tx-...
    // The name may hold colons itself (aliases), so the last one counts.
    struct text head;
    struct text rest = line;
    size_t colon = SIZE_MAX;
    for (size_t i = 0; i < line.size; i++) {
        colon = line.at[i] == ':' ? i : colon;
    }
    if (colon == SIZE_MAX) {
        return false;
    }
    head = text_trim(text_sub(line, 0, colon));
    rest = text_sub(line, colon + 1, SIZE_MAX);
    interface->name = head;
    return head.size > 0 && word_u64(&rest, &interface->rx) &&
           word_skip(&rest, 1) && word_u64(&rest, &interface->rx_errors) &&
           word_skip(&rest, 5) && word_u64(&rest, &interface->tx) &&
           word_skip(&rest, 1) && word_u64(&rest, &interface->tx_errors);
}

bool
proc_disk_line(struct text line, struct proc_disk *disk)
{
    // major minor name reads merged sectors ms writes merged sectors ...
    uint64_t read_sectors;
    uint64_t write_sectors;
    if (!word_skip(&line, 2) || !word_next(&line, &disk->name) ||
        !word_skip(&line, 2) || !word_u64(&line, &read_sectors) ||
        !word_skip(&line, 3) || !word_u64(&line, &write_sectors)) {
        return false;
    }
    disk->read_bytes = multiply_capped(read_sectors, SECTOR_BYTES);
    disk->write_bytes = multiply_capped(write_sectors, SECTOR_BYTES);
    return true;
}

bool
proc_disk_is_virtual(struct text name)
{
    return text_starts(name, TEXT("loop")) || text_starts(name, TEXT("ram")) ||
           text_starts(name, TEXT("zram"));
}

bool
proc_os_release_line(struct text line, struct text key, struct text *value)
{
    struct text name;
    if (!text_cut(text_trim(line), '=', &name, value) || !text_equal(name, key)) {
        return false;
    }
    bool quoted = value->size >= 2 && (value->at[0] == '"' || value->at[0] == '\'') &&
                  value->at[value->size - 1] == value->at[0];
    if (quoted) {
        *value = text_sub(*value, 1, value->size - 2);
    }
    return true;
}
