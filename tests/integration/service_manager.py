"""What systemd does with the units of postfix-examples, as far as it can be done without systemd.

The sockets of the socket unit are opened and held; a start runs ExecStartPre, then ExecStart with the sockets.
User, folders and sandbox are not systemd's here: the caller prepares what it needs.
"""
import configparser
import fcntl
import os
import pathlib
import shlex
import socket
import subprocess

UNITS = pathlib.Path(__file__).resolve().parents[2] / "postfix-examples/systemd"
PROGRAM = "/usr/sbin/tlspolicyd"
BACKLOG = 128
HIGH = 100  # descriptors that no passed socket is to have


class _Several(dict):
    """A key that repeats keeps all its values."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and key in self:
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def read_unit(name):
    """{section: {key: [value, ...]}}"""
    parser = configparser.RawConfigParser(dict_type=_Several, strict=False, interpolation=None, comment_prefixes=("#",))
    parser.optionxform = str
    parser.read_string((UNITS / name).read_text(encoding="utf-8"))
    return {section: {key: value.split("\n") for key, value in parser[section].items()} for section in parser.sections()}


class Manager:
    def __init__(self, program, config, log_file, where=lambda path: path, more_sockets=(), **process):
        """`program` and `config` take the place of the installed ones. `where`: the path of a unix socket
        here. `more_sockets`: ListenStream= of a drop-in."""
        self._command = [str(program), "-c", str(config)]
        self._service = read_unit("tlspolicyd.service")["Service"]
        self._log_file, self._process = log_file, process
        self.sockets = [self._listen(stream, where) for stream in
                        (*read_unit("tlspolicyd.socket")["Socket"]["ListenStream"], *more_sockets)]
        self.main = None

    @staticmethod
    def _listen(stream, where):
        if not stream.startswith("/"):
            host, port = stream.rsplit(":", 1)
            return socket.create_server((host, int(port)), backlog=BACKLOG)
        path = pathlib.Path(where(stream))
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        opened = socket.socket(socket.AF_UNIX)
        opened.bind(str(path))
        path.chmod(0o666)
        opened.listen(BACKLOG)
        return opened

    def _run(self, line):
        words = shlex.split(line)
        assert words[0] == PROGRAM, line
        return self._command + words[1:]

    def start(self):
        """The exit code of the ExecStartPre= that failed, else 0."""
        with open(self._log_file, "ab") as log:
            for line in self._service.get("ExecStartPre", []):
                done = subprocess.run(self._run(line), stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False, **self._process)
                if done.returncode != 0:
                    return done.returncode
            (line,) = self._service["ExecStart"]
            self.main = self._start(self._run(line), log)
        return 0

    def _start(self, command, log):
        """Its sockets are 3, 4 and so on, wherever they are here."""
        high = [fcntl.fcntl(opened.fileno(), fcntl.F_DUPFD, HIGH) for opened in self.sockets]
        passed = " ".join(f"{number}<&{here}" for number, here in enumerate(high, 3))
        script = f'LISTEN_PID=$$ LISTEN_FDS={len(high)} exec "$0" "$@" {passed}'
        try:
            return subprocess.Popen(["/bin/bash", "-c", script, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    pass_fds=high, **self._process)
        finally:
            for number in high:
                os.close(number)

    def stop(self):
        """Service, then sockets."""
        if self.main is not None:
            self.main.terminate()
            self.main.wait(20)
        for opened in self.sockets:
            opened.close()
