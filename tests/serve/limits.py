#!/usr/bin/env python3
"""What a client may not do, one case a function: sends bytes, judges the answer.

    limits.py --port=N [--tls --token=T]

Prints PASS or FAIL for each case; the server answers a normal client after every
one of them.
"""
import argparse
import re
import socket
import ssl
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--tls", action="store_true")
parser.add_argument("--token", default="")
options = parser.parse_args()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
AUTHORIZATION = f"Authorization: Bearer {options.token}\r\n" if options.token else ""
WAY = "tls" if options.tls else "plain"
# More than every limit of the server's: what takes longer was not cut.
PATIENCE = 45


def dial():
    """A connection; over TLS, whose server cannot say that it is full, tried again."""
    end = time.monotonic() + 10
    while True:
        raw = socket.socket()
        raw.settimeout(PATIENCE)
        raw.connect(("127.0.0.1", options.port))
        try:
            return context.wrap_socket(raw) if options.tls else raw
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def hear(stream):
    """All bytes until the server closes, or resets."""
    data = b""
    try:
        while True:
            piece = stream.recv(65536)
            if not piece:
                return data
            data += piece
    except (ConnectionError, ssl.SSLError):
        return data


def ask(request, close=True):
    """The answer to raw bytes, as far as one comes."""
    stream = dial()
    try:
        stream.sendall(request.encode("latin-1") if isinstance(request, str) else request)
        if close and not options.tls:
            stream.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # it hung up meanwhile, which is an answer
    answer = hear(stream)
    stream.close()
    return answer


def statuses(answer):
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d\d\d) ", answer)]


def get(target, headers="", version="HTTP/1.1", host="Host: localhost\r\n", method="GET",
        last="Connection: close\r\n"):
    return f"{method} {target} {version}\r\n{host}{AUTHORIZATION}{headers}{last}\r\n"


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def one(answer, allowed):
    seen = statuses(answer)
    check(len(seen) <= 1 and (seen[0] if seen else 0) in allowed, f"{seen}: {answer[:200]}")


REFUSED = {0, 400, 403, 404, 405, 413, 414, 431, 501, 505}


def normal():
    """Some of those before may not be gone yet: then it is told to come again."""
    end = time.monotonic() + 10
    seen = [503]
    while seen in ([503], []) and time.monotonic() < end:
        try:
            seen = statuses(ask(get("/healthz?verbose")))
        except OSError:
            seen = []
        time.sleep(0.1)
    check(seen in ([200], [500]), f"a normal client is not served: {seen}")


def smuggling_shapes():
    """None is answered twice, and none is taken for what follows it."""
    inner = get("/metrics")
    for headers in (
        f"Content-Length: {len(inner)}\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 0\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length : 5\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding:\x0bchunked\r\n",
        "X: a\r\n Content-Length: 5\r\n",
        "X: a\r\n\tTransfer-Encoding: chunked\r\n",
        "Host: other\r\n",
    ):
        for method in ("GET", "POST"):
            answer = ask(get("/nothing", headers, method=method, last="") + "0\r\n\r\n" + inner)
            seen = statuses(answer)
            check(len(seen) <= 1 or 200 not in seen, f"{method} {headers!r}: {seen}")
            check(200 not in seen, f"{method} {headers!r}: {seen}")


def bad_chunking():
    for chunk in ("zz\r\n", "-1\r\n", "fffffffffffffffff\r\n", "5;\x00\r\nhello\r\n", "5\nhello\n0\n\n"):
        answer = ask(get("/", "Transfer-Encoding: chunked\r\n", method="POST", last="") + chunk
                     + "0\r\n\r\n" + get("/metrics"))
        check(200 not in statuses(answer), f"{chunk!r}: {statuses(answer)}")


def bare_line_feeds():
    answer = ask(f"GET /nothing HTTP/1.1\nHost: localhost\n{AUTHORIZATION.strip()}\n\n" + get("/metrics"))
    check(statuses(answer) != [200], "taken for the second request")
    answer = ask(get("/nothing", "X: a\nContent-Length: 5\n", last="") + get("/metrics"))
    check(len(statuses(answer)) <= 2, f"{statuses(answer)}")


def control_bytes():
    for request in (
        get("/metrics", "X: \x00\r\n"), get("/met\x00rics"), get("/metrics", "X\x00: a\r\n"),
        "GET /metrics HTTP/1.1\rHost: localhost\r\r", "\x16\x03\x01\x00\xa5" + "\x00" * 200, "\r\n" * 2000,
    ):
        seen = statuses(ask(request))
        check(len(seen) <= 1, f"{request[:40]!r}: {seen}")
        check(200 not in seen, f"{request[:40]!r}: {seen}")


def huge_heads():
    one(ask(get("/metrics", "X: " + "a" * 20000 + "\r\n")), REFUSED)
    one(ask(get("/metrics", "".join(f"X{i}: {'b' * 40}\r\n" for i in range(2000)))), REFUSED)
    one(ask(get("/" + "c" * 20000)), REFUSED)
    one(ask(get("/metrics?" + "d=1&" * 5000)), REFUSED)
    one(ask(get("/metrics?" + "e" * 9000)), REFUSED)
    one(ask(b"G" * 100000), REFUSED)
    one(ask(get("/metrics", "X: " + "f" * 4000 + "\r\n")), {200})


