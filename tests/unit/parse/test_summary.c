#include "parse/summary.h"

#include "base/error.h"
#include "fixture.h"

// Every callback as lines of text, so that results can be compared.
struct world {
    struct summary summary;
    char log[1 << 17];
    struct out out;
    uint32_t nodes, pods;
    struct pod_seen last_pod;
    struct node_seen last_node;
};

static void
log_filesystem(struct out *out, const struct filesystem_seen *fs)
{
    out_format(out, "  fs %.*s %u %lld %llu %llu %llu %llu %llu\n", TEXT_ARGS(fs->name), fs->has,
               (long long)fs->time.ms, (unsigned long long)fs->used,
               (unsigned long long)fs->capacity, (unsigned long long)fs->available,
               (unsigned long long)fs->inodes, (unsigned long long)fs->inodes_free);
}

static void
log_parts(struct out *out, const struct cpu_seen *cpu, const struct memory_seen *memory,
          const struct pressure_seen *psi)
{
    out_format(out, "  cpu %u %lld %llu %llu\n", cpu->has, (long long)cpu->time.ms,
               (unsigned long long)cpu->usage_ns, (unsigned long long)cpu->usage_nanocores);
    out_format(out, "  memory %u %lld %llu %llu %llu %llu %llu %llu %llu\n", memory->has,
               (long long)memory->time.ms, (unsigned long long)memory->usage,
               (unsigned long long)memory->working_set, (unsigned long long)memory->rss,
               (unsigned long long)memory->swap, (unsigned long long)memory->available,
               (unsigned long long)memory->page_faults,
               (unsigned long long)memory->major_page_faults);
    out_format(out, "  psi %u %lld %llu %llu %llu %llu %llu %llu\n", psi->has,
               (long long)psi->time.ms, (unsigned long long)psi->cpu_some_us,
               (unsigned long long)psi->cpu_full_us, (unsigned long long)psi->memory_some_us,
               (unsigned long long)psi->memory_full_us, (unsigned long long)psi->io_some_us,
               (unsigned long long)psi->io_full_us);
}

static void
log_container(struct out *out, const struct container_seen *c)
{
    out_format(out, " container %.*s %lld\n", TEXT_ARGS(c->name), (long long)c->start_time.ms);
    log_parts(out, &c->cpu, &c->memory, &c->pressure);
    log_filesystem(out, &c->rootfs);
    log_filesystem(out, &c->logs);
    for (uint32_t i = 0; i < c->extra_count; i++) {
        const struct extra_seen *e = &c->extras[i];
        out_format(out, "  extra %.*s{%.*s} %lld %g\n", TEXT_ARGS(e->metric), TEXT_ARGS(e->label),
                   (long long)e->time.ms, e->value);
    }
}

static void
log_network(struct out *out, const struct network_seen *network)
{
    out_format(out, " network %u %lld %llu %llu %llu %llu\n", network->has,
               (long long)network->time.ms, (unsigned long long)network->rx,
               (unsigned long long)network->tx, (unsigned long long)network->rx_errors,
               (unsigned long long)network->tx_errors);
}

static void
on_node(void *context, const struct node_seen *node)
{
    struct world *world = context;
    world->nodes++;
    world->last_node = *node;
    out_format(&world->out, "node %.*s %lld\n", TEXT_ARGS(node->name),
               (long long)node->start_time.ms);
    log_parts(&world->out, &node->cpu, &node->memory, &node->pressure);
    log_network(&world->out, &node->network);
    for (uint32_t i = 0; i < node->filesystem_count; i++) {
        log_filesystem(&world->out, &node->filesystems[i]);
    }
    for (uint32_t i = 0; i < node->system_container_count; i++) {
        log_container(&world->out, &node->system_containers[i]);
    }
}

