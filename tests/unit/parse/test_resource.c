#include "parse/resource.h"

#include "base/error.h"
#include "fixture.h"

struct world {
    struct resource resource;
    char log[1 << 16];
    struct out out;
};

static void
log_parts(struct world *world, const struct cpu_seen *cpu, const struct memory_seen *memory)
{
    if (cpu->has == HAS_CPU_USAGE) {
        out_format(&world->out, " cpu %llu %lld", (unsigned long long)cpu->usage_ns,
                   (long long)cpu->time.ms);
    }
    if (memory->has != 0) {
        CHECK((memory->has & ~(unsigned)(HAS_MEMORY_WORKING_SET | HAS_MEMORY_SWAP)) == 0);
        out_format(&world->out, " memory %lld", (long long)memory->time.ms);
    }
    if (memory->has & HAS_MEMORY_WORKING_SET) {
        out_format(&world->out, " working_set %llu", (unsigned long long)memory->working_set);
    }
    if (memory->has & HAS_MEMORY_SWAP) {
        out_format(&world->out, " swap %llu", (unsigned long long)memory->swap);
    }
    out_byte(&world->out, '\n');
}

static void
on_node(void *context, const struct node_seen *node)
{
    struct world *world = context;
    CHECK(node->name.size == 0 && node->system_container_count == 0);
    out_string(&world->out, "node");
    log_parts(world, &node->cpu, &node->memory);
}

static void
on_pod(void *context, const struct pod_seen *pod)
{
    struct world *world = context;
    CHECK(pod->container_count == 0 && pod->network.has == 0);
    out_format(&world->out, "pod %.*s/%.*s", TEXT_ARGS(pod->namespace_name), TEXT_ARGS(pod->name));
    log_parts(world, &pod->cpu, &pod->memory);
}

static void
on_container(void *context, struct text namespace_name, struct text pod,
             const struct container_seen *container)
{
    struct world *world = context;
    out_format(&world->out, "container %.*s/%.*s/%.*s", TEXT_ARGS(namespace_name), TEXT_ARGS(pod),
               TEXT_ARGS(container->name));
    if (container->start_time.ms != 0) {
        out_format(&world->out, " start %lld", (long long)container->start_time.ms);
    }
    log_parts(world, &container->cpu, &container->memory);
}

static struct world *
world_new(void)
{
    struct world *world = fixture_alloc(sizeof *world);
    size_t footprint = decode_space_footprint() + resource_footprint();
    struct arena arena = fixture_arena(footprint);
    struct decode_space *space = decode_space_new(&arena);
    memset(&space->seen, 0xaa, sizeof space->seen);
    resource_init(&world->resource, &arena, space);
    CHECK_EQUAL_U64(arena.used, footprint);
    return world;
}

static int
decode(struct world *world, struct text input, size_t piece, uint64_t *seed)
{
    world->out = out_of(world->log, sizeof world->log);
    struct observer observer = {world, on_node, on_pod, on_container};
    resource_begin(&world->resource, observer, (struct wall_ms){99});
    return fixture_decode(resource_decoder(&world->resource), input, piece, seed);
}

static struct world *
decoded(struct text input, int error)
{
    struct world *world = world_new();
    struct world *again = world_new();
    uint64_t seed = 7;
    CHECK_EQUAL_U64(decode(again, input, 3, &seed), error);
    CHECK_EQUAL_U64(decode(world, input, 0, &seed), error);
    CHECK_EQUAL_TEXT(out_view(&again->out), out_view(&world->out));
    return world;
}

static const struct parse_counters *
counters_of(const struct world *world)
{
    return resource_counters(&world->resource);
}

// These lines, in one go and in pieces, give this log and nothing skipped.
static void
expect(const char *lines, const char *log)
{
    struct world *world = decoded(text_of(lines), 0);
    CHECK_EQUAL_TEXT(out_view(&world->out), log);
    CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_OK), 0);
}

