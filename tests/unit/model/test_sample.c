#include "../test.h"

#include "model/sample.h"

// Two samples of a node, cycles 15 s apart; most rules need no more.
#define FIRST_S 1700000000u
#define SECOND_S (FIRST_S + 15u)
#define MS(seconds) ((int64_t)(seconds)*1000)

static struct node_sample first_row, second_row;
static struct sample first, second;

static void
begin(void)
{
    first_row = (struct node_sample){0};
    second_row = (struct node_sample){0};
    first = sample_of_node(&first_row);
    second = sample_of_node(&second_row);
    sample_begin(first, FIRST_S);
    sample_begin(second, SECOND_S);
}

// What lies before the first sample.
static struct sample
nothing(void)
{
    static struct node_sample row;
    return sample_of_node(&row);
}

static struct cpu_seen
cpu_at(int64_t time_ms, uint64_t usage_ns)
{
    return (struct cpu_seen){.has = HAS_CPU_USAGE, .time = {time_ms}, .usage_ns = usage_ns};
}

static void
fold_cpu(struct sample now, struct sample before, int64_t time_ms, uint64_t usage_ns)
{
    struct cpu_seen cpu = cpu_at(time_ms, usage_ns);
    sample_fold_cpu(now, before, &cpu, (struct wall_ms){0});
}

static bool
has(struct sample sample, enum metric metric)
{
    struct metric_value value;
    return sample_get(sample, metric, &value);
}

static uint64_t
whole(struct sample sample, enum metric metric)
{
    struct metric_value value;
    CHECK(sample_get(sample, metric, &value));
    CHECK(!value.is_double);
    return value.u64;
}

static double
real(struct sample sample, enum metric metric)
{
    struct metric_value value;
    CHECK(sample_get(sample, metric, &value));
    CHECK(value.is_double);
    return value.real;
}

static bool
near(double a, double b)
{
    double difference = a > b ? a - b : b - a;
    return difference <= 1e-6 * (b > 0 ? b : -b);  // a float has 24 bits
}

TEST(a_new_sample_is_empty)
{
    begin();
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        CHECK(!has(first, (enum metric)i));
    }
    for (unsigned i = 0; i <= PART_STORAGE; i++) {
        CHECK_EQUAL_U64(sample_part_time(first, (enum sample_part)i).ms, 0);
    }
}

TEST(rates_are_taken_on_the_parts_own_times)
{
    begin();
    fold_cpu(first, nothing(), MS(FIRST_S) - 7000, 1000000000);
    // 2 s of CPU in 8 s, though the cycles are 15 s apart.
    fold_cpu(second, first, MS(FIRST_S) + 1000, 3000000000);
    CHECK(near(real(second, METRIC_CPU_USAGE_RATE), 250));
    CHECK_EQUAL_U64(sample_part_time(second, PART_CPU).ms, MS(FIRST_S) + 1000);
    CHECK_EQUAL_U64(sample_part_time(second, PART_MEMORY).ms, 0);
}

TEST(each_part_has_its_own_time)
{
    begin();
    struct memory_seen memory = {.has = HAS_MEMORY_PAGE_FAULTS, .time = {MS(FIRST_S) - 2000}};
    struct network_seen network = {.has = HAS_NETWORK_RX, .time = {MS(FIRST_S) - 4000}};
    fold_cpu(first, nothing(), MS(FIRST_S) - 1000, 0);
    sample_fold_memory(first, nothing(), &memory, (struct wall_ms){0});
    sample_fold_network(first, nothing(), &network, (struct wall_ms){0});
    fold_cpu(second, first, MS(FIRST_S) + 9000, 1000000000);
    memory.time.ms += 20000;
    memory.page_faults = 100;
    network.time.ms += 5000;
    network.rx = 100;
    sample_fold_memory(second, first, &memory, (struct wall_ms){0});
    sample_fold_network(second, first, &network, (struct wall_ms){0});
    CHECK(near(real(second, METRIC_CPU_USAGE_RATE), 100));
    CHECK(near(real(second, METRIC_MEMORY_PAGE_FAULTS_RATE), 5));
    CHECK(near(real(second, METRIC_NETWORK_RX_RATE), 20));
    CHECK(!has(second, METRIC_NETWORK_TX_RATE));
}

TEST(no_rate_without_two_counters)
{
    begin();
    fold_cpu(first, nothing(), MS(FIRST_S), 5);
    CHECK_EQUAL_U64(whole(first, METRIC_CPU_USAGE), 5);
    CHECK(!has(first, METRIC_CPU_USAGE_RATE));
}

