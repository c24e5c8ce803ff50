#!/usr/bin/env python3
"""Clients that mean no good, many at once; for the tests of the server.

    flood.py KIND [--tls] --port=N [--count=N] [--seconds=N] [--source=ADDRESS] [--token=T]

KIND: `connect`  opens connections one after the other as fast as it can and keeps
                 them as long as they last
      `half`     begins TLS handshakes and leaves them where they are
      `idle`     asks once and says nothing more
      `slow`     sends a head a byte at a time
      `greedy`   asks for much and reads a byte at a time
      `requests` asks as fast as it can

Prints `opened N answered N cut N`. One thread, non-blocking.
"""
import argparse
import errno
import resource
import selectors
import socket
import ssl
import sys
import time

RESOURCE = "/metrics"


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--source", default="127.0.0.1")
    parser.add_argument("--token", default="")
    parser.add_argument("--tls12", action="store_true")
    return parser.parse_args()


class Client:
    """One connection; `step` is called when it may go on."""

    def __init__(self, options, context):
        self.options = options
        self.raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if options.kind == "greedy":
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.raw.setblocking(False)
        self.raw.bind((options.source, 0))
        code = self.raw.connect_ex(("127.0.0.1", options.port))
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, "connect")
        self.context = context
        self.tls = None
        self.shaken = not options.tls
        self.sent = 0
        self.got = 0
        self.gone = False
        head = f"GET {RESOURCE} HTTP/1.1\r\nHost: localhost\r\n"
        if options.token:
            head += f"Authorization: Bearer {options.token}\r\n"
        self.head = (head + "\r\n").encode()

    def stream(self):
        return self.tls or self.raw

    def shake(self):
        if self.tls is None:
            self.tls = self.context.wrap_socket(self.raw, do_handshake_on_connect=False)
        self.tls.do_handshake()
        self.shaken = True

    def send(self, size):
        if self.sent < len(self.head):
            self.sent += self.stream().send(self.head[self.sent:self.sent + size])

    def receive(self, size):
        data = self.stream().recv(size)
        self.got += len(data)
        if not data:
            self.gone = True

    def act(self):
        kind = self.options.kind
        if kind == "half":
            if self.tls is None:
                try:
                    self.shake()
                except ssl.SSLWantReadError:
                    pass  # the hello is out; what comes back is never read
            return
        if not self.shaken:
            self.shake()
        if kind == "connect":
            self.receive(1)
        elif kind == "slow":
            self.send(1)
            self.receive(1)
        elif kind == "greedy":
            self.send(4096)
            self.receive(1)
        else:
            self.send(4096)
            self.receive(65536)
            if kind == "requests" and self.got > 0 and self.sent == len(self.head):
                self.sent = 0

    def step(self):
        try:
            self.act()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            pass
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ENOTCONN, errno.EINPROGRESS):
                self.gone = True

    def close(self):
        try:
            self.stream().close()
        except OSError:
            pass


def main():
    options = parse()
    context = None
    if options.tls or options.kind == "half":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if options.tls12:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = options.count + 100
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, max(hard, wanted)), max(hard, wanted)))
    selector = selectors.DefaultSelector()
    alive, opened, answered, cut = set(), 0, 0, 0
    end = time.monotonic() + options.seconds
    again = options.kind in ("half", "slow", "requests")
    slow_at = 0
    while time.monotonic() < end:
        for _ in range(200):
            if len(alive) >= options.count or (opened >= options.count and not again):
                break
            try:
                client = Client(options, context)
            except OSError:
                break
            opened += 1
            alive.add(client)
            selector.register(client.raw, selectors.EVENT_READ | selectors.EVENT_WRITE, client)
        now = time.monotonic()
        paced = options.kind in ("slow", "greedy")
        ready = [key.data for key, _ in selector.select(0.05)]
        if not paced or now >= slow_at:
            slow_at = now + 0.2
            for client in ready:
                client.step()
                if client.shaken and options.kind in ("connect", "idle", "half"):
                    watch_end(selector, client)
        else:
            time.sleep(0.02)
        for client in [one for one in ready if one.gone]:
            forget(selector, client)
            alive.discard(client)
            answered += client.got > 0
            cut += 1
    for client in alive:
        answered += client.got > 0
        client.close()
    print(f"opened {opened} answered {answered} cut {cut} alive {len(alive)}")
    return 0


def watch_end(selector, client):
    """Nothing more is sent: only what comes matters."""
    if client.options.kind == "half" and client.tls is not None:
        return forget_only(selector, client)
    if client.sent == len(client.head) or client.options.kind == "connect":
        try:
            selector.modify(client.raw, selectors.EVENT_READ, client)
        except (KeyError, ValueError, OSError):
            pass


def forget_only(selector, client):
    try:
        selector.unregister(client.raw)
    except (KeyError, ValueError, OSError):
        pass


def forget(selector, client):
    forget_only(selector, client)
    client.close()


if __name__ == "__main__":
    sys.exit(main())
