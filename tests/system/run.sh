#!/bin/bash
# Runs the supervised tree for real and puts it through what supervise/README.md
# promises: run.sh [PROGRAM [NAME...]]. Prints a line a case, as the unit tests
# do, and exits 1 when one fails. PROGRAM is out/skerry by default; NAME picks
# test_NAME.sh files.
set -u
here=$(cd "$(dirname "$0")" && pwd)
if [ $# -gt 0 ]; then
    export PROGRAM=$1
    shift
fi
[ $# -gt 0 ] || set -- tools config death run
result=0
for name in "$@"; do
    bash "$here/test_$name.sh" || result=1
done
exit $result
