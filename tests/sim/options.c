#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_kind { OPT_U32, OPT_U64, OPT_I64, OPT_BOOL, OPT_TEXT, OPT_CADENCE, OPT_CERT };

struct option_row {
    const char *name;
    enum option_kind kind;
    size_t offset;
    uint64_t min;
    uint64_t max;
    const char *help;
};

#define ROW(field) offsetof(struct options, field)
#define PORT_UNSET UINT32_MAX

static const struct option_row rows[] = {
    {"port", OPT_U32, ROW(port), 0, 65535, "API server port; 0 = free ports for all"},
    {"admin-port", OPT_U32, ROW(admin_port), 0, 65535, "control port; 0 = free"},
    {"kubelet-port", OPT_U32, ROW(kubelet_port), 0, 65535, "kubelets, TLS"},
    {"kubelet-plain-port", OPT_U32, ROW(kubelet_plain_port), 0, 65535, "kubelets, plain"},
    {"plain-api", OPT_BOOL, ROW(plain_api), 0, 1, "API server without TLS"},
    {"dir", OPT_TEXT, ROW(directory), 0, 0, "where kubeconfig and keys are written"},
    {"nodes", OPT_U32, ROW(nodes), 0, NODES_MAX, "nodes"},
    {"pods-per-node", OPT_U32, ROW(pods_per_node), 0, 1000, "pods on each node"},
    {"containers-per-pod", OPT_U32, ROW(containers_per_pod), 1, CONTAINERS_PER_POD_MAX,
     "containers in each pod"},
    {"namespaces", OPT_U32, ROW(namespaces), 1, NAMESPACES_MAX,
     "namespaces besides the system's four"},
    {"volumes-per-pod", OPT_U32, ROW(volumes_per_pod), 0, VOLUMES_PER_POD_MAX,
     "volumes of each pod"},
    {"labels", OPT_U32, ROW(labels), 0, LABELS_MAX, "labels of each pod"},
    {"pod-name-length", OPT_U32, ROW(pod_name_length), 20, 253, "length of pod names"},
    {"container-name-length", OPT_U32, ROW(container_name_length), 4, 63,
     "length of container names"},
    {"node-images", OPT_U32, ROW(node_images), 0, 50, "images in each node's status"},
    {"cadence", OPT_CADENCE, ROW(cadence), 0, 0, "seconds between new values (15), or request"},
    {"event-window", OPT_U32, ROW(event_window), 1, 10000000, "watch events kept"},
    {"heartbeat", OPT_U32, ROW(heartbeat_s), 0, 86400,
     "seconds between status writes of a node; 0 = none"},
    {"churn", OPT_U32, ROW(churn), 0, 10000, "pods that change, a second"},
    {"seed", OPT_U64, ROW(seed), 0, UINT64_MAX, "everything follows from it"},
    {"start", OPT_I64, ROW(start_s), 0, INT64_MAX, "simulated time at start, seconds since 1970"},
    {"psi", OPT_BOOL, ROW(psi), 0, 1, "pressure figures in the summary"},
    {"swap", OPT_BOOL, ROW(swap), 0, 1, "swap figures"},
    {"start-times", OPT_BOOL, ROW(start_times), 0, 1, "container start times in /metrics/resource"},
    {"san-address", OPT_BOOL, ROW(san_address), 0, 1, "node address in kubelet certificates"},
    {"kubelet-cert", OPT_CERT, ROW(kubelet_cert), 0, 0, "signed, self or expired"},
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static void
set_defaults(struct options *options)
{
    *options = (struct options){
        .port = 6443,
        .admin_port = 0,
        .kubelet_port = PORT_UNSET,
        .kubelet_plain_port = PORT_UNSET,
        .nodes = 10,
        .pods_per_node = 30,
        .containers_per_pod = 2,
        .namespaces = 10,
        .volumes_per_pod = 1,
        .labels = 4,
        .pod_name_length = 42,
        .container_name_length = 10,
        .node_images = 5,
        .cadence_s = 15,
        .event_window = 4096,
        .heartbeat_s = 300,
        .seed = 1,
        .start_times = true,
        .directory = "/tmp/skerry-sim.d",
    };
}

static int
complain(const char *name, const char *value, const char *want)
{
    fprintf(stderr, "skerry-sim: --%s=%s is not %s\n", name, value, want);
    return -1;
}

static int
parse_number(const struct option_row *row, const char *value, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (errno != 0 || end == value || *end != 0 || value[0] == '-' || number < row->min ||
        number > row->max) {
        char want[96];
        snprintf(want, sizeof(want), "a number from %llu to %llu", (unsigned long long)row->min,
                 (unsigned long long)row->max);
        return complain(row->name, value, want);
    }
    *out = number;
    return 0;
}

static int
parse_cadence(struct options *options, const struct option_row *row, const char *value)
{
    if (strcmp(value, "request") == 0) {
        options->cadence = CADENCE_REQUEST;
        return 0;
    }
    struct option_row seconds = *row;
    uint64_t number = 0;
    seconds.min = 2;
    seconds.max = 3600;
    if (parse_number(&seconds, value, &number) != 0) {
        return -1;
    }
    options->cadence = CADENCE_REALISTIC;
    options->cadence_s = (uint32_t)number;
    return 0;
}

static int
parse_cert(struct options *options, const struct option_row *row, const char *value)
{
    static const char *const names[] = {"signed", "self", "expired"};
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(value, names[i]) == 0) {
            options->kubelet_cert = (enum kubelet_cert)i;
            return 0;
        }
    }
    return complain(row->name, value, "signed, self or expired");
}

