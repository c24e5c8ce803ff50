# Every value of the model API against the simulator's truth. Sourced after
# lib.sh.
#
#   values_compare ENDPOINT SAMPLE SEED   summary or resource; how many pods, drawn by SEED
#
# All nodes, system containers, namespaces and the cluster, and SAMPLE pods with
# their containers: what has a truth must be there and equal, integers to the
# unit (as texts: no rounding), floats to one part in a million, and what is
# there must have a truth. The caller sees to it that nothing changes meanwhile.
# Prints what differs; VALUES_COMPARED says how many values were compared,
# VALUES_READ how many cycles were published when the model had been read.
#
# Entities are known by keys: cluster, ns/NAME, node/NAME, sys/NODE/NAME,
# pod/NS/NAME, con/NS/POD/NAME.

VALUES_COMPARED=0
VALUES_READ=0

# Fetches `key URL` lines in one connection, in order: each answer is followed
# by a line `@ STATUS`.
values_fetch() { # FILE with URLs in the second column
    cut -f2 "$1" | sed 's/.*/url = "&"\noutput = "-"/' >"$1.curl"
    curl -sS -g --max-time 120 --write-out '\n@ %{http_code}\n' --config "$1.curl"
}

# key, namespace, pod, node, phase, containers with commas between
values_pods() {
    api_get /api/v1/pods | jq -r '.items[] |
        [.metadata.namespace, .metadata.name, .spec.nodeName // "", .status.phase,
         ([.spec.containers[].name] | join(","))] | join("|")'
}

values_sample() { # COUNT SEED, of the pods on standard input
    awk -F'|' -v count="$1" -v seed="$2" 'BEGIN {srand(seed)} {line[NR] = $0}
        END {
            for (i = NR; i > 1; i--) {
                j = 1 + int(rand() * i); t = line[i]; line[i] = line[j]; line[j] = t
            }
            for (i = 1; i <= NR && i <= count; i++) print line[i]
        }'
}

values_keys() { # ENDPOINT SAMPLE SEED
    local node
    echo cluster
    api_get /api/v1/namespaces | jq -r '.items[] | "ns/" + .metadata.name'
    for node in $(cut -f1 "$WORK/nodes.tsv"); do
        echo "node/$node"
        [ "$1" = resource ] || printf "sys/$node/%s\n" pods kubelet docker-daemon
    done
    grep '|Running|' "$WORK/pods.txt" | values_sample "$2" "$3" |
        awk -F'|' '{
            print "pod/" $1 "/" $2
            n = split($5, c, ",")
            for (i = 1; i <= n; i++) print "con/" $1 "/" $2 "/" c[i]
        }'
}

# key -> query of the truth
values_truth_urls() { # ENDPOINT
    awk -F/ -v OFS='\t' -v base="$SIM_ADMIN/truth?of=$1&entity=" '
        {key = $0}
        $1 == "cluster" {q = "cluster"}
        $1 == "ns" {q = "ns&name=" $2}
        $1 == "node" {q = "node&name=" $2}
        $1 == "sys" {q = "system&name=" $2 "&container=" ($3 == "docker-daemon" ? "runtime" : $3)}
        $1 == "pod" {q = "pod&ns=" $2 "&name=" $3}
        $1 == "con" {q = "container&ns=" $2 "&name=" $3 "&container=" $4}
        {print key, base q}'
}

# key -> path below the model
values_model_paths() {
    awk -F/ -v OFS='\t' -v base="$MODEL/" '
        $1 == "cluster" {p = ""}
        $1 == "ns" {p = "namespaces/" $2 "/"}
        $1 == "node" {p = "nodes/" $2 "/"}
        $1 == "sys" {p = "nodes/" $2 "/freecontainers/" $3 "/"}
        $1 == "pod" {p = "namespaces/" $2 "/pods/" $3 "/"}
        $1 == "con" {p = "namespaces/" $2 "/pods/" $3 "/containers/" $4 "/"}
        {print $0, base p "metrics/"}'
}

