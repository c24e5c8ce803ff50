#!/bin/bash
# Runs the supervised tree for real and puts it through what supervise/README.md
# promises: run.sh [PROGRAM [NAME...]]. Prints a line a case, as the unit tests
# do, and exits 1 when one fails. PROGRAM is out/skerry by default; NAME picks
# test_NAME.sh files. Everything lies in a temporary directory.
#
# Nothing here waits for a time to pass: it polls for an outcome, with a limit.
set -u

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PROGRAM=$(readlink -f "${1:-$root/out/skerry}")
[ $# -gt 0 ] && shift
RUN=$root/supervise/run.sh

if ! command -v s6-svscan >/dev/null || [ ! -x "$PROGRAM" ]; then
    echo "SKIP system s6 or the program is not there"
    exit 0
fi

WORK=$(mktemp -d)
RESULT=$WORK/failed
export SKERRY_PROGRAM=$PROGRAM
. "$here/lib.sh"
trap clean_up EXIT

for file in "$here"/test_*.sh; do
    name=$(basename "$file" .sh)
    name=${name#test_}
    if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then
        continue
    fi
    . "$file"
done
[ ! -e "$RESULT" ]
