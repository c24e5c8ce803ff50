#!/bin/bash
# Packs the tree that rootfs.sh made as an image of one layer:
#
#   oci.sh TREE VERSION ARCHIVE [NAME]
#
# ARCHIVE is an OCI layout in a tar, with docker's manifest.json beside it, so
# that `podman load` and `docker load` of any age take it. The same tree gives the
# same bytes: names sorted, times and owners fixed.
set -euo pipefail

# 2025-01-01, as with the packages.
EPOCH=1735689600
CREATED=2025-01-01T00:00:00Z

pack() { # DIRECTORY NAMES...: a tar on standard output
    local directory=$1
    shift
    tar -C "$directory" --format=ustar --sort=name --mtime="@$EPOCH" --owner=0 --group=0 \
        --numeric-owner --no-acls --no-selinux --no-xattrs -cf - "$@"
}

sha256() {
    sha256sum | cut -d' ' -f1
}

# Stores standard input as a blob and prints its digest.
blob() {
    local digest
    cat >"$work/blob"
    digest=$(sha256 <"$work/blob")
    mv "$work/blob" "$layout/blobs/sha256/$digest"
    echo "$digest"
}

size_of() { # DIGEST
    stat -c %s "$layout/blobs/sha256/$1"
}

# --memory is what a plan says, so none is set here. The health check asks the
# guard's report in /run, not the network.
config() {
    jq -cn --arg created "$CREATED" --arg diff "sha256:$1" --arg version "$version" '{
        created: $created,
        architecture: "amd64",
        os: "linux",
        config: {
            User: "0:0",
            Env: ["PATH=/bin:/usr/bin:/usr/lib/execline/bin", "SKERRY_FLAGS=/run/skerry/flags",
                "SKERRY_STATE_DIR=/data/state"],
            Entrypoint: ["/init"],
            WorkingDir: "/",
            StopSignal: "SIGTERM",
            ExposedPorts: {"8082/tcp": {}},
            Volumes: {"/data": {}},
            Healthcheck: {
                Test: ["CMD", "/bin/skerry", "status"],
                Interval: 30000000000,
                Timeout: 5000000000,
                StartPeriod: 60000000000,
                Retries: 3
            },
            Labels: {
                "org.opencontainers.image.title": "Skerry",
                "org.opencontainers.image.description":
                    "A monitoring appliance for Kubernetes with fixed memory",
                "org.opencontainers.image.version": $version,
                "org.opencontainers.image.licenses": "MIT"
            }
        },
        rootfs: {type: "layers", diff_ids: [$diff]},
        history: [{created: $created, created_by: "oci.sh"}]
    }'
}

manifest() { # CONFIG LAYER
    jq -cn --arg config "$1" --arg layer "$2" --argjson config_size "$(size_of "$1")" \
        --argjson layer_size "$(size_of "$2")" '{
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: {mediaType: "application/vnd.oci.image.config.v1+json",
            digest: "sha256:\($config)", size: $config_size},
        layers: [{mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
            digest: "sha256:\($layer)", size: $layer_size}]
    }'
}

index() { # MANIFEST
    jq -cn --arg manifest "$1" --argjson size "$(size_of "$1")" --arg name "$name" '{
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.index.v1+json",
        manifests: [{mediaType: "application/vnd.oci.image.manifest.v1+json",
            digest: "sha256:\($manifest)", size: $size,
            platform: {architecture: "amd64", os: "linux"},
            annotations: {"io.containerd.image.name": "\($name):latest",
                "org.opencontainers.image.ref.name": "latest"}}]
    }'
}

docker_manifest() { # CONFIG LAYER
    jq -cn --arg config "$1" --arg layer "$2" --arg name "$name" --arg version "$version" '[{
        Config: "blobs/sha256/\($config)",
        RepoTags: ["\($name):latest", "\($name):\($version)"],
        Layers: ["blobs/sha256/\($layer)"]
    }]'
}

[ $# -ge 3 ] || { echo 'usage: oci.sh TREE VERSION ARCHIVE [NAME]' >&2; exit 2; }
tree=$1 version=$2 archive=$3
# Of this host, so that it is not looked for in a registry.
name=${4:-localhost/skerry}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
layout=$work/layout
umask 022
mkdir -p "$layout/blobs/sha256"

pack "$tree" . >"$work/layer"
diff=$(sha256 <"$work/layer")
layer=$(gzip -9n <"$work/layer" | blob)
config=$(config "$diff" | blob)
manifest=$(manifest "$config" "$layer" | blob)
index "$manifest" >"$layout/index.json"
docker_manifest "$config" "$layer" >"$layout/manifest.json"
echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
pack "$layout" blobs index.json manifest.json oci-layout >"$archive.tmp"
mv "$archive.tmp" "$archive"