# Sums of the pods of each node and namespace, which the truth has not itself:
#   sum of key, metric, number
values_sums() {
    awk -F'|' -v OFS='\t' '
    FNR == NR {wanted[$0] = 1; next}
    $4 != "Succeeded" && $4 != "Failed" && $3 != "" {
        n = split($5, c, ",")
        pods["node/" $3]++; containers["node/" $3] += n
    }
    $4 != "Succeeded" && $4 != "Failed" {
        n = split($5, c, ",")
        pods["ns/" $1]++; containers["ns/" $1] += n
        pods["cluster"]++; containers["cluster"] += n
    }
    END {
        for (k in wanted) {
            if (k !~ "^(ns/|node/|cluster)") continue
            print k, "pod/count", "i", pods[k] + 0
            print k, "container/count", "i", containers[k] + 0
        }
    }' "$WORK/keys.txt" "$WORK/pods.txt"
    awk -F'|' -v OFS='\t' -v base="$SIM_ADMIN/truth?entity=pod" '$3 != "" && $4 != "Succeeded" {
        print $3, base "&ns=" $1 "&name=" $2
    }' "$WORK/pods.txt" >"$WORK/all.urls"
    values_fetch "$WORK/all.urls" | awk -v OFS='\t' -v list="$WORK/all.urls" -v keys="$WORK/keys.txt" '
        BEGIN {n = split("cpu/request cpu/limit memory/request memory/limit " \
                         "ephemeral_storage/request ephemeral_storage/limit", names, " ")}
        /^@ / {next}
        /^\{/ {
            getline line < list; split(line, part, "\t")
            for (i = 1; i <= n; i++) {
                if (match($0, "\"" names[i] "\":[0-9]+")) {
                    skip = length(names[i]) + 3
                    sum[part[1], i] += substr($0, RSTART + skip, RLENGTH - skip)
                }
            }
        }
        END {
            while ((getline line < keys) > 0) if (sub(/^node\//, "", line)) asked[line] = 1
            for (node in asked) {
                for (i = 1; i <= n; i++) printf "node/%s\t%s\ti\t%.0f\n", node, names[i], sum[node, i] + 0
            }
        }'
}

# The truths as they were answered -> key, metric, i(nteger) or f(loat) or
# s(tart), value
values_truth() { # ENDPOINT
    values_truth_urls "$1" <"$WORK/keys.txt" >"$WORK/truth.urls"
    values_fetch "$WORK/truth.urls" >"$WORK/truth.raw"
    awk -v endpoint="$1" -v pressure="${PRESSURE:-pods}" -f tests/cluster/truth.awk "$WORK/nodes.tsv" "$WORK/truth.urls" "$WORK/truth.raw"
    printf 'cluster\tnode/count\ti\t%s\ncluster\tnode/ready_count\ti\t%s\n' \
        "$(wc -l <"$WORK/nodes.tsv")" "$(awk '$8 == "True"' "$WORK/nodes.tsv" | wc -l)"
}

# name, capacity of cpu (millicores), memory, storage, the same allocatable, ready
values_nodes() {
    api_get /api/v1/nodes | jq -r '
        def bytes: capture("^(?<n>[0-9]+)(?<u>[A-Za-z]*)$") |
            (.n | tonumber) * {"": 1, "Ki": 1024, "Mi": 1048576, "Gi": 1073741824}[.u];
        def cores: capture("^(?<n>[0-9]+)(?<u>m?)$") |
            (.n | tonumber) * (if .u == "m" then 1 else 1000 end);
        .items[] | [.metadata.name,
            (.status.capacity | (.cpu | cores), (.memory | bytes), (."ephemeral-storage" | bytes)),
            (.status.allocatable | (.cpu | cores), (.memory | bytes), (."ephemeral-storage" | bytes)),
            (.status.conditions[] | select(.type == "Ready").status)] | @tsv'
}

# Answers of series, in the order of FILE (key, URL, metric) -> key, metric,
# value, float or -, time of the sample
values_series() { # FILE
    values_fetch "$1" | awk -v OFS='\t' -v list="$1" '
        function clear() {value = "none"; real = "-"; stamp = "-"}
        BEGIN {clear()}
        /^@ / {
            getline line < list; split(line, part, "\t")
            print part[1], part[3], $2 == 200 ? value : "status " $2, real, stamp
            clear()
        }
        /"timestamp":/ {stamp = $2; gsub(/[",]/, "", stamp); real = "-"}
        /"value":/ {value = $2; sub(/,$/, "", value)}
        /"floatValue":/ {real = $2; sub(/,$/, "", real)}
    '
}

# Names first, then all their series.
values_model() {
    values_model_paths <"$WORK/keys.txt" >"$WORK/names.urls"
    values_fetch "$WORK/names.urls" | awk -v OFS='\t' -v list="$WORK/names.urls" '
        /^ "/ {name = $0; gsub(/^ "|",?$/, "", name); names[++count] = name}
        /^@ / {
            getline line < list; split(line, part, "\t")
            if ($2 != 200) print part[1], part[2], "names"
            for (i = 1; i <= count; i++) print part[1], part[2] names[i], names[i]
            count = 0
        }
    ' >"$WORK/series.urls"
    values_series "$WORK/series.urls"
}

# Labelled series are not among the names; which there are, the truth says.
values_labelled() {
    awk -F'\t' -v OFS='\t' 'FNR == NR {base[$1] = $2; next}
        match($2, /\[.*\]/) {
            label = substr($2, RSTART + 1, RLENGTH - 2)
            print $1, base[$1] substr($2, 1, RSTART - 1) "?labels=resource_id:" label, $2
        }' "$WORK/names.urls" "$WORK/truth.tsv" >"$WORK/labelled.urls"
    [ ! -s "$WORK/labelled.urls" ] || values_series "$WORK/labelled.urls"
}

# For the keys in keys.txt.
values_of_keys() { # ENDPOINT
    # The model first: what a kubelet alone names leaves after three cycles.
    values_model >"$WORK/model.tsv"
    VALUES_READ=$(counter cycles_total)
    {
        values_truth "$1"
        values_sums
    } >"$WORK/truth.tsv"
    values_labelled >>"$WORK/model.tsv"
    awk -F'\t' -v endpoint="$1" -f tests/cluster/compare.awk "$WORK/nodes.tsv" "$WORK/truth.tsv" \
        "$WORK/model.tsv" >"$WORK/difference.txt"
    VALUES_COMPARED=$(sed -n 's/^compared //p' "$WORK/difference.txt")
    ! grep -v '^compared ' "$WORK/difference.txt"
}

values_compare() {
    values_nodes >"$WORK/nodes.tsv"
    values_pods >"$WORK/pods.txt"
    values_keys "$1" "$2" "$3" >"$WORK/keys.txt"
    values_of_keys "$1"
}

# The cluster, all namespaces, and the nodes that have a row: for appliances that
# know more than they have room for.
values_totals() { # ENDPOINT
    local known
    known=$(get /api/v1/model/nodes/ | jq -r '.[]')
    values_nodes >"$WORK/nodes.tsv"
    values_pods >"$WORK/pods.txt"
    {
        echo cluster
        api_get /api/v1/namespaces | jq -r '.items[] | "ns/" + .metadata.name'
        printf 'node/%s\n' $known
    } >"$WORK/keys.txt"
    values_of_keys "$1"
}