def path_tricks():
    for target in (
        "/../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/./metrics",
        "/metrics/../metrics", "/metrics/..", "//metrics", "/metrics%00", "/%00", "/metrics%",
        "/metrics%2", "/%zz", "/%c0%ae%c0%ae/etc/passwd", "/%e0%80%ae/", "/%ed%a0%80", "/%ff",
        "/metrics\\..\\x", "/api/v1/model/nodes/..%2f..%2fmetrics/metrics", "/%0d%0aX:%20y",
        "/app.js/../app.js", "/.", "/..",
    ):
        answer = ask(get(target))
        one(answer, {400, 404})
        check(b"root:" not in answer, f"{target}: a file")


def other_forms():
    one(ask(get("http://localhost/metrics")), {200, 400, 404})
    one(ask(get("http://evil.example/metrics")), {200, 400, 403, 404})
    for target in ("*", "localhost:80", "metrics", ""):
        one(ask(get(target)), REFUSED)
    for method in ("PUT", "DELETE", "TRACE", "CONNECT", "OPTIONS", "PATCH", "get", "A" * 300):
        one(ask(get("/metrics", method=method)), REFUSED | {401})
    for version in ("HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/11", "http/1.1", "HTTPS/1.1", ""):
        answer = ask(get("/metrics", version=version))
        check(len(statuses(answer)) <= 1, f"{version}: {statuses(answer)}")
    one(ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), REFUSED)


def old_version():
    answer = ask(get("/metrics", version="HTTP/1.0", last=""))
    check(answer.split(b"\r\n")[0].endswith(b"200 OK"), f"{answer[:80]}")
    check(b"chunked" not in answer.split(b"\r\n\r\n")[0].lower(), "chunks for HTTP/1.0")
    check(b"\nskerry_http_clients" in answer, "not whole")


def hosts():
    foreign = statuses(ask(get("/metrics", host="Host: evil.example\r\n")))
    check(foreign == ([200] if options.token else [403]), f"a foreign host: {foreign}")
    if not options.token:
        one(ask(get("/metrics", "Origin: http://evil.example\r\n")), {403})
        one(ask(get("/metrics", "Origin: null\r\n")), {403})
    else:
        # Rebinding: a page of another name has neither cookie nor token.
        bare = "GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
        one(ask(bare), {401})
    one(ask(get("/metrics", host="")), {400})
    one(ask(get("/metrics", host="Host: localhost\r\nHost: localhost\r\n")), {400})
    for host in ("localhost@evil.example", "[::1", "localhost:99999x", "a" * 5000):
        seen = statuses(ask(get("/metrics", host=f"Host: {host}\r\n")))
        check(seen in ([200],) if options.token else 200 not in seen, f"{host[:30]}: {seen}")


def pipelining():
    count = 40
    request = get("/healthz?verbose", last="") * (count - 1) + get("/healthz?verbose")
    seen = statuses(ask(request, close=False))
    check(len(seen) == count and set(seen) <= {200, 500}, f"{len(seen)} answers to {count} requests")
    seen = statuses(ask(get("/nothing", last="") + "BAD\r\n\r\n" + get("/metrics")))
    check(200 not in seen, f"goes on behind rubbish: {seen}")


def early_closes():
    for size in (0, 1, 5, 16, 30, 60):
        for _ in range(10):
            stream = dial()
            stream.sendall(get("/metrics/cluster").encode()[:size])
            stream.close()
    for _ in range(20):
        stream = dial()
        stream.sendall(get("/metrics").encode())
        stream.recv(10)
        stream.close()
    for _ in range(20):
        raw = socket.create_connection(("127.0.0.1", options.port))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        raw.close()  # with a reset


def is_cut(stream, began):
    """The server hangs up, in time."""
    answer = hear(stream)
    took = time.monotonic() - began
    check(took < PATIENCE - 3, f"not cut within {took:.0f} s")
    return answer


def slow_heads():
    streams = [dial() for _ in range(4)]
    began = time.monotonic()
    for stream in streams:
        stream.settimeout(1)
    request = get("/metrics").encode()
    at = 0
    while streams and time.monotonic() - began < PATIENCE:
        for stream in list(streams):
            try:
                stream.sendall(request[at % 20:at % 20 + 1] if at < 20 else b"X")
            except (ConnectionError, ssl.SSLError, OSError):
                streams.remove(stream)
        at += 1
        time.sleep(0.5)
    check(not streams, "slow heads are not cut")


def slow_bodies():
    stream = dial()
    began = time.monotonic()
    stream.sendall(get("/login", "Content-Length: 100\r\nContent-Type: application/x-www-form-urlencoded\r\n",
                       method="POST", last="").encode())
    answer = is_cut(stream, began)
    check(200 not in statuses(answer), f"{statuses(answer)}")


def silence():
    stream = dial()
    answer = is_cut(stream, time.monotonic())
    check(statuses(answer) in ([], [408]), f"{statuses(answer)}")


CASES = (smuggling_shapes, bad_chunking, bare_line_feeds, control_bytes, huge_heads, path_tricks,
         other_forms, old_version, hosts, pipelining, early_closes, slow_heads, slow_bodies, silence)


def main():
    failed = 0
    for case in CASES:
        name = f"{WAY}_{case.__name__}"
        try:
            case()
            normal()
            print(f"PASS {name}", flush=True)
        except (AssertionError, OSError) as error:
            failed += 1
            print(f"FAIL {name} {error!r}"[:400], flush=True)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
