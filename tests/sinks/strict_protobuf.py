"""Reads protobuf by a schema and takes nothing that is not in it.

A schema is {number: (name, type, repeated)}; a type is "string", "bool", "uint",
"int", "sint", "fixed64", "sfixed64", "double", "float", or another schema. decode()
gives a dictionary by names, lists for what is repeated; DecodeError says what is
wrong.
"""

import struct

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
WIRE = {"string": BYTES, "bool": VARINT, "uint": VARINT, "int": VARINT, "sint": VARINT,
        "fixed64": FIXED64, "sfixed64": FIXED64, "double": FIXED64, "float": FIXED32}


class DecodeError(Exception):
    pass


def strict(condition, *what):
    if not condition:
        raise DecodeError(" ".join(str(part) for part in what))


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise DecodeError("a number does not end")
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def take(data, at, size):
    if at + size > len(data):
        raise DecodeError("a field is cut off")
    return data[at:at + size], at + size


def scalar(kind, raw):
    if kind == "bool":
        if raw > 1:
            raise DecodeError("a bool is %d" % raw)
        return raw == 1
    if kind == "int":
        return raw - (1 << 64) if raw >= 1 << 63 else raw
    if kind == "sint":
        return (raw >> 1) ^ -(raw & 1)
    if kind == "uint":
        return raw
    if kind == "string":
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DecodeError("a string is not UTF-8") from error
    return struct.unpack({"fixed64": "<Q", "sfixed64": "<q", "double": "<d", "float": "<f"}[kind],
                         raw)[0]


def decode(schema, data):
    message = {}
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        if number not in schema:
            raise DecodeError("there is no field %d" % number)
        name, kind, repeated = schema[number]
        if wire != (BYTES if isinstance(kind, dict) else WIRE[kind]):
            raise DecodeError("%s has wire type %d" % (name, wire))
        if wire == VARINT:
            raw, at = varint(data, at)
        elif wire == BYTES:
            size, at = varint(data, at)
            raw, at = take(data, at, size)
        else:
            raw, at = take(data, at, 8 if wire == FIXED64 else 4)
        value = decode(kind, raw) if isinstance(kind, dict) else scalar(kind, raw)
        if repeated:
            message.setdefault(name, []).append(value)
        elif name in message:
            raise DecodeError("%s stands twice" % name)
        else:
            message[name] = value
    return message
