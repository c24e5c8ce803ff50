// Writes a history of many days at once, for test_page_past.sh:
//
//   skerry-past FILE END_S DAYS STEP_S <NAMES
//
// NAMES has one entity a line, "node NAME", "pod NAMESPACE NAME NODE", "namespace
// NAME" or "cluster", each kind together; the line's number w is its weight. Cycles
// come every STEP_S seconds up to END_S (seconds since 1970), except in the gaps
// below. With H = (time / 3600) % 24, cpu/usage_rate is 100 w + 10 H millicores and
// memory/working_set w GiB + 16 H MiB; the others are in the table. past.mjs knows
// the same.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "history/history.h"
#include "platform/linux.h"

enum { ROWS_MAX = 256, NAME_MAX_BYTES = 96, DAY_S = 86400 };

// value = w * weighted + H * hourly
static const struct {
    enum metric metric;
    double weighted, hourly;
} values[] = {
    {METRIC_CPU_USAGE_RATE, 100, 10},
    {METRIC_CPU_REQUEST, 200, 0},
    {METRIC_CPU_LIMIT, 800, 0},
    {METRIC_CPU_NODE_ALLOCATABLE, 1000, 0},
    {METRIC_CPU_NODE_UTILIZATION, 0, 0.02},
    {METRIC_MEMORY_WORKING_SET, 1 << 30, 1 << 24},
    {METRIC_MEMORY_USAGE, 1 << 30, 1 << 25},
    {METRIC_MEMORY_REQUEST, 1 << 30, 0},
    {METRIC_MEMORY_LIMIT, 1u << 31, 0},
    {METRIC_MEMORY_NODE_ALLOCATABLE, 4.0 * (1 << 30), 0},
    {METRIC_MEMORY_NODE_UTILIZATION, 0, 0.03},
    {METRIC_NETWORK_RX_RATE, 10000, 1000},
    {METRIC_NETWORK_TX_RATE, 5000, 500},
    {METRIC_EPHEMERAL_USAGE, 1 << 30, 1 << 20},
};

// From and to, in seconds before END_S; past.mjs has them, too.
static const uint32_t gaps[][2] = {{12 * DAY_S, 10 * DAY_S},
                                   {4 * DAY_S, 3 * DAY_S},
                                   {40000, 30000},
                                   {12000, 9000},
                                   {1800, 1500},
                                   {600, 360}};

struct row {
    enum entity entity;
    unsigned index;
    char name[3][NAME_MAX_BYTES];
};
static struct row rows[ROWS_MAX];
static unsigned row_count;
static struct platform_ops ops;

static void
must(int result, const char *what)
{
    if (result < 0) {
        fprintf(stderr, "skerry-past: %s: %s\n", what, error_sentence(result));
        exit(1);
    }
}

// A test's history may be lost with the machine.
static int
sync_nothing(void *state, int file)
{
    (void)state;
    (void)file;
    return 0;
}

static void
read_rows(void)
{
    static const struct {
        const char *word;
        enum entity entity;
    } kinds[] = {{"node", ENTITY_NODE},
                 {"pod", ENTITY_POD},
                 {"namespace", ENTITY_NAMESPACE},
                 {"cluster", ENTITY_CLUSTER}};
    unsigned count[ENTITY_COUNT] = {0};
    char line[4 * NAME_MAX_BYTES];
    while (row_count < ROWS_MAX && fgets(line, sizeof line, stdin) != NULL) {
        struct row *row = &rows[row_count];
        char word[16] = "";
        (void)sscanf(line, "%15s %95s %95s %95s", word, row->name[0], row->name[1], row->name[2]);
        unsigned kind = 0;
        while (kind < ARRAY_COUNT(kinds) && strcmp(word, kinds[kind].word) != 0) {
            kind++;
        }
        if (kind == ARRAY_COUNT(kinds)) {
            fprintf(stderr, "skerry-past: no kind \"%s\"\n", word);
            exit(1);
        }
        row->entity = kinds[kind].entity;
        row->index = row->entity == ENTITY_CLUSTER ? 0 : ++count[row->entity];
        row_count++;
    }
}

