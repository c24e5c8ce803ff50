#!/bin/bash
# Runs the benches and prints `name value unit` lines.
# usage: tests/bench/run.sh BUILD [names]
#   names: programs of tests/bench (parse, table, block, host, answer), `history` (and
#   the same of record, in the tree), `cluster-NODES`, `peers-NODES`, `memory`,
#   `discovery`, `api`, `sinks` or `sinks-KIND`; without names: all of them, which
#   takes about three quarters of an hour.
# Fewer rows: ENDPOINTS='summary resource' and MODES='plain tls' for clusters,
# ROUNDS for sinks.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
build=$1
shift
names=$*
if [ -z "$names" ]; then
    for program in "$build"/bench/bench_*; do
        case $program in *.d | *.o) continue ;; esac
        names="$names ${program##*/bench_}"
    done
    names="$names cluster-100 cluster-1000 cluster-5000 peers-100 peers-1000 memory discovery api sinks"
fi

failed=0
for name in $names; do
    echo "bench: $name" >&2
    case $name in
    cluster-* | peers-* | memory | discovery | api) bash tests/bench/cluster.sh "$build" "$name" ;;
    sinks | sinks-*) bash tests/bench/sinks.sh "$build" "$name" ;;
    history) "$build/bench/bench_history" && bash tests/bench/sinks.sh "$build" history ;;
    *)
        [ -x "$build/bench/bench_$name" ] || {
            echo "bench: there is no bench named $name" >&2
            failed=1
            continue
        }
        "$build/bench/bench_$name"
        ;;
    esac || failed=1
done
exit $failed