static void
on_pod(void *context, const struct pod_seen *pod)
{
    struct world *world = context;
    world->pods++;
    world->last_pod = *pod;
    out_format(&world->out, "pod %.*s %.*s %.*s %lld\n", TEXT_ARGS(pod->namespace_name),
               TEXT_ARGS(pod->name), TEXT_ARGS(pod->uid), (long long)pod->start_time.ms);
    log_parts(&world->out, &pod->cpu, &pod->memory, &pod->pressure);
    log_network(&world->out, &pod->network);
    log_filesystem(&world->out, &pod->ephemeral);
    for (uint32_t i = 0; i < pod->volume_count; i++) {
        log_filesystem(&world->out, &pod->volumes[i]);
    }
    for (uint32_t i = 0; i < pod->container_count; i++) {
        log_container(&world->out, &pod->containers[i]);
    }
}

static struct world *
world_new(void)
{
    struct world *world = fixture_alloc(sizeof *world);
    size_t footprint = decode_space_footprint() + summary_footprint();
    struct arena arena = fixture_arena(footprint);
    struct decode_space *space = decode_space_new(&arena);
    memset(&space->seen, 0xaa, sizeof space->seen);  // nothing is zero before
    summary_init(&world->summary, &arena, space);
    CHECK_EQUAL_U64(arena.used, footprint);
    return world;
}

static int
decode(struct world *world, struct text input, size_t piece, uint64_t *seed)
{
    world->out = out_of(world->log, sizeof world->log);
    world->nodes = 0;
    world->pods = 0;
    struct observer observer = {.context = world, .on_node = on_node, .on_pod = on_pod};
    summary_begin(&world->summary, observer);
    return fixture_decode(summary_decoder(&world->summary), input, piece, seed);
}

// Decodes in one go and in small pieces: the same.
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
    return summary_counters(&world->summary);
}

static bool
has_line(const struct world *world, const char *line)
{
    size_t size = strlen(line);
    for (size_t at = 0; at + size <= world->out.used; at++) {
        if (memcmp(world->log + at, line, size) == 0) {
            return true;
        }
    }
    return false;
}

TEST(reads_a_real_summary)
{
    struct text input = fixture_read("summary.json");
    struct world *world = decoded(input, 0);
    CHECK_EQUAL_U64(world->nodes, 1);
    CHECK_EQUAL_U64(world->pods, 6);
    CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_OK), 0);
    CHECK_EQUAL_U64(counters_of(world)->elements, 7);
    CHECK_EQUAL_U64(counters_of(world)->bytes, input.size);
    CHECK(has_line(world, "node real-1 1795366048000\n"
                          "  cpu 3 1795369634000 4358456512219 1994261163\n"
                          "  memory 231 1795369634000 5186928640 2898153472 "
                          "1284276224 0 22378360832 168044 0\n"
                          "  psi 0 0 0 0 0 0 0 0\n"
                          " network 15 1795369634000 823603460 745927 0 0\n"
                          "  fs / 31 1795369634000 29054521344 270553174016 "
                          "73690759168 16777216 16096113\n"
                          " container pods 1795369508000\n"
                          "  cpu 3 1795369634000 15315502432 115380879\n"));
    CHECK(has_line(world, " container kubelet 1795369508000\n"));
    CHECK(has_line(world, " container runtime 1795369508000\n"));
    CHECK(has_line(world, "pod demo disk-writer 917f325e-3f43-4281-8b57-680e016e6157 "
                          "1795369524000\n"
                          "  cpu 3 1795369636000 526306122 4305542\n"));
    CHECK(has_line(world, " network 15 1795369623000 6606 752 0 0\n"
                          "  fs  31 1795369641000 10829824 270553174016 "
                          "73690759168 16777216 16096113\n"
                          "  fs Volume:d 31 1795369568000 4198400 "
                          "270553174016 73709211648 16777216 16096414\n"
                          "  fs Volume:default-token-scm6w 31 "
                          "1795369568000 12288 12638257152 12638244864 "
                          "3085512 3085503\n"
                          " container vol 1795369526000\n"
                          "  cpu 3 1795369636000 233507951 2203309\n"
                          "  memory 199 1795369636000 4726784 532480 118784 "
                          "0 0 9777 0\n"
                          "  psi 0 0 0 0 0 0 0 0\n"
                          "  fs / 31 1795369632000 32768 270553174016 "
                          "73690759168 16777216 16096113\n"
                          "  fs logs 31 1795369641000 8192 270553174016 "
                          "73690759168 16777216 16096113\n"
                          " container rootfs 1795369527000\n"));
}

