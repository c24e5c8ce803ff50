#!/bin/bash
# The software bill of materials of the images, SPDX 2.3 as JSON:
#
#   sbom.sh BILL VERSION OUT IMAGE...
#
# BILL has a line a file that something was made of: name, version, licence (SPDX),
# sha256 or -, file name, with tabs between. IMAGEs are what is described.
set -euo pipefail
[ $# -ge 4 ] || { echo 'usage: sbom.sh BILL VERSION OUT IMAGE...' >&2; exit 2; }
bill=$1 version=$2 out=$3
shift 3

images=$(for image in "$@"; do
    printf '%s\t%s\n' "${image##*/}" "$(sha256sum <"$image" | cut -d' ' -f1)"
done)

# The same file stands in the bill once for each package that uses it.
sort -u "$bill" | jq -Rn --arg version "$version" --arg images "$images" '
    def id: "SPDXRef-" + gsub("[^A-Za-z0-9.-]"; "-");
    def sums: if . == "-" then {} else {checksums: [{algorithm: "SHA256", checksumValue: .}]} end;
    def package($name; $version; $licence; $sum; $file): {
        SPDXID: "\($name)-\($file)" | id,
        name: $name,
        versionInfo: $version,
        packageFileName: $file,
        downloadLocation: "NOASSERTION",
        filesAnalyzed: false,
        licenseConcluded: $licence,
        licenseDeclared: $licence,
        copyrightText: "NOASSERTION"
    } + ($sum | sums);
    [inputs | split("\t") | select(length == 5) | package(.[0]; .[1]; .[2]; .[3]; .[4])] as $parts
    | [$images | split("\n")[] | split("\t") | package("skerry"; $version; "MIT"; .[1]; .[0])]
        as $wholes
    | {
        spdxVersion: "SPDX-2.3",
        dataLicense: "CC0-1.0",
        SPDXID: "SPDXRef-DOCUMENT",
        name: "skerry-\($version)",
        # The first image tells this document from those of other builds.
        documentNamespace:
            "https://spdx.org/spdxdocs/skerry-\($version)-\($wholes[0].checksums[0].checksumValue)",
        creationInfo: {created: "2025-01-01T00:00:00Z", creators: ["Tool: skerry-sbom"]},
        packages: ($wholes + $parts),
        relationships: [
            ($wholes[] | {spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES",
                relatedSpdxElement: .SPDXID}),
            ($wholes[] as $whole | $parts[] | {spdxElementId: $whole.SPDXID,
                relationshipType: "CONTAINS", relatedSpdxElement: .SPDXID})
        ]
    }' >"$out.tmp"
mv "$out.tmp" "$out"
