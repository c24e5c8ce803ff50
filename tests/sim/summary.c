#include "summary.h"

#include "mix.h"
#include "workload.h"

/* Room for the node part, and for each pod, container and volume, counted
 * with every number at its longest and names of NAME_BYTES. */
#define NODE_BYTES 12288
#define POD_BYTES 4608
#define CONTAINER_BYTES 3584
#define VOLUME_BYTES 512

/* A line break and so many spaces: nesting is fixed, so they are literals. */
#define I1 "\n "
#define I2 "\n  "
#define I3 "\n   "
#define I4 "\n    "
#define I5 "\n     "
#define I6 "\n      "

/* The pieces differ only in their indentation, which a macro can paste. */
#define PUT_TIME(key, time_ms)                                                                     \
    do {                                                                                           \
        p = FAST_LIT(p, key);                                                                      \
        p = fast_time(p, &w->times, (time_ms));                                                    \
        *p++ = '"';                                                                                \
    } while (0)
#define PUT_NUMBER(key, value)                                                                     \
    do {                                                                                           \
        p = FAST_LIT(p, key);                                                                      \
        p = fast_u64(p, (value));                                                                  \
    } while (0)

static char *
put_break(char *p, unsigned depth)
{
    *p++ = '\n';
    memset(p, ' ', depth);
    return p + depth;
}

#define PUT_DEEP(key, value)                                                                       \
    do {                                                                                           \
        p = put_break(p, depth);                                                                   \
        PUT_NUMBER(key, value);                                                                    \
    } while (0)

static char *
put_psi_half(char *p, unsigned depth, uint64_t total, const uint64_t average[3])
{
    static const char *const names[] = {"\"avg10\": ", "\"avg60\": ", "\"avg300\": "};
    PUT_DEEP("\"total\": ", total);
    for (unsigned i = 0; i < 3; i++) {
        *p++ = ',';
        p = put_break(p, depth);
        p = fast_put(p, names[i], strlen(names[i]));
        p = fast_u64(p, average[i] / 100);
        if (average[i] % 100 != 0) {
            *p++ = '.';
            p = fast_put(p, fast_digit_pairs + 2 * (average[i] % 100), 2);
            p -= p[-1] == '0' ? 1 : 0;
        }
    }
    return p;
}

/* Pressure and swap are optional and newer than the captures; their depth is
 * given at run time. */
static char *
put_psi(char *p, unsigned depth, const struct stats_view *view, uint64_t seed, enum psi_part part,
        int64_t time_ms)
{
    struct psi_stats psi;
    stats_psi(view, seed, part, time_ms, &psi);
    *p++ = ',';
    p = put_break(p, depth);
    p = FAST_LIT(p, "\"psi\": {");
    p = put_break(p, depth + 1);
    p = FAST_LIT(p, "\"full\": {");
    p = put_psi_half(p, depth + 2, psi.full_total, psi.full_average);
    p = put_break(p, depth + 1);
    p = FAST_LIT(p, "},");
    p = put_break(p, depth + 1);
    p = FAST_LIT(p, "\"some\": {");
    p = put_psi_half(p, depth + 2, psi.some_total, psi.some_average);
    p = put_break(p, depth + 1);
    *p++ = '}';
    p = put_break(p, depth);
    *p++ = '}';
    return p;
}

static char *
put_io(struct summary_writer *w, char *p, unsigned depth, const struct stats_view *view,
       uint64_t seed, int64_t time_ms)
{
    *p++ = ',';
    p = put_break(p, depth);
    p = FAST_LIT(p, "\"io\": {");
    p = put_break(p, depth + 1);
    PUT_TIME("\"time\": \"", time_ms);
    p = put_psi(p, depth + 1, view, seed, PSI_IO, time_ms);
    p = put_break(p, depth);
    *p++ = '}';
    return p;
}

static char *
put_swap(struct summary_writer *w, char *p, unsigned depth, const struct cpu_memory_stats *use)
{
    *p++ = ',';
    p = put_break(p, depth);
    p = FAST_LIT(p, "\"swap\": {");
    depth++;
    p = put_break(p, depth);
    PUT_TIME("\"time\": \"", use->time_ms);
    *p++ = ',';
    PUT_DEEP("\"swapAvailableBytes\": ", use->swap_available);
    *p++ = ',';
    PUT_DEEP("\"swapUsageBytes\": ", use->swap_usage);
    p = put_break(p, depth - 1);
    *p++ = '}';
    return p;
}

