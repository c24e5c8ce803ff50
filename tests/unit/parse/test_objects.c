#include "parse/objects.h"

#include "base/error.h"
#include "fixture.h"

struct world {
    struct objects objects;
    char log[1 << 18];
    struct out out;
};

static const char *const changes[] = {"listed", "added", "modified", "deleted"};

static void
log_labels(struct out *out, const struct label *labels, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        out_format(out, " %.*s=%.*s", TEXT_ARGS(labels[i].key), TEXT_ARGS(labels[i].value));
    }
    out_byte(out, '\n');
}

static void
log_quantities(struct out *out, const char *name, const struct quantities *q)
{
    out_format(out, " %s %u %llu %llu %llu %llu", name, q->has, (unsigned long long)q->cpu_milli,
               (unsigned long long)q->memory, (unsigned long long)q->ephemeral,
               (unsigned long long)q->pods);
    for (uint32_t i = 0; i < q->other_count; i++) {
        out_format(out, " %.*s:%llu", TEXT_ARGS(q->others[i].name),
                   (unsigned long long)q->others[i].value);
    }
}

static void
log_container(struct out *out, const struct container_object *c)
{
    out_format(out, " c%d %.*s %.*s state %d ready %d restarts %u", c->role, TEXT_ARGS(c->name),
               TEXT_ARGS(c->image), c->state, c->ready, (unsigned)c->restart_count);
    log_quantities(out, "requests", &c->requests);
    log_quantities(out, "limits", &c->limits);
    out_format(out, " waiting %.*s last %.*s %d %lld id %.*s\n", TEXT_ARGS(c->waiting_reason),
               TEXT_ARGS(c->last_termination_reason), (int)c->last_exit_code,
               (long long)c->last_finished.ms, TEXT_ARGS(c->container_id));
}

static void
on_pod(void *context, enum object_change change, struct text version, const struct pod_object *pod)
{
    struct out *out = &((struct world *)context)->out;
    out_format(out,
               "pod %s %.*s %.*s/%.*s %.*s on %.*s phase %d %.*s host %d "
               "deleting %d %lld %lld owner %.*s/%.*s labels",
               changes[change], TEXT_ARGS(version), TEXT_ARGS(pod->namespace_name),
               TEXT_ARGS(pod->name), TEXT_ARGS(pod->uid), TEXT_ARGS(pod->node_name), pod->phase,
               TEXT_ARGS(pod->reason), pod->host_network, pod->deleting, (long long)pod->created.ms,
               (long long)pod->start_time.ms, TEXT_ARGS(pod->owner_kind),
               TEXT_ARGS(pod->owner_name));
    log_labels(out, pod->labels, pod->label_count);
    for (uint32_t i = 0; i < pod->container_count; i++) {
        log_container(out, &pod->containers[i]);
    }
}

static void
on_node(void *context, enum object_change change, struct text version,
        const struct node_object *node)
{
    struct out *out = &((struct world *)context)->out;
    out_format(out,
               "node %s %.*s %.*s %.*s id %.*s %lld ready %d mem %d disk %d "
               "pid %d net %d off %d port %u %.*s|%.*s|%.*s",
               changes[change], TEXT_ARGS(version), TEXT_ARGS(node->name), TEXT_ARGS(node->uid),
               TEXT_ARGS(node->external_id), (long long)node->created.ms, node->ready,
               node->memory_pressure, node->disk_pressure, node->pid_pressure,
               node->network_unavailable, node->unschedulable, (unsigned)node->kubelet_port,
               TEXT_ARGS(node->kubelet_version), TEXT_ARGS(node->os_image),
               TEXT_ARGS(node->kernel_version));
    log_quantities(out, "capacity", &node->capacity);
    log_quantities(out, "allocatable", &node->allocatable);
    for (uint32_t i = 0; i < node->address_count; i++) {
        out_format(out, " a%d=%.*s", node->addresses[i].type,
                   TEXT_ARGS(node->addresses[i].address));
    }
    out_string(out, " labels");
    log_labels(out, node->labels, node->label_count);
    if (node->annotation_count != 0) {
        out_string(out, " annotations");
        log_labels(out, node->annotations, node->annotation_count);
    }
}

