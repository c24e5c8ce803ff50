#!/bin/bash
# Our own objects never reach the C library's heap, openly or hidden: read from
# what the release objects leave undefined.
set -u
: "${RELEASE:=build/release}"
heap='malloc|calloc|realloc|free|strdup|strndup|asprintf|vasprintf|fopen|fdopen|opendir|scandir|getaddrinfo|getline|getdelim|qsort_r|popen|tmpfile|open_memstream|setvbuf|syslog|getpwnam|getgrnam|pthread_create'
for room in base platform budget model parse discover scrape host table history sink update api terminal app; do
    objects=$(find "$RELEASE/src/$room" -name '*.o' ! -name memory.o 2>/dev/null)
    if [ -z "$objects" ]; then
        echo "SKIP no heap in $room: nothing was built"
        continue
    fi
    # shellcheck disable=SC2086
    found=$(nm -Au $objects | grep -E " U ($heap)$" | sed 's/.*src\///' | xargs)
    if [ -z "$found" ]; then
        echo "PASS no heap in $room"
    else
        echo "FAIL no heap in $room: $found"
    fi
done

binary=out/skerry
if readelf -d "$binary" 2>/dev/null | grep -q 'no dynamic section'; then
    echo "PASS the binary is static"
else
    echo "FAIL the binary is static: $binary has a dynamic section or is missing"
fi
