"""The daemon under test: the real binary with a configuration and directory of its own."""
import ctypes
import errno
import functools
import json
import os
import pathlib
import signal
import subprocess

import socketmap
from waiting import until

BINARY = os.environ.get("TLSPOLICYD", "build/src/tlspolicyd")
ADDRESS = ("127.0.0.1", 8461)
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2


def kernel_has_filters():
    """A filter at no address: EFAULT where the kernel would have read it."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, None, 0, 0)
    return ctypes.get_errno() not in (errno.EINVAL, errno.ENOSYS)


@functools.cache
def must_be_confined():
    """A sanitizer needs what the filter forbids, so that a build with one does without."""
    binary = pathlib.Path(BINARY).read_bytes()
    return kernel_has_filters() and b"__asan_init" not in binary and b"__tsan_init" not in binary


class Daemon:
    def __init__(self, directory, **settings):
        """`settings` over what every test wants; None leaves a parameter out."""
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.config = self.directory / "tlspolicyd.conf"
        self.log_file = self.directory / "tlspolicyd.log"
        self.control = self.directory / "control"
        self.store = self.directory / "cache.db"
        self.process = None
        self.settings = {
            "listen": "inet:%s:%d" % ADDRESS,
            "resolver": "127.0.0.1",
            "cache": f"sqlite:{self.store}",
            "control_socket": str(self.control),
            "postfix_security_level": "may",
            "allow_private_addresses": "yes",
        }
        self.settings.update(settings)
        self.write_config()

    def write_config(self, **changes):
        self.settings.update(changes)
        lines = [f"{name} = {value}\n" for name, value in self.settings.items() if value is not None]
        self.config.write_text("".join(lines), encoding="utf-8")

    def command(self, *flags):
        return [BINARY, "-c", str(self.config), *flags]

    def run(self, *flags, limit=60, **options):
        """One call of the program; the completed process with its text."""
        outputs = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.run(self.command(*flags), text=True, timeout=limit, check=False, **outputs)

    def json(self, *flags):
        done = self.run(*flags, "--json")
        assert done.returncode == 0, f"{flags}: exit {done.returncode}: {done.stderr}"
        return json.loads(done.stdout)

    def start(self, *flags, command=None, **options):
        """Starts it and waits until it answers."""
        self.launch(*flags, command=command, **options)
        until(self.serves, lambda: f"the daemon to serve; its log: {self.log()}")
        until(self.confined, lambda: f"the daemon to confine itself; its log: {self.log()}")
        return self

    def confined(self):
        """Under its filter of system calls, or it says why not where it cannot be: all tests are to run there."""
        if self.process.poll() is not None:
            raise AssertionError(f"another daemon answers in its place; its log: {self.log()}")
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return "Seccomp:\t2" in status or (not must_be_confined() and "syscall_filter:" in self.log())

    def launch(self, *flags, command=None, **options):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(command or self.command(*flags), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, **options)
        return self

    def address(self):
        """Where to ask: the first of its listeners."""
        first = self.settings["listen"].split(",")[0].split()[0]
        if first.startswith("unix:"):
            return first.removeprefix("unix:")
        host, port = first.removeprefix("inet:").rsplit(":", 1)
        return host, int(port)

    def serves(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.process.returncode}: {self.log()}")
        try:
            return self.ask(".probe").startswith("NOTFOUND")
        except (OSError, AttributeError):
            return False

    def ask(self, key, name="QUERY"):
        return socketmap.ask(self.address(), key, name)

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    def says(self, words, limit=20.0):
        """Waits for words in its log."""
        until(lambda: words in self.log(), lambda: f"{words!r} in the log: {self.log()}", limit)

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, limit=20.0):
        """SIGTERM; returns the exit code."""
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.terminate()
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
