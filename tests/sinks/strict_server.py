"""Servers that are strict, for stores that no package provides here.

usage: strict_server.py KIND FILE [CERTIFICATE KEY]

KIND: otlp, elasticsearch, riemann, wavefront, statsd, kafka. Prints `port N`. What is
taken goes into FILE, a line of JSON for each value, as Heapster's Kafka messages:
  {"MetricsName", "MetricsValue": {"value"}, "MetricsTimestamp", "MetricsTags"}
(numbers as text, so that no digit changes); of events as strict_event.py has them. Whatever the protocol does not allow is
refused and told in FILE.errors. With a certificate: over TLS; kafka then demands the
account writer, password hunter2. With the key in AWS_KEY, its secret in AWS_SECRET
and AWS_REGION, elasticsearch demands that every request is signed.
"""

import datetime
import gzip
import http.server
import json
import os
import re
import socket
import socketserver
import ssl
import struct
import sys
import threading

import strict_aws
import strict_event
import strict_kafka
import strict_otlp
import strict_protobuf
from strict_json import read_json
from strict_protobuf import DecodeError, strict

KIND, FILE = sys.argv[1:3]
TLS = sys.argv[3:5]
lock = threading.Lock()
out = open(FILE, "w", encoding="utf-8")
errors = open(FILE + ".errors", "w", encoding="utf-8")


def complain(error):
    with lock:
        print(error, file=errors, flush=True)


def give(points):
    """Points: (name, value, seconds, tags), or events: dicts."""
    with lock:
        for event in points:
            if isinstance(event, dict):
                print(json.dumps(event), file=out)
                continue
            name, value, seconds, tags = event
            at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
            print(json.dumps({
                "MetricsName": name,
                "MetricsValue": {"value": str(value)},
                "MetricsTimestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "MetricsTags": tags,
            }), file=out)
        out.flush()


# Elasticsearch 7

documents = {}
kinds = {}
FAMILY = {"cpu": "Cpu", "memory": "Memory", "network": "Network", "filesystem": "Filesystem",
          "general": "General"}