static void
on_namespace(void *context, enum object_change change, struct text version,
             const struct namespace_object *seen)
{
    struct out *out = &((struct world *)context)->out;
    out_format(out, "namespace %s %.*s %.*s %.*s %lld terminating %d labels", changes[change],
               TEXT_ARGS(version), TEXT_ARGS(seen->name), TEXT_ARGS(seen->uid),
               (long long)seen->created.ms, seen->terminating);
    log_labels(out, seen->labels, seen->label_count);
}

static void
on_event(void *context, enum object_change change, struct text version,
         const struct event_object *event)
{
    struct out *out = &((struct world *)context)->out;
    out_format(out, "event %s %.*s %.*s %.*s %.*s/%.*s#%.*s %.*s %s x%llu %lld-%lld %.*s@%.*s: %.*s\n",
               changes[change], TEXT_ARGS(version), TEXT_ARGS(event->uid), TEXT_ARGS(event->kind),
               TEXT_ARGS(event->namespace_name), TEXT_ARGS(event->name),
               TEXT_ARGS(event->object_uid), TEXT_ARGS(event->reason), event->warning ? "warning" : "normal",
               (unsigned long long)event->count, (long long)event->first.ms,
               (long long)event->last.ms, TEXT_ARGS(event->component), TEXT_ARGS(event->node),
               TEXT_ARGS(event->message));
}

static void
on_page(void *context, const struct page_seen *page)
{
    struct out *out = &((struct world *)context)->out;
    out_format(out, "page %.*s continue %.*s remaining %llu\n", TEXT_ARGS(page->resource_version),
               TEXT_ARGS(page->continue_token), (unsigned long long)page->remaining);
}

static void
on_bookmark(void *context, struct text version)
{
    struct out *out = &((struct world *)context)->out;
    out_format(out, "bookmark %.*s\n", TEXT_ARGS(version));
}

static void
on_error(void *context, const struct status_seen *status)
{
    struct out *out = &((struct world *)context)->out;
    out_format(out, "error %d %.*s: %.*s\n", (int)status->code, TEXT_ARGS(status->reason),
               TEXT_ARGS(status->message));
}

static struct world *
world_new(void)
{
    struct world *world = fixture_alloc(sizeof *world);
    size_t footprint = decode_space_footprint() + objects_footprint(ELEMENT_BYTES_MAX);
    struct arena arena = fixture_arena(footprint);
    struct decode_space *space = decode_space_new(&arena);
    memset(&space->seen, 0xaa, sizeof space->seen);
    objects_init(&world->objects, &arena, space, ELEMENT_BYTES_MAX);
    CHECK_EQUAL_U64(arena.used, footprint);
    return world;
}

static int
decode(struct world *world, enum object_kind kind, bool watch, struct text input, size_t piece,
       uint64_t *seed)
{
    static const struct wanted annotations = {2, {TEXT("example.org/host-id"), TEXT("other")}};
    struct objects_observer observer = {world,   on_node,     on_pod,  on_namespace,
                                        on_event, on_page, on_bookmark, on_error};
    world->out = out_of(world->log, sizeof world->log);
    if (watch) {
        objects_begin_watch(&world->objects, kind, observer, &annotations);
    } else {
        objects_begin_list(&world->objects, kind, observer, &annotations);
    }
    return fixture_decode(objects_decoder(&world->objects), input, piece, seed);
}

static struct world *
decoded(enum object_kind kind, bool watch, struct text input, int error)
{
    struct world *world = world_new();
    struct world *again = world_new();
    uint64_t seed = 7;
    CHECK_EQUAL_U64(decode(again, kind, watch, input, 40, &seed), error);
    CHECK_EQUAL_U64(decode(world, kind, watch, input, 0, &seed), error);
    CHECK(!world->out.full);
    CHECK_EQUAL_TEXT(out_view(&again->out), out_view(&world->out));
    return world;
}

static const struct parse_counters *
counters_of(const struct world *world)
{
    return objects_counters(&world->objects);
}

static unsigned
count_lines(const struct world *world, const char *start)
{
    struct text rest = out_view(&world->out);
    struct text line;
    unsigned count = 0;
    while (rest.size > 0) {
        text_cut(rest, '\n', &line, &rest);
        count += text_starts(line, text_of(start));
    }
    return count;
}