static void
put(struct history *history, const struct row *row, unsigned weight, uint32_t now_s)
{
    static struct metric_set set;
    unsigned hour = now_s / 3600 % 24;
    set = (struct metric_set){.entity = row->entity,
                              .time = {(int64_t)now_s * 1000},
                              .created_s = 1600000000,
                              .identity = hash_mix(row->entity, weight)};
    if (row->entity == ENTITY_NODE) {
        set.label[SET_LABEL_NODE] = set.label[SET_LABEL_HOSTNAME] = text_of(row->name[0]);
    } else if (row->entity != ENTITY_CLUSTER) {
        set.label[SET_LABEL_NAMESPACE] = text_of(row->name[0]);
        set.label[SET_LABEL_POD] = text_of(row->name[1]);
        set.label[SET_LABEL_NODE] = text_of(row->name[2]);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(values); i++) {
        enum metric metric = values[i].metric;
        if (metric_is_recorded(metric, row->entity)) {
            bool is_double = metric_info(metric)->value_type == METRIC_DOUBLE;
            double value = weight * values[i].weighted + hour * values[i].hourly;
            set.present[metric] = true;
            set.value[metric] = is_double ? (struct metric_value){.is_double = true, .real = value}
                                          : (struct metric_value){.u64 = (uint64_t)value};
        }
    }
    must(history_put(history, row->index, &set), "put");
}

static bool
is_gap(uint32_t before_end_s)
{
    for (unsigned i = 0; i < ARRAY_COUNT(gaps); i++) {
        if (before_end_s < gaps[i][0] && before_end_s > gaps[i][1]) {
            return true;
        }
    }
    return false;
}

static void
record(struct history *history, uint32_t now_s)
{
    must(history_begin_cycle(history, now_s), "begin");
    for (unsigned i = 0; i < row_count; i++) {
        put(history, &rows[i], i + 1, now_s);
    }
    must(history_end_cycle(history), "end");
    int more = 1;
    while (more > 0) {
        more = history_maintain(history);
    }
    must(more, "maintain");
}

static uint32_t
number(const char *text)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || value == 0 || value > UINT32_MAX) {
        fprintf(stderr, "skerry-past: \"%s\" is no number\n", text);
        exit(1);
    }
    return (uint32_t)value;
}

int
main(int count, char **arguments)
{
    static unsigned char memory[8 << 20] __attribute__((aligned(16)));
    static struct capacity capacity = {
        .nodes = ROWS_MAX, .namespaces = ROWS_MAX, .pods = ROWS_MAX, .containers = ROWS_MAX};
    if (count != 5) {
        fprintf(stderr, "usage: skerry-past FILE END_S DAYS STEP_S <NAMES\n");
        return 1;
    }
    struct platform platform = linux_platform();
    ops = *platform.ops;
    ops.file_sync = sync_nothing;
    platform.ops = &ops;
    uint32_t end_s = number(arguments[2]);
    uint32_t days = number(arguments[3]);
    struct history_config config = {.platform = &platform,
                                    .path = arguments[1],
                                    .bytes_limit = UINT64_C(4) << 30,
                                    .capacity = &capacity,
                                    .resolution_s = number(arguments[4]),
                                    .writer = true};
    struct history *history;
    struct arena arena;
    char text[256];
    struct out why = out_of(text, sizeof text);
    bool set_aside;
    arena_init(&arena, memory, sizeof memory);
    must(history_open(&arena, &config, &history, &set_aside, &why), "open");
    read_rows();
    for (uint32_t before_s = days * DAY_S; before_s > 0; before_s -= config.resolution_s) {
        if (!is_gap(before_s)) {
            record(history, end_s - before_s);
        }
    }
    history_close(history);
    return 0;
}