TEST(values_are_carried_while_nothing_new_came)
{
    begin();
    struct cpu_seen cpu = cpu_at(MS(FIRST_S), 1000);
    cpu.has |= HAS_CPU_LOAD | HAS_CPU_NANOCORES;
    cpu.load_milli = 7;
    cpu.usage_nanocores = 4000000;
    sample_fold_cpu(first, nothing(), &cpu, (struct wall_ms){0});
    // The same time again: the kubelet has measured nothing since.
    sample_fold_cpu(second, first, &cpu, (struct wall_ms){0});
    CHECK_EQUAL_U64(whole(second, METRIC_CPU_USAGE), 1000);
    CHECK_EQUAL_U64(whole(second, METRIC_CPU_LOAD), 7);
    CHECK(near(real(second, METRIC_CPU_USAGE_RATE), 4));
    CHECK_EQUAL_U64(sample_part_time(second, PART_CPU).ms, MS(FIRST_S));
    // A little older: an answer that overtook another one.
    cpu.time.ms -= 3000;
    cpu.usage_ns = 900;
    begin();
    fold_cpu(first, nothing(), MS(FIRST_S), 1000);
    sample_fold_cpu(second, first, &cpu, (struct wall_ms){0});
    CHECK_EQUAL_U64(whole(second, METRIC_CPU_USAGE), 1000);
}

TEST(the_next_rate_spans_what_was_carried)
{
    begin();
    struct node_sample third_row = {0};
    struct sample third = sample_of_node(&third_row);
    sample_begin(third, SECOND_S + 15);
    fold_cpu(first, nothing(), MS(FIRST_S), 0);
    fold_cpu(second, first, MS(FIRST_S), 0);
    fold_cpu(third, second, MS(FIRST_S) + 30000, 30000000000);
    CHECK(near(real(third, METRIC_CPU_USAGE_RATE), 1000));
}

TEST(memory_and_network_are_carried_whole)
{
    begin();
    struct memory_seen memory = {.has = 255, .time = {MS(FIRST_S)}, .usage = 1, .working_set = 2,
                                 .rss = 3, .cache = 4, .swap = 5, .available = 6,
                                 .page_faults = 7, .major_page_faults = 8};
    struct network_seen network = {.has = 15, .time = {MS(FIRST_S)}, .rx = 1, .tx = 2,
                                   .rx_errors = 3, .tx_errors = 4};
    sample_fold_memory(first, nothing(), &memory, (struct wall_ms){0});
    sample_fold_network(first, nothing(), &network, (struct wall_ms){0});
    sample_fold_memory(second, first, &memory, (struct wall_ms){0});
    sample_fold_network(second, first, &network, (struct wall_ms){0});
    static const struct {
        enum metric metric;
        uint64_t value;
    } expected[] = {
        {METRIC_MEMORY_USAGE, 1},       {METRIC_MEMORY_WORKING_SET, 2},
        {METRIC_MEMORY_RSS, 3},         {METRIC_MEMORY_CACHE, 4},
        {METRIC_MEMORY_SWAP, 5},        {METRIC_MEMORY_AVAILABLE, 6},
        {METRIC_MEMORY_PAGE_FAULTS, 7}, {METRIC_MEMORY_MAJOR_PAGE_FAULTS, 8},
        {METRIC_NETWORK_RX, 1},         {METRIC_NETWORK_TX, 2},
        {METRIC_NETWORK_RX_ERRORS, 3},  {METRIC_NETWORK_TX_ERRORS, 4},
    };
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        CHECK_EQUAL_U64(whole(first, expected[i].metric), expected[i].value);
        CHECK_EQUAL_U64(whole(second, expected[i].metric), expected[i].value);
    }
}

TEST(a_counter_that_goes_back_has_no_rate_for_one_cycle)
{
    begin();
    struct node_sample third_row = {0};
    struct sample third = sample_of_node(&third_row);
    sample_begin(third, SECOND_S + 15);
    struct cpu_seen cpu = cpu_at(MS(SECOND_S), 10);
    cpu.has |= HAS_CPU_NANOCORES;  // two counters are known: it does not serve
    cpu.usage_nanocores = 1;
    fold_cpu(first, nothing(), MS(FIRST_S), 1000000000);
    sample_fold_cpu(second, first, &cpu, (struct wall_ms){0});
    CHECK_EQUAL_U64(whole(second, METRIC_CPU_USAGE), 10);
    CHECK(!has(second, METRIC_CPU_USAGE_RATE));
    fold_cpu(third, second, MS(SECOND_S + 15), 15000000010);
    CHECK(near(real(third, METRIC_CPU_USAGE_RATE), 1000));
}

