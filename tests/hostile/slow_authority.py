#!/usr/bin/python3
"""An authority that takes a while for each answer, as an ordinary cold recursion does; a process of its own.

usage: slow_authority.py ADDRESS MILLISECONDS

No name below it has the record that is asked for, and each denial says so at once for all types.
A name with a label "silent" gets no answer. Ends when stdin closes.
"""
import collections
import os
import selectors
import socket
import sys
import time

from dns_wire import DENIAL, NXDOMAIN, Query

SO_RCVBUFFORCE = 33  # Python 3.11 has no name for it
AUTHORITATIVE = 0x8400  # a response with AA


def take(udp, later, delay):
    while True:
        try:
            wire, peer = udp.recvfrom(4096)
        except BlockingIOError:
            return
        query = Query(wire)
        if b"silent" not in query.labels:
            later.append((time.monotonic() + delay, query.reply(flags=AUTHORITATIVE | NXDOMAIN, denial=DENIAL), peer))


def main(address, milliseconds):
    udp, later, select = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), collections.deque(), selectors.DefaultSelector()
    udp.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    udp.bind((address, 53))
    udp.setblocking(False)
    select.register(udp, selectors.EVENT_READ)
    select.register(sys.stdin, selectors.EVENT_READ)
    while True:
        wait = max(0.0, later[0][0] - time.monotonic()) if later else None
        for key, _ in select.select(wait):
            if key.fileobj is sys.stdin and not os.read(sys.stdin.fileno(), 1):
                return
            take(udp, later, int(milliseconds) / 1000)
        while later and later[0][0] <= time.monotonic():
            _, reply, peer = later.popleft()
            udp.sendto(reply, peer)


if __name__ == "__main__":
    main(*sys.argv[1:])