TEST(reads_a_real_answer)
{
    struct text input = fixture_read("resource.txt");
    struct world *world = decoded(input, 0);
    CHECK_EQUAL_U64(counters_of(world)->elements, 33);
    CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_OK), 0);
    static const char start[] = "node cpu 4358456512219 1795369634447\n"
                                "node memory 1795369634447 working_set 2898153472\n"
                                "container demo/cpu-burner/burn cpu 9972975252 1795369640377 "
                                "memory 1795369640377 working_set 438272\n"
                                "container demo/mem-hog/hog cpu 2048084227 1795369632256 "
                                "memory 1795369632256 working_set 40513536\n";
    CHECK(text_starts(out_view(&world->out), text_of(start)));
    struct text view = out_view(&world->out);
    static const char end[] = "pod demo/web-7594557864-985vv cpu 393598787 1795369632448 "
                              "memory 1795369632448 working_set 1372160\n"
                              "pod demo/web-7594557864-vkqnz cpu 392359111 1795369632027 "
                              "memory 1795369632027 working_set 970752\n";
    CHECK(text_ends(view, text_of(end)));
    CHECK(!resource_scrape_failed(&world->resource));
}

TEST(does_not_depend_on_the_pieces)
{
    struct text input = fixture_read("resource.txt");
    uint64_t seed = test_seed();
    struct world *whole = decoded(input, 0);
    struct world *world = world_new();
    for (int round = 0; round < 50; round++) {
        size_t piece = 1 + test_random_below(&seed, 700);
        CHECK_EQUAL_U64(decode(world, input, piece, &seed), 0);
        CHECK_EQUAL_TEXT(out_view(&world->out), out_view(&whole->out));
    }
}

TEST(reads_every_metric)
{
    expect("# HELP x y\n\n"
           "node_cpu_usage_seconds_total 1.5 1795369634447\n"
           "node_memory_working_set_bytes 2.5e+03 1795369634448\r\n"
           "node_swap_usage_bytes 7 1795369634449\n"
           "container_start_time_seconds{container=\"c\",namespace=\"n\","
           "pod=\"p\"} 1.795369640377e+09\n"
           "container_swap_usage_bytes{container=\"c\",namespace=\"n\","
           "pod=\"p\"} 8 1795369634450\n"
           "container_swap_limit_bytes{container=\"c\",namespace=\"n\","
           "pod=\"p\"} 9 1795369634450\n"
           "pod_swap_usage_bytes{namespace=\"n\",pod=\"p\"} 0 1795369634451\n"
           "resource_scrape_error 0\n"
           "# EOF\n",
           "node cpu 1500000000 1795369634447\n"
           "node memory 1795369634448 working_set 2500\n"
           "node memory 1795369634449 swap 7\n"
           "container n/p/c start 1795369640377 memory 1795369634450 swap 8\n"
           "pod n/p memory 1795369634451 swap 0\n");
}

TEST(reads_times_in_either_unit_or_none)
{
    expect("node_cpu_usage_seconds_total 1 1795369634.447\n"
           "node_cpu_usage_seconds_total 2 1795369634\n"
           "node_cpu_usage_seconds_total 3\n"
           "node_cpu_usage_seconds_total 4 1795369634447 # {a=\"b\"} 1\n"
           "node_cpu_usage_seconds_total 5 # {} 1\n",
           "node cpu 1000000000 1795369634447\n"
           "node cpu 2000000000 1795369634000\n"
           "node cpu 3000000000 99\n"
           "node cpu 4000000000 1795369634447\n"
           "node cpu 5000000000 99\n");
}

TEST(reads_labels_in_any_order_and_with_escapes)
{
    expect("pod_swap_usage_bytes{ pod=\"p\\\"\\\\\\n\\x\", uid=\"}\\\"\","
           "namespace=\"\xc3\xa4, with = and } in it\",} 1 5000000000\n",
           "pod \xc3\xa4, with = and } in it/p\"\\\n\\x memory 5000000000000 swap 1\n");
}

TEST(says_that_the_kubelet_failed)
{
    CHECK(resource_scrape_failed(&decoded(TEXT("scrape_error 1\n"), 0)->resource));
    CHECK(resource_scrape_failed(&decoded(TEXT("resource_scrape_error 1\n"), 0)->resource));
}