TEST(a_second_look_at_a_cycle_takes_its_rate_anew)
{
    begin();
    fold_cpu(first, nothing(), MS(FIRST_S), 1000);
    fold_cpu(second, first, MS(SECOND_S), 2000);
    CHECK(has(second, METRIC_CPU_USAGE_RATE));
    fold_cpu(second, first, MS(SECOND_S) + 1, 10);
    CHECK(!has(second, METRIC_CPU_USAGE_RATE));
}

TEST(nanocores_serve_until_two_counters_are_known)
{
    begin();
    struct cpu_seen cpu = cpu_at(MS(FIRST_S), 1000000000);
    cpu.has |= HAS_CPU_NANOCORES;
    cpu.usage_nanocores = 1500000000;
    sample_fold_cpu(first, nothing(), &cpu, (struct wall_ms){0});
    CHECK(near(real(first, METRIC_CPU_USAGE_RATE), 1500));
    cpu.time.ms += 10000;
    cpu.usage_ns = 2000000000;
    sample_fold_cpu(second, first, &cpu, (struct wall_ms){0});
    CHECK(near(real(second, METRIC_CPU_USAGE_RATE), 100));
}

TEST(nanocores_serve_where_the_counter_is_missing)
{
    begin();
    struct cpu_seen cpu = {.has = HAS_CPU_NANOCORES, .time = {MS(SECOND_S)},
                           .usage_nanocores = 2500000};
    fold_cpu(first, nothing(), MS(FIRST_S), 1000);
    sample_fold_cpu(second, first, &cpu, (struct wall_ms){0});
    CHECK(near(real(second, METRIC_CPU_USAGE_RATE), 2.5));
    CHECK(!has(second, METRIC_CPU_USAGE));
}

TEST(a_missing_part_leaves_the_sample_without_it)
{
    begin();
    struct cpu_seen none = {0};
    struct memory_seen no_memory = {0};
    struct network_seen no_network = {0};
    fold_cpu(first, nothing(), MS(FIRST_S), 1000);
    sample_fold_cpu(second, first, &none, (struct wall_ms){MS(SECOND_S)});
    sample_fold_memory(second, first, &no_memory, (struct wall_ms){MS(SECOND_S)});
    sample_fold_network(second, first, &no_network, (struct wall_ms){MS(SECOND_S)});
    CHECK_EQUAL_U64(second_row.head.present, 0);
    CHECK_EQUAL_U64(sample_part_time(second, PART_CPU).ms, 0);
}

TEST(a_part_that_comes_first_now_is_taken_however_old)
{
    begin();
    struct memory_seen memory = {.has = HAS_MEMORY_USAGE, .time = {MS(FIRST_S) - 5000}, .usage = 9};
    fold_cpu(first, nothing(), MS(FIRST_S), 1000);
    sample_fold_memory(second, first, &memory, (struct wall_ms){0});
    CHECK_EQUAL_U64(whole(second, METRIC_MEMORY_USAGE), 9);
    CHECK_EQUAL_U64(sample_part_time(second, PART_MEMORY).ms, MS(FIRST_S) - 5000);
}

TEST(a_part_without_a_time_is_from_the_arrival)
{
    begin();
    struct cpu_seen cpu = cpu_at(0, 1000000000);
    sample_fold_cpu(first, nothing(), &cpu, (struct wall_ms){MS(FIRST_S) + 250});
    CHECK_EQUAL_U64(sample_part_time(first, PART_CPU).ms, MS(FIRST_S) + 250);
    cpu.usage_ns = 2000000000;
    sample_fold_cpu(second, first, &cpu, (struct wall_ms){MS(FIRST_S) + 10250});
    CHECK(near(real(second, METRIC_CPU_USAGE_RATE), 100));
}

TEST(a_clock_far_off_counts_as_the_nominal_time)
{
    static const int64_t times[] = {1, -1, INT64_MIN, INT64_MAX, MS(FIRST_S) * 2};
    for (size_t i = 0; i < ARRAY_COUNT(times); i++) {
        begin();
        fold_cpu(first, nothing(), times[i], 0);
        CHECK_EQUAL_U64(sample_part_time(first, PART_CPU).ms, MS(FIRST_S));
        fold_cpu(second, first, times[i] / 2 + times[i] / 4, 1500000000);
        CHECK_EQUAL_U64(sample_part_time(second, PART_CPU).ms, MS(SECOND_S));
        CHECK_EQUAL_U64(whole(second, METRIC_CPU_USAGE), 1500000000);
        CHECK(near(real(second, METRIC_CPU_USAGE_RATE), 100));
    }
}

