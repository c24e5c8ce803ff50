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
        out_format(&world->out, "cpu %llu %lld\n", (unsigned long long)cpu->usage_ns,
                   (long long)cpu->time.ms);
    }
    if (memory->has == HAS_MEMORY_WORKING_SET) {
        out_format(&world->out, "working_set %llu %lld\n", (unsigned long long)memory->working_set,
                   (long long)memory->time.ms);
    }
    if (memory->has == HAS_MEMORY_SWAP) {
        out_format(&world->out, "swap %llu %lld\n", (unsigned long long)memory->swap,
                   (long long)memory->time.ms);
    }
}

static void
on_node(void *context, const struct node_seen *node)
{
    struct world *world = context;
    CHECK(node->name.size == 0 && node->system_container_count == 0);
    out_string(&world->out, "node ");
    log_parts(world, &node->cpu, &node->memory);
}

static void
on_pod(void *context, const struct pod_seen *pod)
{
    struct world *world = context;
    CHECK(pod->container_count == 0 && pod->network.has == 0);
    out_format(&world->out, "pod %.*s/%.*s ", TEXT_ARGS(pod->namespace_name), TEXT_ARGS(pod->name));
    log_parts(world, &pod->cpu, &pod->memory);
}

static void
on_container(void *context, struct text namespace_name, struct text pod,
             const struct container_seen *container)
{
    struct world *world = context;
    out_format(&world->out, "container %.*s/%.*s/%.*s ", TEXT_ARGS(namespace_name), TEXT_ARGS(pod),
               TEXT_ARGS(container->name));
    if (container->start_time.ms != 0) {
        out_format(&world->out, "start %lld\n", (long long)container->start_time.ms);
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
    static const char start[] = "container demo/cpu-burner/burn cpu 9972975252 1795369640377\n"
                                "container demo/mem-hog/hog cpu 2048084227 1795369632256\n";
    CHECK(text_starts(out_view(&world->out), text_of(start)));
    struct text view = out_view(&world->out);
    static const char end[] = "pod demo/web-7594557864-985vv working_set 1372160 1795369632448\n"
                              "pod demo/web-7594557864-vkqnz working_set 970752 1795369632027\n";
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
           "node working_set 2500 1795369634448\n"
           "node swap 7 1795369634449\n"
           "container n/p/c start 1795369640377\n"
           "container n/p/c swap 8 1795369634450\n"
           "pod n/p swap 0 1795369634451\n");
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
           "pod \xc3\xa4, with = and } in it/p\"\\\n\\x swap 1 5000000000000\n");
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
        CHECK_EQUAL_TEXT(out_view(&world->out), "node swap 1 99\nnode swap 2 99\n");
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
    expect("pod_swap_usage_bytes{namespace=\"n\",pod=\"p\"} 1\n", "pod n/p swap 1 99\n");
}

// A number that is cut off is another number.
TEST(never_reads_a_line_without_its_end)
{
    struct world *world =
        decoded(TEXT("node_swap_usage_bytes 1\nnode_swap_usage_bytes 23"), -ERR_TRUNCATED);
    CHECK_EQUAL_TEXT(out_view(&world->out), "node swap 1 99\n");
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

int
main(void)
{
    static const struct test_case cases[] = {
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
