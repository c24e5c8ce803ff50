# What a server has against the truth; prints what differs, and `compared N`.
# Files: truth.tsv (key, metric, kind, value), points.tsv (key, metric,
# value, seconds); the newest of each series counts, of those not after `held`. `some`: the server has other
# names, of which points.tsv holds those that were turned back: then only levels
# and metrics that it holds at all are expected. `share`: how far from the truth a
# value may be, for servers that keep fewer digits.
#
# Series that ended before `since` need no truth: until the API server named a pod,
# it is not known that its network is its node's.
#
# Rates of CPU are whole millicores in sinks, as Heapster's.

BEGIN {
    FS = OFS = "\t"
    CONVFMT = OFMT = "%.17g"
}

function differs(what) {
    if (++differences <= 20) {
        print what
    }
}

function is_near(a, b, allowed,    d, m) {
    d = a - b
    d = d < 0 ? -d : d
    m = a < 0 ? -a : a
    return d <= m * allowed + 1e-9
}

function level(key) {
    sub(/\/.*/, "", key)
    return key
}

function is_right(metric, kind, want, got) {
    if (got !~ /^-?[0-9.]+([eE][-+]?[0-9]+)?$/) {
        return 0
    }
    if (metric == "cpu/usage_rate") {
        return got - want < 1 && want - got < 1
    }
    if (kind == "f") {
        return is_near(want + 0, got + 0, 1e-6)
    }
    return share == 0 ? "x" got == "x" want : is_near(want + 0, got + 0, share)
}

FILENAME ~ /truth\.tsv$/ {
    truth[$1, $2] = $4
    type[$1, $2] = $3
    order[++count] = $1 SUBSEP $2
    if ($2 == "start") {
        has_truth[$1] = 1
    }
    keys[$1] = 1
    next
}

FILENAME ~ /points\.tsv$/ {
    if (!($1 in keys) || $4 > held) {
        next
    }
    if (!(($1, $2) in newest) || $4 >= newest[$1, $2]) {
        newest[$1, $2] = $4
        value[$1, $2] = $3
    }
    known[level($1), $2] = 1
}

# Shares of a node are computed from others here; how long something is up is
# told by the time of the point.
function is_derived(metric) {
    return metric ~ /\/node_(capacity|allocatable|utilization|reservation)$/
}

END {
    for (id in value) {
        split(id, part, SUBSEP)
        if (part[2] == "uptime") {
            start = truth[part[1], "start"]
            compared++
            if (!is_near(newest[id] * 1000 - start, value[id] + 0, 0.001)) {
                differs(part[1] " uptime: " value[id] ", began at " start)
            }
        } else if (!(id in truth)) {
            if (!is_derived(part[2]) && newest[id] >= since) {
                differs(part[1] " " part[2] ": " value[id] ", but there is no truth for it")
            }
        } else {
            compared++
            if (!is_right(part[2], type[id], truth[id], value[id])) {
                differs(part[1] " " part[2] ": " value[id] ", the truth is " truth[id])
            }
        }
    }
    for (i = 1; i <= count; i++) {
        split(order[i], part, SUBSEP)
        if (part[2] == "start" || (order[i] in value)) {
            continue
        }
        if (!some || ((level(part[1]), part[2]) in known)) {
            differs(part[1] " " part[2] ": missing, the truth is " truth[order[i]])
        }
    }
    if (differences > 20) {
        print "... " differences " in all"
    }
    print "compared " compared + 0
}
