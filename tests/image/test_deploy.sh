#!/bin/bash
# The examples of firmware/image/deploy are true: the program takes their flags, the
# memory they give is enough, and they ask for what the image needs.
set -u
. "$(dirname "$0")/../cluster/lib.sh"
DEPLOY=firmware/image/deploy

# The words after the image that are the program's.
flags_of() { # FILE
    case $1 in
    *.container) sed -n 's/^Exec=//p' "$1" | tr ' ' '\n' ;;
    *.service) sed -n '/localhost\/skerry:latest/,/[^\\]$/p' "$1" | tr -s ' \\' '\n' | grep '^--' ;;
    *.yaml) sed -n 's/^ *- \(--[a-z].*\)$/\1/p' "$1" ;;
    esac
}

# The limit that the file gives, in bytes.
memory_of() { # FILE
    grep -v '^#' "$1" | sed -n -e 's/.*--memory=\([0-9]*\)m .*/\1/p' -e 's/^ *mem_limit: \([0-9]*\)m$/\1/p' \
        -e 's/^ *limits: {memory: \([0-9]*\)Mi}$/\1/p' | awk '{print $1 * 1024 * 1024}'
}

flags_are_taken() { # FILE
    local flags bytes
    mapfile -t flags < <(flags_of "$1")
    [ "${#flags[@]}" -ge 2 ] || { fail "only ${#flags[@]} flags found"; return; }
    bytes=$("$PROGRAM" plan --json "${flags[@]}" | jq .bytes)
    [ "${bytes:-0}" -gt 0 ] || { fail "the program does not take ${flags[*]}"; return; }
    # What else a container is charged with: a health check, and the pages that
    # are mapped from the image once more.
    [ "$(memory_of "$1")" -ge $((bytes + 4 * 1024 * 1024)) ] ||
        fail "gives $(memory_of "$1") bytes, the plan is $bytes"
}

asks_for() { # FILE PATTERN...
    local file=$1 pattern
    shift
    for pattern in "$@"; do
        grep -qE -- "$pattern" "$file" || fail "no $pattern"
    done
}

units_verify() {
    command -v systemd-analyze >/dev/null || return 0
    cp $DEPLOY/skerry.service "$WORK/skerry.service"
    # An image that is not there is no fault of the unit's.
    systemd-analyze verify --man=no "$WORK/skerry.service" 2>"$WORK/said" ||
        ! grep -q 'skerry.service' "$WORK/said" || fail "$(grep skerry.service "$WORK/said" | head -n 3)"
}

container_asks() {
    asks_for $DEPLOY/skerry.container '^ReadOnly=true' '^Tmpfs=/run' '^DropCapability=all' \
        '^AddCapability=SETUID SETGID KILL' '^Volume=.*:/data' '^HealthCmd=' '^Restart=always'
}

service_asks() {
    asks_for $DEPLOY/skerry.service '--read-only' '--tmpfs=/run' '--cap-drop=all' \
        '--cap-add=SETUID,SETGID,KILL' '--volume=.*:/data' '^Restart=always'
}

compose_asks() {
    asks_for $DEPLOY/compose.yaml 'read_only: true' '- /run' '- ALL' '- SETUID' '- SETGID' '- KILL' \
        '- data:/data' 'restart: always' '127.0.0.1:8082:8082'
}

kubernetes_asks() {
    asks_for $DEPLOY/kubernetes.yaml 'readOnlyRootFilesystem: true' 'runAsNonRoot: true' \
        'drop: \[ALL\]' 'medium: Memory' 'mountPath: /data' 'path: /readyz.*HTTPS' 'path: /healthz.*HTTPS'
    ! grep -q insecure-open $DEPLOY/kubernetes.yaml || fail 'open to all of the cluster'
    [ "$(grep -c 'namespace: skerry' $DEPLOY/kubernetes.yaml)" = 3 ] || fail "namespaces differ"
}

for file in $DEPLOY/*; do
    case_run "$(basename "$file") has flags that are taken" flags_are_taken "$file"
done
case_run 'the unit verifies' units_verify
case_run 'the quadlet asks for what is needed' container_asks
case_run 'the unit asks for what is needed' service_asks
case_run 'compose asks for what is needed' compose_asks
case_run 'the manifest asks for what is needed' kubernetes_asks
finish