static bool
has(const struct world *world, const char *part)
{
    return memmem(world->log, world->out.used, part, strlen(part)) != NULL;
}

TEST(reads_a_real_page_of_nodes)
{
    struct world *world = decoded(OBJECT_NODE, false, fixture_read("nodes_page1.json"), 0);
    CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_OK), 0);
    CHECK_EQUAL_U64(count_lines(world, "node listed"), 5);
    CHECK(has(world, "page 2431 continue eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6M"
                     "jQzMSwic3RhcnQiOiJob2xsb3ctMDA1XHUwMDAwIn0 remaining 16"));
    CHECK(has(world, "node listed 2419 hollow-001 "
                     "bf4c929d-02a3-472c-8130-d78d083ae16b id "
                     "kubemark://hollow-001 1795369511000 ready 1 mem 2 disk 2 "
                     "pid 2 net 0 off 0 port 20001 v1.20.2|"
                     "Debian GNU/Linux 7 (wheezy)|3.16.0-0.bpo.4-amd64 "
                     "capacity 15 4000 17179869184 0 110 "
                     "allocatable 15 4000 17179869184 0 110 "
                     "a1=10.99.1.2 a0=hollow-001 labels "
                     "beta.kubernetes.io/arch=amd64"));
}

TEST(reads_real_pods_compact_and_indented)
{
    struct world *world = decoded(OBJECT_POD, false, fixture_read("pods_compact.json"), 0);
    CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_OK), 0);
    CHECK_EQUAL_U64(count_lines(world, "pod listed"), 50);
    CHECK_EQUAL_U64(count_lines(world, "page 8989 continue eyJ2"), 1);
    CHECK(has(world, "remaining 1461\n"));
    CHECK(has(world, "pod listed 2765 demo/cpu-burner "
                     "1d166189-6fc7-4f80-9fb7-9129e085aa63 on real-1 phase 2  host 0 "
                     "deleting 0 1795371099000 1795371099000 owner / labels app=cpu\n"
                     " c0 burn registry.local/busybox:1 state 2 ready 1 restarts 0 "
                     "requests 3 150 33554432 0 0 limits 3 150 33554432 0 0 waiting  "
                     "last  0 0 id containerd://f9824e9990e36db8870ff1c1bc5e5e639dbd1"
                     "e1f398a9da5450fdcfb4986a67f\n"));
    CHECK(has(world, " c0 boom registry.local/busybox:1 state 1 ready 0 restarts 2 "
                     "requests 0 0 0 0 0 limits 0 0 0 0 0 waiting CrashLoopBackOff "
                     "last Error 3 1795371129000 id containerd://7201735d0e88f1fc52"));
    world = decoded(OBJECT_POD, false, fixture_read("pods_indented.json"), 0);
    CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_OK), 0);
    CHECK(has(world, "owner ReplicaSet/web-7594557864 labels app=web "
                     "pod-template-hash=7594557864\n"));
    CHECK(has(world, " host 1 "));
}

TEST(reads_real_namespaces)
{
    struct world *world = decoded(OBJECT_NAMESPACE, false, fixture_read("namespaces.json"), 0);
    CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_OK), 0);
    CHECK(count_lines(world, "namespace listed") >= 5);
    CHECK(has(world, " kube-system "));
    CHECK(!has(world, "terminating 1"));
}

TEST(reads_real_watches)
{
    struct world *world = decoded(OBJECT_NODE, true, fixture_read("nodes_watch.json"), 0);
    CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_OK), 0);
    CHECK_EQUAL_U64(count_lines(world, "node added"), 21);
    CHECK(has(world, "node added 2419 hollow-001 "));
    world = decoded(OBJECT_POD, true, fixture_read("pods_watch.json"), 0);
    CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_OK), 0);
    CHECK_EQUAL_U64(count_lines(world, "pod added"), 1);
    CHECK_EQUAL_U64(count_lines(world, "pod modified"), 11);
    CHECK_EQUAL_U64(count_lines(world, "pod deleted"), 2);
    CHECK_EQUAL_U64(count_lines(world, "bookmark "), 2);
}

