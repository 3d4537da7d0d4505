"""Postfix's side of a socketmap: netstrings over a stream socket."""
import socket


def connect(address, limit=20.0):
    """`address`: (host, port) or the path of a unix socket."""
    family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
    stream = socket.socket(family, socket.SOCK_STREAM)
    stream.settimeout(limit)
    stream.connect(address)
    if family == socket.AF_INET:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


class Client:
    """One connection, one question at a time."""

    def __init__(self, address, limit=20.0):
        self.stream = connect(address, limit)
        self.file = self.stream.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.stream.close()

    def ask(self, key, name="QUERY"):
        self.send(key, name)
        return self.receive()

    def send(self, key, name="QUERY"):
        payload = name.encode() + b" " + (key if isinstance(key, bytes) else key.encode())
        self.stream.sendall(b"%d:%s," % (len(payload), payload))

    def receive(self):
        """The reply's payload as text; None where the server has closed."""
        digits = b""
        while (octet := self.file.read(1)).isdigit():
            digits += octet
        if not octet:
            return None
        if octet != b":" or not digits:
            raise AssertionError(f"no netstring: {digits + octet!r}")
        payload, comma = self.file.read(int(digits)), self.file.read(1)
        if comma != b",":
            raise AssertionError(f"netstring without its comma: {payload!r}{comma!r}")
        return payload.decode("utf-8")


def ask(address, key, name="QUERY"):
    with Client(address) as client:
        return client.ask(key, name)