/* cpu and memory of one entity at indentation A (keys) and B (fields). */
#define DEFINE_PUT_USE(name, A, B)                                                                 \
    static char *name(struct summary_writer *w, char *p, const struct stats_view *view,            \
                      uint64_t seed, const struct cpu_memory_stats *use)                           \
    {                                                                                              \
        const bool psi = view->cluster->options->psi;                                              \
        PUT_TIME(A "\"cpu\": {" B "\"time\": \"", use->time_ms);                                   \
        if (use->has_nano_cores) {                                                                 \
            PUT_NUMBER("," B "\"usageNanoCores\": ", use->nano_cores);                             \
        }                                                                                          \
        PUT_NUMBER("," B "\"usageCoreNanoSeconds\": ", use->core_ns);                              \
        p = psi ? put_psi(p, sizeof(B) - 2, view, seed, PSI_CPU, use->time_ms) : p;                \
        PUT_TIME(A "}," A "\"memory\": {" B "\"time\": \"", use->time_ms);                         \
        if (use->has_available) {                                                                  \
            PUT_NUMBER("," B "\"availableBytes\": ", use->available);                              \
        }                                                                                          \
        PUT_NUMBER("," B "\"usageBytes\": ", use->usage);                                          \
        PUT_NUMBER("," B "\"workingSetBytes\": ", use->working_set);                               \
        PUT_NUMBER("," B "\"rssBytes\": ", use->rss);                                              \
        PUT_NUMBER("," B "\"pageFaults\": ", use->page_faults);                                    \
        PUT_NUMBER("," B "\"majorPageFaults\": ", use->major_page_faults);                         \
        p = psi ? put_psi(p, sizeof(B) - 2, view, seed, PSI_MEMORY, use->time_ms) : p;             \
        p = FAST_LIT(p, A "}");                                                                    \
        return psi ? put_io(w, p, sizeof(A) - 2, view, seed, use->time_ms) : p;                    \
    }

DEFINE_PUT_USE(put_use_2, I2, I3)
DEFINE_PUT_USE(put_use_3, I3, I4)
DEFINE_PUT_USE(put_use_4, I4, I5)
DEFINE_PUT_USE(put_use_5, I5, I6)

#define DEFINE_PUT_FS(name, B)                                                                     \
    static char *name(struct summary_writer *w, char *p, const struct fs_stats *fs)                \
    {                                                                                              \
        PUT_TIME(B "\"time\": \"", fs->time_ms);                                                   \
        PUT_NUMBER("," B "\"availableBytes\": ", fs->available);                                   \
        PUT_NUMBER("," B "\"capacityBytes\": ", fs->capacity);                                     \
        PUT_NUMBER("," B "\"usedBytes\": ", fs->used);                                             \
        PUT_NUMBER("," B "\"inodesFree\": ", fs->inodes_free);                                     \
        PUT_NUMBER("," B "\"inodes\": ", fs->inodes);                                              \
        PUT_NUMBER("," B "\"inodesUsed\": ", fs->inodes_used);                                     \
        return p;                                                                                  \
    }

DEFINE_PUT_FS(put_fs_3, I3)
DEFINE_PUT_FS(put_fs_4, I4)
DEFINE_PUT_FS(put_fs_5, I5)
DEFINE_PUT_FS(put_fs_6, I6)

#define PUT_COUNTS(B, net)                                                                         \
    do {                                                                                           \
        PUT_NUMBER("," B "\"rxBytes\": ", (net)->rx_bytes);                                        \
        PUT_NUMBER("," B "\"rxErrors\": ", (net)->rx_errors);                                      \
        PUT_NUMBER("," B "\"txBytes\": ", (net)->tx_bytes);                                        \
        PUT_NUMBER("," B "\"txErrors\": ", (net)->tx_errors);                                      \
    } while (0)

/* The interfaces a node has besides eth0, as captured: two idle ones before
 * it and the pods' bridge after it. */
#define DEFINE_PUT_NETWORK(name, A, B, C, D)                                                       \
    static char *name(struct summary_writer *w, char *p, const struct network_stats *net,          \
                      bool whole_node)                                                             \
    {                                                                                              \
        static const struct network_stats idle;                                                    \
        struct network_stats bridge = {0, net->rx_bytes / 64, 0, net->tx_bytes / 64, 0};           \
        PUT_TIME("," A "\"network\": {" B "\"time\": \"", net->time_ms);                           \
        p = FAST_LIT(p, "," B "\"name\": \"eth0\"");                                               \
        PUT_COUNTS(B, net);                                                                        \
        p = FAST_LIT(p, "," B "\"interfaces\": [" C "{");                                          \
        if (whole_node) {                                                                          \
            p = FAST_LIT(p, D "\"name\": \"ifb0\"");                                               \
            PUT_COUNTS(D, &idle);                                                                  \
            p = FAST_LIT(p, C "}," C "{" D "\"name\": \"ifb1\"");                                  \
            PUT_COUNTS(D, &idle);                                                                  \
            p = FAST_LIT(p, C "}," C "{");                                                         \
        }                                                                                          \
        p = FAST_LIT(p, D "\"name\": \"eth0\"");                                                   \
        PUT_COUNTS(D, net);                                                                        \
        if (whole_node) {                                                                          \
            p = FAST_LIT(p, C "}," C "{" D "\"name\": \"cni0\"");                                  \
            PUT_COUNTS(D, &bridge);                                                                \
        }                                                                                          \
        return FAST_LIT(p, C "}" B "]" A "}");                                                     \
    }

