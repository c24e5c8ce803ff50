// What a block of history takes, raw and of the tier of minutes: bytes per sample
// over windows of 16 cycles, ns per sample to write and to read, on made-up series
// that behave as those of clusters do: `name value unit` lines.
//
// Pods differ in size by orders of magnitude, most are idle, counters are in ns
// and bytes, memory in pages, rates floats, requests and limits constant, some
// metrics absent, a few rows change their entity.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "history/block.h"
#include "history/rollup.h"

enum { GROUPS = 40, WINDOW = 16, WINDOWS = 3, CYCLE_S = 15, ROUNDS = 30, COLUMNS_MAX = 40 };

static uint64_t random_state = 42;

static uint64_t
draw(void)
{
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = random_state;
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

static double
draw_real(void)
{
    return (double)(draw() >> 11) * 0x1p-53;
}

// About a normal distribution of variance 1.
static double
draw_normal(void)
{
    double sum = -6;
    for (unsigned i = 0; i < 12; i++) {
        sum += draw_real();
    }
    return sum;
}

static int64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// How one row behaves.
struct life {
    double cores, faults, major, bytes_in, bytes_out;  // mean per second
    double jitter;                                     // of them, relative
    double pages_step;                                 // mean change of memory a cycle
    bool is_swinging;                                  // its page cache comes and goes
    uint64_t cpu_ns, fault_count, major_count, rx, tx;
    double rss, cache;  // pages
    uint64_t start_s, cpu_request, memory_request, disk;
    uint32_t entity;
    double read_before_s;  // when its kubelet last looked
};

static struct life lives[GROUPS][HISTORY_GROUP_ROWS];
static uint32_t next_entity = 1000;

static void
be_born(struct life *life)
{
    static const double sizes[] = {0.0005, 0.001, 0.002, 0.005, 0.02, 0.1, 0.5, 2};
    double cores = sizes[draw() % 8];
    bool is_idle = draw() % 3 == 0;
    *life = (struct life){
        .cores = is_idle ? 0.0001 : cores * (0.5 + draw_real()),
        .faults = is_idle ? 0 : cores * 1000,
        .major = draw() % 20 == 0 ? 0.1 : 0,
        .bytes_in = is_idle ? 20 : cores * 200000,
        .bytes_out = is_idle ? 15 : cores * 400000,
        .jitter = 0.05 + 0.4 * draw_real(),
        .pages_step = is_idle ? 0 : 1 + cores * 300,
        .is_swinging = draw() % 4 == 0,
        .rss = 1000 + 60000 * draw_real(),
        .cache = 3000 * draw_real(),
        .start_s = 1699000000 + draw() % 900000,
        .cpu_request = draw() % 4 * 50,
        .memory_request = (draw() % 8) << 26,
        .disk = (draw() % 3 == 0 ? 20 : draw() % 5000) << 12,
        .entity = next_entity++,
        .read_before_s = 10 * draw_real(),
    };
    life->cpu_ns = (uint64_t)(life->cores * 1e9 * 800000 * draw_real());
    life->fault_count = (uint64_t)(life->faults * 400000) + draw() % 30000;
    life->rx = (uint64_t)(life->bytes_in * 700000);
    life->tx = (uint64_t)(life->bytes_out * 700000);
}

static uint64_t
real_bits(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static uint64_t
whole_step(double per_s, double jitter, double elapsed_s)
{
    double mean = per_s * elapsed_s * (1 + jitter * draw_normal());
    return mean < 1 ? (uint64_t)(draw_real() < mean) : (uint64_t)mean;
}

// A row's values in the order of the catalogue. `with_network`: a pod's.
static void
live(struct life *life, uint32_t time_s, bool with_network, uint64_t value[COLUMNS_MAX],
     unsigned *count)
{
    double elapsed_s = CYCLE_S + round(draw_normal() * 1500) / 1000;
    uint64_t cpu = whole_step(life->cores * 1e9, life->jitter, elapsed_s);
    uint64_t faults = whole_step(life->faults, life->jitter, elapsed_s);
    uint64_t major = whole_step(life->major, life->jitter, elapsed_s);
    uint64_t rx = whole_step(life->bytes_in, life->jitter, elapsed_s);
    uint64_t tx = whole_step(life->bytes_out, life->jitter, elapsed_s);
    life->cpu_ns += cpu;
    life->fault_count += faults;
    life->major_count += major;
    life->rx += rx;
    life->tx += tx;
    life->rss += round(life->pages_step * draw_normal());
    life->rss = life->rss < 100 ? 100 : life->rss;
    life->cache += life->is_swinging ? round(50 * draw_normal()) : 0;
    life->cache = life->cache < 0 ? 0 : life->cache;
    life->disk += life->pages_step > 30 ? (draw() % 8) << 12 : 0;
    uint64_t rss = (uint64_t)life->rss << 12;
    uint64_t cache = (uint64_t)life->cache << 12;
    uint64_t *at = value;
    *at++ = (time_s - life->start_s) * 1000;                        // uptime
    *at++ = life->entity % 50 == 0;                                 // restart_count
    *at++ = life->cpu_ns;
    *at++ = real_bits((double)(float)((double)cpu * 1e-6 / elapsed_s));
    *at++ = life->cpu_request;
    *at++ = life->cpu_request * 4;
    *at++ = rss + cache + (UINT64_C(300) << 12);                    // usage
    *at++ = rss + cache / 8192 * 4096 + (UINT64_C(300) << 12);      // working set
    *at++ = rss;
    *at++ = life->fault_count;
    *at++ = real_bits((double)(float)((double)faults / elapsed_s));
    *at++ = life->major_count;
    *at++ = real_bits((double)(float)((double)major / elapsed_s));
    *at++ = life->memory_request;
    *at++ = life->memory_request * 2;
    if (with_network) {
        *at++ = life->rx;
        *at++ = real_bits((double)(float)((double)rx / elapsed_s));
        *at++ = 0;
        *at++ = real_bits(0);
        *at++ = life->tx;
        *at++ = real_bits((double)(float)((double)tx / elapsed_s));
        *at++ = 0;
        *at++ = real_bits(0);
    }
    *at++ = life->disk;
    *at++ = 0;  // ephemeral request and limit
    *at++ = 0;
    *at++ = 0;  // swap
    *count = (unsigned)(at - value);
}

static struct block_shape
shape_of(bool with_network)
{
    struct block_shape shape = {.column_count = with_network ? 27 : 19};
    static const unsigned reals[] = {3, 10, 12, 16, 18, 20, 22};
    for (unsigned i = 0; i < (with_network ? 7 : 3); i++) {
        shape.is_real[reals[i]] = true;
    }
    return shape;
}

static void
step(unsigned group, uint32_t time_s, bool with_network, struct block_rows *rows)
{
    memset(rows, 0, sizeof *rows);
    rows->time_s = time_s;
    // One group in eight is not full.
    rows->used = group % 8 == 0 ? 0x00ffffff : UINT32_MAX;
    for (unsigned slot = 0; slot < HISTORY_GROUP_ROWS; slot++) {
        uint64_t value[COLUMNS_MAX];
        unsigned count;
        struct life *life = &lives[group][slot];
        if (draw() % 2000 == 0) {
            be_born(life);
        }
        live(life, time_s, with_network, value, &count);
        rows->entity[slot] = life->entity;
        for (unsigned i = 0; i < count; i++) {
            rows->value[i][slot] = value[i];
            rows->present[i] |= rows->used & 1U << slot;
        }
    }
}

struct tally {
    uint64_t bytes, samples, blocks;
    int64_t encode_ns, decode_ns, column_ns;
};

static uint64_t
samples_of(const struct block_shape *shape, const struct block_rows *rows)
{
    uint64_t samples = 0;
    for (unsigned i = 0; i < shape->column_count; i++) {
        samples += (uint64_t)__builtin_popcount(rows->present[i]);
    }
    return samples;
}

static void
fail(const char *what)
{
    fprintf(stderr, "bench_block: %s\n", what);
    exit(1);
}

// One block, many times over.
static void
measure(const struct block_shape *shape, const struct block_rows *rows,
        const struct block_rows *key, struct block_rows *back, struct tally *tally)
{
    static unsigned char room[BLOCK_BYTES_MAX];
    int64_t size = 0;
    int64_t from = now_ns();
    for (unsigned i = 0; i < ROUNDS; i++) {
        size = block_encode(shape, rows, key, room, sizeof room);
    }
    int64_t between = now_ns();
    struct text bytes = {(const char *)room, size > 0 ? (size_t)size : 0};
    int error = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        error |= block_decode(shape, bytes, key, back);
    }
    int64_t then = now_ns();
    uint64_t wanted[BLOCK_COLUMNS_MAX / 64] = {UINT64_C(1) << 3};
    static struct block_rows some;
    for (unsigned i = 0; i < ROUNDS; i++) {
        error |= block_decode_columns(shape, bytes, key, wanted, &some);
    }
    tally->column_ns += (now_ns() - then) / ROUNDS;
    tally->encode_ns += (between - from) / ROUNDS;
    tally->decode_ns += (then - between) / ROUNDS;
    tally->bytes += (uint64_t)size;
    tally->samples += samples_of(shape, rows);
    tally->blocks++;
    for (unsigned i = 0; i < shape->column_count; i++) {
        error |= back->present[i] != rows->present[i];
        for (unsigned slot = 0; slot < HISTORY_GROUP_ROWS; slot++) {
            error |= (rows->present[i] >> slot & 1) && back->value[i][slot] != rows->value[i][slot];
        }
    }
    if (size <= 0 || error != 0) {
        fail("what comes back is not what went in");
    }
}

static void
begin_lives(unsigned group)
{
    for (unsigned slot = 0; slot < HISTORY_GROUP_ROWS; slot++) {
        be_born(&lives[group][slot]);
    }
}

static void
report(const char *name, const struct tally *keys, const struct tally *others)
{
    double samples = (double)(keys->samples + others->samples);
    double blocks = (double)others->blocks;
    printf("block_%s_size %.3f bytes/sample\n", name,
           (double)(keys->bytes + others->bytes) / samples);
    printf("block_%s_key_size %.3f bytes/sample\n", name,
           (double)keys->bytes / (double)keys->samples);
    printf("block_%s_block %.0f bytes\n", name, (double)others->bytes / blocks);
    printf("block_%s_encode %.2f ns/sample\n", name,
           (double)(keys->encode_ns + others->encode_ns) / samples);
    printf("block_%s_decode %.2f ns/sample\n", name,
           (double)(keys->decode_ns + others->decode_ns) / samples);
    printf("block_%s_decode_column %.0f ns\n", name, (double)others->column_ns / blocks);
}

static void
run_raw(const char *name, bool with_network)
{
    static struct block_rows rows, key, back;
    struct block_shape shape = shape_of(with_network);
    struct tally others = {0};
    struct tally keys = {0};
    for (unsigned group = 0; group < GROUPS; group++) {
        begin_lives(group);
        for (unsigned cycle = 0; cycle < WINDOW * WINDOWS; cycle++) {
            step(group, 1700000000 + cycle * CYCLE_S, with_network, &rows);
            if (cycle % WINDOW == 0) {
                measure(&shape, &rows, NULL, &key, &keys);
            } else {
                measure(&shape, &rows, &key, &back, &others);
            }
        }
    }
    report(name, &keys, &others);
}

// Samples are then the stats.
static void
run_minutes(const char *name, bool with_network)
{
    static const bool counters[COLUMNS_MAX] = {[0] = true, [1] = true,  [2] = true, [9] = true,
                                               [11] = true, [15] = true, [17] = true,
                                               [19] = true, [21] = true};
    static struct block_rows rows, key, back;
    static struct rollup_map map;
    static struct rollup rollup;
    struct block_shape shape = shape_of(with_network);
    struct tally others = {0};
    struct tally keys = {0};
    if (rollup_map_raw(&map, &shape, counters) != 0) {
        fail("there are too many columns");
    }
    for (unsigned group = 0; group < GROUPS; group++) {
        begin_lives(group);
        for (unsigned minute = 0; minute < WINDOW; minute++) {
            uint32_t begin_s = 1700000040 + minute * 60;
            rollup_begin(&rollup, &map, begin_s);
            for (unsigned cycle = 0; cycle < 60 / CYCLE_S; cycle++) {
                step(group, begin_s + cycle * CYCLE_S, with_network, &rows);
                rollup_add(&rollup, &rows);
            }
            bool is_key = minute == 0;
            measure(&map.to, rollup_end(&rollup), is_key ? NULL : &key, is_key ? &key : &back,
                    is_key ? &keys : &others);
        }
    }
    report(name, &keys, &others);
}

int
main(void)
{
    run_raw("pod", true);
    run_raw("container", false);
    run_minutes("pod_minute", true);
    return 0;
}
