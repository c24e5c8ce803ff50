#include "host/cgroup_name.h"

#include "base/check.h"

static bool
is_hex(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

static bool
is_hex_text(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is_hex(text.at[i])) {
            return false;
        }
    }
    return text.size > 0;
}

static struct text
without_suffix(struct text text, struct text suffix)
{
    return text_ends(text, suffix) ? text_sub(text, 0, text.size - suffix.size) : text;
}

static bool
contains(struct text text, struct text part)
{
    for (size_t i = 0; i + part.size <= text.size; i++) {
        if (text_equal(text_sub(text, i, part.size), part)) {
            return true;
        }
    }
    return false;
}

// The runtimes' directories and prefixes; libpod is podman's library.
static enum cgroup_runtime
runtime_of(struct text prefix, struct text parent)
{
    const struct {
        struct text part;
        enum cgroup_runtime runtime;
    } rows[] = {
        {TEXT("docker"), RUNTIME_DOCKER},         {TEXT("cri-containerd"), RUNTIME_CONTAINERD},
        {TEXT("containerd"), RUNTIME_CONTAINERD}, {TEXT("nerdctl"), RUNTIME_CONTAINERD},
        {TEXT("crio"), RUNTIME_CRIO},             {TEXT("libpod"), RUNTIME_PODMAN},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (contains(prefix, rows[i].part) ||
            (prefix.size == 0 && text_equal(parent, rows[i].part))) {
            return rows[i].runtime;
        }
    }
    return RUNTIME_UNKNOWN;
}

// "docker-ID.scope", "ID", "kubepods-….slice:cri-containerd:ID".
static bool
container_name(struct text parent, struct text name, struct cgroup_name *found)
{
    struct text stem = without_suffix(name, TEXT(".scope"));
    if (stem.size < CONTAINER_ID_BYTES) {
        return false;
    }
    size_t at = stem.size - CONTAINER_ID_BYTES;
    struct text id = text_sub(stem, at, SIZE_MAX);
    struct text prefix = text_sub(stem, 0, at);
    char before = at == 0 ? '-' : stem.at[at - 1];
    if (!is_hex_text(id) || (before != '-' && before != ':' && before != '_')) {
        return false;
    }
    // The monitor of a container is not the container.
    bool monitor = contains(prefix, TEXT("conmon"));
    *found = (struct cgroup_name){
        .kind = monitor ? CGROUP_NOTHING : CGROUP_CONTAINER,
        .runtime = runtime_of(prefix, parent),
        .id = id,
    };
    return true;
}

#define STATIC_POD_UID_BYTES 32

// A UUID with - or _, or the hash of a static pod.
static bool
is_pod_uid(struct text text)
{
    if (text.size == STATIC_POD_UID_BYTES) {
        return is_hex_text(text);
    }
    if (text.size != UID_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        char byte = text.at[i];
        if (dash ? byte != '-' && byte != '_' : !is_hex(byte)) {
            return false;
        }
    }
    return true;
}

// "podUID" below kubepods, "kubepods-burstable-podUID.slice".
static bool
pod_name(struct text name, struct cgroup_name *found)
{
    static const size_t sizes[] = {UID_BYTES_MAX, STATIC_POD_UID_BYTES};
    struct text stem = without_suffix(name, TEXT(".slice"));
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        if (stem.size < sizes[i] + 3) {
            continue;
        }
        size_t at = stem.size - sizes[i];
        struct text uid = text_sub(stem, at, SIZE_MAX);
        struct text prefix = text_sub(stem, 0, at);
        bool whole = text_equal(prefix, TEXT("pod")) || text_ends(prefix, TEXT("-pod"));
        if (whole && is_pod_uid(uid)) {
            *found = (struct cgroup_name){.kind = CGROUP_POD, .id = uid};
            return true;
        }
    }
    return false;
}

static bool
ends_with_one_of(struct text name, const struct text *suffixes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (text_ends(name, suffixes[i])) {
            return true;
        }
    }
    return false;
}

// Units that hold no processes of their own.
static bool
is_empty_unit(struct text name)
{
    static const struct text suffixes[] = {
        {".mount", 6}, {".swap", 5},   {".automount", 10}, {".device", 7},
        {".timer", 6}, {".target", 7}, {".path", 5},       {".socket", 7},
    };
    return ends_with_one_of(name, suffixes, ARRAY_COUNT(suffixes));
}

