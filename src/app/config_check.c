#include "app/config_check.h"

#include "api/host_check.h"
#include "app/listen.h"
#include "app/sink_setup.h"
#include "limits.h"

#define LABEL_SEPARATOR_BYTES_MAX 16
#define PATH_BYTES_MAX 256
#define SCRAPE_TIMEOUT_MS_MIN 100
#define UID_BASE_MAX 60000
#define SINK_TIMEOUT_MS_MIN 1000
#define SINK_TIMEOUT_MS_MAX (10 * 60 * 1000)

struct range {
    enum config_id id;
    uint64_t least;
    uint64_t most;
    const char *why;
};

static const struct range ranges[] = {
    {CONFIG_NODES, 1, NODES_MAX, "split larger clusters between several appliances"},
    {CONFIG_PODS, 1, PODS_MAX, "split larger clusters between several appliances"},
    {CONFIG_CONTAINERS, 1, CONTAINERS_MAX, "split larger clusters between several appliances"},
    {CONFIG_NAMESPACES, 1, NAMESPACES_MAX, "split larger clusters between several appliances"},
    {CONFIG_CONNECTIONS, 1, CONNECTIONS_MAX, "connections are shared when there are more nodes"},
    {CONFIG_CLIENTS, 1, CLIENTS_MAX, "put a caching proxy before it"},
    {CONFIG_EVENTS, 0, EVENTS_KEPT_MAX, "each new one is looked for among all"},
    {CONFIG_HEAPSTER_PORT, 1, 65535, "it is a TCP port"},
    {CONFIG_UID_BASE, 0, UID_BASE_MAX, "it is a user id"},
};

static int
check_range(const struct config *config, const struct range *range, struct out *why)
{
    uint64_t number = config_number(config, range->id);
    if (!config_given(config, range->id) || (number >= range->least && number <= range->most)) {
        return 0;
    }
    out_format(why, "%s=%llu is out of range: %llu to %llu; %s", config_flag(range->id),
               (unsigned long long)number, (unsigned long long)range->least,
               (unsigned long long)range->most, range->why);
    return -ERR_BAD_CONFIG;
}

