#!/bin/bash
# Makes the C array of the page from src/web/: bundled and minified by esbuild,
# compressed by gzip. The same sources give the same bytes; what was made is kept
# under the cache by the content of its sources, and npm is asked only when they
# changed.
#
# usage: firmware/web.sh OUTPUT.c
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
output=$1
cache=${SKERRY_CACHE:-$HOME/.cache/skerry}/web

fail() {
    printf 'firmware/web.sh: %s\n' "$*" >&2
    exit 1
}

sources() {
    find src/web -maxdepth 1 -type f | LC_ALL=C sort
}

# shellcheck disable=SC2046
key=$(sha256sum firmware/web.sh $(sources) | sha256sum | cut -c1-32)

# The chart library makes a format of numbers and asks for the zone while it is
# loaded, neither of which the page uses and which take a third of its script's time:
# hence the definitions. The page's own formats say globalThis.Intl.
bundle() { # DIRECTORY
    local log=$1/log
    # shellcheck disable=SC2046
    cp $(sources) "$1"
    command -v npm >/dev/null || fail 'bundling the page needs npm, and there is none: apt-get install npm.'
    if ! (cd "$1" && npm ci --no-audit --no-fund --ignore-scripts) >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        fail 'npm cannot fetch what src/web/package-lock.json names: is its registry reachable?'
    fi
    if ! (cd "$1" && node_modules/.bin/esbuild main.js app.css --bundle --minify --format=esm \
        --target=es2020 --legal-comments=none --define:Intl.NumberFormat=Object \
        --define:Intl.DateTimeFormat=NoZone --inject:no_zone.js --outdir=made) >"$log" 2>&1; then
        cat "$log" >&2
        fail 'the page cannot be bundled.'
    fi
}

array() { # NAME FILE
    printf 'static const unsigned char %s[] = {\n' "$1"
    gzip -9nc "$2" | od -An -v -tu1 | sed 's/^ *//; s/ \+/,/g; s/$/,/'
    printf '};\n\n'
}

asset() { # NAME FILE ARRAY TYPE
    printf '    {"%s", "%s", "\\"%s\\"", %s, sizeof %s},\n' "$1" "$4" \
        "$(gzip -9nc "$2" | sha256sum | cut -c1-16)" "$3" "$3"
}

write_c() { # DIRECTORY
    printf '// Made from src/web/ by firmware/web.sh.\n#include "api/web_asset.h"\n\n'
    array index_html "$1/index.html"
    array app_js "$1/made/main.js"
    array app_css "$1/made/app.css"
    array icon_svg "$1/icon.svg"
    printf 'const struct web_asset web_assets[] = {\n'
    asset index.html "$1/index.html" index_html 'text/html; charset=utf-8'
    asset app.js "$1/made/main.js" app_js 'text/javascript; charset=utf-8'
    asset app.css "$1/made/app.css" app_css 'text/css; charset=utf-8'
    asset icon.svg "$1/icon.svg" icon_svg 'image/svg+xml'
    printf '};\n\nconst size_t web_asset_count = sizeof web_assets / sizeof web_assets[0];\n'
}

if [ ! -f "$cache/$key/web_assets.c" ]; then
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/work.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    bundle "$work"
    mkdir "$work/result"
    write_c "$work" >"$work/result/web_assets.c"
    # Another build may have been faster.
    mv -T "$work/result" "$cache/$key" 2>/dev/null || [ -f "$cache/$key/web_assets.c" ]
fi
mkdir -p "$(dirname "$output")"
cp "$cache/$key/web_assets.c" "$output.tmp"
mv "$output.tmp" "$output"
