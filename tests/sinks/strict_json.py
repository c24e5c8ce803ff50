"""Reads JSON strictly: no member twice, numbers as they are written."""

import json

from strict_protobuf import DecodeError, strict


def unique(pairs):
    found = dict(pairs)
    strict(len(found) == len(pairs), "a member stands twice in", pairs)
    return found


def read_json(line):
    try:
        return json.loads(line.decode("utf-8"), object_pairs_hook=unique,
                          parse_float=lambda text: text, parse_int=lambda text: text)
    except ValueError as error:
        raise DecodeError("no JSON: %r: %s" % (line[:200], error)) from error
