"""Policy hosts: TLS servers that choose certificate and answer by the name in SNI."""
import dataclasses
import socket
import ssl
import threading
import time

PATIENCE = 30.0  # seconds a connection may be silent before the server gives it up


@dataclasses.dataclass
class Site:
    certificate: object               # file with key and chain
    body: bytes = b""
    status: str = "200 OK"
    content_type: str = "text/plain"
    headers: tuple = ()               # more lines, each without its line end
    length: int = None                # Content-Length, where it shall not be the true one
    delay: float = 0.0                # seconds before the answer

    def response(self):
        lines = [f"HTTP/1.1 {self.status}", f"Content-Length: {len(self.body) if self.length is None else self.length}"]
        if self.content_type:
            lines.append(f"Content-Type: {self.content_type}")
        lines += [*self.headers, "Connection: close"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


@dataclasses.dataclass
class Visit:
    sni: str = None
    request: str = ""                 # request line and headers; "" where TLS failed


def policy(*mx, mode="enforce", max_age=604800, more=()):
    """A document as RFC 8461 section 3.2 wants it."""
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {name}" for name in mx), f"max_age: {max_age}", *more]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _context(certificate, newest):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if newest is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = newest
    return context


class PolicyServer:
    """One listening address. `newest`: the best TLS version it speaks, for old servers."""

    def __init__(self, address, port=443, newest=None):
        self._newest = newest
        self._sites, self._contexts, self._context_of, self.visits = {}, {}, {}, []
        self._listener = socket.create_server((address, port), backlog=128,
                                              family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self):
        """Returns when the address is free again."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._thread.join()
        self._listener.close()

    def set(self, host, site):
        self._sites[host] = site
        if site.certificate not in self._context_of:  # hundreds of hosts may share one
            self._context_of[site.certificate] = _context(site.certificate, self._newest)
        self._contexts[host] = self._context_of[site.certificate]

    def forget(self, host):
        self._sites.pop(host, None)
        self._contexts.pop(host, None)

    def visits_of(self, host):
        return [visit for visit in list(self.visits) if visit.sni == host]

    def _serve(self):
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._visit, args=(stream,), daemon=True).start()

    def _front(self, visit):
        """A context that notes the name and hands over to the one of that site."""
        any_site = next(iter(self._sites.values()), None)
        if any_site is None:
            return None
        front = _context(any_site.certificate, self._newest)

        def choose(tls, name, _):
            visit.sni = name
            if name not in self._contexts:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            tls.context = self._contexts[name]
            return None

        front.sni_callback = choose
        return front

    def _visit(self, stream):
        visit = Visit()
        self.visits.append(visit)
        stream.settimeout(PATIENCE)
        front = self._front(visit)
        if front is None:
            stream.close()
            return
        try:
            with front.wrap_socket(stream, server_side=True) as tls:
                self._serve_request(tls, visit)
        except (OSError, ssl.SSLError):
            stream.close()  # the client's right, and often the test's point

    def _serve_request(self, tls, visit):
        head = b""
        while b"\r\n\r\n" not in head and (octets := tls.recv(4096)):
            head += octets
        visit.request = head.decode("latin-1")
        site = self._sites.get(visit.sni)
        if site is None or not head:
            return
        if site.delay:
            time.sleep(site.delay)  # the slow host itself, no wait of a test
        tls.sendall(site.response())
        tls.unwrap()