TEST(reads_the_short_form)
{
    struct world *world = decoded(fixture_read("summary_cpu_memory.json"), 0);
    CHECK_EQUAL_U64(world->nodes, 1);
    CHECK_EQUAL_U64(world->pods, 6);
    CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_OK), 0);
}

TEST(does_not_depend_on_the_pieces)
{
    struct text input = fixture_read("summary.json");
    uint64_t seed = test_seed();
    struct world *whole = decoded(input, 0);
    struct world *world = world_new();
    for (int round = 0; round < 20; round++) {
        size_t piece = 1 + test_random_below(&seed, 2000);
        CHECK_EQUAL_U64(decode(world, input, piece, &seed), 0);
        CHECK_EQUAL_TEXT(out_view(&world->out), out_view(&whole->out));
    }
}

#define POD(name, rest)                                                                            \
    "{\"podRef\":{\"name\":\"" name "\",\"namespace\":\"ns\"}" rest ",\"containers\":[]}"
#define CONTAINER(rest)                                                                            \
    "{\"podRef\":{\"name\":\"p\",\"namespace\":\"ns\"},\"containers\":[{"                          \
    "\"name\":\"c\"" rest "}]}"
#define SUMMARY(pods) "{\"node\":{\"nodeName\":\"n\"},\"pods\":[" pods "]}"

static struct world *
decoded_text(const char *input)
{
    return decoded(text_of(input), 0);
}

TEST(reads_pressure_and_swap)
{
    struct world *world = decoded_text(
        SUMMARY(CONTAINER(",\"cpu\":{\"time\":\"2026-11-22T17:47:14Z\",\"psi\":{\"full\":{"
                          "\"total\":11,\"avg10\":0.5,\"avg60\":0,\"avg300\":1e-3},\"some\":{"
                          "\"total\":12,\"avg10\":0}}},"
                          "\"memory\":{\"usageBytes\":5,\"psi\":{\"full\":{\"total\":13},"
                          "\"some\":{\"total\":14}}},"
                          "\"io\":{\"time\":\"2026-11-22T17:47:15Z\",\"psi\":{\"full\":{"
                          "\"total\":15},\"some\":{\"total\":16}}},"
                          "\"swap\":{\"time\":\"2026-11-22T17:47:16Z\",\"swapAvailableBytes\":7,"
                          "\"swapUsageBytes\":17}")));
    CHECK(has_line(world, "  cpu 0 1795369634000 0 0\n"
                          "  memory 17 1795369636000 5 0 0 17 0 0 0\n"
                          "  psi 7 1795369634000 12 11 14 13 16 15\n"));
}

TEST(reads_accelerators_and_custom_metrics)
{
    struct world *world = decoded_text(
        SUMMARY(CONTAINER(",\"cpu\":{\"time\":\"2026-11-22T17:47:14Z\"},"
                          "\"accelerators\":[{\"make\":\"nvidia\",\"model\":\"tesla\","
                          "\"id\":\"GPU-1\",\"memoryTotal\":100,\"memoryUsed\":40,"
                          "\"dutyCycle\":25}],"
                          "\"userDefinedMetrics\":[{\"name\":\"qps\",\"type\":\"gauge\","
                          "\"units\":\"count\",\"time\":\"2026-11-22T17:47:15Z\","
                          "\"value\":2.5}]")));
    CHECK(has_line(world, "  extra accelerator/memory_total{nvidia:tesla:GPU-1} 1795369634000 100\n"
                          "  extra accelerator/memory_used{nvidia:tesla:GPU-1} 1795369634000 40\n"
                          "  extra accelerator/duty_cycle{nvidia:tesla:GPU-1} 1795369634000 25\n"
                          "  extra custom/qps{} 1795369635000 2.5\n"));
}

