#!/bin/bash
# Runs the benches and prints `name value unit` lines.
# usage: tests/bench/run.sh BUILD [names]
#   names: programs of tests/bench (parse, table, ...), `cluster-NODES`, `api`,
#   `discovery`, `peers-NODES`, `sinks` (export with real servers; the same of
#   `history` and record); without names: all of them.
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
    names="$names cluster-100 cluster-1000 cluster-5000 peers-100 peers-1000 discovery api sinks"
fi

for name in $names; do
    case $name in
    cluster-* | peers-* | discovery | api) bash tests/bench/cluster.sh "$build" "$name" ;;
    sinks) bash tests/bench/sinks.sh "$build" sinks ;;
    history) "$build/bench/bench_history" && bash tests/bench/sinks.sh "$build" history ;;
    *) "$build/bench/bench_$name" ;;
    esac
done
