"""A server of InfluxDB's write API that goes wrong on command.

usage: fake_server.py MODE-FILE

Prints `port N`. The file's first word says how it answers: ok, nonsense, half,
hang, slow, reset, endless, huge, or a status such as 401 or 503. GET /counts gives
lines `SECONDS COUNT` of the points taken with an answer of 204, each counted once.
"""

import gzip
import os
import select
import socket
import struct
import sys
import threading

taken = {}
lock = threading.Lock()

BODIES = {
    "400": b'{"error":"unable to parse"}',
    "401": b'{"error":"authorization failed"}',
    "404": b'{"error":"database not found: \\"k8s\\""}',
}


def mode():
    with open(sys.argv[1], encoding="ascii") as file:
        return file.read().split()[0]


def take(body):
    with lock:
        for line in body.splitlines():
            # Of file systems and disks, see test_influxdb.sh.
            if line.startswith((b"filesystem", b"disk")):
                continue
            series, _, time = line.rpartition(b" ")
            taken.setdefault(int(time) // 10**9, set()).add(hash(series))


def answer(connection, status, body=b"", extra=b""):
    connection.sendall(b"HTTP/1.1 %s x\r\nContent-Length: %d\r\n%s\r\n%s"
                       % (status, len(body), extra, body))


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:])
    if fields.get("expect") == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    while len(body) < int(fields.get("content-length", 0)):
        more = connection.recv(65536)
        if not more:
            return None
        body += more
    if fields.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return lines[0].split()[1], body


def wait_for_end(connection):
    """Until the other side gives up."""
    select.select([connection], [], [], 600)


def go_wrong(connection, how):
    if how == "nonsense":
        connection.sendall(os.urandom(300) + b"\r\n\r\n")
    elif how == "half":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"resu")
    elif how == "hang":
        wait_for_end(connection)
    elif how == "slow":
        connection.sendall(b"HTTP/1.1 204 No Content\r\n")
        for _ in range(600):
            if select.select([connection], [], [], 0.3)[0]:
                break
            connection.sendall(b"X-Wait: a\r\n")
    elif how == "endless":
        connection.sendall(b"HTTP/1.1 500 x\r\n\r\n")
        while True:
            connection.sendall(b"a" * 65536)
    elif how == "huge":
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Big: " + b"b" * 4000000 + b"\r\n\r\n")
    elif how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def serve(connection):
    with connection:
        while True:
            request = read_request(connection)
            if request is None:
                return
            path, body = request
            if path == "/counts":
                with lock:
                    lines = ["%d %d\n" % (time, len(taken[time])) for time in sorted(taken)]
                answer(connection, b"200", "".join(lines).encode())
                continue
            how = mode()
            if how.isdigit():
                answer(connection, how.encode(), BODIES.get(how, b"no"))
            elif how != "ok":
                go_wrong(connection, how)
                return
            elif path.startswith("/query"):
                answer(connection, b"200", b'{"results":[{"statement_id":0}]}')
            else:
                take(body)
                answer(connection, b"204")


def serve_quietly(connection):
    try:
        serve(connection)
    except OSError:
        pass


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print("port", listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve_quietly, args=(connection,), daemon=True).start()


main()
