#!/usr/bin/python3
"""A name server in a process of its own that answers by the form of the name, fast, and lies on demand.

usage: name_server.py ADDRESS HOST_ADDRESS=ACT...

A domain is ANY.ACT.hosts.example, whose policy host is at one of the addresses that play ACT, or
ANY.TRICK.dns.example, whose record is answered with a trick of ours and whose policy host
is good, or one of mail_zone.py. No other name exists. Ends when stdin closes.
"""
import collections
import itertools
import os
import selectors
import socket
import struct
import sys
import time
import zlib

from dns_wire import A, AD, DENIAL, NS, NXDOMAIN, QR_RD_RA, TC, TTL, TXT, Query, alias, encode, record, text
from mail_zone import MailZone, is_count, is_mail

SO_RCVBUFFORCE = 33  # Python 3.11 has no name for it
SLOW = 1.5  # seconds
CHAIN = 40  # CNAMEs
LARGE = 60_000
FORGED = 12  # wrong answers before the right one: below what makes a socket be retired


class NameServer:
    def __init__(self, address, hosts):
        self._addresses = collections.defaultdict(list)
        for at, act in (host.split("=") for host in hosts):
            self._addresses[act.encode()].append(socket.inet_aton(at))
        self._mail, self._ids = MailZone(self._addresses[b"good"][0]), itertools.count(1)
        self._later = collections.deque()  # (when, reply, peer)
        self._streams = {}  # of each connection what has come of a question
        self._select = selectors.DefaultSelector()
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self._udp.bind((address, 53))
        self._elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._elsewhere.bind((address, 0))
        self._tcp = socket.create_server((address, 53), backlog=1024)
        for each, work in ((self._udp, self._on_datagrams), (self._tcp, self._on_connection), (sys.stdin, self._end)):
            if each is not sys.stdin:
                each.setblocking(False)
            self._select.register(each, selectors.EVENT_READ, work)
        self._going = True

    def run(self):
        while self._going:
            for key, _ in self._select.select(0.05):
                key.data(key.fileobj)
            while self._later and self._later[0][0] <= time.monotonic():
                _, reply, peer = self._later.popleft()
                self._udp.sendto(reply, peer)

    def _end(self, stdin):
        self._going = bool(os.read(stdin.fileno(), 1))

    def _on_datagrams(self, _):
        for _ in range(256):
            try:
                wire, peer = self._udp.recvfrom(4096)
            except BlockingIOError:
                return
            self._answer(Query(wire), peer)

    def _answer(self, query, peer):
        trick = self._trick(query)
        if trick == b"silent":
            return
        reply = self.judge(query, trick)
        if not reply:
            return
        if trick == b"slow":
            self._later.append((time.monotonic() + SLOW, reply, peer))
            return
        for forgery, sender in self._forgeries(query, trick):
            sender.sendto(forgery, peer)
        if trick == b"truncated" or len(reply) > 1232:
            reply = query.reply(flags=QR_RD_RA | TC)
        self._udp.sendto(reply, peer)

    def _forgeries(self, query, trick):
        """Answers that are not the one: each claims that there is no such record, or another policy."""
        lie = [record(TXT, text(b"v=STSv1; id=forged;"))]
        for n in range(FORGED):
            if trick == b"wrong-id":
                wrong = struct.pack("!H", (struct.unpack("!H", query.id)[0] + 1 + n) % 65536)
                yield query.reply(lie, own_id=wrong), self._udp
            if trick == b"wrong-question":
                yield query.reply(lie, question=encode(b"_mta-sts.other.example") + query.question[-4:]), self._udp
            if trick == b"other-port":
                yield query.reply(lie), self._elsewhere

    def _on_connection(self, listener):
        stream, _ = listener.accept()
        self._streams[stream] = b""
        self._select.register(stream, selectors.EVENT_READ, self._on_stream)

    def _on_stream(self, stream):
        """Many questions may stand on one connection (RFC 7766 section 6.2.1.1)."""
        try:
            some = stream.recv(65536)
            if some:
                read = self._streams[stream] + some
                while len(read) >= 2 and len(read) >= 2 + struct.unpack_from("!H", read)[0]:
                    size = 2 + struct.unpack_from("!H", read)[0]
                    self._answer_stream(Query(read[2:size]), stream)
                    read = read[size:]
                self._streams[stream] = read
                return
        except OSError:
            pass
        self._select.unregister(stream)
        del self._streams[stream]
        stream.close()

    def _answer_stream(self, query, stream):
        trick = self._trick(query)
        reply = query.reply(flags=QR_RD_RA | TC) if trick == b"truncated" else self.judge(query, trick)
        stream.sendall(struct.pack("!H", len(reply)) + reply if reply else b"")

    @staticmethod
    def _trick(query):
        """Only the record is tricky; the policy host's addresses come at once."""
        if query.labels[-2:] != [b"dns", b"example"] or query.labels[0] == b"mta-sts":
            return b""
        return query.labels[-3]

    def judge(self, query, trick):
        first, zone = query.labels[:1], query.labels[-2:]
        if not query.labels:
            return query.reply([record(NS, b"\0")] if query.type == NS else (), QR_RD_RA | AD, DENIAL)
        if is_mail(query):
            return self._mail.judge(query)
        if is_count(query):
            return self._mail.count(query)
        if zone[-1:] != [b"example"] or len(query.labels) < 4 or zone[0] not in (b"hosts", b"dns"):
            return query.reply(flags=QR_RD_RA | NXDOMAIN, denial=DENIAL)
        if trick in (b"chain", b"loop"):
            return query.reply([alias(query, 2 if trick == b"loop" else CHAIN)])
        if query.type == TXT and first == [b"_mta-sts"]:
            return query.reply(self._texts(trick))
        if query.type == A and first == [b"mta-sts"]:
            act = query.labels[-3] if zone[0] == b"hosts" else b"good"
            some = self._addresses[act]
            return query.reply([record(A, some[zlib.crc32(query.labels[1]) % len(some)])])
        return query.reply(denial=DENIAL)

    def _texts(self, trick):
        if trick == b"large":
            return [record(TXT, text(b"x" * 250)) for _ in range(LARGE // 264)]
        number = next(self._ids) if trick == b"ids" else 1
        return [record(TXT, text(b"v=STSv1; id=i%d;" % number), 1 if trick == b"ids" else TTL)]


if __name__ == "__main__":
    NameServer(sys.argv[1], sys.argv[2:]).run()