static int
check_times(struct config *config, struct out *why)
{
    int64_t resolution_ms = config_ms(config, CONFIG_METRIC_RESOLUTION);
    int64_t timeout_ms = config_ms(config, CONFIG_SCRAPE_TIMEOUT);
    if (resolution_ms < RESOLUTION_MS_MIN || resolution_ms > RESOLUTION_MS_MAX) {
        out_format(why, "--metric-resolution=%lld ms is out of range: 5s to 1h; kubelets "
                   "refresh their figures every 10s at best", (long long)resolution_ms);
        return -ERR_BAD_CONFIG;
    }
    if (!config_given(config, CONFIG_SCRAPE_TIMEOUT)) {
        if (timeout_ms > resolution_ms) {
            config->value[CONFIG_SCRAPE_TIMEOUT].number = (uint64_t)resolution_ms;
        }
        return 0;
    }
    if (timeout_ms < SCRAPE_TIMEOUT_MS_MIN || timeout_ms > resolution_ms) {
        out_format(why, "--scrape-timeout=%lld ms is out of range: 100ms to the "
                   "--metric-resolution, %lld ms", (long long)timeout_ms,
                   (long long)resolution_ms);
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

static int
check_sink_timeout(const struct config *config, struct out *why)
{
    int64_t timeout_ms = config_ms(config, CONFIG_SINK_TIMEOUT);
    if (timeout_ms < SINK_TIMEOUT_MS_MIN || timeout_ms > SINK_TIMEOUT_MS_MAX) {
        out_format(why, "--sink-timeout=%lld ms is out of range: 1s to 10m",
                   (long long)timeout_ms);
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

static int
check_history(const struct config *config, struct out *why)
{
    uint64_t bytes = config_number(config, CONFIG_HISTORY);
    if (bytes != 0 && bytes < HISTORY_BYTES_MIN) {
        out_format(why, "--history=%llu bytes is too small: at least %dM, or 0 for none",
                   (unsigned long long)bytes, HISTORY_BYTES_MIN >> 20);
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

static int
check_hosts(const struct config *config, struct out *why)
{
    struct host_check hosts = {.count = 1};  // --listen-ip
    for (unsigned i = 0; i < config_list_count(config, CONFIG_ALLOW_HOST); i++) {
        struct text bad;
        int error = host_check_add(&hosts, config_list(config, CONFIG_ALLOW_HOST, i), &bad);
        if (error == -ERR_TOO_MANY) {
            out_format(why, "--allow-host names more than %d hosts; give the one name that "
                       "the proxy passes on", HOST_NAMES_MAX - 1);
            return -ERR_BAD_CONFIG;
        }
        if (error != 0) {
            out_format(why, "--allow-host=" TEXT_FORMAT " is not a host name; give it as the "
                       "browser has it, without scheme, port and path, with commas between "
                       "several", TEXT_ARGS(bad));
            return error;
        }
    }
    return 0;
}

static bool
has_control_byte(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

static int
check_texts(const struct config *config, struct out *why)
{
    for (unsigned id = 0; id < CONFIG_COUNT; id++) {
        if (has_control_byte(config_text(config, (enum config_id)id))) {
            out_format(why, "%s holds a control character", config_flag((enum config_id)id));
            return -ERR_BAD_CONFIG;
        }
    }
    for (unsigned i = 0; i < config->item_count; i++) {
        if (config->item[i].text.size == 0 || has_control_byte(config->item[i].text)) {
            out_format(why, "%s is empty or holds a control character",
                       config_flag(config->item[i].id));
            return -ERR_BAD_CONFIG;
        }
    }
    if (config_text(config, CONFIG_LABEL_SEPARATOR).size > LABEL_SEPARATOR_BYTES_MAX) {
        out_format(why, "--label-separator is longer than %d bytes", LABEL_SEPARATOR_BYTES_MAX);
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

static int
check_paths(const struct config *config, struct out *why)
{
    static const enum config_id paths[] = {CONFIG_HOST_ROOT,   CONFIG_STATE_DIR, CONFIG_RUN_DIR,
                                           CONFIG_SERVICE_DIR, CONFIG_CONFIG,    CONFIG_FLAGS,
                                           CONFIG_WATCHDOG,  CONFIG_TLS_CERT,  CONFIG_TLS_KEY,
                                           CONFIG_TOKEN_FILE,
                                           CONFIG_REQUESTHEADER_CLIENT_CA_FILE};
    for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
        if (config_text(config, paths[i]).size > PATH_BYTES_MAX) {
            out_format(why, "%s is longer than %d bytes", config_flag(paths[i]), PATH_BYTES_MAX);
            return -ERR_BAD_CONFIG;
        }
    }
    return 0;
}

static int
check_labels(const struct config *config, struct out *why)
{
    for (unsigned i = 0; i < config_list_count(config, CONFIG_STORE_LABEL); i++) {
        struct text given = config_list(config, CONFIG_STORE_LABEL, i);
        struct text name;
        struct text label;
        if (text_cut(given, '=', &name, &label) && (name.size == 0 || label.size == 0)) {
            out_format(why, "--store-label=" TEXT_FORMAT " is neither name nor newName=name",
                       TEXT_ARGS(given));
            return -ERR_BAD_CONFIG;
        }
    }
    return 0;
}

static int
check_sources(const struct config *config, struct out *why)
{
    unsigned count = config_list_count(config, CONFIG_SOURCE);
    if (count > SOURCES_MAX) {
        out_format(why, "--source is given %u times; one appliance watches at most %d", count,
                   SOURCES_MAX);
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

int
config_check(struct config *config, struct out *why)
{
    int error = check_texts(config, why);
    for (size_t i = 0; i < ARRAY_COUNT(ranges) && error == 0; i++) {
        error = check_range(config, &ranges[i], why);
    }
    if (error == 0) {
        error = check_times(config, why);
    }
    if (error == 0) {
        error = check_sink_timeout(config, why);
    }
    if (error == 0) {
        error = check_history(config, why);
    }
    if (error == 0) {
        error = listen_check(config, why);
    }
    if (error == 0) {
        error = check_hosts(config, why);
    }
    if (error == 0) {
        error = check_paths(config, why);
    }
    if (error == 0) {
        error = check_labels(config, why);
    }
    if (error == 0) {
        error = check_sources(config, why);
    }
    return error != 0 ? error : sink_setup_check(config, why);
}
