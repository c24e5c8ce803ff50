#include "app/listen.h"

#include <arpa/inet.h>

// Flags that mean something with TLS alone.
static const enum config_id secure_flags[] = {
    CONFIG_TLS,        CONFIG_TLS_CERT,
    CONFIG_TLS_KEY,    CONFIG_TOKEN_FILE,
    CONFIG_REQUESTHEADER_CLIENT_CA_FILE,
};

static bool
is_loopback(struct text address, bool *valid)
{
    char buffer[INET6_ADDRSTRLEN + 2];
    struct out copy = out_of(buffer, sizeof buffer);
    struct in_addr v4;
    struct in6_addr v6;
    out_text(&copy, address);
    const char *c_string = out_c_string(&copy);
    *valid = !copy.full;
    if (*valid && inet_pton(AF_INET, c_string, &v4) == 1) {
        return (ntohl(v4.s_addr) >> 24) == 127;
    }
    if (*valid && inet_pton(AF_INET6, c_string, &v6) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&v6);
    }
    *valid = false;
    return false;
}

// The first such flag that is given, CONFIG_COUNT for none.
static enum config_id
secure_flag(const struct config *config)
{
    for (size_t i = 0; i < ARRAY_COUNT(secure_flags); i++) {
        enum config_id id = secure_flags[i];
        bool given = id == CONFIG_TLS ? config_bool(config, id) : config_text(config, id).size > 0;
        if (given) {
            return id;
        }
    }
    return CONFIG_COUNT;
}

bool
listen_is_secure(const struct config *config)
{
    bool valid;
    if (config_bool(config, CONFIG_INSECURE_OPEN)) {
        return false;
    }
    return !is_loopback(config_text(config, CONFIG_LISTEN_IP), &valid) ||
           secure_flag(config) != CONFIG_COUNT;
}

bool
listen_is_everywhere(const struct config *config)
{
    struct text address = config_text(config, CONFIG_LISTEN_IP);
    return text_equal(address, TEXT("0.0.0.0")) || text_equal(address, TEXT("::"));
}

int
listen_check(struct config *config, struct out *why)
{
    bool valid;
    if (config_text(config, CONFIG_LISTEN_IP).size == 0) {
        config->value[CONFIG_LISTEN_IP].text = TEXT("0.0.0.0");
    }
    struct text address = config_text(config, CONFIG_LISTEN_IP);
    (void)is_loopback(address, &valid);
    if (!valid) {
        out_format(why, "--listen-ip=" TEXT_FORMAT " is not an IPv4 or IPv6 address",
                   TEXT_ARGS(address));
        return -ERR_BAD_CONFIG;
    }
    enum config_id flag = secure_flag(config);
    if (config_bool(config, CONFIG_INSECURE_OPEN) && flag != CONFIG_COUNT) {
        out_format(why, "--insecure-open means neither TLS nor token, but %s is given too: leave "
                   "one of them out", config_flag(flag));
        return -ERR_BAD_CONFIG;
    }
    bool certificate = config_text(config, CONFIG_TLS_CERT).size > 0;
    if (certificate != (config_text(config, CONFIG_TLS_KEY).size > 0)) {
        out_format(why, "%s is given without %s: give both, or neither for a certificate made here",
                   config_flag(certificate ? CONFIG_TLS_CERT : CONFIG_TLS_KEY),
                   config_flag(certificate ? CONFIG_TLS_KEY : CONFIG_TLS_CERT));
        return -ERR_BAD_CONFIG;
    }
    return 0;
}
