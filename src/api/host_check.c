#include "api/host_check.h"

#include "limits.h"

static char
lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static bool
same_name(struct text a, struct text b)
{
    if (a.size != b.size) {
        return false;
    }
    for (size_t i = 0; i < a.size; i++) {
        if (lower(a.at[i]) != lower(b.at[i])) {
            return false;
        }
    }
    return true;
}

static bool
is_port(struct text port)
{
    for (size_t i = 0; i < port.size; i++) {
        if (port.at[i] < '0' || port.at[i] > '9') {
            return false;
        }
    }
    return port.size <= 5;
}

// The name without port, brackets and the dot of the root.
static bool
host_name(struct text host, struct text *name)
{
    struct text rest = {"", 0};
    if (host.size > 0 && host.at[0] == '[') {
        if (!text_cut(text_sub(host, 1, host.size), ']', name, &rest)) {
            return false;
        }
        return rest.size == 0 || (rest.at[0] == ':' && is_port(text_sub(rest, 1, rest.size)));
    }
    (void)text_cut(host, ':', name, &rest);
    if (text_ends(*name, TEXT("."))) {
        name->size--;
    }
    return is_port(rest);
}

static bool
is_dns_name(struct text name)
{
    for (size_t i = 0; i < name.size; i++) {
        char byte = lower(name.at[i]);
        bool word = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
        if (!word && byte != '-' && byte != '.' && byte != '_') {
            return false;
        }
    }
    return name.size > 0 && name.size <= NAME_BYTES_MAX;
}

// Of an IPv6 address only that it can be none other: what is wrong beyond that
// is a name that nobody sends.
static bool
is_v6_address(struct text name)
{
    size_t colons = 0;
    for (size_t i = 0; i < name.size; i++) {
        char byte = lower(name.at[i]);
        bool hex = (byte >= 'a' && byte <= 'f') || (byte >= '0' && byte <= '9');
        if (!hex && byte != ':' && byte != '.') {
            return false;
        }
        colons += byte == ':';
    }
    return colons >= 2 && name.size <= NAME_BYTES_MAX;
}

static int
add_name(struct host_check *check, struct text given)
{
    struct text name = given;
    if (name.size > 2 && name.at[0] == '[' && name.at[name.size - 1] == ']') {
        name = text_sub(name, 1, name.size - 2);
    } else if (text_ends(name, TEXT("."))) {
        name.size--;
    }
    bool bracketed = name.at != given.at;
    if (!is_v6_address(name) && (bracketed || !is_dns_name(name))) {
        return -ERR_BAD_CONFIG;
    }
    if (check->count == HOST_NAMES_MAX) {
        return -ERR_TOO_MANY;
    }
    check->name[check->count++] = name;
    return 0;
}

int
host_check_add(struct host_check *check, struct text names, struct text *bad)
{
    struct text rest = names;
    bool more = true;
    int error = 0;
    while (more && error == 0) {
        more = text_cut(rest, ',', bad, &rest);
        error = add_name(check, *bad);
    }
    return error;
}

bool
host_check_host(const struct host_check *check, struct text host)
{
    static const struct text loopback[] = {{"localhost", 9}, {"127.0.0.1", 9}, {"::1", 3}};
    struct text name;
    if (check->any) {
        return true;
    }
    if (!host_name(host, &name)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_COUNT(loopback); i++) {
        if (same_name(name, loopback[i])) {
            return true;
        }
    }
    for (unsigned i = 0; i < check->count; i++) {
        if (same_name(name, check->name[i])) {
            return true;
        }
    }
    return false;
}

bool
host_check_origin(const struct host_check *check, struct text origin)
{
    if (check->any) {
        return true;
    }
    size_t mark = text_find(origin, ':', 0);
    if (mark == SIZE_MAX || !text_starts(text_sub(origin, mark, 3), TEXT("://"))) {
        return false;
    }
    return host_check_host(check, text_sub(origin, mark + 3, origin.size));
}