def bulk_document(index, document):
    family = [name for name, word in FAMILY.items() if word + "MetricsTimestamp" in document]
    strict(len(family) == 1, "family of", document)
    time = document.pop(FAMILY[family[0]] + "MetricsTimestamp")
    strict(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", time), "time", time)
    strict(index == "heapster-" + time[:10].replace("-", "."), "index", index, "of", time)
    tags = document.pop("MetricsTags")
    strict(all(isinstance(value, str) for value in tags.values()), "tags", tags)
    if family[0] == "general":
        values = {document.pop("MetricsName"): document.pop("MetricsValue")}
    else:
        values = document.pop("Metrics")
    strict(not document, "more members:", document)
    seconds = datetime.datetime.fromisoformat(time[:-1] + "+00:00").timestamp()
    for name, value in values.items():
        strict(list(value) == ["value"], "value", value)
        # The first document of an index decides what the field is.
        kind = "float" if "." in value["value"] or "e" in value["value"] else "long"
        strict(kinds.setdefault((index, name), kind) == kind, "type of", name, "changes to", kind)
        yield name, value["value"], seconds, tags


def bulk(body):
    strict(body.endswith(b"\n"), "the last line does not end")
    lines = body[:-1].split(b"\n")
    strict(len(lines) % 2 == 0, "an action without a document")
    points = []
    for action, document in zip(lines[::2], lines[1::2]):
        action = read_json(action)
        strict(list(action) == ["index"] and set(action["index"]) == {"_index", "_id"}, action)
        name = action["index"]["_index"], action["index"]["_id"]
        strict(documents.setdefault(name, hash(document)) == hash(document),
               "another document had that id:", document[:300])
        document = read_json(document)
        if "EventTags" in document:
            points.append(strict_event.read_document(name[0], document))
        else:
            points += bulk_document(name[0], document)
    give(points)
    return 200, b'{"errors":false}', "application/json"


def elasticsearch(path, headers, body):
    if path == "/":
        return 200, b'{"version":{"number":"7.10.2"}}', "application/json"
    if path == "/_template/heapster":
        template = read_json(body)
        strict(template["index_patterns"] == ["heapster-*"], template)
        strict("heapster-cpu" in template["aliases"], template)
        return 200, b'{"acknowledged":true}', "application/json"
    if path == "/_template/heapster-events":
        template = read_json(body)
        strict(template == {"index_patterns": ["heapster-*"], "aliases": {"heapster-events": {}}},
               template)
        return 200, b'{"acknowledged":true}', "application/json"
    strict(path.split("?")[0] == "/_bulk", "path", path)
    strict(headers["content-type"] == "application/x-ndjson", "content type")
    return bulk(body)


def otlp(path, headers, body):
    give(strict_otlp.otlp(path, headers, body))
    return 200, b"", "application/x-protobuf"


class Http(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one(self):
        body = exactly(self.rfile, int(self.headers.get("content-length", 0)))
        try:
            if "AWS_KEY" in os.environ:
                strict_aws.check(self.command, self.path, self.headers, body, os.environ["AWS_KEY"],
                                 os.environ["AWS_SECRET"], os.environ["AWS_REGION"])
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            status, answer, kind = {"otlp": otlp, "elasticsearch": elasticsearch}[KIND](
                self.path, self.headers, body)
        except (DecodeError, KeyError, TypeError, ValueError, OSError) as error:
            complain("%s %s: %r" % (self.command, self.path, error))
            status, answer, kind = 400, b"not allowed", "text/plain"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = handle_one

    def log_message(self, *_):
        pass


# Riemann: riemann.proto of its Java client

ATTRIBUTE = {1: ("key", "string", False), 2: ("value", "string", False)}
EVENT = {1: ("time", "int", False), 2: ("state", "string", False), 3: ("service", "string", False),
         4: ("host", "string", False), 7: ("tags", "string", True), 8: ("ttl", "float", False),
         9: ("attributes", ATTRIBUTE, True), 13: ("metric_sint64", "sint", False),
         14: ("metric_d", "double", False)}
MESSAGE = {6: ("events", EVENT, True)}


def riemann_point(event):
    strict(event.get("service") and event.get("ttl") == 60 and event.get("tags") == ["heapster"],
           "event", event)
    strict(("metric_sint64" in event) != ("metric_d" in event), "one value, not", event)
    tags = {}
    for pair in event["attributes"]:
        strict(pair["key"] not in tags, "attribute twice", pair)
        tags[pair["key"]] = pair["value"]
    value = event["metric_sint64"] if "metric_sint64" in event else event["metric_d"]
    return event["service"], value, event["time"], tags


def exactly(stream, size):
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return data


def riemann(stream):
    (size,) = struct.unpack(">I", exactly(stream, 4))
    message = strict_protobuf.decode(MESSAGE, exactly(stream, size))
    give([riemann_point(event) for event in message["events"]])
    return b"\0\0\0\2\x10\x01"  # ok


# Wavefront: lines of its proxy's data format

WAVEFRONT = re.compile(
    r'([-A-Za-z0-9_./]+) (-?[0-9]+(?:\.[0-9]+)?) ([0-9]{10}) source="((?:[^"\\]|\\")+)"'
    r'((?: [-A-Za-z0-9_.]+="(?:[^"\\]|\\")+")*)')


def wavefront(stream):
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    match = WAVEFRONT.fullmatch(line[:-1].decode("utf-8"))
    strict(match, "line", line)
    pairs = re.findall(r' ([-A-Za-z0-9_.]+)="((?:[^"\\]|\\")+)"', match[5])
    tags = dict(pairs)
    strict(len(tags) == len(pairs), "a tag stands twice:", line)
    strict(all(len(key + value) <= 254 for key, value in pairs), "a tag is too long:", line)
    prefix, kind, name = match[1].split(".", 2)
    strict(prefix == "heapster" and kind == tags.get("type", kind), "name", line)
    # Resources of others have dots of their own: nvidia.com/gpu/request.
    name = "/".join(name.rsplit(".", 2 if name.count(".") > 1 else 1))
    give([(name, match[2], int(match[3]), dict(tags, type=kind))])
    return b""


class Stream(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while True:
                self.wfile.write({"riemann": riemann, "wavefront": wavefront, "kafka": self.kafka}
                                 [KIND](self.rfile))
        except (EOFError, OSError):
            pass
        except (DecodeError, KeyError, TypeError, ValueError) as error:
            complain(repr(error))


    def kafka(self, stream):
        (size,) = struct.unpack(">i", exactly(stream, 4))
        state = self.__dict__.setdefault("state", {"locked": bool(TLS)})
        return strict_kafka.answer(exactly(stream, size), state, self.server.server_address[1],
                                   give)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def get_request(self):
        connection, address = super().get_request()
        if TLS:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*TLS)
            connection.settimeout(10)
            connection = context.wrap_socket(connection, server_side=True)
            connection.settimeout(None)
        return connection, address

    def handle_error(self, request, client_address):
        complain("connection: %r" % (sys.exc_info()[1],))


# StatsD in InfluxDB's form: METRIC,KEY=VALUE,...:NUMBER|g

STATSD = re.compile(r"([^,:=|@#\\\s]+)((?:,[^,:=|@#\\]+=[^,:=|@#\\]+)+):([0-9]+(?:\.[0-9]+)?)\|g")


def statsd_line(line):
    match = STATSD.fullmatch(line)
    strict(match, "line", repr(line))
    pairs = [pair.split("=") for pair in match[2][1:].split(",")]
    strict(len(dict(pairs)) == len(pairs), "a tag stands twice:", line)
    return match[1], match[3], 0, dict(pairs)


def statsd():
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    receiver.bind(("127.0.0.1", 0))
    print("port", receiver.getsockname()[1], flush=True)
    while True:
        packet = receiver.recv(65536)
        try:
            strict(len(packet) <= 1432, "a packet of", len(packet))
            lines = packet.decode("utf-8").split("\n")
            strict(len(lines) <= 5, "lines of a packet:", len(lines))
            give([statsd_line(line) for line in lines])
        except (DecodeError, ValueError) as error:
            complain(repr(error))


def main():
    if KIND == "statsd":
        statsd()
    handler = Http if KIND in ("otlp", "elasticsearch") else Stream
    with Server(("127.0.0.1", 0), handler) as server:
        print("port", server.server_address[1], flush=True)
        server.serve_forever()


main()
