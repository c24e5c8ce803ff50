// skerry query over a real history in a fake machine's memory: two hours of a
// pod, a node and the cluster, values that follow from their times.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/role.h"
#include "app/tool.h"
#include "configured.h"
#include "history/history.h"

#define NOW_S 1795014000u  // 2026-11-18T15:00:00Z
#define CYCLES 480u
#define FIRST_S (NOW_S - CYCLES * 15)
#define STATE "/state"

static struct configured it;
static char text[1 << 20];
static struct out answer;
static _Alignas(16) unsigned char memory[8 << 20];
static struct metric_set set;
static struct labelled_value labelled[1];

static void
begin_set(enum entity entity, uint32_t time_s)
{
    memset(&set, 0, sizeof set);
    set.entity = entity;
    set.time = (struct wall_ms){(int64_t)time_s * MS_PER_S};
    set.labelled = labelled;
    set.present[METRIC_MEMORY_USAGE] = true;
    set.value[METRIC_MEMORY_USAGE].u64 = (uint64_t)(time_s - FIRST_S) * 1024 * 1024;
    set.present[METRIC_CPU_USAGE_RATE] = true;
    set.value[METRIC_CPU_USAGE_RATE] =
        (struct metric_value){.is_double = true, .real = (double)(time_s % 60) + 0.5};
}

static void
put_cycle(struct history *history, uint32_t time_s)
{
    CHECK(history_begin_cycle(history, time_s) == 0);
    begin_set(ENTITY_CLUSTER, time_s);
    CHECK(history_put(history, 0, &set) == 0);
    begin_set(ENTITY_NAMESPACE, time_s);
    set.label[SET_LABEL_NAMESPACE] = TEXT("shop");
    CHECK(history_put(history, 1, &set) == 0);
    begin_set(ENTITY_NODE, time_s);
    set.label[SET_LABEL_NODE] = TEXT("node-a");
    set.label[SET_LABEL_HOSTNAME] = TEXT("host-a");
    set.labelled_count = 1;
    labelled[0] = (struct labelled_value){.metric = METRIC_FILESYSTEM_USAGE,
                                          .name = TEXT("filesystem/usage"),
                                          .resource_id = TEXT("/"),
                                          .value = {.u64 = time_s - FIRST_S}};
    CHECK(history_put(history, 1, &set) == 0);
    begin_set(ENTITY_POD, time_s);
    set.label[SET_LABEL_NAMESPACE] = TEXT("shop");
    set.label[SET_LABEL_POD] = TEXT("db-0");
    set.label[SET_LABEL_POD_ID] = TEXT("11111111-2222-3333-4444-555555555555");
    set.label[SET_LABEL_NODE] = TEXT("node-a");
    CHECK(history_put(history, 1, &set) == 0);
    CHECK(history_end_cycle(history) == 0);
}

static void
record(void)
{
    struct arena arena;
    struct history *history;
    bool set_aside;
    char sentence[512];
    struct out why = out_of(sentence, sizeof sentence);
    struct capacity capacity = capacity_for_nodes(2);
    struct history_config config = {.platform = &it.fake.platform,
                                    .path = STATE "/" ROLE_HISTORY_FILE,
                                    .bytes_limit = 64 << 20,
                                    .capacity = &capacity,
                                    .resolution_s = 15,
                                    .writer = true};
    memset(memory, 0, sizeof memory);
    CHECK(history_footprint(&config) <= sizeof memory);
    arena_init(&arena, memory, sizeof memory);
    CHECK(history_open(&arena, &config, &history, &set_aside, &why) == 0);
    for (uint32_t i = 0; i < CYCLES; i++) {
        put_cycle(history, FIRST_S + i * 15);
        while (history_maintain(history) > 0) {
        }
    }
    history_close(history);
}

static void
machine(bool with_history)
{
    fake_open(&it.fake, 1);
    fake_add_directory(&it.fake, STATE);
    it.fake.wall.ms = (int64_t)NOW_S * MS_PER_S;
    if (with_history) {
        record();
    }
}

static int
run(char *const *flags)
{
    static char *all[CONFIGURED_ARGUMENTS_MAX + 2];
    unsigned count = 0;
    all[count++] = "--state-dir=" STATE;
    while (*flags != NULL) {
        all[count++] = *flags++;
    }
    all[count] = NULL;
    CHECK(configured_read(&it, NULL, all) == 0);
    answer = out_of(text, sizeof text);
    struct tool tool = {.config = &it.config, .platform = &it.fake.platform, .out = &answer};
    int code = query_tool(&tool);
    (void)out_c_string(&answer);
    return code;
}

#define RUN(...) run((char *const[]){__VA_ARGS__, NULL})

static void
says(const char *part)
{
    if (strstr(text, part) == NULL) {
        CHECK_EQUAL_TEXT((const char *)text, part);
    }
}

static unsigned
lines(void)
{
    unsigned count = 0;
    for (size_t i = 0; i < answer.used; i++) {
        count += answer.at[i] == '\n';
    }
    return count;
}

TEST(values_as_csv)
{
    machine(true);
    CHECK_EQUAL_U64(RUN("--pod=shop/db-0", "--start=-30m", "--csv"), 0);
    CHECK_EQUAL_U64(lines(), 1 + 120);
    says("time,value\n2026-11-18T14:30:00Z,0.5\n2026-11-18T14:30:15Z,15.5\n");
    CHECK_EQUAL_U64(RUN("--node=node-a", "--metric=filesystem/usage", "--resource-id=/",
                        "--start=2026-11-18T13:00:00Z", "--end=2026-11-18T13:00:30Z", "--csv"), 0);
    CHECK_EQUAL_TEXT((const char *)text, "time,value\n2026-11-18T13:00:00Z,0\n"
                     "2026-11-18T13:00:15Z,15\n2026-11-18T13:00:30Z,30\n");
    CHECK_EQUAL_U64(RUN("--pod-id=11111111-2222-3333-4444-555555555555", "--csv"), 0);
    CHECK_EQUAL_U64(lines(), 1 + 240);
    CHECK_EQUAL_U64(fake_open_handles(&it.fake), 0);
    fake_close(&it.fake);
}

