#!/bin/sh
# Runs the supervised tree in the foreground: run.sh DIRECTORY [flags...]
#
# DIRECTORY gets the scan directory of s6, the state and the logs; the live table
# lies in a directory of its own under /dev/shm. A bad configuration is said and
# nothing is started (exit 100). SIGINT, SIGTERM and SIGHUP stop everything in
# order. The program is DIRECTORY/../skerry, or $SKERRY_PROGRAM.
set -eu

say() {
    echo "run: $*" >&2
}

refuse() {
    say "$1"
    exit "${2:-1}"
}

[ $# -ge 1 ] || refuse "usage: run.sh DIRECTORY [flags...]" 100
mkdir -p "$1" || refuse "the directory $1 cannot be made" 100
directory=$(cd "$1" && pwd)
shift
templates=$(cd "$(dirname "$0")" && pwd)
program=${SKERRY_PROGRAM:-$(dirname "$directory")/skerry}
service=$directory/service

for tool in s6-svscan s6-svc s6-svok s6-log execlineb flock setsid setpriv; do
    command -v "$tool" >/dev/null ||
        refuse "$tool is missing: apt-get install s6 execline util-linux" 100
done
[ -x "$program" ] || refuse "the program $program is missing: build it first" 100

# Descriptor 9 goes to all children: the lock is free when the last one is gone.
exec 9>"$directory/lock"
flock -n 9 || refuse "another run lives in $directory: stop it, or run in another directory" 1

# What a run that was killed may have left.
remove_shm() {
    old=$(readlink "$directory/shm" 2>/dev/null) || return 0
    case $old in
    /dev/shm/skerry-*) rm -rf -- "$old" ;;
    esac
    rm -f "$directory/shm"
}

write_flags() {
    : >"$directory/flags"
    for flag in "$@"; do
        case $flag in
        *'
'*) refuse "a flag holds a line break" 100 ;;
        esac
        printf '%s\n' "$flag" >>"$directory/flags"
    done
}

# The scan directory is made afresh: nothing in it outlives a run.
prepare() {
    rm -rf "$service"
    mkdir -p "$service" "$directory/state" "$directory/log"
    cp -R "$templates/.s6-svscan" "$templates/s6-svscan-log" "$service"
    # Only what this configuration needs: a supervisor costs memory too.
    for role in $("$program" roles); do
        cp -R "$templates/$role" "$service"
    done
    mkfifo -m 600 "$service/s6-svscan-log/fifo"
    SKERRY_SHM=$(mktemp -d /dev/shm/skerry-XXXXXXXX) ||
        refuse "/dev/shm is not writable: the live table needs it" 100
    # The roles' own users must get through; nobody else is let in otherwise.
    if grep -q '^--uid[-_]base' "$directory/flags"; then
        chmod 1777 "$SKERRY_SHM" "$directory/state"
    fi
    ln -sfn "$SKERRY_SHM" "$directory/shm"
}

# Ends what a killed s6-svscan left behind; each within its timeout-kill.
sweep() {
    for one in "$service"/*/; do
        s6-svc -dx "$one" 2>/dev/null || continue
    done
    tries=100
    for one in "$service"/*/; do
        while s6-svok "$one" 2>/dev/null && [ "$tries" -gt 0 ]; do
            tries=$((tries - 1))
            sleep 0.1
        done
    done
}

# The fifo is open for reading and writing as standard input of s6-svscan, so
# that it has a reader while the logger is being restarted.
start() {
    [ "$stopping" = no ] || return 0
    setsid setpriv --pdeathsig TERM s6-svscan -c 16 -t 0 -X 4 "$service" \
        4>&1 <>"$service/s6-svscan-log/fifo" >&0 2>&0 &
    svscan=$!
}

stop() {
    stopping=yes
    [ -z "$svscan" ] || kill -TERM "$svscan" 2>/dev/null || :
}

is_alive() {
    read -r state 2>/dev/null <"/proc/$1/stat" || return 1
    case $state in
    *') Z '*) return 1 ;;
    esac
}

# An orderly stop takes less than a second; where it cannot be had, because
# somebody removed the directory, it is forced.
wait_for_end() {
    tries=100
    while is_alive "$svscan" && [ "$tries" -gt 0 ]; do
        tries=$((tries - 1))
        sleep 0.1
    done
    if is_alive "$svscan"; then
        say "the tree does not stop in order; it is ended"
        kill -KILL "$svscan"
    fi
}

write_flags "$@"
export SKERRY_PROGRAM="$program" SKERRY_FLAGS="$directory/flags" SKERRY_HOME="$PWD"
"$program" validate || exit $?
remove_shm
prepare
export SKERRY_SHM SKERRY_RUN_DIR="$SKERRY_SHM" SKERRY_STATE_DIR="$directory/state"
export SKERRY_SERVICE_DIR="$service" SKERRY_LOG_DIR="$directory/log"
export SKERRY_LOG_FILES=10 SKERRY_LOG_BYTES=1000000

stopping=no
svscan=
trap stop INT TERM HUP
start
while :; do
    code=0
    [ -z "$svscan" ] || wait "$svscan" || code=$?
    if [ "$stopping" = yes ]; then
        break
    fi
    if is_alive "$svscan"; then
        continue
    fi
    say "s6-svscan ended ($code); the tree is started again"
    sweep
    start
done
[ -z "$svscan" ] || wait_for_end
sweep
rm -rf -- "$SKERRY_SHM"
rm -f "$directory/shm"
