# What the tests of the page share; each test_X.sh sources it after
# ../cluster/lib.sh. Sets DRIVER and SCREENSHOTS, or ends with SKIP.

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
    # Another test may have been faster.
    mv -T "$WORK/driver" "$DRIVER" 2>/dev/null || [ -d "$DRIVER" ] || exit 1
fi
SCREENSHOTS=$ROOT/out/screenshots
mkdir -p "$SCREENSHOTS"
export DRIVER SCREENSHOTS

page_run() { # SCRIPT
    node "tests/web/$1" || FAILURES=$((FAILURES + 1))
}
