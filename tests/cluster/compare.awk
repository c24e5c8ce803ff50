# The model against the truth; prints what differs, and `compared N`.
# Files: nodes.tsv, truth.tsv (key, metric, kind, value), model.tsv (key, metric,
# value, float, time of the sample). `endpoint`: summary or resource.

BEGIN {
    CONVFMT = OFMT = "%.17g"
}

function differs(what) {
    if (++differences <= 40) {
        print what
    }
}

# One part in a million: rates are kept as floats of 24 bits.
function is_near(a, b, share,    d, m) {
    d = a - b
    d = d < 0 ? -d : d
    m = a < 0 ? -a : a
    m = m < 1e-9 ? 1e-9 : m
    return d <= m * share
}

function seconds_of(stamp,    y, m, d, era, yoe, doy) {
    y = substr(stamp, 1, 4) + 0
    m = substr(stamp, 6, 2) + 0
    d = substr(stamp, 9, 2) + 0
    y -= m <= 2
    era = int(y / 400)
    yoe = y - era * 400
    doy = int((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d - 1
    return (era * 146097 + yoe * 365 + int(yoe / 4) - int(yoe / 100) + doy - 719468) * 86400 \
        + substr(stamp, 12, 2) * 3600 + substr(stamp, 15, 2) * 60 + substr(stamp, 18, 2)
}

function expect(key, metric, kind, value) {
    truth[key, metric] = value
    type[key, metric] = kind
    order[++count] = key SUBSEP metric
}

# Shares and sizes of a node come from what the API server and the truth say.
function expect_node(key, name) {
    expect(key, "cpu/node_capacity", "f", size[name, 2])
    expect(key, "memory/node_capacity", "f", size[name, 3])
    expect(key, "ephemeral_storage/node_capacity", "f", size[name, 4])
    expect(key, "cpu/node_allocatable", "f", size[name, 5])
    expect(key, "memory/node_allocatable", "f", size[name, 6])
    expect(key, "ephemeral_storage/node_allocatable", "f", size[name, 7])
    expect(key, "cpu/node_utilization", "f", truth[key, "cpu/usage_rate"] / size[name, 5])
    expect(key, "cpu/node_reservation", "f", truth[key, "cpu/request"] / size[name, 5])
    expect(key, "memory/node_reservation", "f", truth[key, "memory/request"] / size[name, 6])
    expect(key, "ephemeral_storage/node_reservation", "f",
           truth[key, "ephemeral_storage/request"] / size[name, 7])
    if (endpoint == "summary") {
        expect(key, "memory/node_utilization", "f", truth[key, "memory/usage"] / size[name, 6])
        expect(key, "ephemeral_storage/node_utilization", "f",
               truth[key, "ephemeral_storage/usage"] / size[name, 7])
    }
}

FILENAME ~ /nodes\.tsv$/ {
    for (i = 2; i <= 7; i++) {
        size[$1, i] = $i
    }
    next
}

FILENAME ~ /truth\.tsv$/ {
    expect($1, $2, $3, $4)
    if ($1 ~ /^node\// && !($1 in nodes)) {
        nodes[$1] = 1
    }
    next
}

FNR == 1 {
    for (key in nodes) {
        expect_node(key, substr(key, 6))
    }
}

# model.tsv
{
    seen[$1, $2] = 1
    if ($2 == "uptime") {
        if (($1, "start") in truth) {
            compared++
            want = sprintf("%.0f", (seconds_of($5) - int(truth[$1, "start"] / 1000)) * 1000)
            if ($3 != want) {
                differs($1 " uptime: " $3 ", the truth is " want)
            }
        }
        next
    }
    if (!(($1, $2) in truth)) {
        differs($1 " " $2 ": " $3 ", but there is no truth for it")
        next
    }
    compared++
    want = truth[$1, $2]
    if (type[$1, $2] == "f") {
        got = $4 == "-" ? $3 : $4
        if (got !~ /^[0-9.eE+-]+$/ || !is_near(want + 0, got + 0, 1e-6)) {
            differs($1 " " $2 ": " got ", the truth is " want)
        }
    } else if ("x" $3 != "x" want) {
        differs($1 " " $2 ": " $3 ", the truth is " want)
    }
}

END {
    for (i = 1; i <= count; i++) {
        split(order[i], part, SUBSEP)
        metric = part[2]
        if (metric == "start") {
            if (endpoint == "summary" && !((part[1], "uptime") in seen)) {
                differs(part[1] " uptime: missing")
            }
        } else if (!((part[1], metric) in seen)) {
            differs(part[1] " " metric ": missing, the truth is " truth[part[1], metric])
        }
    }
    if (differences > 40) {
        print "... " differences " in all"
    }
    print "compared " compared + 0
}
