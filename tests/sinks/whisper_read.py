"""What carbon wrote, in the forms of servers.sh.

usage: whisper_read.py DIRECTORY points UNTIL | counts | series METRIC KEY

DIRECTORY holds the metrics below the prefix.

Whisper's format (one archive): aggregation, longest interval, share, archives;
then offset, step, count of the archive; then count slots of time and value. All
big-endian. Read here without whisper's own module: 50,000 files in a second.
"""

import os
import struct
import sys

HEAD = struct.Struct("!2LfL3L")
FAMILIES = {"filesystem", "disk", "accelerator"}


def slots(path):
    """(time, value) of every slot that was written, in order."""
    with open(path, "rb") as file:
        data = file.read()
    offset, _, count = HEAD.unpack_from(data)[4:]
    flat = struct.unpack_from("!" + "Ld" * count, data, offset)
    return sorted((flat[i], flat[i + 1]) for i in range(0, 2 * count, 2) if flat[i])


def key_and_metric(parts):
    """nodes.NODE.pods.NS.POD.containers.NAME.METRIC..., as graphite.c writes it."""
    if parts[0] == "cluster":
        return "cluster", parts[1:]
    if parts[0] == "namespaces":
        return "ns/" + parts[1], parts[2:]
    node, rest = parts[1], parts[2:]
    if rest[0] == "sys-containers":
        return "sys/%s/%s" % (node, rest[1]), rest[2:]
    if rest[0] != "pods":
        return "node/" + node, rest
    space, pod, rest = rest[1], rest[2], rest[3:]
    if rest[0] != "containers":
        return "pod/%s/%s" % (space, pod), rest
    return "con/%s/%s/%s" % (space, pod, rest[1]), rest[2:]


def metric_of(parts, key):
    labelled = parts[0] in FAMILIES and len(parts) == 3
    if labelled:
        # The root, "/", is written as every slash of a name.
        return "%s/%s[%s]" % (parts[0], parts[2], "/" if parts[1] == "_" else parts[1])
    return "/".join(parts).replace("nvidia_com", "nvidia.com")


def files(top):
    for directory, _, names in os.walk(top):
        for name in names:
            path = os.path.join(directory, name)
            yield path, os.path.relpath(path, top)[:-4].split("/")


def number(value):
    return "%d" % value if value == int(value) else repr(value)


def main(top, what, metric=None, key=None):
    counts = {}
    labelled = os.environ.get("LABELLED", "no") != "no"
    for path, parts in files(top):
        if not parts or parts[0] not in ("cluster", "namespaces", "nodes"):
            continue
        of, rest = key_and_metric(parts)
        name = metric_of(rest, of)
        if what == "counts" and (rest[0] in FAMILIES) != labelled:
            continue
        if what == "series" and (name, of) != (metric, key):
            continue
        found = slots(path)
        if what == "points":
            found = [slot for slot in found if slot[0] <= int(metric)]
            if found:
                print(of, name, number(found[-1][1]), found[-1][0], sep="\t")
        for time, value in found:
            counts[time] = counts.get(time, 0) + 1
            if what == "series":
                print(time, number(value))
    if what == "counts":
        for time in sorted(counts):
            print(time, counts[time])


main(*sys.argv[1:])