TEST(skips_lines_that_are_not_as_they_should_be)
{
#define POD "pod_swap_usage_bytes"
    static const struct {
        const char *line;
        enum error error;
    } rows[] = {
        {POD "{namespace=\"n\",pod=\"p\"} NaN", ERR_BAD_NUMBER},
        {POD "{namespace=\"n\",pod=\"p\"} +Inf", ERR_BAD_NUMBER},
        {POD "{namespace=\"n\",pod=\"p\"} -1", ERR_BAD_NUMBER},
        {POD "{namespace=\"n\",pod=\"p\"} 1e30", ERR_BAD_NUMBER},
        {POD "{namespace=\"n\",pod=\"p\"} 1x", ERR_BAD_NUMBER},
        {POD "{namespace=\"n\",pod=\"p\"} 1.5.5", ERR_BAD_NUMBER},
        {POD "{namespace=\"n\",pod=\"p\"} ", ERR_BAD_NUMBER},
        {POD "{namespace=\"n\",pod=\"p\"}", ERR_BAD_NUMBER},
        {POD "{namespace=\"n\",pod=\"p\"} 1 x", ERR_BAD_NUMBER},
        {POD "{namespace=\"n\",pod=\"p\"} 1 1e30", ERR_BAD_NUMBER},
        {POD "{namespace=\"n\",pod=\"p\"} 1 2 3", ERR_MALFORMED},
        {POD "{namespace=\"n\",pod=\"p\"", ERR_MALFORMED},
        {POD "{namespace=\"n\",pod=\"p", ERR_MALFORMED},
        {POD "{namespace=\"n\",pod=\"p\\\"", ERR_MALFORMED},
        {POD "{namespace=\"n\",pod=\"p\\", ERR_MALFORMED},
        {POD "{namespace=\"n\" pod=\"p\"} 1", ERR_MALFORMED},
        {POD "{namespace=\"n\",pod=p} 1", ERR_MALFORMED},
        {POD "{namespace=\"n\",pod} 1", ERR_MALFORMED},
        {POD "{namespace=\"n\",=\"p\"} 1", ERR_MALFORMED},
        {POD "{namespace=\"n\",pod=", ERR_MALFORMED},
        {POD "{", ERR_MALFORMED},
        {POD " 1", ERR_MISSING},
        {POD "{pod=\"p\"} 1", ERR_MISSING},
        {POD "{pod=\"p\",namespace=\"\"} 1", ERR_MISSING},
        {POD "{pod=\"p\",pod=\"q\",namespace=\"n\"} 1", ERR_DUPLICATE},
        {POD "{pod=\"\xff\",namespace=\"n\"} 1", ERR_BAD_UTF8},
        {"container_swap_usage_bytes{pod=\"p\",namespace=\"n\"} 1", ERR_MISSING},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char input[512];
        snprintf(input, sizeof input, "node_swap_usage_bytes 1\n%s\nnode_swap_usage_bytes 2\n",
                 rows[i].line);
        struct world *world = decoded(text_of(input), 0);
        CHECK_EQUAL_U64(fixture_skipped(counters_of(world), rows[i].error), 1);
        CHECK_EQUAL_TEXT(out_view(&world->out), "node memory 99 swap 1\nnode memory 99 swap 2\n");
    }
}

TEST(skips_a_line_that_is_too_long)
{
    char *input = fixture_alloc(4 * METRIC_LINE_BYTES_MAX);
    for (int more = -1; more < 2; more++) {
        int size = METRIC_LINE_BYTES_MAX + more;
        int used = sprintf(input, "node_swap_usage_bytes 1\n");
        int start = used;
        used += sprintf(input + used, "node_swap_usage_bytes");
        memset(input + used, ' ', (size_t)(size - (used - start) - 1));
        used = start + size - 1;
        sprintf(input + used, "2\nnode_swap_usage_bytes 3\n");
        struct world *world = decoded(text_of(input), 0);
        CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_TOO_LONG), more > 0);
        CHECK_EQUAL_U64(counters_of(world)->elements, more > 0 ? 2 : 3);
    }
}

TEST(passes_over_all_of_a_line_that_is_too_long)
{
    static const char tail[] = "node_swap_usage_bytes 5\n";
    char *input = fixture_alloc(4 * METRIC_LINE_BYTES_MAX);
    for (size_t fill = METRIC_LINE_BYTES_MAX; fill < METRIC_LINE_BYTES_MAX + 40; fill++) {
        memset(input, 'x', fill);
        memcpy(input + fill, tail, sizeof tail);
        struct world *world = decoded(text_of(input), 0);
        CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_TOO_LONG), 1);
        CHECK_EQUAL_U64(counters_of(world)->elements, 0);
    }
}