TEST(names_other_file_systems_of_the_node)
{
    struct world *world =
        decoded_text("{\"node\":{\"nodeName\":\"n\",\"runtime\":{\"imageFs\":{"
                     "\"capacityBytes\":9,\"inodes\":8,\"usedBytes\":1},\"containerFs\":{"
                     "\"capacityBytes\":7,\"usedBytes\":2}},\"fs\":{\"capacityBytes\":5,"
                     "\"usedBytes\":3}},\"pods\":[]}");
    CHECK_EQUAL_U64(world->last_node.filesystem_count, 3);
    CHECK_EQUAL_TEXT(world->last_node.filesystems[0].name, "/");
    CHECK_EQUAL_U64(world->last_node.filesystems[0].used, 3);
    CHECK_EQUAL_TEXT(world->last_node.filesystems[1].name, "runtime.imageFs");
    CHECK_EQUAL_TEXT(world->last_node.filesystems[2].name, "runtime.containerFs");
    CHECK_EQUAL_U64(world->last_node.filesystems[2].used, 2);
}

TEST(takes_the_busiest_interface_when_there_is_no_default)
{
    struct world *world = decoded_text(
        SUMMARY(POD("p", ",\"network\":{\"time\":\"2026-11-22T17:47:14Z\",\"name\":\"\","
                         "\"interfaces\":[{\"name\":\"cni0\",\"rxBytes\":99,\"txBytes\":99},"
                         "{\"name\":\"ens4\",\"rxBytes\":5,\"txBytes\":6},"
                         "{\"name\":\"ens5\",\"rxBytes\":50,\"txBytes\":60,"
                         "\"rxErrors\":1,\"txErrors\":2}]}")));
    CHECK(has_line(world, " network 15 1795369634000 50 60 1 2\n"));
}

TEST(the_later_of_two_containers_of_one_name_stays)
{
    struct world *world =
        decoded_text(SUMMARY("{\"podRef\":{\"name\":\"p\",\"namespace\":\"ns\"},\"containers\":["
                             "{\"name\":\"c\",\"startTime\":\"2026-11-22T17:47:14Z\","
                             "\"cpu\":{\"usageCoreNanoSeconds\":1}},"
                             "{\"name\":\"d\"},"
                             "{\"name\":\"c\",\"startTime\":\"2026-11-22T17:47:16Z\","
                             "\"cpu\":{\"usageCoreNanoSeconds\":2}},"
                             "{\"name\":\"c\",\"startTime\":\"2026-11-22T17:47:15Z\","
                             "\"cpu\":{\"usageCoreNanoSeconds\":3}}]}"));
    CHECK_EQUAL_U64(world->last_pod.container_count, 2);
    CHECK(has_line(world, " container c 1795369636000\n  cpu 1 0 2 0\n"));
    CHECK(has_line(world, " container d 0\n  cpu 0 0 0 0\n"));
}

TEST(available_memory_below_zero_is_none)
{
    struct world *world =
        decoded_text(SUMMARY(CONTAINER(",\"memory\":{\"availableBytes\":18446744073709535232}")));
    CHECK(has_line(world, "  memory 32 0 0 0 0 0 0 0 0\n"));
}

TEST(null_and_1970_are_unknown)
{
    struct world *world = decoded_text(
        SUMMARY(CONTAINER(",\"startTime\":null,\"cpu\":null,\"memory\":{\"usageBytes\":null},"
                          "\"rootfs\":{\"time\":\"1970-01-01T00:00:00Z\",\"usedBytes\":null},"
                          "\"logs\":null")));
    CHECK(has_line(world, " container c 0\n  cpu 0 0 0 0\n"
                          "  memory 0 0 0 0 0 0 0 0 0\n"
                          "  psi 0 0 0 0 0 0 0 0\n"
                          "  fs / 0 0 0 0 0 0 0\n"));
}

