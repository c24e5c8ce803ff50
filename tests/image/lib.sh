# shellcheck shell=bash
# What the tests of the images share, beside tests/cluster/lib.sh, which each reads
# first for the simulated cluster, cases and questions to the API:
#
#   image_build PROGRAM    packs PROGRAM; sets IMAGE_TREE and IMAGE_ARCHIVE
#   image_load             into podman, under a name of this test: IMAGE
#   container_start NAME [podman's flags] -- [flags]
#                          sets CONTAINER, PID (of its process 1), GROUP
#
# podman's networks, cgroup v2 and seccomp are not everywhere: host network, runc,
# and limits of processes and files that an unprivileged machine may give.

IMAGE_TREE=$WORK/root
IMAGE_ARCHIVE=$WORK/skerry-oci.tar
IMAGE=
CONTAINER=
PODMAN='podman --runtime runc'
LIMITS='--ulimit nofile=1024:1024 --ulimit nproc=4096:4096'
RIGHTS='--cap-drop=all --cap-add=SETUID,SETGID,KILL'

image_build() { # PROGRAM
    local prefix
    prefix=$(cat "$RELEASE/prefix") && strip -o "$WORK/skerry" "$1" || return
    : >"$WORK/bill"
    firmware/image/rootfs.sh "$WORK/skerry" "$prefix" "$IMAGE_TREE" "$WORK/bill" &&
        firmware/image/oci.sh "$IMAGE_TREE" 0.0.0 "$IMAGE_ARCHIVE"
}

has_podman() {
    command -v podman runc >/dev/null && podman info >/dev/null 2>&1
}

# Under a name of this test's own: nobody's image is replaced.
image_load() {
    IMAGE=localhost/skerry-test-$$:latest
    firmware/image/oci.sh "$IMAGE_TREE" 0.0.0 "$IMAGE_ARCHIVE" "${IMAGE%:latest}" &&
        $PODMAN load -q -i "$IMAGE_ARCHIVE" >/dev/null
}

container_start() { # NAME [podman's flags] -- [flags]
    local ours=()
    CONTAINER=$1-$$
    shift
    while [ "$1" != -- ]; do
        ours+=("$1")
        shift
    done
    shift
    # shellcheck disable=SC2086
    $PODMAN run -d --name "$CONTAINER" $LIMITS --network=host "${ours[@]}" "$IMAGE" "$@" \
        >/dev/null || return
    container_look
}

# Its process 1, and the folder of its cgroup.
container_look() {
    local path
    PID=$(podman inspect "$CONTAINER" --format '{{.State.Pid}}')
    [ "$PID" != 0 ] || return
    path=$(awk -F: '$2 == "memory" || $1 == "0" && $2 == "" {print $2 ":" $3; exit}' "/proc/$PID/cgroup")
    case $path in
    memory:*) GROUP=/sys/fs/cgroup/memory${path#*:} ;;
    *) GROUP=/sys/fs/cgroup${path#*:} ;;
    esac
}

# What the kernel says of the container's memory. The peak holds pages of files,
# which fill any limit in time and are given up when they must; what it could not
# give up is what has to fit.
group_peak() {
    cat "$GROUP/memory.max_usage_in_bytes" 2>/dev/null || cat "$GROUP/memory.peak"
}

group_kept() {
    if [ -e "$GROUP/memory.kmem.usage_in_bytes" ]; then
        awk '$1 == "rss" || $1 == "shmem" {sum += $2} NF == 1 {sum += $1} END {print sum}' \
            "$GROUP/memory.stat" "$GROUP/memory.kmem.usage_in_bytes"
    else
        awk '$1 == "anon" || $1 == "shmem" || $1 == "kernel" {sum += $2} END {print sum}' \
            "$GROUP/memory.stat"
    fi
}

# Kills, and allocations that failed for good.
group_kills() {
    awk '$1 == "oom_kill" || $1 == "oom" {sum += $2} END {print sum + 0}' \
        "$(ls "$GROUP/memory.oom_control" 2>/dev/null || echo "$GROUP/memory.events")"
}

container_log() {
    podman logs "$CONTAINER" 2>&1
}

says() { # PATTERN
    container_log | grep -q -e "$1"
}

state_is() { # STATE
    [ "$(podman inspect "$CONTAINER" --format '{{.State.Status}}')" = "$1" ]
}

exit_code() {
    podman inspect "$CONTAINER" --format '{{.State.ExitCode}}'
}

# Process on the host by its command line, which is `/bin/skerry collect`, `s6-log ...`.
pid_of() { # PATTERN
    local pid
    while read -r pid; do
        if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q "^$1 *$"; then
            echo "$pid"
            return
        fi
    done <"$GROUP/cgroup.procs"
    return 1
}

is_other() { # PATTERN PID
    local now
    now=$(pid_of "$1") && [ "$now" != "$2" ]
}

inside() { # COMMAND...
    $PODMAN exec "$CONTAINER" "$@"
}

all_ready() {
    [ "$(appliance '[.roles[] | select(.state != "ready")] | length')" = 0 ]
}

container_remove() {
    [ -z "$CONTAINER" ] || podman rm -f -t 0 -v "$CONTAINER" >/dev/null 2>&1
    CONTAINER=
}

# Bytes that the plan says, as the kernel counts them.
planned() { # flags...
    local bytes
    bytes=$("$PROGRAM" plan --json "$@" | jq .bytes) || return
    echo $(((bytes + 4095) / 4096 * 4096))
}

image_clean_up() {
    container_remove
    [ -z "$IMAGE" ] || podman rmi -f "$IMAGE" >/dev/null 2>&1
    clean_up
}
trap image_clean_up EXIT