// A sanitizer sees whether more than the piece is read.
TEST(reads_a_short_line_at_the_end_of_a_piece)
{
    expect("pod_swap_usage_bytes{namespace=\"n\",pod=\"p\"} 1\n", "pod n/p memory 99 swap 1\n");
}

// A number that is cut off is another number.
TEST(never_reads_a_line_without_its_end)
{
    struct world *world =
        decoded(TEXT("node_swap_usage_bytes 1\nnode_swap_usage_bytes 23"), -ERR_TRUNCATED);
    CHECK_EQUAL_TEXT(out_view(&world->out), "node memory 99 swap 1\n");
    decoded(TEXT(""), -ERR_TRUNCATED);
}

TEST(passes_over_other_metrics)
{
    expect("node_cpu_usage_seconds_total_more 1\n"
           "node_cpu_usage_seconds_tota 1\n"
           "node_cpu_usage_seconds_total\n"
           "go_goroutines{a=\"b} 7\n"
           "{} 1\n",
           "");
}

// A random answer: containers and pods in one order for every metric, some of
// which lack some of them; what is handed over, added up by name, is what the
// lines said, also where the tally was full or names were told twice.

enum { RANDOM_PODS = 300, RANDOM_VALUES = 4 };

struct random_world {
    uint64_t value[2 * RANDOM_PODS][RANDOM_VALUES];  // containers, then pods; 0 = not told
    uint64_t given[2 * RANDOM_PODS][RANDOM_VALUES];
    uint32_t calls;
};

static void
note_given(struct random_world *world, const char *pod, bool of_pod, const struct cpu_seen *cpu,
           const struct memory_seen *memory, int64_t start_ms)
{
    unsigned i = (unsigned)atoi(pod + 1) + (of_pod ? RANDOM_PODS : 0);
    uint64_t *given = world->given[i];
    world->calls++;
    given[0] = cpu->has ? cpu->usage_ns : given[0];
    given[1] = (memory->has & HAS_MEMORY_WORKING_SET) ? memory->working_set : given[1];
    given[2] = (memory->has & HAS_MEMORY_SWAP) ? memory->swap : given[2];
    given[3] = start_ms != 0 ? (uint64_t)start_ms : given[3];
}

static void
on_random_pod(void *context, const struct pod_seen *pod)
{
    CHECK_EQUAL_TEXT(pod->namespace_name, "n");
    note_given(context, pod->name.at, true, &pod->cpu, &pod->memory, 0);
}

static void
on_random_container(void *context, struct text namespace_name, struct text pod,
                    const struct container_seen *container)
{
    CHECK_EQUAL_TEXT(namespace_name, "n");
    CHECK_EQUAL_U64(atoi(container->name.at + 1), atoi(pod.at + 1));
    note_given(context, pod.at, false, &container->cpu, &container->memory,
               container->start_time.ms);
}

static void
put_random_lines(struct random_world *world, struct out *out, bool of_pod, int value,
                 uint64_t *seed)
{
    static const char *const names[] = {"cpu_usage_seconds_total", "memory_working_set_bytes",
                                        "swap_usage_bytes", "start_time_seconds"};
    static const uint64_t units[] = {1000000000, 1, 1, 1000};
    uint64_t lacking = test_random_below(seed, 3) * 4;
    for (unsigned i = 0; i < RANDOM_PODS; i++) {
        if (lacking != 0 && test_random_below(seed, lacking) == 0) {
            continue;
        }
        unsigned times = 1 + (test_random_below(seed, 40) == 0);
        for (unsigned k = 0; k < times; k++) {
            uint64_t number = 1 + test_random_below(seed, 1000);
            out_format(out, of_pod ? "pod_%s{" : "container_%s{", names[value]);
            if (!of_pod) {
                out_format(out, "container=\"c%u%s\",", i, i % 50 == 7 ? "\\\\" : "");
            }
            out_format(out, "namespace=\"n\",pod=\"p%u-and-more\"} %u\n", i, (unsigned)number);
            world->value[i + (of_pod ? RANDOM_PODS : 0)][value] = number * units[value];
        }
    }
}

