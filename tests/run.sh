#!/bin/bash
# Runs every test program and prints one closing line:
#   N passed, N failed, N skipped
# usage: tests/run.sh BUILD RELEASE   (folders of the test and release builds)
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
build=$1
release=$2
results=$(mktemp)
trap 'rm -f "$results"' EXIT

# A test program prints PASS, FAIL or SKIP and a name for each case. One that
# ends badly without a FAIL line (a sanitizer, a signal) is a failure itself.
run() {
    local name=$1 output status
    shift
    output=$("$@" 2>&1)
    status=$?
    printf '%s\n' "$output" | grep -E '^(PASS|FAIL|SKIP) ' | sed "s|^[A-Z]* |&$name: |" >>"$results"
    if [ "$status" != 0 ]; then
        printf '%s\n' "--- $name (exit $status)" "$output"
        printf '%s\n' "$output" | grep -q '^FAIL ' || printf 'FAIL %s: exit %s\n' "$name" "$status" >>"$results"
    fi
}

for program in "$build"/unit/*/test_* "$release"/unit/platform/test_{seal,memory}; do
    [ -x "$program" ] && [ -f "$program" ] || continue
    case $program in
    *.d | *.o) continue ;;
    # These two mean something in the static binary only.
    "$build"/unit/platform/test_seal | "$build"/unit/platform/test_memory) continue ;;
    esac
    run "${program#"$build"/}" "$program"
done

for program in "$build"/fuzz/fuzz_*; do
    [ -x "$program" ] && [ -f "$program" ] || continue
    name=${program##*/fuzz_}
    corpus=$(find "tests/fuzz/corpus/$name" -type f 2>/dev/null)
    if [ -z "$corpus" ]; then
        printf 'SKIP fuzz/%s: no corpus\n' "$name" >>"$results"
        continue
    fi
    # shellcheck disable=SC2086
    if output=$("$program" $corpus 2>&1); then
        printf 'PASS fuzz/%s\n' "$name" >>"$results"
    else
        printf '%s\n' "--- fuzz/$name" "$output"
        printf 'FAIL fuzz/%s\n' "$name" >>"$results"
    fi
done

for script in tests/tree/test_*.sh tests/system/test_*.sh tests/cluster/test_*.sh \
    tests/sinks/test_*.sh; do
    [ -f "$script" ] || continue
    run "${script#tests/}" env RELEASE="$release" BUILD="$build" bash "$script"
done

grep -E '^(FAIL|SKIP) ' "$results"
passed=$(grep -c '^PASS ' "$results")
failed=$(grep -c '^FAIL ' "$results")
skipped=$(grep -c '^SKIP ' "$results")
printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