TEST(reads_the_end_of_a_watch_that_is_too_old)
{
    struct world *world = decoded(OBJECT_POD, true, fixture_read("watch_410.json"), 0);
    CHECK_EQUAL_TEXT(out_view(&world->out),
                     "error 410 Expired: too old resource version: 1 (2924)\n");
}

TEST(says_when_a_watch_is_cut)
{
    struct text input = fixture_read("pods_watch.json");
    struct world *world =
        decoded(OBJECT_POD, true, text_sub(input, 0, input.size - 9), -ERR_TRUNCATED);
    CHECK_EQUAL_U64(count_lines(world, "bookmark ") + count_lines(world, "pod "), 15);
    decoded(OBJECT_POD, true, TEXT(""), 0);  // nothing happened: good too
    decoded(OBJECT_POD, false, TEXT(""), -ERR_TRUNCATED);
}

#define META "\"metadata\":{\"name\":\"p\",\"namespace\":\"n\"}"
#define LIST(items) "{\"kind\":\"List\",\"metadata\":{},\"items\":[" items "]}"

TEST(reads_every_member_of_a_pod)
{
    static const char input[] =
        LIST("{\"status\":{\"phase\":\"Failed\",\"reason\":\"Evicted\","
             "\"startTime\":\"2026-11-22T17:47:14Z\","
             "\"containerStatuses\":[{\"name\":\"a\",\"state\":{\"terminated\":{"
             "\"exitCode\":137,\"reason\":\"OOMKilled\",\"finishedAt\":"
             "\"2026-11-22T17:47:15Z\"}},\"lastState\":{\"terminated\":{"
             "\"exitCode\":1,\"reason\":\"Error\",\"finishedAt\":"
             "\"2026-11-22T17:47:14Z\"}},\"restartCount\":4,\"ready\":true}],"
             "\"initContainerStatuses\":[{\"name\":\"i\",\"state\":{\"terminated\":{"
             "\"exitCode\":0,\"reason\":\"Completed\"}}}],"
             "\"ephemeralContainerStatuses\":[{\"name\":\"e\",\"state\":{"
             "\"running\":{}}}]},"
             "\"metadata\":{\"labels\":{\"k\":\"v\\u0041\",\"empty\":\"\"},"
             "\"annotations\":{\"example.org/host-id\":\"x\"},"
             "\"deletionTimestamp\":\"2026-11-22T17:47:14Z\",\"name\":\"p\","
             "\"namespace\":\"n\",\"ownerReferences\":[{\"kind\":\"A\",\"name\":"
             "\"a\"},{\"kind\":\"B\",\"name\":\"b\",\"controller\":true},"
             "{\"kind\":\"C\",\"name\":\"c\",\"controller\":false}]},"
             "\"spec\":{\"hostNetwork\":true,\"nodeName\":\"w\",\"containers\":[{"
             "\"name\":\"a\",\"image\":\"im\",\"env\":[{\"name\":\"x\"}],"
             "\"resources\":{\"requests\":{\"cpu\":\"100m\",\"memory\":\"1Gi\","
             "\"ephemeral-storage\":\"2k\",\"nvidia.com/gpu\":\"1\"},\"limits\":{"
             "\"cpu\":2}}}],"
             "\"initContainers\":[{\"name\":\"i\"},{\"name\":\"s\","
             "\"restartPolicy\":\"Always\"}],"
             "\"ephemeralContainers\":[{\"name\":\"e\"}]}}");
    struct world *world = decoded(OBJECT_POD, false, TEXT(input), 0);
    CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_OK), 0);
    CHECK_EQUAL_TEXT(out_view(&world->out),
                     "page  continue  remaining 0\n"
                     "pod listed  n/p  on w phase 4 Evicted host 1 deleting 1 0 "
                     "1795369634000 owner B/b labels k=vA empty=\n"
                     " c0 a im state 3 ready 1 restarts 4 requests 7 100 1073741824 2000 0 "
                     "nvidia.com/gpu:1 limits 1 2000 0 0 0 waiting  last OOMKilled 137 "
                     "1795369635000 id \n"
                     " c1 i  state 3 ready 0 restarts 0 requests 0 0 0 0 0 limits 0 0 0 0 0 "
                     "waiting  last Completed 0 0 id \n"
                     " c3 e  state 2 ready 0 restarts 0 requests 0 0 0 0 0 limits 0 0 0 0 0 "
                     "waiting  last  0 0 id \n"
                     " c2 s  state 0 ready 0 restarts 0 requests 0 0 0 0 0 limits 0 0 0 0 0 "
                     "waiting  last  0 0 id \n");
}

