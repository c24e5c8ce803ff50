// How fast the decoders are, on captured answers: `name value unit` lines.
//
// The summary is the captured one inflated to 30 pods of 2 containers, indented
// as kubelets send it. Everything is fed in pieces of 16 KiB, as it comes from
// a socket. Each figure is the best of many rounds: what the code can do, not
// what the neighbours left of the machine.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "parse/objects.h"
#include "parse/resource.h"
#include "parse/summary.h"

#if __has_include(<jsmn.h>)
#define JSMN_PARENT_LINKS
#define JSMN_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <jsmn.h>
#pragma GCC diagnostic pop
#define HAVE_JSMN 1
#else
#define HAVE_JSMN 0
#endif

#define FILE_BYTES (1 << 20)
#define ARENA_BYTES (4 << 20)
#define PIECE_BYTES 16384
#define TOKENS_MAX 65536
#define ROUNDS 400

struct bench {
    struct arena arena;
    struct decode_space *space;
    struct summary summary;
    struct resource resource;
    struct objects objects;
    char *copy;
    uint64_t sum;  // of what the callbacks saw, so that nothing is left out
};

static _Noreturn void
fail(const char *what)
{
    fprintf(stderr, "bench_parse: %s\n", what);
    exit(1);
}

static void *
need(size_t size)
{
    void *block = aligned_alloc(64, (size + 63) & ~(size_t)63);
    if (block == NULL) {
        fail("no memory");
    }
    memset(block, 0, size);
    return block;
}

static struct text
read_file(const char *path)
{
    char *bytes = need(FILE_BYTES);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail(path);
    }
    size_t size = fread(bytes, 1, FILE_BYTES, file);
    fclose(file);
    return (struct text){bytes, size};
}

static double
now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static size_t
find(struct text text, const char *what, size_t from)
{
    const char *at = memmem(text.at + from, text.size - from, what, strlen(what));
    if (at == NULL) {
        fail(what);
    }
    return (size_t)(at - text.at);
}

// The captured node, and 30 pods of two containers with names of their own.
static struct text
inflate(struct text summary)
{
    size_t pods = find(summary, "\"pods\": [", 0) + sizeof "\"pods\": [" - 1;
    size_t name = find(summary, "\"web-7594557864-985vv\"", pods);
    size_t start = find(summary, "\n  {\n", pods);
    for (size_t next = start; next < name; next = find(summary, "\n  {\n", next + 1)) {
        start = next;
    }
    size_t end = find(summary, "\n  }", start) + sizeof "\n  }" - 1;
    struct out out = out_of(need(FILE_BYTES), FILE_BYTES);
    out_bytes(&out, summary.at, pods);
    for (int i = 0; i < 30; i++) {
        size_t head = name + sizeof "\"web-7594557864-" - 1;
        out_string(&out, i == 0 ? "" : ",");
        out_bytes(&out, summary.at + start, head - start);
        out_format(&out, "%05d", i);
        out_bytes(&out, summary.at + head + 5, end - head - 5);
    }
    out_string(&out, "\n ]\n}");
    return out_view(&out);
}

// The resource text that such a node gives, about 35 KB.
static struct text
make_resource(void)
{
    static const char *const families[] = {
        "container_cpu_usage_seconds_total", "container_memory_working_set_bytes",
        "container_start_time_seconds", "container_swap_usage_bytes"};
    static const char *const starts[] = {"", "4.05135", "1.7953696", ""};
    static const char *const ends[] = {".972975252 1795369640377", "e+07 1795369632256", "e+09",
                                       " 1795369632256"};
    struct out out = out_of(need(FILE_BYTES), FILE_BYTES);
    for (int family = 0; family < 4; family++) {
        out_format(&out, "# HELP %s [STABLE] Some words about it\n# TYPE %s gauge\n",
                   families[family], families[family]);
        for (int i = 0; i < 60; i++) {
            out_format(&out,
                       "%s{container=\"%s\",namespace=\"demo\","
                       "pod=\"web-7594557864-%05d\"} ",
                       families[family], i % 2 ? "httpd" : "sidecar", i / 2);
            out_format(&out, "%s%02d%s\n", starts[family], 10 + i, ends[family]);
        }
    }
    for (int i = 0; i < 60; i++) {
        out_format(&out,
                   "pod_%s{namespace=\"demo\",pod=\"web-7594557864-%05d\"} "
                   "%d.526306122 1795369636969\n",
                   i % 2 ? "cpu_usage_seconds_total" : "memory_working_set_bytes", i / 2, i);
    }
    return out_view(&out);
}

static void
on_node(void *context, const struct node_seen *node)
{
    ((struct bench *)context)->sum += node->cpu.usage_ns;
}

static void
on_pod(void *context, const struct pod_seen *pod)
{
    ((struct bench *)context)->sum += pod->memory.usage + pod->container_count;
}

static void
on_container(void *context, struct text namespace_name, struct text pod,
             const struct container_seen *container)
{
    ((struct bench *)context)->sum += container->cpu.usage_ns + namespace_name.size + pod.size;
}

static void
on_object(void *context, enum object_change change, struct text version,
          const struct pod_object *pod)
{
    ((struct bench *)context)->sum += change + version.size + pod->label_count;
}

static void
on_page(void *context, const struct page_seen *page)
{
    ((struct bench *)context)->sum += page->remaining;
}