static int
set_option(struct options *options, const struct option_row *row, const char *value)
{
    char *field = (char *)options + row->offset;
    uint64_t number = 0;
    switch (row->kind) {
    case OPT_TEXT:
        memcpy(field, &value, sizeof(value));
        return 0;
    case OPT_CADENCE:
        return parse_cadence(options, row, value);
    case OPT_CERT:
        return parse_cert(options, row, value);
    default:
        break;
    }
    if (parse_number(row, value, &number) != 0) {
        return -1;
    }
    if (row->kind == OPT_U32) {
        uint32_t narrow = (uint32_t)number;
        memcpy(field, &narrow, sizeof(narrow));
    } else if (row->kind == OPT_BOOL) {
        bool yes = number != 0;
        memcpy(field, &yes, sizeof(yes));
    } else {
        memcpy(field, &number, sizeof(number));
    }
    return 0;
}

static int
parse_one(struct options *options, const char *argument)
{
    const char *equals = strchr(argument, '=');
    size_t len = equals == NULL ? strlen(argument) : (size_t)(equals - argument);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strncmp(rows[i].name, argument, len) != 0 || rows[i].name[len] != 0) {
            continue;
        }
        if (equals == NULL && rows[i].kind != OPT_BOOL) {
            fprintf(stderr, "skerry-sim: --%s needs a value: --%s=...\n", rows[i].name,
                    rows[i].name);
            return -1;
        }
        return set_option(options, &rows[i], equals == NULL ? "1" : equals + 1);
    }
    fprintf(stderr, "skerry-sim: unknown flag --%s; --help lists the flags\n", argument);
    return -1;
}

static void
print_help(void)
{
    puts("skerry-sim: a simulated Kubernetes cluster\n");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        printf("  --%-22s %s\n", rows[i].name, rows[i].help);
    }
}

int
options_parse(struct options *options, int argc, char **argv, bool *help)
{
    set_defaults(options);
    *help = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help();
            *help = true;
            return 0;
        }
        if (strncmp(argv[i], "--", 2) != 0) {
            fprintf(stderr, "skerry-sim: %s is not a flag; --help lists the flags\n", argv[i]);
            return -1;
        }
        if (parse_one(options, argv[i] + 2) != 0) {
            return -1;
        }
    }
    if (options->kubelet_port == PORT_UNSET) {
        options->kubelet_port = options->port == 0 ? 0 : 10250;
    }
    if (options->kubelet_plain_port == PORT_UNSET) {
        options->kubelet_plain_port = options->port == 0 ? 0 : 10255;
    }
    return 0;
}