TEST(keeps_wanted_annotations_of_nodes)
{
    static const char input[] =
        LIST("{\"metadata\":{\"name\":\"n\",\"annotations\":{\"a\":\"1\","
             "\"example.org/host-id\":\"two\",\"b\":\"3\",\"other\":\"4\"}},"
             "\"spec\":{\"unschedulable\":true,\"externalID\":\"ext\","
             "\"providerID\":\"pro\"},\"status\":{\"conditions\":[{\"type\":"
             "\"Ready\",\"status\":\"Unknown\"},{\"type\":\"NetworkUnavailable\","
             "\"status\":\"True\"}],\"images\":[{\"names\":[\"x\"]}]}}");
    struct world *world = decoded(OBJECT_NODE, false, TEXT(input), 0);
    CHECK(has(world, "node listed  n  id ext 0 ready 0 mem 0 disk 0 pid 0 "
                     "net 1 off 1 port 0 "));
    CHECK(has(world, " annotations example.org/host-id=two other=4\n"));
}

TEST(a_port_fits_sixteen_bits)
{
#define PORT(port)                                                                                 \
    LIST("{\"metadata\":{\"name\":\"n\"},\"status\":{\"daemonEndpoints\":"                         \
         "{\"kubeletEndpoint\":{\"Port\":" port "}}}}")
    struct world *world = decoded(OBJECT_NODE, false, TEXT(PORT("65535")), 0);
    CHECK(has(world, " port 65535 "));
    world = decoded(OBJECT_NODE, false, TEXT(PORT("65536")), 0);
    CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_BAD_NUMBER), 1);
}

TEST(namespaces_that_go)
{
    struct world *world = decoded(OBJECT_NAMESPACE, false,
                                  TEXT(LIST("{\"metadata\":{\"name\":\"a\",\"uid\":\"u\","
                                            "\"deletionTimestamp\":\"2026-11-22T17:47:14Z\"}},"
                                            "{\"metadata\":{\"name\":\"b\"},\"status\":{\"phase\":"
                                            "\"Terminating\"}}")),
                                  0);
    CHECK_EQUAL_U64(count_lines(world, "namespace listed  a u 0 terminating 1"), 1);
    CHECK_EQUAL_U64(count_lines(world, "namespace listed  b  0 terminating 1"), 1);
}

TEST(reads_real_events)
{
    struct world *world = decoded(OBJECT_EVENT, false, fixture_read("events.json"), 0);
    CHECK_EQUAL_U64(count_lines(world, "event listed 412 8b95273a-369c-499f-9bd0-c31053163688 "
                                       "Node /hollow-001#bf4c929d-02a3-472c-8130-d78d083ae16b "
                                       "RegisteredNode normal x1 "
                                       "1795369516000-1795369516000 node-controller@hollow-001: "
                                       "Node hollow-001 event: Registered Node hollow-001 in "
                                       "Controller"), 1);
    CHECK_EQUAL_U64(counters_of(world)->elements, 5);  // and the page
    CHECK_EQUAL_U64(count_lines(world, "event listed "), 4);
}

