"""A Kafka broker that is strict: one broker, one partition, SASL PLAIN for the account
writer, hunter2, and record batches of version 2 without compression
(kafka.apache.org/protocol).
"""

import datetime
import struct

import strict_protobuf
from strict_event import read_message
from strict_json import read_json
from strict_protobuf import strict

TOPICS = ("heapster-metrics", "heapster-events")


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def crc_entry(value):
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value


CRC_TABLE = [crc_entry(value) for value in range(256)]


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        strict(0 <= size and self.at + size <= len(self.data), "cut off at", self.at)
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def string(self):
        size = self.number("h")
        return None if size < 0 else self.take(size).decode("utf-8")

    def varint(self):
        raw, self.at = strict_protobuf.varint(self.data, self.at)
        return (raw >> 1) ^ -(raw & 1)

    def end(self):
        strict(self.at == len(self.data), "bytes behind the end")


def read_point(value):
    seconds = datetime.datetime.fromisoformat(
        value["MetricsTimestamp"].replace("Z", "+00:00")).timestamp()
    return seconds, (value["MetricsName"], value["MetricsValue"]["value"], seconds,
                     value["MetricsTags"])


def read_batch(reader, topic):
    reader.number("q")
    strict(reader.number("i") == len(reader.data) - reader.at, "length of the batch")
    reader.number("i")
    strict(reader.number("b") == 2, "version of the batch")
    strict(reader.number("I") == crc32c(reader.data[reader.at:]), "checksum of the batch")
    strict(reader.number("h") == 0, "attributes of the batch")
    last = reader.number("i")
    first_ms, last_ms = reader.number("q"), reader.number("q")
    strict((reader.number("q"), reader.number("h"), reader.number("i")) == (-1, -1, -1), "producer")
    count = reader.number("i")
    strict(last == count - 1 and first_ms <= last_ms, "count or times of the batch")
    for number in range(count):
        record = Reader(reader.take(reader.varint()))
        strict(record.number("b") == 0, "attributes of a record")
        at_ms = first_ms + record.varint()
        # Events come in the order of their changes, which is not that of their times.
        strict(at_ms <= last_ms and (first_ms <= at_ms or topic == "heapster-events") and
               record.varint() == number, "record", number)
        strict(record.varint() == -1, "a key")
        value = read_json(record.take(record.varint()))
        strict(record.varint() == 0, "headers")
        record.end()
        seconds, taken = (read_message if topic == "heapster-events" else read_point)(value)
        strict(seconds * 1000 == at_ms, "time of a record", value)
        yield taken
    reader.end()


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def answer_metadata(topic, port):
    brokers = struct.pack(">ii", 1, 7) + text("127.0.0.1") + struct.pack(">ih", port, -1)
    partition = struct.pack(">hii", 0, 0, 7) + struct.pack(">ii", 1, 7) * 2
    topic = struct.pack(">h", 0) + text(topic) + struct.pack(">bi", 0, 1) + partition
    return brokers + struct.pack(">ii", 7, 1) + topic


def produce(reader, give):
    strict(reader.string() is None, "a transaction")
    acks = reader.number("h")
    reader.number("i")
    strict(acks in (1, -1) and reader.number("i") == 1, "acks or topics")
    topic = reader.string()
    strict(topic in TOPICS and reader.number("i") == 1, "topic", topic)
    partition = reader.number("i")
    records = Reader(reader.take(reader.number("i")))
    reader.end()
    give(list(read_batch(records, topic)))
    return (struct.pack(">i", 1) + text(topic) +
            struct.pack(">iihqqi", 1, partition, 0, 0, -1, 0))


def answer_of(api, version, reader, state, port, give):
    if api == 18:
        apis = ((0, 3, 3), (3, 1, 1), (17, 1, 1), (18, 0, 0), (36, 0, 0))
        return struct.pack(">hi", 0, len(apis)) + b"".join(struct.pack(">hhh", *row) for row in apis)
    if api == 17:
        strict(version == 1 and reader.string() == "PLAIN", "handshake")
        return struct.pack(">hi", 0, 1) + text("PLAIN")
    if api == 36:
        state["in"] = reader.take(reader.number("i")) == b"\0writer\0hunter2"
        return (struct.pack(">hhi", 0, -1, 0) if state["in"] else
                struct.pack(">h", 58) + text("no such account") + struct.pack(">i", 0))
    if api == 3:
        strict(version == 1 and reader.number("i") == 1, "topics")
        topic = reader.string()
        strict(topic in TOPICS, "topic", topic)
        return answer_metadata(topic, port)
    strict(api == 0 and version == 3, "request", api, version)
    return produce(reader, give)


def answer(request, state, port, give):
    """Of one request without its size; `state` belongs to the connection: state["locked"]
    asks for the account."""
    reader = Reader(request)
    api, version, correlation = reader.number("h"), reader.number("h"), reader.number("i")
    reader.string()
    strict(state.get("in") or not state["locked"] or api in (18, 17, 36), "request", api,
           "before the account")
    body = answer_of(api, version, reader, state, port, give)
    reader.end()
    body = struct.pack(">i", correlation) + body
    return struct.pack(">i", len(body)) + body
