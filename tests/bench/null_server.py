"""A server that takes everything and keeps nothing, for benches of sinks whose
servers are not packaged.

usage: null_server.py http|riemann|stream|datagram

Prints `port N`. http answers as Elasticsearch where it is asked (GET, PUT, _bulk)
and otherwise with an empty 200, which is what OpenTSDB and OTLP want; riemann
confirms each message; stream and datagram only read.
"""

import socket
import struct
import sys
import threading

ROOM = 1 << 20
ELASTICSEARCH = b'{"version":{"number":"7.10.2"},"errors":false}'
RIEMANN_OK = struct.pack(">I", 2) + b"\x10\x01"


class Reader:
    def __init__(self, connection):
        self.connection = connection
        self.room = bytearray(ROOM)
        self.rest = b""

    def more(self):
        size = self.connection.recv_into(self.room)
        if size == 0:
            raise EOFError
        return bytes(self.room[:size])

    def until(self, mark):
        while mark not in self.rest:
            self.rest += self.more()
        part, _, self.rest = self.rest.partition(mark)
        return part

    def exactly(self, size):
        while len(self.rest) < size:
            self.rest += self.more()
        part, self.rest = self.rest[:size], self.rest[size:]
        return part

    def skip(self, size):
        taken = min(size, len(self.rest))
        self.rest = self.rest[taken:]
        size -= taken
        while size > 0:
            got = self.connection.recv_into(self.room, min(size, ROOM))
            if got == 0:
                raise EOFError
            size -= got


def http(connection):
    reader = Reader(connection)
    while True:
        lines = reader.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:])
        if fields.get("expect") == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        reader.skip(int(fields.get("content-length", 0)))
        asks = not lines[0].startswith("POST ") or "_bulk" in lines[0]
        body = ELASTICSEARCH if asks else b""
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def riemann(connection):
    reader = Reader(connection)
    while True:
        reader.skip(struct.unpack(">I", reader.exactly(4))[0])
        connection.sendall(RIEMANN_OK)


def stream(connection):
    reader = Reader(connection)
    while True:
        reader.more()


def serve(kind, connection):
    with connection:
        try:
            {"http": http, "riemann": riemann, "stream": stream}[kind](connection)
        except (EOFError, OSError):
            pass


def main():
    kind = sys.argv[1]
    if kind == "datagram":
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        server.bind(("127.0.0.1", 0))
        print("port", server.getsockname()[1], flush=True)
        room = bytearray(1 << 16)
        while True:
            server.recv_into(room)
    server = socket.create_server(("127.0.0.1", 0))
    print("port", server.getsockname()[1], flush=True)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=serve, args=(kind, connection), daemon=True).start()


main()
