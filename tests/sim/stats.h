/* What a kubelet would measure, computed on the spot: every figure follows
 * from (seed, entity, simulated time), so the truth can be asked again later.
 *
 * Times are those printed (with the view's skew); values are those of the
 * moment sampled. With cadence=request a moment is the whole second of the
 * request, so that differences over printed times are exact. */
#ifndef SIM_STATS_H
#define SIM_STATS_H

#include "cluster.h"

/* How a node is looked at: when, and through which faults. */
struct stats_view {
    const struct cluster *cluster;
    const struct node *node;
    int64_t now_ms;
    int64_t skew_ms;
    bool counters_back;
};

struct cpu_memory_stats {
    int64_t time_ms;
    uint64_t nano_cores;
    uint64_t core_ns;
    uint64_t available;
    uint64_t usage;
    uint64_t working_set;
    uint64_t rss;
    uint64_t page_faults;
    uint64_t major_page_faults;
    uint64_t swap_usage;
    uint64_t swap_available;
    bool has_nano_cores;
    bool has_available;
};

struct network_stats {
    int64_t time_ms;
    uint64_t rx_bytes;
    uint64_t rx_errors;
    uint64_t tx_bytes;
    uint64_t tx_errors;
};

struct fs_stats {
    int64_t time_ms;
    uint64_t available;
    uint64_t capacity;
    uint64_t used;
    uint64_t inodes_free;
    uint64_t inodes;
    uint64_t inodes_used;
};

/* Totals in microseconds, as kubelets pass them on, averages in hundredths of a
 * percent. */
struct psi_stats {
    uint64_t full_total;
    uint64_t some_total;
    uint64_t full_average[3];
    uint64_t some_average[3];
};

struct container_stats {
    struct cpu_memory_stats use;
    struct fs_stats rootfs;
    struct fs_stats logs;
};

enum system_container { SYSTEM_KUBELET, SYSTEM_RUNTIME, SYSTEM_PODS, SYSTEM_COUNT };
enum psi_part { PSI_CPU, PSI_MEMORY, PSI_IO };

bool stats_pod_running(const struct pod *pod);
void stats_container(const struct stats_view *view, const struct pod *pod, uint32_t index,
                     struct container_stats *out);
void stats_container_use(const struct stats_view *view, const struct pod *pod, uint32_t index,
                         struct cpu_memory_stats *out);
void stats_pod_use(const struct stats_view *view, const struct pod *pod,
                   struct cpu_memory_stats *out);
void stats_pod_network(const struct stats_view *view, const struct pod *pod,
                       struct network_stats *out);
void stats_volume(const struct stats_view *view, const struct pod *pod, uint32_t volume,
                  struct fs_stats *out);
void stats_pod_storage(const struct stats_view *view, const struct pod *pod, struct fs_stats *out);

void stats_node_use(const struct stats_view *view, struct cpu_memory_stats *out);
void stats_node_network(const struct stats_view *view, struct network_stats *out);
void stats_node_fs(const struct stats_view *view, struct fs_stats *out);
void stats_image_fs(const struct stats_view *view, struct fs_stats *out);
void stats_system(const struct stats_view *view, enum system_container which,
                  struct cpu_memory_stats *out);
const char *stats_system_name(enum system_container which);
int64_t stats_node_start_ms(const struct stats_view *view);

/* Pressure of the entity with that seed at the printed time of its CPU. */
void stats_psi(const struct stats_view *view, uint64_t seed, enum psi_part part, int64_t time_ms,
               struct psi_stats *out);
uint64_t stats_system_seed(const struct node *node, enum system_container which);
uint64_t stats_container_seed(const struct pod *pod, uint32_t index);

#endif