TEST(hands_over_what_the_lines_said)
{
    static struct random_world told;
    uint64_t seed = test_seed();
    struct world *decoder = world_new();
    char *room = fixture_alloc(1 << 20);
    for (int round = 0; round < 60; round++) {
        memset(&told, 0, sizeof told);
        struct out out = out_of(room, 1 << 20);
        for (int line = 0; line < 7; line++) {
            put_random_lines(&told, &out, line > 3, line % 4, &seed);
        }
        CHECK(!out.full);
        struct observer observer = {&told, on_node, on_random_pod, on_random_container};
        resource_begin(&decoder->resource, observer, (struct wall_ms){99});
        CHECK_EQUAL_U64(fixture_decode(resource_decoder(&decoder->resource), out_view(&out), 5000,
                                       &seed), 0);
        CHECK_EQUAL_U64(fixture_skipped(counters_of(decoder), ERR_OK), 0);
        CHECK(memcmp(told.given, told.value, sizeof told.value) == 0);
        CHECK(told.calls < 7 * RANDOM_PODS);
    }
}

TEST(takes_nothing_of_an_answer_without_its_end)
{
    struct world *world = world_new();
    struct text line = TEXT("pod_swap_usage_bytes{namespace=\"n\",pod=\"p\"} 1 5000000000\n");
    world->out = out_of(world->log, sizeof world->log);
    struct observer observer = {world, on_node, on_pod, on_container};
    for (int i = 0; i < 2; i++) {
        resource_begin(&world->resource, observer, (struct wall_ms){99});
        CHECK(resource_feed(&world->resource, line.at, line.size) == 0);
        CHECK_EQUAL_TEXT(out_view(&world->out), "");
    }
    CHECK(resource_end(&world->resource) == 0);
    CHECK_EQUAL_TEXT(out_view(&world->out), "pod n/p memory 5000000000000 swap 1\n");
}

// What begins as the labels before, and goes on.
TEST(does_not_mistake_labels_for_others)
{
    expect("pod_swap_usage_bytes{namespace=\"n\",pod=\"p\"} 1\n"
           "pod_swap_usage_bytes{namespace=\"n\",pod=\"pq\"} 2\n"
           "pod_memory_working_set_bytes{namespace=\"n\",pod=\"pq\"} 3\n"
           "pod_memory_working_set_bytes{namespace=\"n\",pod=\"p\"} 4\n"
           "pod_memory_working_set_bytes{namespace=\"n\",pod=\"p\",x=\"\"} 5\n",
           "pod n/p memory 99 swap 1\n"
           "pod n/pq memory 99 working_set 3 swap 2\n"
           "pod n/p memory 99 working_set 4\n"
           "pod n/p memory 99 working_set 5\n");
    // The same labels of another kind.
    expect("pod_swap_usage_bytes{namespace=\"n\",pod=\"p\"} 1\n"
           "container_swap_usage_bytes{namespace=\"n\",pod=\"p\",container=\"c\"} 6\n"
           "pod_cpu_usage_seconds_total{namespace=\"n\",pod=\"p\",container=\"c\"} 7\n",
           "pod n/p memory 99 swap 1\n"
           "container n/p/c memory 99 swap 6\n"
           "pod n/p cpu 7000000000 99\n");
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"hands_over_what_the_lines_said", hands_over_what_the_lines_said},
        {"takes_nothing_of_an_answer_without_its_end",
         takes_nothing_of_an_answer_without_its_end},
        {"does_not_mistake_labels_for_others", does_not_mistake_labels_for_others},
        {"reads_a_real_answer", reads_a_real_answer},
        {"does_not_depend_on_the_pieces", does_not_depend_on_the_pieces},
        {"reads_every_metric", reads_every_metric},
        {"reads_times_in_either_unit_or_none", reads_times_in_either_unit_or_none},
        {"reads_labels_in_any_order_and_with_escapes", reads_labels_in_any_order_and_with_escapes},
        {"says_that_the_kubelet_failed", says_that_the_kubelet_failed},
        {"skips_lines_that_are_not_as_they_should_be", skips_lines_that_are_not_as_they_should_be},
        {"skips_a_line_that_is_too_long", skips_a_line_that_is_too_long},
        {"passes_over_all_of_a_line_that_is_too_long", passes_over_all_of_a_line_that_is_too_long},
        {"reads_a_short_line_at_the_end_of_a_piece", reads_a_short_line_at_the_end_of_a_piece},
        {"never_reads_a_line_without_its_end", never_reads_a_line_without_its_end},
        {"passes_over_other_metrics", passes_over_other_metrics},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
