"""A name server that says what the test tells it, and remembers what it was asked."""
import dataclasses
import socket
import struct
import threading

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

NEGATIVE_TTL = 60
CNAME_LIMIT = 12


@dataclasses.dataclass
class Answer:
    records: tuple = ()          # rdata in zone file form; none: NODATA
    ttl: int = 300
    rcode: str = "NOERROR"
    ad: bool = False             # as a validating resolver says it
    delay: float = 0.0           # seconds
    drop: bool = False           # no reply at all
    truncate: bool = False       # TC over UDP, whole over TCP


@dataclasses.dataclass(frozen=True)
class Query:
    name: str
    type: str
    transport: str


def _fold(name):
    return name.rstrip(".").lower()


class DnsServer:
    def __init__(self, address="127.0.0.1", port=53):
        self.address, self.port = address, port
        self._answers, self._lock, self.queries = {}, threading.Lock(), []
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((address, port))
        self._tcp = socket.create_server((address, self._udp.getsockname()[1]))
        self.port = self._udp.getsockname()[1]
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._serve_udp, self._serve_tcp)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        """Returns when the address is free again."""
        for each, thread in zip((self._udp, self._tcp), self._threads):
            try:
                each.shutdown(socket.SHUT_RDWR)  # ends the wait in the thread
            except OSError:
                pass
            thread.join()
            each.close()

    def set(self, name, rdtype, *records, **how):
        """What to say from now on. A name nobody set anything for does not exist."""
        with self._lock:
            self._answers[_fold(name), rdtype] = Answer(records, **how)

    def forget(self, name):
        with self._lock:
            for key in [key for key in self._answers if key[0] == _fold(name)]:
                del self._answers[key]

    def silence(self, *names):
        """No reply to any question about these names, whatever was set."""
        for name in names:
            for rdtype in ("TXT", "A", "AAAA", "CNAME"):
                self.set(name, rdtype, drop=True)

    def asked(self, name, rdtype=None):
        """How often a name (and type) was asked for."""
        with self._lock:
            return sum(q.name == _fold(name) and rdtype in (None, q.type) for q in self.queries)

    def _serve_udp(self):
        while True:
            try:
                wire, peer = self._udp.recvfrom(4096)
            except OSError:
                return
            if not wire:  # shut down
                return
            self._reply(wire, "udp", lambda octets, peer=peer: self._udp.sendto(octets, peer))

    def _serve_tcp(self):
        while True:
            try:
                stream, _ = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_stream, args=(stream,), daemon=True).start()

    def _serve_stream(self, stream):
        with stream, stream.makefile("rb") as reader:
            while len(head := reader.read(2)) == 2:
                wire = reader.read(struct.unpack("!H", head)[0])
                self._reply(wire, "tcp", lambda octets: stream.sendall(struct.pack("!H", len(octets)) + octets))

    def _reply(self, wire, transport, send):
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return
        question = query.question[0]
        rdtype = dns.rdatatype.to_text(question.rdtype)
        with self._lock:
            self.queries.append(Query(_fold(question.name.to_text()), rdtype, transport))
            answer, reply = self._compose(query, question, rdtype)
        if answer.drop:
            return
        octets = self._encode(query, reply, answer, transport)
        if answer.delay:
            threading.Timer(answer.delay, self._send_quietly, (send, octets)).start()
        else:
            self._send_quietly(send, octets)

    @staticmethod
    def _send_quietly(send, octets):
        try:
            send(octets)
        except OSError:
            pass  # the asker has gone

    def _compose(self, query, question, rdtype):
        """Follows CNAMEs as a resolver does; returns the last answer found and the message."""
        reply = dns.message.make_response(query, recursion_available=True)
        owner, answer = question.name, Answer()
        for _ in range(CNAME_LIMIT):
            name = _fold(owner.to_text())
            answer = self._answers.get((name, rdtype))
            alias = self._answers.get((name, "CNAME")) if answer is None and rdtype != "CNAME" else None
            if alias is None or not alias.records:
                break
            self._add(reply, owner, "CNAME", alias)
            owner = dns.name.from_text(alias.records[0])
        if answer is None:
            known = any(key[0] == _fold(owner.to_text()) for key in self._answers)
            answer = alias or Answer(rcode="NOERROR" if known else "NXDOMAIN")
        reply.set_rcode(dns.rcode.from_text(answer.rcode))
        if answer.ad:
            reply.flags |= dns.flags.AD
        if answer.records and not (alias and answer is alias):
            self._add(reply, owner, rdtype, answer)
        elif answer.rcode in ("NOERROR", "NXDOMAIN"):
            soa = f"ns.invalid. root.invalid. 1 3600 600 86400 {NEGATIVE_TTL}"
            reply.authority.append(dns.rrset.from_text(dns.name.root, NEGATIVE_TTL, "IN", "SOA", soa))
        return answer, reply

    @staticmethod
    def _add(reply, owner, rdtype, answer):
        reply.answer.append(dns.rrset.from_text(owner, answer.ttl, "IN", rdtype, *answer.records))

    @staticmethod
    def _encode(query, reply, answer, transport):
        if transport == "tcp":
            return reply.to_wire(max_size=65535)
        try:
            if not answer.truncate:
                return reply.to_wire(max_size=query.payload or 512)
        except dns.exception.TooBig:
            pass
        reply.flags |= dns.flags.TC
        reply.answer, reply.authority = [], []
        return reply.to_wire()