// One pod of three is broken in each of the ways; the others stay.
TEST(skips_a_pod_that_is_not_as_it_should_be)
{
    static const struct {
        const char *pod;
        enum error error;
    } rows[] = {
        {CONTAINER(",\"cpu\":{\"usageNanoCores\":18446744073709551616}"), ERR_BAD_NUMBER},
        {CONTAINER(",\"cpu\":{\"usageNanoCores\":-1}"), ERR_BAD_NUMBER},
        {CONTAINER(",\"cpu\":{\"usageNanoCores\":1.5}"), ERR_BAD_NUMBER},
        {CONTAINER(",\"cpu\":{\"usageNanoCores\":\"1\"}"), ERR_BAD_TYPE},
        {CONTAINER(",\"cpu\":[]"), ERR_BAD_TYPE},
        {CONTAINER(",\"rootfs\":{\"usedBytes\":{}}"), ERR_BAD_TYPE},
        {CONTAINER(",\"rootfs\":{\"usedBytes\":true}"), ERR_BAD_TYPE},
        {CONTAINER(",\"name\":\"d\""), ERR_DUPLICATE},
        {CONTAINER(",\"cpu\":{},\"cpu\":{}"), ERR_DUPLICATE},
        {CONTAINER(",\"cpu\":{\"usageNanoCores\":1,\"usageNanoCores\":1}"), ERR_DUPLICATE},
        {CONTAINER(",\"cpu\":{\"time\":\"yesterday\"}"), ERR_BAD_TIME},
        {CONTAINER(",\"cpu\":{\"time\":5}"), ERR_BAD_TYPE},
        {CONTAINER(",\"cpu\":{\"usageNanoCores\":01}"), ERR_MALFORMED},
        {CONTAINER(",\"cpu\":{\"usageNanoCores\"}"), ERR_MALFORMED},
        {POD("\xff", ""), ERR_BAD_UTF8},
        {POD("\\ud800", ""), ERR_BAD_UTF8},
        {POD("", ""), ERR_MISSING},
        {"{\"containers\":[{}]}", ERR_MISSING},
        {"{\"containers\":{}}", ERR_BAD_TYPE},
        {"{}", ERR_MISSING},
        {"null", ERR_MISSING},
        {"7", ERR_BAD_TYPE},
        {"[]", ERR_BAD_TYPE},
        {POD("p", ",\"x\":"
                  "[[[[[[[[[[[[[[[["
                  "[[[[[[[[[[[[[[[["
                  "[[[[[[[[[[[[[[[["
                  "[[[[[[[[[[[[[[[["
                  "]]]]]]]]]]]]]]]]"
                  "]]]]]]]]]]]]]]]]"
                  "]]]]]]]]]]]]]]]]"
                  "]]]]]]]]]]]]]]]]"),
         ERR_TOO_DEEP},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char input[1024];
        snprintf(input, sizeof input, SUMMARY("%s,%s,%s"), POD("first", ""), rows[i].pod,
                 POD("last", ""));
        struct world *world = decoded_text(input);
        CHECK_EQUAL_U64(fixture_skipped(counters_of(world), rows[i].error), 1);
        CHECK_EQUAL_U64(world->nodes, 1);
        CHECK_EQUAL_U64(world->pods, 2);
        CHECK_EQUAL_TEXT(world->last_pod.name, "last");
    }
}

TEST(skips_a_pod_that_is_too_large)
{
    char *input = fixture_alloc(1 << 20);
    int used = sprintf(input,
                       "{\"node\":{\"nodeName\":\"n\"},\"pods\":[%s,"
                       "{\"podRef\":{\"name\":\"p\",\"namespace\":\"",
                       POD("first", ""));
    memset(input + used, 'x', ELEMENT_BYTES_MAX);
    sprintf(input + used + ELEMENT_BYTES_MAX, "\"}},%s]}", POD("last", ""));
    struct world *world = decoded_text(input);
    CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_TOO_LARGE), 1);
    CHECK_EQUAL_U64(world->pods, 2);
}

