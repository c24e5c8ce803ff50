# What the simulator knows, one entity a line -> key, metric, kind, value.
# Files: nodes.tsv, the list of keys and URLs, the answers. `endpoint`: summary
# or resource, which carries less. `pressure`: the lowest level whose pressure is
# kept, pods or containers. Numbers stay texts.

function put(metric, kind, value) {
    print key, metric, kind, value
}

function put_rate(name, rate) {
    if (name == "cpu/usage") {
        put("cpu/usage_rate", "f", rate / 1e6) # ns/s -> millicores
    } else {
        put(name "_rate", "f", rate)
    }
}

# "name":{"value":N,"time_ms":N...,"rate_per_s":R}
function put_field(text,    name, value) {
    name = substr(text, 2, index(text, "\":{") - 2)
    match(text, /"value":[0-9]+/)
    value = substr(text, RSTART + 8, RLENGTH - 8)
    if (name == "cpu/nano_cores" || (name == "memory/available" && kind != "node")) {
        return
    }
    if (name ~ /^pressure\// && pressure != "containers" && (kind == "con" || kind == "sys")) {
        return
    }
    # The network of such a pod is its node's, and stays with that.
    if (host_network && name ~ /^network\//) {
        return
    }
    if (endpoint == "resource" && name !~ /^(cpu\/usage|memory\/working_set|swap\/usage)$/) {
        return
    }
    put(name == "swap/usage" ? "memory/swap" : name, "i", value)
    if (match(text, /"rate_per_s":[^,}]+/)) {
        put_rate(name, substr(text, RSTART + 13, RLENGTH - 13))
    }
}

function plain(text, name) {
    if (!match(text, "\"" name "\":[0-9.eE+-]+")) {
        return ""
    }
    return substr(text, RSTART + length(name) + 3, RLENGTH - length(name) - 3)
}

function put_plain(text, name, as, type,    value) {
    value = plain(text, name)
    if (value != "") {
        put(as, type, value)
    }
}

function put_fields(text,    part) {
    text = substr(text, index(text, "\"fields\":{") + 10)
    while (match(text, /"[^"]+":\{"value":[^}]*\}/)) {
        part = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        put_field(part)
    }
}

function put_spec(text, storage) {
    put_plain(text, "cpu/request", "cpu/request", "i")
    put_plain(text, "cpu/limit", "cpu/limit", "i")
    put_plain(text, "memory/request", "memory/request", "i")
    put_plain(text, "memory/limit", "memory/limit", "i")
    if (storage) {
        put_plain(text, "ephemeral_storage/request", "ephemeral_storage/request", "i")
        put_plain(text, "ephemeral_storage/limit", "ephemeral_storage/limit", "i")
        if (plain(text, "nvidia.com/gpu/request") + 0 > 0) {
            put("nvidia.com/gpu/request", "f", plain(text, "nvidia.com/gpu/request"))
        }
    }
}

function put_sums(text) {
    put_plain(text, "cpu/usage_rate", "cpu/usage_rate", "f")
    put_plain(text, "memory/working_set", "memory/working_set", "i")
    put("memory/usage", "i", endpoint == "resource" ? 0 : plain(text, "memory/usage"))
    put_spec(text, 0)
}

BEGIN {
    OFS = "\t"
    OFMT = CONVFMT = "%.17g"
}

FILENAME ~ /nodes\.tsv$/ {
    next
}

FILENAME ~ /truth\.urls$/ {
    keys[++key_count] = $1
    next
}

/^\{/ {
    key = keys[++at]
    kind = key
    sub(/\/.*/, "", kind)
    host_network = $0 ~ /"host_network":true/
    if (kind == "cluster" || kind == "ns") {
        put_sums($0)
        next
    }
    put_fields($0)
    if (kind != "sys" || endpoint == "summary") {
        put("start", "s", plain($0, "start_ms"))
    }
    if (kind == "pod" || kind == "con") {
        put_spec($0, 1)
        put_plain($0, "restart_count", "restart_count", "i")
    }
    next
}

/^@ / && $2 != 200 {
    at++
    print keys[at], "truth", "e", "status " $2
}
