#!/bin/bash
# libyaml, for kubeconfig: for size. Its archive has no configure, and needs none.
version=$(sed -n 's/^version //p' "$RECIPE/pin")
IFS=. read -r major minor patch <<<"$version"
for file in src/*.c; do
    # shellcheck disable=SC2086
    $CC $CFLAGS -Os -Iinclude -c "$file" -o "${file%.c}.o" \
        -DYAML_VERSION_MAJOR="$major" -DYAML_VERSION_MINOR="$minor" \
        -DYAML_VERSION_PATCH="$patch" -DYAML_VERSION_STRING="\"$version\""
done
mkdir -p "$OUT/lib"
"$AR" rcs "$OUT/lib/libyaml.a" src/*.o
install -m 644 -D include/yaml.h "$OUT/include/yaml.h"
