"""Clients in numbers: many questions at once, over few connections or many."""
import contextlib
import itertools
import os
import selectors
import socket
import threading
import time

import socketmap
from daemon import ADDRESS

STUCK = 0.5     # seconds without progress
PIPELINED = 50  # questions under way on one connection: below the daemon's bound


def question(key, name="QUERY"):
    payload = f"{name} {key}".encode()
    return b"%d:%s," % (len(payload), payload)


def connect(source):
    """A connection from one of the addresses of 127.0.0.0/8."""
    stream = socket.create_connection(ADDRESS, timeout=20, source_address=(source, 0))
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


def connect_locally(path, user=None):
    """A connection to a socket in the file system; the daemon sees that user at its other end."""
    own = os.geteuid()
    try:
        os.seteuid(own if user is None else user)
        stream = socket.socket(socket.AF_UNIX)
        stream.connect(path)  # waits for room in the backlog
    finally:
        os.seteuid(own)
    stream.settimeout(20)
    return stream


def answer(stream, key):
    """To one question on a connection that is otherwise idle."""
    stream.sendall(question(key))
    return stream.recv(1 << 16).partition(b":")[2].decode()


def send_until_stuck(stream, octets):
    """Until the other end takes no more, since nothing of what it sends is read."""
    stream.settimeout(STUCK)
    with contextlib.suppress(TimeoutError):
        while True:
            stream.send(octets)


def ends(stream, limit):
    """Whether the other end closes or breaks the connection in that time, whatever it still says before."""
    end = time.monotonic() + limit
    with contextlib.suppress(ConnectionError):
        while (left := end - time.monotonic()) > 0:
            stream.settimeout(left)
            try:
                if not stream.recv(1 << 16):
                    return True
            except TimeoutError:
                return False
        return False
    return True


class Asker:
    """One connection that has some questions under way, in order."""

    def __init__(self, names):
        self.names, self.answers, self._rest = list(names), [], b""
        self.began, self.took = time.monotonic(), None
        self.stream = socketmap.connect(ADDRESS)
        self.stream.sendall(b"".join(map(question, self.names)))
        self.stream.setblocking(False)

    def take(self):
        """False once all answers are there, or none will come."""
        try:
            octets = self.stream.recv(1 << 18)
        except BlockingIOError:
            return True
        self._rest += octets
        at = 0
        while (colon := self._rest.find(b":", at)) > 0:
            end = colon + 1 + int(self._rest[at:colon])
            if len(self._rest) <= end:
                break
            self.answers.append(self._rest[colon + 1:end].decode())
            at = end + 1
        self._rest = self._rest[at:]
        self.took = time.monotonic() - self.began
        return bool(octets) and len(self.answers) < len(self.names)


def askers_of(names):
    return [Asker(names[at:at + PIPELINED]) for at in range(0, len(names), PIPELINED)]


def gather(askers, limit):
    """Takes all answers that come within the limit, in seconds."""
    waiting, end = selectors.DefaultSelector(), time.monotonic() + limit
    for asker in askers:
        waiting.register(asker.stream, selectors.EVENT_READ, asker)
    while waiting.get_map() and time.monotonic() < end:
        for key, _ in waiting.select(0.5):
            if not key.data.take():
                waiting.unregister(key.fileobj)
                key.fileobj.close()
    for asker in askers:
        asker.stream.close()
    return {name: answer for asker in askers for name, answer in zip(asker.names, asker.answers)}


def ask_all(names, limit=60.0):
    """All at once; the answer of each name that got one."""
    return gather(askers_of(list(names)), limit)


def ask_around(names, midst, limit=60.0):
    """The same, and in their midst some that each have a connection of their own: the answers of the
    former, and of each of the latter the answer and after how many seconds it came."""
    half = len(names) // 2
    before = askers_of(names[:half])
    own = [Asker([name]) for name in midst]
    answers = gather(before + own + askers_of(names[half:]), limit)
    return {name: answers[name] for name in names if name in answers}, {
        asker.names[0]: (answers.get(asker.names[0], ""), asker.took or limit) for asker in own}


def pipeline(names):
    """All questions written on one connection without waiting; the answers, in order."""
    asker = Asker([])
    asker.stream.setblocking(True)
    asker.names = list(names)
    writer = threading.Thread(target=asker.stream.sendall, args=(b"".join(map(question, asker.names)),))
    writer.start()
    while asker.take():
        pass
    writer.join()
    asker.stream.close()
    return asker.answers


def flood(names):
    """One client with some connections, each full of questions; how many were answered."""
    answered, lanes = 0, [Lane() for _ in range(LANES)]
    for batch in iter(lambda: list(itertools.islice(names, PIPELINED)), []):
        answered += lanes[0].finish()
        lanes[0].begin(batch)
        lanes.append(lanes.pop(0))
    return answered + sum(lane.finish() for lane in lanes)


LANES = 40


class Lane:
    """A connection that has a batch of questions under way, all about names without a policy."""

    def __init__(self):
        self._stream, self._owed = socketmap.connect(ADDRESS, limit=60), 0

    def begin(self, batch):
        self._stream.sendall(b"".join(map(question, batch)))
        self._owed = len(batch)

    def finish(self):
        owed, octets = self._owed * len(b"9:NOTFOUND ,"), b""
        while len(octets) < owed:
            got = self._stream.recv(1 << 16)
            if not got:
                break
            octets += got
        self._owed = 0
        return octets.count(b"9:NOTFOUND ,")
