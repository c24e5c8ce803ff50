#!/bin/bash
# The page in Debian's chromium, headless: every view against the simulated cluster,
# clicked through, values against the truth, no console error, no outside request.
# Screenshots stay under out/screenshots/.
set -u
. "$(dirname "$0")/../cluster/lib.sh"

for tool in node npm chromium; do
    if ! command -v "$tool" >/dev/null; then
        echo "SKIP $TEST $tool is not there"
        exit 0
    fi
done

# The browser's driver, by the lock file; kept under build/ until that changes.
DRIVER=$ROOT/build/web-driver-$(sha256sum tests/web/package-lock.json | cut -c1-16)
if [ ! -d "$DRIVER" ]; then
    mkdir -p "$WORK/driver"
    cp tests/web/package.json tests/web/package-lock.json "$WORK/driver"
    if ! (cd "$WORK/driver" && npm ci --no-audit --no-fund --ignore-scripts) >"$WORK/npm.out" 2>&1; then
        echo "SKIP $TEST npm cannot fetch what tests/web/package-lock.json names"
        exit 0
    fi
    mkdir -p "$ROOT/build"
    mv "$WORK/driver" "$DRIVER"
fi

sim_start --nodes=6 --pods-per-node=20 --psi --swap
tree_start --nodes=20 --metric-resolution=5s --history=64M "--source=$(source_of tls kubeletTLS=verify)"
await_scraped 12 60 || { fail "the cluster is not scraped"; exit 1; }
# From here on all stands still, so that values can be compared.
command_ok '/time?do=freeze'
await_cycles 3 60 || { fail "no cycles any more"; exit 1; }

export DRIVER URL SIM_ADMIN TREE
export SCREENSHOTS=$ROOT/out/screenshots
mkdir -p "$SCREENSHOTS"
node tests/web/page.mjs || FAILURES=$((FAILURES + 1))
finish