TEST(events_of_both_forms)
{
    struct world *world = decoded(
        OBJECT_EVENT, true,
        TEXT("{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"e\",\"namespace\":\"n\","
             "\"uid\":\"u1\",\"resourceVersion\":\"8\"},\"involvedObject\":{\"kind\":\"Pod\","
             "\"namespace\":\"n\",\"name\":\"p\",\"uid\":\"p1\"},\"reason\":\"BackOff\",\"message\":\"m\","
             "\"source\":{\"component\":\"kubelet\",\"host\":\"n1\"},\"count\":7,"
             "\"type\":\"Warning\",\"firstTimestamp\":\"2026-11-22T17:45:16Z\","
             "\"lastTimestamp\":\"2026-11-22T17:45:26Z\",\"eventTime\":null}}\n"
             "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"e\",\"uid\":\"u2\","
             "\"resourceVersion\":\"9\"},\"involvedObject\":{\"kind\":\"Pod\",\"name\":\"p\"},"
             "\"source\":{},\"firstTimestamp\":null,\"lastTimestamp\":null,\"type\":\"Normal\","
             "\"eventTime\":\"2026-11-22T17:45:16.250000Z\",\"series\":{\"count\":3,"
             "\"lastObservedTime\":\"2026-11-22T17:45:17.500000Z\"},"
             "\"reportingComponent\":\"kubelet\",\"reportingInstance\":\"n2\"}}\n"
             "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"e\",\"uid\":\"u3\"}}}\n"
             "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Event\",\"metadata\":"
             "{\"resourceVersion\":\"12\",\"creationTimestamp\":null},\"involvedObject\":{},"
             "\"source\":{},\"reason\":\"r\",\"message\":\"m\",\"type\":\"t\",\"count\":0,"
             "\"firstTimestamp\":null,\"eventTime\":null,\"reportingComponent\":\"\","
             "\"reportingInstance\":\"\"}}\n"),
        0);
    CHECK(has(world, "event modified 8 u1 Pod n/p#p1 BackOff warning x7 1795369516000-1795369526000 "
                     "kubelet@n1: m\n"));
    CHECK(has(world, "event added 9 u2 Pod /p#  normal x3 1795369516250-1795369517500 "
                     "kubelet@n2: \n"));
    CHECK(has(world, "bookmark 12\n"));
    CHECK_EQUAL_U64(fixture_skipped(counters_of(world), ERR_MISSING), 1);  // u3 has no time
}

TEST(events_may_name_their_type_last)
{
    struct world *world = decoded(OBJECT_POD, true,
                                  TEXT("{\"object\":{" META "},\"type\":\"DELETED\"}\n"
                                       "{\"object\":{\"metadata\":{\"resourceVersion\":\"7\"}},"
                                       "\"type\":\"BOOKMARK\"}"),
                                  0);
    CHECK_EQUAL_U64(count_lines(world, "pod deleted  n/p"), 1);
    CHECK_EQUAL_U64(count_lines(world, "bookmark 7"), 1);
}

