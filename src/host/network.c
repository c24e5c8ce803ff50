#include "host/network.h"

#include <string.h>

#include "base/hash.h"
#include "host/proc.h"
#include "host/word.h"

#define HAS_NETWORK_ALL \
    (HAS_NETWORK_RX | HAS_NETWORK_TX | HAS_NETWORK_RX_ERRORS | HAS_NETWORK_TX_ERRORS)

void
network_init(struct network *network, struct host_files *files, struct text task)
{
    memset(network, 0, sizeof *network);
    network->files = files;
    network->task = task;
}

static void
prefer(struct network_interface *best, struct text name, uint64_t metric)
{
    if (name.size > sizeof best->name || (best->found && best->metric <= metric)) {
        return;
    }
    best->found = true;
    best->metric = metric;
    best->size = (uint32_t)name.size;
    memcpy(best->name, name.at, name.size);
}

static void
take_route(void *context, struct text line)
{
    struct network *network = context;
    struct text name;
    uint64_t metric;
    if (proc_route_line(line, &name, &metric)) {
        prefer(&network->default4, name, metric);
    }
}

static void
take_route6(void *context, struct text line)
{
    struct network *network = context;
    struct text name;
    uint64_t metric;
    if (proc_route6_line(line, &name, &metric)) {
        prefer(&network->default6, name, metric);
    }
}

static bool
is_named(const struct network_interface *interface, struct text name)
{
    return interface->found &&
           text_equal((struct text){interface->name, interface->size}, name);
}

// Only a real device has a link to it.
static bool
is_physical(struct network *network, struct text name)
{
    char bytes[64];
    struct out dir = out_of(bytes, sizeof bytes);
    struct platform_status status;
    out_string(&dir, "/sys/class/net/");
    out_text(&dir, name);
    return !dir.full && host_file_status(network->files, out_view(&dir), TEXT("device"),
                                         &status) == 0;
}

struct network_sum {
    struct network *network;
    uint64_t set;
    struct network_seen *seen;
};

static void
add_interface(struct network_seen *seen, const struct proc_interface *one)
{
    seen->rx = add_capped(seen->rx, one->rx);
    seen->tx = add_capped(seen->tx, one->tx);
    seen->rx_errors = add_capped(seen->rx_errors, one->rx_errors);
    seen->tx_errors = add_capped(seen->tx_errors, one->tx_errors);
}

static void
take_interface(void *context, struct text line)
{
    struct network_sum *sum = context;
    struct network *network = sum->network;
    struct proc_interface one;
    bool routed = network->default4.found || network->default6.found;
    if (!proc_interface_line(line, &one) || one.name.size > INTERFACE_NAME_BYTES_MAX) {
        return;
    }
    bool wanted = routed ? is_named(&network->default4, one.name) ||
                               is_named(&network->default6, one.name)
                         : is_physical(network, one.name);
    if (wanted) {
        add_interface(sum->seen, &one);
        sum->set ^= hash_bytes((struct hash_key){0}, one.name.at, one.name.size) | 1;
    }
}

static void
read_routes(struct network *network, struct text dir)
{
    network->default4.found = false;
    network->default6.found = false;
    int error = host_file_lines(network->files, dir, TEXT("route"), take_route, network);
    (void)error;  // without routes there are still interfaces
    error = host_file_lines(network->files, dir, TEXT("ipv6_route"), take_route6, network);
    (void)error;
}

void
network_observe(struct network *network, struct network_seen *seen)
{
    struct network_sum sum = {.network = network, .seen = seen};
    network->own_size = 0;
    char bytes[32];
    struct out dir = out_of(bytes, sizeof bytes);
    out_text(&dir, network->task);
    out_string(&dir, "/net");
    read_routes(network, out_view(&dir));
    int error = host_file_lines(network->files, out_view(&dir), TEXT("dev"),
                                take_interface, &sum);
    if (error != 0 || sum.set == 0) {
        return;
    }
    bool same = network->set == 0 || network->set == sum.set;
    network->set = sum.set;
    seen->has = same ? HAS_NETWORK_ALL : 0;
}

// The text of a process's network namespace, "net:[4026531840]".
static bool
namespace_of(struct network *network, struct text task, struct out *out)
{
    char bytes[64];
    struct out dir = out_of(bytes, sizeof bytes);
    struct text target;
    out_text(&dir, task);
    out_string(&dir, "/ns");
    if (host_file_link(network->files, out_view(&dir), TEXT("net"), &target) != 0) {
        return false;
    }
    out_text(out, target);
    return !out->full && target.size > 0;
}

// Whether a process has the machine's own network; also when it has gone.
static bool
shares_network(struct network *network, struct text task)
{
    char bytes[NAMESPACE_LINK_BYTES_MAX];
    struct out own = out_of(network->own, sizeof network->own);
    struct out other = out_of(bytes, sizeof bytes);
    if (network->own_size == 0 && namespace_of(network, network->task, &own)) {
        network->own_size = (uint32_t)own.used;
    }
    struct text known = {network->own, network->own_size};
    return known.size == 0 || !namespace_of(network, task, &other) ||
           text_equal(known, out_view(&other));
}

struct pod_sum {
    bool usual;  // eth0 was seen
    struct network_seen *seen;
};

static void
take_pod_interface(void *context, struct text line)
{
    struct pod_sum *sum = context;
    struct proc_interface one;
    if (sum->usual || !proc_interface_line(line, &one) ||
        text_equal(one.name, TEXT("lo"))) {
        return;
    }
    if (text_equal(one.name, TEXT("eth0"))) {
        sum->usual = true;
        sum->seen->rx = sum->seen->tx = 0;
        sum->seen->rx_errors = sum->seen->tx_errors = 0;
    }
    add_interface(sum->seen, &one);
    sum->seen->has = HAS_NETWORK_ALL;
}

void
network_observe_pod(struct network *network, uint64_t pid, struct network_seen *seen)
{
    struct pod_sum sum = {.seen = seen};
    char path[64];
    struct out dir = out_of(path, sizeof path);
    out_string(&dir, "/proc/");
    out_u64(&dir, pid);
    if (shares_network(network, out_view(&dir))) {
        return;
    }
    out_string(&dir, "/net");
    int error = host_file_lines(network->files, out_view(&dir), TEXT("dev"),
                                take_pod_interface, &sum);
    seen->has = error == 0 ? seen->has : 0;
}
