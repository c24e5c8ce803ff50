#!/bin/bash
# Runs every test program and prints one closing line:
#   N passed, N failed, N skipped
# usage: tests/run.sh BUILD RELEASE   (folders of the test and release builds)
#
# Two at a time, because most wait for cycles rather than for a processor;
# SKERRY_TEST_JOBS says how many. TESTS='cluster/test_values.sh fuzz/ ...' runs
# only those whose names begin so.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
build=$1
release=$2
jobs=${SKERRY_TEST_JOBS:-2}
work=$(mktemp -d)
count=0
trap 'rm -rf "$work"' EXIT

wanted() { # NAME
    local prefix
    [ -n "${TESTS:-}" ] || return 0
    for prefix in $TESTS; do
        [[ $1 != "$prefix"* ]] || return 0
    done
    return 1
}

# A test program prints PASS, FAIL or SKIP and a name for each case. One that
# ends badly without a FAIL line (a sanitizer, a signal) is a failure itself.
judge() { # NAME RESULT COMMAND...
    local name=$1 result=$2 start=$SECONDS status
    shift 2
    "$@" >"$result.out" 2>&1 </dev/null
    status=$?
    grep -E '^(PASS|FAIL|SKIP) ' "$result.out" | sed "s|^[A-Z]* |&$name: |" >"$result"
    if [ "$status" != 0 ]; then
        { echo "--- $name (exit $status)" && cat "$result.out"; } >"$result.failed"
        grep -q '^FAIL ' "$result" || echo "FAIL $name: exit $status" >>"$result"
    fi
    [ $((SECONDS - start)) -lt 10 ] || echo "$name: $((SECONDS - start)) s"
}

run() { # NAME COMMAND...
    wanted "$1" || return 0
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
        wait -n
    done
    count=$((count + 1))
    local name=$1
    shift
    judge "$name" "$work/$(printf %04d "$count")" "$@" &
}

replay() { # PROGRAM NAME
    local corpus
    corpus=$(find "tests/fuzz/corpus/$2" -type f 2>/dev/null)
    if [ -z "$corpus" ]; then
        echo "SKIP no corpus"
        return
    fi
    # shellcheck disable=SC2086
    "$1" $corpus && echo "PASS replays its corpus"
}

# The longest first, so that none is left over at the end.
for script in tests/{tree,image,sinks,cluster,web,serve,system}/test_*.sh; do
    [ -f "$script" ] || continue
    run "${script#tests/}" env RELEASE="$release" BUILD="$build" bash "$script"
done

for program in "$build"/unit/*/test_* "$release"/unit/platform/test_{seal,memory}; do
    [ -x "$program" ] && [ -f "$program" ] || continue
    case $program in
    *.d | *.o) continue ;;
    # These two mean something in the static binary only.
    "$build"/unit/platform/test_seal | "$build"/unit/platform/test_memory) continue ;;
    esac
    name=${program#"$build"/}
    run "${name#"$release"/}" "$program"
done

for program in "$build"/fuzz/fuzz_*; do
    [ -x "$program" ] && [ -f "$program" ] || continue
    name=${program##*/fuzz_}
    run "fuzz/$name" replay "$program" "$name"
done
wait

cat "$work"/*.failed 2>/dev/null
cat "$work"/[0-9][0-9][0-9][0-9] >"$work/results" 2>/dev/null
grep -E '^(FAIL|SKIP) ' "$work/results"
passed=$(grep -c '^PASS ' "$work/results")
failed=$(grep -c '^FAIL ' "$work/results")
skipped=$(grep -c '^SKIP ' "$work/results")
printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