TEST(steps_and_aggregations)
{
    machine(true);
    CHECK_EQUAL_U64(RUN("--pod=shop/db-0", "--start=-2h", "--step=1m", "--csv"), 0);
    CHECK_EQUAL_U64(lines(), 1 + 120);
    says("time,average\n2026-11-18T13:00:00Z,23\n2026-11-18T13:01:00Z,23\n");
    CHECK_EQUAL_U64(RUN("--cluster", "--start=-2h", "--step=1h", "--csv",
                        "--aggregation=count,max,min,median,95-perc"), 0);
    CHECK_EQUAL_TEXT((const char *)text, "time,max,min,median,count,95-perc\n"
                     "2026-11-18T13:00:00Z,45.5,0.5,23,240,45.5\n"
                     "2026-11-18T14:00:00Z,45.5,0.5,23,240,45.5\n");
    fake_close(&it.fake);
}

TEST(a_table_in_the_local_zone)
{
    machine(true);
    CHECK(setenv("TZ", "XYZ-02:30", 1) == 0);
    tzset();
    CHECK_EQUAL_U64(RUN("--pod=shop/db-0", "--metric=memory/usage", "--start=-45s"), 0);
    CHECK_EQUAL_TEXT((const char *)text,
                     "memory/usage of pod shop/db-0: Memory in use, caches included\n"
                     "time                                  value\n"
                     "2026-11-18 17:29:15 +0230           6.9 GiB\n"
                     "2026-11-18 17:29:30 +0230           7.0 GiB\n"
                     "2026-11-18 17:29:45 +0230           7.0 GiB\n");
    CHECK_EQUAL_U64(RUN("--pod=shop/db-0", "--start=-10d", "--end=-9d"), 0);
    says("nothing was recorded in that time; the history goes from 2026-11-18");
    CHECK(unsetenv("TZ") == 0);
    fake_close(&it.fake);
}

TEST(json)
{
    machine(true);
    CHECK_EQUAL_U64(RUN("--cluster", "--start=-15s", "--json"), 0);
    CHECK_EQUAL_TEXT((const char *)text,
                     "{\"metric\":\"cpu/usage_rate\",\"of\":\"the cluster\",\"points\":[\n"
                     "{\"time\":\"2026-11-18T14:59:45Z\",\"value\":45.5}\n],\"truncated\":false}\n");
    fake_close(&it.fake);
}

TEST(mistakes)
{
    machine(true);
    CHECK_EQUAL_U64(RUN("--pod=shop/db-1"), 1);
    says("no pod was recorded that is called db-1 in namespace shop; near it: db-0");
    CHECK_EQUAL_U64(RUN("--node=node-b"), 1);
    says("near it: node-a");
    CHECK_EQUAL_U64(RUN("--node=node-a", "--metric=cpu/usage_rat"), 1);
    says("near it: cpu/usage_rate");
    CHECK_EQUAL_U64(RUN("--node=node-a", "--metric=filesystem/usage"), 1);
    says("--resource-id");
    CHECK_EQUAL_U64(RUN("--json"), EXIT_BAD_CONFIG);
    says("say of what: one of --cluster");
    CHECK_EQUAL_U64(RUN("--cluster", "--node=node-a"), EXIT_BAD_CONFIG);
    says("say of one thing only");
    CHECK_EQUAL_U64(RUN("--cluster", "--start=yesterday"), EXIT_BAD_CONFIG);
    says("--start=yesterday is neither");
    CHECK_EQUAL_U64(RUN("--cluster", "--start=-6"), EXIT_BAD_CONFIG);
    CHECK_EQUAL_U64(RUN("--cluster", "--start=-1h", "--end=-2h"), EXIT_BAD_CONFIG);
    says("is later than --end");
    CHECK_EQUAL_U64(RUN("--cluster", "--step=5"), EXIT_BAD_CONFIG);
    CHECK_EQUAL_U64(RUN("--cluster", "--aggregation=mean"), EXIT_BAD_CONFIG);
    says("known are average");
    CHECK_EQUAL_U64(RUN("--pod=db-0"), EXIT_BAD_CONFIG);
    says("is not NAMESPACE/NAME");
    CHECK_EQUAL_U64(RUN("--cluster", "--container=x"), EXIT_BAD_CONFIG);
    fake_close(&it.fake);
}

TEST(without_a_history)
{
    machine(false);
    CHECK_EQUAL_U64(RUN("--cluster"), 1);
    says("there is no history at " STATE "/" ROLE_HISTORY_FILE ": start the appliance with --history=1G");
    fake_add_file(&it.fake, STATE "/" ROLE_HISTORY_FILE, TEXT("this is no database at all, is it"));
    CHECK_EQUAL_U64(RUN("--cluster"), 1);
    says("the history cannot be read: ");
    CHECK_EQUAL_U64(fake_open_handles(&it.fake), 0);
    fake_close(&it.fake);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"values_as_csv", values_as_csv},
        {"steps_and_aggregations", steps_and_aggregations},
        {"a_table_in_the_local_zone", a_table_in_the_local_zone},
        {"json", json},
        {"mistakes", mistakes},
        {"without_a_history", without_a_history},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