TEST(keeps_what_fits_of_long_lists)
{
    char *input = fixture_alloc(1 << 20);
    int used = sprintf(input, "{\"node\":{\"nodeName\":\"n\"},\"pods\":[{"
                              "\"podRef\":{\"name\":\"p\",\"namespace\":\"n\"},"
                              "\"containers\":[");
    for (int i = 0; i < POD_CONTAINERS_MAX + 3; i++) {
        used += sprintf(input + used, "%s{\"name\":\"c%d\"}", i ? "," : "", i);
    }
    used += sprintf(input + used, "],\"volume\":[");
    for (int i = 0; i < POD_VOLUMES_MAX + 4; i++) {
        used += sprintf(input + used, "%s{\"name\":\"v%d\"}", i ? "," : "", i);
    }
    sprintf(input + used, "]}]}");
    struct world *world = decoded_text(input);
    CHECK_EQUAL_U64(world->pods, 1);
    CHECK_EQUAL_U64(world->last_pod.container_count, POD_CONTAINERS_MAX);
    CHECK_EQUAL_U64(world->last_pod.volume_count, POD_VOLUMES_MAX);
    CHECK_EQUAL_U64(counters_of(world)->trimmed, 7);
}

TEST(says_what_is_wrong_with_a_document)
{
    struct text input = fixture_read("summary.json");
    struct text half = text_sub(input, 0, input.size - 2);
    CHECK_EQUAL_U64(decoded(half, -ERR_TRUNCATED)->pods, 6);
    CHECK_EQUAL_U64(decoded(TEXT("Unauthorized"), -ERR_MALFORMED)->nodes, 0);
    CHECK_EQUAL_U64(decoded(TEXT(""), -ERR_TRUNCATED)->nodes, 0);
    struct world *world = decoded_text("{\"node\":null,\"pods\":null}");
    CHECK_EQUAL_U64(world->pods + world->nodes, 0);
}

TEST(an_unknown_member_changes_nothing)
{
    struct text input = fixture_read("summary.json");
    struct text more =
        fixture_replace(input, "\"startTime\"", "\"new\": {\"pods\": [1, \"]\"]}, \"startTime\"");
    struct world *plain = decoded(input, 0);
    struct world *world = decoded(more, 0);
    CHECK_EQUAL_TEXT(out_view(&world->out), out_view(&plain->out));
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"reads_a_real_summary", reads_a_real_summary},
        {"reads_the_short_form", reads_the_short_form},
        {"does_not_depend_on_the_pieces", does_not_depend_on_the_pieces},
        {"reads_pressure_and_swap", reads_pressure_and_swap},
        {"reads_accelerators_and_custom_metrics", reads_accelerators_and_custom_metrics},
        {"names_other_file_systems_of_the_node", names_other_file_systems_of_the_node},
        {"takes_the_busiest_interface_when_there_is_no_default",
         takes_the_busiest_interface_when_there_is_no_default},
        {"the_later_of_two_containers_of_one_name_stays",
         the_later_of_two_containers_of_one_name_stays},
        {"available_memory_below_zero_is_none", available_memory_below_zero_is_none},
        {"null_and_1970_are_unknown", null_and_1970_are_unknown},
        {"skips_a_pod_that_is_not_as_it_should_be", skips_a_pod_that_is_not_as_it_should_be},
        {"skips_a_pod_that_is_too_large", skips_a_pod_that_is_too_large},
        {"keeps_what_fits_of_long_lists", keeps_what_fits_of_long_lists},
        {"says_what_is_wrong_with_a_document", says_what_is_wrong_with_a_document},
        {"an_unknown_member_changes_nothing", an_unknown_member_changes_nothing},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