DEFINE_PUT_NETWORK(put_network_2, I2, I3, I4, I5)
DEFINE_PUT_NETWORK(put_network_3, I3, I4, I5, I6)

static char *
put_system(struct summary_writer *w, char *p, const struct stats_view *view)
{
    uint64_t order = mix_below(mix64((uint64_t)view->now_ms), SYSTEM_COUNT);
    p = FAST_LIT(p, I2 "\"systemContainers\": [");
    for (unsigned i = 0; i < SYSTEM_COUNT; i++) {
        enum system_container which = (enum system_container)((i + order) % SYSTEM_COUNT);
        struct cpu_memory_stats use;
        const char *name = stats_system_name(which);
        stats_system(view, which, &use);
        p = i == 0 ? p : FAST_LIT(p, ",");
        p = FAST_LIT(p, I3 "{" I4 "\"name\": \"");
        p = fast_put(p, name, strlen(name));
        PUT_TIME("\"," I4 "\"startTime\": \"", stats_node_start_ms(view));
        *p++ = ',';
        p = put_use_4(w, p, view, stats_system_seed(view->node, which), &use);
        p = FAST_LIT(p, I3 "}");
    }
    return FAST_LIT(p, I2 "],");
}

static char *
put_node_rest(struct summary_writer *w, char *p, const struct stats_view *view,
              const struct cpu_memory_stats *use)
{
    struct network_stats network;
    struct fs_stats fs;
    struct fs_stats image_fs;
    stats_node_network(view, &network);
    stats_node_fs(view, &fs);
    stats_image_fs(view, &image_fs);
    p = put_network_2(w, p, &network, true);
    p = FAST_LIT(p, "," I2 "\"fs\": {");
    p = put_fs_3(w, p, &fs);
    p = FAST_LIT(p, I2 "}," I2 "\"runtime\": {" I3 "\"imageFs\": {");
    p = put_fs_4(w, p, &image_fs);
    p = FAST_LIT(p, I3 "}" I2 "},");
    PUT_TIME(I2 "\"rlimit\": {" I3 "\"time\": \"", view->now_ms + view->skew_ms);
    PUT_NUMBER("," I3 "\"maxpid\": ", 32768);
    PUT_NUMBER("," I3 "\"curproc\": ", 100 + 8 * (uint64_t)view->node->pod_count);
    p = FAST_LIT(p, I2 "}");
    return view->cluster->options->swap ? put_swap(w, p, 2, use) : p;
}

static char *
put_node(struct summary_writer *w, char *p, const struct stats_view *view, bool brief)
{
    const struct node *node = view->node;
    struct cpu_memory_stats use;
    stats_node_use(view, &use);
    p = FAST_LIT(p, "{" I1 "\"node\": {" I2 "\"nodeName\": \"");
    p = fast_name(p, node->object.name, node->object.name_len);
    p = FAST_LIT(p, "\",");
    p = put_system(w, p, view);
    /* The two forms differ by some minutes in a real kubelet. */
    PUT_TIME(I2 "\"startTime\": \"", stats_node_start_ms(view) + (brief ? 2456000 : 0));
    *p++ = ',';
    p = put_use_2(w, p, view, node->object.seed, &use);
    if (!brief) {
        p = put_node_rest(w, p, view, &use);
    }
    return FAST_LIT(p, I1 "}," I1 "\"pods\": [");
}

static char *
put_container(struct summary_writer *w, char *p, const struct stats_view *view,
              const struct pod *pod, uint32_t index, bool brief)
{
    const struct cluster *cluster = view->cluster;
    uint64_t seed = stats_container_seed(pod, index);
    struct container_stats stats;
    if (brief) {
        stats_container_use(view, pod, index, &stats.use);
    } else {
        stats_container(view, pod, index, &stats);
    }
    p = FAST_LIT(p, I4 "{" I5 "\"name\": \"");
    p = fast_name(p, cluster->container_names[index], cluster->container_name_len[index]);
    PUT_TIME("\"," I5 "\"startTime\": \"", pod->containers[index].start_ms);
    *p++ = ',';
    p = put_use_5(w, p, view, seed, &stats.use);
    if (!brief) {
        p = FAST_LIT(p, "," I5 "\"rootfs\": {");
        p = put_fs_6(w, p, &stats.rootfs);
        p = FAST_LIT(p, I5 "}," I5 "\"logs\": {");
        p = put_fs_6(w, p, &stats.logs);
        p = FAST_LIT(p, I5 "}");
        p = cluster->options->swap ? put_swap(w, p, 5, &stats.use) : p;
    }
    return FAST_LIT(p, I4 "}");
}

