#!/bin/bash
# Includes go down the list of rooms only, and platform/ alone talks to the
# system: what src/README.md promises.
set -u
rank() {
    case $1 in
    limits.h) echo 0 ;;
    base) echo 1 ;;
    platform) echo 2 ;;
    budget | model) echo 3 ;;
    parse) echo 4 ;;
    discover | scrape | host | table | update) echo 5 ;;
    history) echo 6 ;;
    sink) echo 7 ;;
    api) echo 8 ;;
    terminal) echo 9 ;;
    app) echo 10 ;;
    *) echo 99 ;;
    esac
}

# Pairs of one rank that may use each other: those that write the live table,
# and scraping by credentials.
allowed_beside() {
    case "$1 $2" in
    "scrape table" | "discover table" | "scrape discover" | "table model" | "table budget") true ;;
    *) false ;;
    esac
}

bad=
while IFS=: read -r file _ line; do
    from=$(echo "$file" | cut -d/ -f2)
    to=$(echo "$line" | sed -E 's/.*"([^"/]+)(\/.*)?".*/\1/')
    [ "$from" != "$to" ] && [ "$from" != limits.h ] || continue
    a=$(rank "$from")
    b=$(rank "$to")
    if [ "$b" -ge "$a" ] && ! allowed_beside "$from" "$to"; then
        bad="$bad $file->$to"
    fi
done < <(grep -rnE '^#include "' src --include='*.c' --include='*.h')
if [ -z "$bad" ]; then
    echo "PASS includes go down"
else
    echo "FAIL includes go down:$bad"
fi

# System headers with calls of the kernel or the C library's heap and files.
bad=$(grep -rlE '^#include <(sys/(socket|mman|epoll|prctl|stat|vfs|statfs|inotify|signalfd|eventfd|syscall)|fcntl|netdb|dirent|poll)\.h>' \
    src --include='*.c' --include='*.h' | grep -vE '^src/(platform|app|api)/' | xargs)
if [ -z "$bad" ]; then
    echo "PASS system calls stay in platform, api and app"
else
    echo "FAIL system calls stay in platform, api and app: $bad"
fi
