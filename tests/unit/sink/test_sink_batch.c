#include "sets.h"

#include <math.h>
#include <stdio.h>

#include "sink/sink_batch.h"

static void
writes(double real, const char *text)
{
    char room[400];
    struct out out = out_of(room, sizeof room);
    sink_number_write(&out, &(struct sink_number){.real = real});
    CHECK_EQUAL_TEXT(out_view(&out), text);
}

TEST(numbers_have_no_exponent)
{
    writes(0.0, "0");
    writes(0.5, "0.5");
    writes(-1.5e-7, "-0.00000015");
    writes(1e-5, "0.00001");
    writes(9.5e-6, "0.0000095");
    writes(1e21, "1000000000000000000000");
    writes(1.25e20, "125000000000000000000");
    writes(9007199254740993.0, "9007199254740992");
    writes((double)0.1F, "0.1");
    writes(0.1, "0.1");
    writes(8589934592.0, "8589934592");
    writes(123456.7890625, "123456.79");
    writes(123456.789, "123456.789");
}

TEST(numbers_read_back)
{
    uint64_t state = test_seed();
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t bits = test_random(&state);
        double real;
        char room[800];
        struct out out = out_of(room, sizeof room);
        memcpy(&real, &bits, sizeof real);
        if (!isfinite(real) || (double)(float)real == real) {
            continue;
        }
        sink_number_write(&out, &(struct sink_number){.real = real});
        out_c_string(&out);
        CHECK(strchr(room, 'e') == NULL && !out.full);
        CHECK(strtod(room, NULL) == real);
    }
}

static struct sink_number
number_of(enum metric metric, const char *name, struct metric_value value, bool good)
{
    struct sink_number number;
    struct set_point point = {.metric = metric, .name = text_of(name), .value = value};
    CHECK(sink_number_of(&point, &number) == good);
    return number;
}

TEST(types_are_heapsters)
{
    struct metric_value real = {.is_double = true, .real = 12.9};
    struct metric_value whole = {.u64 = 12};
    CHECK_EQUAL_U64(number_of(METRIC_CPU_USAGE_RATE, "", real, true).integer, 12);
    CHECK(number_of(METRIC_CPU_USAGE_RATE, "", real, true).is_integer);
    CHECK(number_of(METRIC_MEMORY_USAGE, "", real, true).is_integer);
    CHECK(!number_of(METRIC_NETWORK_RX_RATE, "", whole, true).is_integer);
    CHECK(number_of(METRIC_NETWORK_RX_RATE, "", whole, true).real == 12.0);
    CHECK(number_of(METRIC_COUNT, "accelerator/duty_cycle", real, true).is_integer);
    CHECK(!number_of(METRIC_COUNT, "custom/qps", real, true).is_integer);
    number_of(METRIC_MEMORY_USAGE, "", (struct metric_value){.u64 = UINT64_MAX}, false);
    number_of(METRIC_MEMORY_USAGE, "", (struct metric_value){.is_double = true, .real = 1e19},
              false);
    number_of(METRIC_MEMORY_USAGE, "", (struct metric_value){.is_double = true, .real = NAN},
              false);
    number_of(METRIC_CPU_NODE_UTILIZATION, "",
              (struct metric_value){.is_double = true, .real = INFINITY}, false);
}

TEST(plain_bytes)
{
    char room[64];
    struct out out = out_of(room, sizeof room);
    struct sink_bytes bytes = sink_bytes_without(".~!");
    sink_batch_plain(&out, TEXT("a.b c~!\x7f\x1f\xc3\xa4\xff\xc3/"), &bytes, '_');
    CHECK_EQUAL_TEXT(out_view(&out), "a_b_c____\xc3\xa4__/");
}

TEST(nine_counters)
{
    unsigned count = 0;
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        count += sink_is_counter_with_rate((enum metric)i) ? 1 : 0;
    }
    CHECK_EQUAL_U64(count, 9);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"numbers have no exponent", numbers_have_no_exponent},
        {"numbers read back", numbers_read_back},
        {"types are Heapster's", types_are_heapsters},
        {"plain bytes", plain_bytes},
        {"nine counters have a rate", nine_counters},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