static char *
put_volumes(struct summary_writer *w, char *p, const struct stats_view *view, const struct pod *pod)
{
    uint32_t count = view->cluster->options->volumes_per_pod;
    p = FAST_LIT(p, "," I3 "\"volume\": [");
    for (uint32_t i = 0; i < count; i++) {
        char name[VOLUME_NAME_BYTES];
        struct fs_stats fs;
        stats_volume(view, pod, i, &fs);
        workload_volume_name(name, i);
        p = i == 0 ? p : FAST_LIT(p, ",");
        p = FAST_LIT(p, I4 "{");
        p = put_fs_5(w, p, &fs);
        p = FAST_LIT(p, "," I5 "\"name\": \"");
        p = fast_put(p, name, strlen(name));
        p = FAST_LIT(p, "\"" I4 "}");
    }
    return FAST_LIT(p, I3 "]");
}

static char *
put_pod_rest(struct summary_writer *w, char *p, const struct stats_view *view,
             const struct pod *pod, const struct cpu_memory_stats *use)
{
    struct network_stats network;
    struct fs_stats storage;
    stats_pod_network(view, pod, &network);
    stats_pod_storage(view, pod, &storage);
    p = put_network_3(w, p, &network, pod->host_network);
    if (view->cluster->options->volumes_per_pod > 0) {
        p = put_volumes(w, p, view, pod);
    }
    p = FAST_LIT(p, "," I3 "\"ephemeral-storage\": {");
    p = put_fs_4(w, p, &storage);
    p = FAST_LIT(p, I3 "}," I3 "\"process_stats\": {" I4 "\"process_count\": 0" I3 "}");
    return view->cluster->options->swap ? put_swap(w, p, 3, use) : p;
}

static char *
put_pod(struct summary_writer *w, char *p, const struct stats_view *view, const struct pod *pod,
        bool brief)
{
    struct cpu_memory_stats use;
    size_t space_len = (size_t)(pod->object.name - pod->object.key) - 1;
    stats_pod_use(view, pod, &use);
    p = FAST_LIT(p, I2 "{" I3 "\"podRef\": {" I4 "\"name\": \"");
    p = fast_name(p, pod->object.name, pod->object.name_len);
    p = FAST_LIT(p, "\"," I4 "\"namespace\": \"");
    p = fast_name(p, pod->object.key, space_len);
    p = FAST_LIT(p, "\"," I4 "\"uid\": \"");
    p = fast_put(p, pod->uid, UID_TEXT_BYTES);
    PUT_TIME("\"" I3 "}," I3 "\"startTime\": \"", pod->start_ms);
    p = FAST_LIT(p, "," I3 "\"containers\": [");
    for (uint32_t i = 0; i < pod->container_count; i++) {
        p = i == 0 ? p : FAST_LIT(p, ",");
        p = put_container(w, p, view, pod, i, brief);
    }
    p = FAST_LIT(p, I3 "],");
    p = put_use_3(w, p, view, pod->object.seed, &use);
    if (!brief) {
        p = put_pod_rest(w, p, view, pod, &use);
    }
    return FAST_LIT(p, I2 "}");
}

/* Pods start at another place each second: their order is not to be relied
 * on, and a real kubelet's changes from request to request. */
void
summary_write(struct summary_writer *writer, struct buf *out, const struct stats_view *view,
              bool cpu_and_memory_only)
{
    const struct node *node = view->node;
    const struct options *options = view->cluster->options;
    size_t pod_bytes = POD_BYTES + options->containers_per_pod * CONTAINER_BYTES +
                       options->volumes_per_pod * VOLUME_BYTES;
    uint32_t first =
        node->pod_count == 0 ? 0 : (uint32_t)((uint64_t)view->now_ms / 1000 % node->pod_count);
    bool any = false;
    buf_reserve(out, NODE_BYTES);
    char *p = put_node(writer, out->data + out->len, view, cpu_and_memory_only);
    out->len = (size_t)(p - out->data);
    for (uint32_t i = 0; i < node->pod_count; i++) {
        const struct pod *pod = node->pods[(i + first) % node->pod_count];
        if (!stats_pod_running(pod)) {
            continue;
        }
        buf_reserve(out, pod_bytes);
        p = out->data + out->len;
        p = any ? FAST_LIT(p, ",") : p;
        p = put_pod(writer, p, view, pod, cpu_and_memory_only);
        out->len = (size_t)(p - out->data);
        any = true;
    }
    if (any) {
        BUF_LIT(out, I1 "]\n}");
    } else {
        BUF_LIT(out, "]\n}");
    }
}