TEST(skips_objects_that_are_not_as_they_should_be)
{
    static const struct {
        const char *object;
        enum error error;
    } rows[] = {
        {"{}", ERR_MISSING},
        {"{\"metadata\":{\"name\":\"p\"}}", ERR_MISSING},
        {"7", ERR_BAD_TYPE},
        {"null", ERR_BAD_TYPE},
        {"{" META ",\"spec\":[]}", ERR_BAD_TYPE},
        {"{" META ",\"spec\":{\"containers\":{}}}", ERR_BAD_TYPE},
        {"{" META ",\"spec\":{\"containers\":[{}]}}", ERR_MISSING},
        {"{" META ",\"spec\":{\"hostNetwork\":1}}", ERR_BAD_TYPE},
        {"{" META "," META "}", ERR_DUPLICATE},
        {"{\"metadata\":{\"name\":\"p\",\"namespace\":\"n\",\"labels\":{"
         "\"a\":\"1\",\"a\":\"2\"}}}",
         ERR_DUPLICATE},
        {"{\"metadata\":{\"name\":\"p\",\"namespace\":\"n\",\"labels\":{"
         "\"a\":1}}}",
         ERR_BAD_TYPE},
        {"{" META ",\"spec\":{\"containers\":[{\"name\":\"a\",\"resources\":{"
         "\"limits\":{\"cpu\":\"x\"}}}]}}",
         ERR_BAD_NUMBER},
        {"{" META ",\"spec\":{\"containers\":[{\"name\":\"a\",\"resources\":{"
         "\"limits\":{\"cpu\":\"1\",\"cpu\":\"1\"}}}]}}",
         ERR_DUPLICATE},
        {"{" META ",\"status\":{\"containerStatuses\":[{\"name\":\"a\","
         "\"restartCount\":4294967296}]}}",
         ERR_BAD_NUMBER},
        {"{" META ",\"status\":{\"startTime\":\"x\"}}", ERR_BAD_TIME},
        {"{" META ",\"spec\":{\"nodeName\":\"\\udc00\"}}", ERR_BAD_UTF8},
        {"{" META ",\"spec\":tru}", ERR_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char input[1024];
        snprintf(input, sizeof input, LIST("{" META "},%s,{" META "}"), rows[i].object);
        struct world *world = decoded(OBJECT_POD, false, text_of(input), 0);
        CHECK_EQUAL_U64(fixture_skipped(counters_of(world), rows[i].error), 1);
        CHECK_EQUAL_U64(count_lines(world, "pod listed"), 2);
        snprintf(input, sizeof input,
                 "{\"type\":\"ADDED\",\"object\":%s}\n"
                 "{\"type\":\"ADDED\",\"object\":{" META "}}\n",
                 rows[i].object);
        world = decoded(OBJECT_POD, true, text_of(input), 0);
        CHECK_EQUAL_U64(count_lines(world, "pod added"), 1);
    }
}

TEST(skips_events_that_are_not_as_they_should_be)
{
    static const struct {
        const char *event;
        enum error error;
    } rows[] = {
        {"{\"type\":\"NEW\",\"object\":{" META "}}", ERR_UNSUPPORTED},
        {"{\"object\":{" META "}}", ERR_UNSUPPORTED},
        {"{\"type\":\"ADDED\"}", ERR_MISSING},
        {"{\"type\":1,\"object\":{" META "}}", ERR_BAD_TYPE},
        {"{\"type\":\"BOOKMARK\",\"object\":{}}", ERR_MISSING},
        {"{\"type\":\"ERROR\",\"object\":{\"code\":\"x\"}}", ERR_BAD_TYPE},
        {"[]", ERR_BAD_TYPE},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct world *world = decoded(OBJECT_POD, true, text_of(rows[i].event), 0);
        CHECK_EQUAL_U64(fixture_skipped(counters_of(world), rows[i].error), 1);
        CHECK_EQUAL_U64(world->out.used, 0);
    }
}

TEST(keeps_what_fits_of_long_lists)
{
    char *input = fixture_alloc(1 << 20);
    int used = sprintf(input, "{\"items\":[{\"metadata\":{\"name\":\"p\","
                              "\"namespace\":\"n\",\"labels\":{");
    for (int i = 0; i < LABELS_MAX + 2; i++) {
        used += sprintf(input + used, "%s\"l%d\":\"\"", i ? "," : "", i);
    }
    used += sprintf(input + used, "}},\"spec\":{\"containers\":[");
    for (int i = 0; i < POD_CONTAINERS_MAX; i++) {
        used += sprintf(input + used, "%s{\"name\":\"c%d\"}", i ? "," : "", i);
    }
    used += sprintf(input + used, "],\"initContainers\":[{\"name\":\"i\"}]}}]}");
    struct world *world = decoded(OBJECT_POD, false, text_of(input), 0);
    CHECK_EQUAL_U64(counters_of(world)->trimmed, 3);
    CHECK_EQUAL_U64(count_lines(world, " c0 "), POD_CONTAINERS_MAX);
    CHECK(has(world, " l127="));
    CHECK(!has(world, " l128="));
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"reads_a_real_page_of_nodes", reads_a_real_page_of_nodes},
        {"reads_real_pods_compact_and_indented", reads_real_pods_compact_and_indented},
        {"reads_real_namespaces", reads_real_namespaces},
        {"reads_real_watches", reads_real_watches},
        {"reads_the_end_of_a_watch_that_is_too_old", reads_the_end_of_a_watch_that_is_too_old},
        {"says_when_a_watch_is_cut", says_when_a_watch_is_cut},
        {"reads_every_member_of_a_pod", reads_every_member_of_a_pod},
        {"keeps_wanted_annotations_of_nodes", keeps_wanted_annotations_of_nodes},
        {"a_port_fits_sixteen_bits", a_port_fits_sixteen_bits},
        {"namespaces_that_go", namespaces_that_go},
        {"reads_real_events", reads_real_events},
        {"events_of_both_forms", events_of_both_forms},
        {"events_may_name_their_type_last", events_may_name_their_type_last},
        {"skips_objects_that_are_not_as_they_should_be",
         skips_objects_that_are_not_as_they_should_be},
        {"skips_events_that_are_not_as_they_should_be",
         skips_events_that_are_not_as_they_should_be},
        {"keeps_what_fits_of_long_lists", keeps_what_fits_of_long_lists},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