static bool
is_lxc_parent(struct text name)
{
    return text_equal(name, TEXT("lxc")) || text_equal(name, TEXT("lxc.payload"));
}

// lxc/NAME, lxc.payload/NAME, lxc.payload.NAME, machine-NAME.scope.
static bool
machine_name(struct cgroup_place place, struct text name, struct cgroup_name *found)
{
    struct text id = name;
    static const struct text payload = {"lxc.payload.", 12};
    if (text_starts(name, payload) && name.size > payload.size) {
        id = text_sub(name, payload.size, SIZE_MAX);
    } else if (text_starts(name, TEXT("machine-")) && text_ends(name, TEXT(".scope"))) {
        id = text_sub(name, 8, name.size - 8 - 6);
    } else if (!is_lxc_parent(place.parent) || place.within != CGROUP_INNER) {
        return false;
    }
    *found = (struct cgroup_name){.kind = CGROUP_MACHINE, .id = id};
    return id.size > 0;
}

static struct cgroup_name
plain(enum cgroup_kind kind, struct text name)
{
    return (struct cgroup_name){.kind = kind, .id = name};
}

// Below a service or among the users only containers count, so only their
// usual parents are worth a look.
static struct cgroup_name
name_within_unit(enum cgroup_kind within, struct text name)
{
    bool manager = text_starts(name, TEXT("user@")) && text_ends(name, TEXT(".service"));
    if (within == CGROUP_SERVICE || text_ends(name, TEXT(".slice")) || manager) {
        return plain(CGROUP_INNER, name);
    }
    return plain(CGROUP_NOTHING, name);
}

static bool
is_left_out(struct text name)
{
    return name.size == 0 || name.at[0] == '.' || is_empty_unit(name) ||
           text_starts(name, TEXT("lxc.monitor")) || text_equal(name, TEXT("lxc.pivot"));
}

static bool
is_inner(struct text name)
{
    return text_ends(name, TEXT(".slice")) || text_equal(name, TEXT("docker")) ||
           is_lxc_parent(name) || text_equal(name, TEXT("kubelet"));
}

struct cgroup_name
cgroup_name_of(struct cgroup_place place, struct text name)
{
    struct cgroup_name found;
    if (is_left_out(name)) {
        return plain(CGROUP_NOTHING, name);
    }
    if (container_name(place.parent, name, &found)) {
        return found;
    }
    if (place.within == CGROUP_SERVICE || place.within == CGROUP_USERS) {
        return name_within_unit(place.within, name);
    }
    if (place.within == CGROUP_POD) {
        return plain(CGROUP_NOTHING, name);
    }
    if (pod_name(name, &found) || machine_name(place, name, &found)) {
        return found;
    }
    if (text_equal(name, TEXT("kubepods")) || text_equal(name, TEXT("kubepods.slice"))) {
        return plain(CGROUP_PODS, name);
    }
    if (text_equal(name, TEXT("user.slice"))) {
        return plain(CGROUP_USERS, name);
    }
    if (text_ends(name, TEXT(".service")) || text_ends(name, TEXT(".scope"))) {
        return plain(CGROUP_SERVICE, name);
    }
    return plain(is_inner(name) || !place.top ? CGROUP_INNER : CGROUP_GROUP, name);
}

bool
cgroup_pod_uid(struct text id, struct out *out)
{
    if (!is_pod_uid(id)) {
        return false;
    }
    for (size_t i = 0; i < id.size; i++) {
        out_byte(out, id.at[i] == '_' ? '-' : id.at[i]);
    }
    return !out->full;
}

static int
hex_value(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// systemd.unit(5), "String escaping": \xHH.
static int
escaped_byte(struct text text, size_t at)
{
    struct text escape = text_sub(text, at, 4);
    if (escape.size < 4 || escape.at[0] != '\\' || escape.at[1] != 'x') {
        return -1;
    }
    int high = hex_value(escape.at[2]);
    int low = hex_value(escape.at[3]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

void
cgroup_readable(struct cgroup_name name, struct out *out)
{
    for (size_t i = 0; i < name.id.size; i++) {
        int byte = escaped_byte(name.id, i);
        if (byte >= 0) {
            i += 3;
        } else {
            byte = name.id.at[i];
        }
        out_byte(out, (char)byte);
    }
}