TEST(a_clock_set_back_stalls_nothing)
{
    begin();
    struct node_sample third_row = {0};
    struct sample third = sample_of_node(&third_row);
    sample_begin(third, SECOND_S + 15);
    fold_cpu(first, nothing(), MS(FIRST_S), 1000000000);
    fold_cpu(second, first, MS(FIRST_S) - 3600000, 2000000000);
    CHECK_EQUAL_U64(whole(second, METRIC_CPU_USAGE), 2000000000);
    CHECK(!has(second, METRIC_CPU_USAGE_RATE));
    fold_cpu(third, second, MS(FIRST_S) - 3600000 + 10000, 3000000000);
    CHECK(near(real(third, METRIC_CPU_USAGE_RATE), 100));
}

TEST(large_counters_keep_the_precision_of_their_difference)
{
    begin();
    // 300 years of CPU time; a float or double of the counter would lose it.
    uint64_t base = UINT64_C(9467280000000000000);
    fold_cpu(first, nothing(), MS(FIRST_S), base);
    fold_cpu(second, first, MS(FIRST_S) + 1000, base + 123456);
    CHECK(near(real(second, METRIC_CPU_USAGE_RATE), 0.123456));
    CHECK_EQUAL_U64(whole(second, METRIC_CPU_USAGE), base + 123456);
}

TEST(what_a_kind_does_not_store_is_dropped)
{
    struct container_sample row = {0};
    struct sample sample = sample_of_container(&row);
    sample_begin(sample, FIRST_S);
    sample_set(sample, METRIC_NETWORK_RX, 5);
    sample_set_rate(sample, METRIC_NETWORK_RX_RATE, 5);
    sample_set(sample, METRIC_CPU_USAGE_RATE, 5);       // a rate is no integer
    sample_set_rate(sample, METRIC_CPU_USAGE, 5);       // and the other way
    sample_unset(sample, METRIC_NETWORK_RX);
    CHECK_EQUAL_U64(row.head.present, 0);
    CHECK(!has(sample, METRIC_NETWORK_RX));
}

TEST(every_slot_is_its_own)
{
    struct pod_sample row = {0};
    struct sample sample = sample_of_pod(&row);
    sample_begin(sample, FIRST_S);
    unsigned stored = 0;
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        sample_set(sample, (enum metric)i, 1000 + i);
        sample_set_rate(sample, (enum metric)i, 1000 + i);
    }
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        struct metric_value value;
        if (sample_get(sample, (enum metric)i, &value)) {
            stored++;
            CHECK(value.is_double ? near(value.real, 1000 + i) : value.u64 == 1000 + i);
        }
    }
    CHECK_EQUAL_U64(stored, POD_VALUE_COUNT + POD_RATE_COUNT);
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        sample_unset(sample, (enum metric)i);
    }
    CHECK_EQUAL_U64(row.head.present, 0);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"a_new_sample_is_empty", a_new_sample_is_empty},
        {"rates_are_taken_on_the_parts_own_times", rates_are_taken_on_the_parts_own_times},
        {"each_part_has_its_own_time", each_part_has_its_own_time},
        {"no_rate_without_two_counters", no_rate_without_two_counters},
        {"values_are_carried_while_nothing_new_came", values_are_carried_while_nothing_new_came},
        {"the_next_rate_spans_what_was_carried", the_next_rate_spans_what_was_carried},
        {"memory_and_network_are_carried_whole", memory_and_network_are_carried_whole},
        {"a_counter_that_goes_back_has_no_rate_for_one_cycle",
         a_counter_that_goes_back_has_no_rate_for_one_cycle},
        {"a_second_look_at_a_cycle_takes_its_rate_anew",
         a_second_look_at_a_cycle_takes_its_rate_anew},
        {"nanocores_serve_until_two_counters_are_known",
         nanocores_serve_until_two_counters_are_known},
        {"nanocores_serve_where_the_counter_is_missing",
         nanocores_serve_where_the_counter_is_missing},
        {"a_missing_part_leaves_the_sample_without_it",
         a_missing_part_leaves_the_sample_without_it},
        {"a_part_that_comes_first_now_is_taken_however_old",
         a_part_that_comes_first_now_is_taken_however_old},
        {"a_part_without_a_time_is_from_the_arrival", a_part_without_a_time_is_from_the_arrival},
        {"a_clock_far_off_counts_as_the_nominal_time", a_clock_far_off_counts_as_the_nominal_time},
        {"a_clock_set_back_stalls_nothing", a_clock_set_back_stalls_nothing},
        {"large_counters_keep_the_precision_of_their_difference",
         large_counters_keep_the_precision_of_their_difference},
        {"what_a_kind_does_not_store_is_dropped", what_a_kind_does_not_store_is_dropped},
        {"every_slot_is_its_own", every_slot_is_its_own},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