static void
on_bookmark(void *context, struct text version)
{
    ((struct bench *)context)->sum += version.size;
}

static void
on_error(void *context, const struct status_seen *status)
{
    ((struct bench *)context)->sum += (uint64_t)status->code;
}

static struct observer
observer_of(struct bench *bench)
{
    return (struct observer){bench, on_node, on_pod, on_container};
}

static void
feed(struct decoder decoder, struct text input)
{
    int error = 0;
    for (size_t at = 0; at < input.size && error == 0; at += PIECE_BYTES) {
        struct text piece = text_sub(input, at, PIECE_BYTES);
        error = decoder_feed(decoder, piece.at, piece.size);
    }
    if (error != 0 || decoder_end(decoder) != 0) {
        fail("a fixture is not as it should be");
    }
}

static void
run_copy(struct bench *bench, struct text input)
{
    memcpy(bench->copy, input.at, input.size);
    __asm__ volatile("" : : "r"(bench->copy) : "memory");
}

static void
run_summary(struct bench *bench, struct text input)
{
    summary_begin(&bench->summary, observer_of(bench));
    feed(summary_decoder(&bench->summary), input);
}

static int
take_nothing(void *context, unsigned tag, struct text json)
{
    (void)context;
    (void)tag;
    (void)json;
    return 0;
}

static void
run_with_take(struct bench *bench, struct text input, splitter_take *take)
{
    splitter_take *own = bench->summary.splitter.take;
    bench->summary.splitter.take = take;
    run_summary(bench, input);
    bench->summary.splitter.take = own;
}

static void
run_splitter(struct bench *bench, struct text input)
{
    run_with_take(bench, input, take_nothing);
}

#if HAVE_JSMN
static jsmntok_t tokens[TOKENS_MAX];

static void
tokenize(struct text json)
{
    jsmn_parser parser;
    jsmn_init(&parser);
    if (jsmn_parse(&parser, json.at, json.size, tokens, TOKENS_MAX) <= 0) {
        fail("jsmn does not read a fixture");
    }
}

static void
run_jsmn(struct bench *bench, struct text input)
{
    (void)bench;
    tokenize(input);
}

static int
take_tokens(void *context, unsigned tag, struct text json)
{
    (void)context;
    (void)tag;
    tokenize(json);
    return 0;
}

static void
run_splitter_jsmn(struct bench *bench, struct text input)
{
    run_with_take(bench, input, take_tokens);
}
#endif

static void
run_resource(struct bench *bench, struct text input)
{
    resource_begin(&bench->resource, observer_of(bench), (struct wall_ms){1});
    feed(resource_decoder(&bench->resource), input);
}

static struct objects_observer
objects_observer_of(struct bench *bench)
{
    return (struct objects_observer){.context = bench,
                                     .on_pod = on_object,
                                     .on_page = on_page,
                                     .on_bookmark = on_bookmark,
                                     .on_error = on_error};
}

static void
run_pods(struct bench *bench, struct text input)
{
    objects_begin_list(&bench->objects, OBJECT_POD, objects_observer_of(bench), NULL);
    feed(objects_decoder(&bench->objects), input);
}

static void
run_watch(struct bench *bench, struct text input)
{
    objects_begin_watch(&bench->objects, OBJECT_POD, objects_observer_of(bench), NULL);
    feed(objects_decoder(&bench->objects), input);
}

static double
best_us(struct bench *bench, struct text input, void (*run)(struct bench *, struct text))
{
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_us();
        run(bench, input);
        double took = now_us() - start;
        best = took < best ? took : best;
    }
    return best;
}

static void
report(struct bench *bench, const char *name, struct text input,
       void (*run)(struct bench *, struct text))
{
    double us = best_us(bench, input, run);
    printf("parse_%s %.0f MB/s\n", name, (double)input.size / us);
    printf("parse_%s_time %.1f us\n", name, us);
}

int
main(void)
{
    static struct bench bench;
    arena_init(&bench.arena, need(ARENA_BYTES), ARENA_BYTES);
    bench.copy = need(FILE_BYTES);
    bench.space = decode_space_new(&bench.arena);
    summary_init(&bench.summary, &bench.arena, bench.space);
    resource_init(&bench.resource, &bench.arena, bench.space);
    objects_init(&bench.objects, &bench.arena, bench.space, ELEMENT_BYTES_MAX);

    struct text summary = inflate(read_file("tests/fixtures/parse/summary.json"));
    struct text resource = make_resource();
    printf("parse_summary_size %zu bytes\n", summary.size);
    report(&bench, "memcpy", summary, run_copy);
#if HAVE_JSMN
    report(&bench, "jsmn_whole", summary, run_jsmn);
    report(&bench, "splitter_jsmn", summary, run_splitter_jsmn);
#endif
    report(&bench, "splitter", summary, run_splitter);
    report(&bench, "summary", summary, run_summary);
    printf("parse_resource_size %zu bytes\n", resource.size);
    report(&bench, "resource", resource, run_resource);
    report(&bench, "pod_list", read_file("tests/fixtures/parse/pods_compact.json"), run_pods);
    report(&bench, "pod_watch", read_file("tests/fixtures/parse/pods_watch.json"), run_watch);
    return bench.sum == 0;
}
