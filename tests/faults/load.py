"""Those who ask: a crowd for known names (asker.cc), and newcomers for names nobody knows."""
import dataclasses
import subprocess
import threading
import time

import form
import socketmap
from waiting import until


@dataclasses.dataclass
class Failure:
    asked: float   # CLOCK_MONOTONIC
    tried: float   # sent last, or the last connecting began
    ended: float
    why: str


@dataclasses.dataclass
class Tally:
    asked: int
    retried: int
    failed: int
    wrong: int
    slowest: float  # seconds
    failures: list
    wrong_replies: list


class Crowd:
    """Many connections, each with one question at a time; `replies`: key -> what must come, "" for anything."""

    def __init__(self, address, replies, connections=20, rate=0, mode="postfix"):
        where = address if isinstance(address, str) else "%s:%d" % address
        self._process = subprocess.Popen(
            [form.BUILT / "asker", where, str(connections), str(rate), mode],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._lines, self.second_tries = [], 0
        self._process.stdin.write("".join(f"{key}\t{reply}\n" for key, reply in replies.items()) + "\n")
        self._process.stdin.flush()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        until(lambda: "begun" in self._lines, "the crowd to begin")

    def _read(self):
        for line in self._process.stdout:
            words = line.split()
            if words[0] == "retrying":
                self.second_tries = int(words[1])
            else:
                self._lines.append(line.rstrip("\n"))

    def stop(self):
        """Waits for the replies under way; what was counted."""
        self._process.stdin.close()
        self._reader.join()
        code = self._process.wait()
        assert code == 0, f"asker ended with {code}"
        counts = self._lines[-1].split()
        return Tally(*(int(counts[at]) for at in (1, 3, 5, 7)), float(counts[9]),
                     [Failure(*map(float, line.split(" ", 4)[1:4]), line.split(" ", 4)[4])
                      for line in self._lines if line.startswith("failed ")],
                     [line for line in self._lines if line.startswith("wrong ")])

    def quit(self):
        """At the end of a test, whatever has happened."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class Postfix:
    """One connection, made when it is needed; a question whose connection breaks off is asked once more."""

    def __init__(self, address):
        self._address, self._client = address, None
        self.again = False             # a second try is under way
        self.asked = self.tried = 0.0  # CLOCK_MONOTONIC, of the last question

    def close(self):
        if self._client:
            self._client.close()
        self._client = None

    def ask(self, key):
        """Raises OSError where Postfix would defer the mail."""
        self.asked = time.monotonic()
        try:
            return self._try(key)
        except ConnectionRefusedError:
            raise
        except (ConnectionError, AssertionError):
            self.again = True
            return self._try(key)
        finally:
            self.again = False

    def _try(self, key):
        self.tried = time.monotonic()
        try:
            self._client = self._client or socketmap.Client(self._address)
            reply = self._client.ask(key)
            if reply is None:
                raise ConnectionResetError("end of file")
            return reply
        except (OSError, AssertionError):
            self.close()
            raise


class Newcomers:
    """A few connections that ask for one new name after the other, as Postfix does."""

    def __init__(self, address, right, connections=3):
        """right(name) -> the reply that must come."""
        self._right = right
        self._names, self._busy, self._lock, self._end = [], 0, threading.Lock(), threading.Event()
        self.answered, self.failures, self.others = {}, [], []  # domain -> when; Failure; other replies
        self.tried = {}  # domain -> when the try began that was answered
        self._clients = [Postfix(address) for _ in range(connections)]
        self._threads = [threading.Thread(target=self._run, args=(client,), daemon=True) for client in self._clients]
        for thread in self._threads:
            thread.start()

    def ask_for(self, names):
        with self._lock:
            self._names += names

    def left(self):
        return len(self._names)

    def idle(self):
        with self._lock:
            return not self._names and not self._busy

    @property
    def second_tries(self):
        return sum(client.again for client in self._clients)

    def stop(self):
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _next(self):
        with self._lock:
            self._busy += bool(self._names)
            return self._names.pop(0) if self._names else None

    def _run(self, client):
        while not self._end.is_set():
            name = self._next()
            if name is None:
                self._end.wait(0.005)
                continue
            self._question(client, name)
            with self._lock:
                self._busy -= 1
        client.close()

    def _question(self, client, name):
        try:
            reply = client.ask(name)
        except (OSError, AssertionError) as broken:
            self.failures.append(Failure(client.asked, client.tried, time.monotonic(), str(broken)))
            self.ask_for([name])
            self._end.wait(0.01)  # Postfix would turn to other mail
            return
        if reply == self._right(name):
            self.tried[name] = client.tried
            self.answered[name] = time.monotonic()
        else:
            self.others.append((name, reply))
