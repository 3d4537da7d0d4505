"""A network of our own: loopback only, a resolv.conf of our own, gone when the process ends.

The runner starts itself again inside new network, mount and process namespaces. Where
those are refused, ready() stays false and the tests that need them are skipped by name.
"""
import contextlib
import fcntl
import os
import pathlib
import socket
import struct
import subprocess
import sys

MARK = "TLSPOLICYD_TEST_NAMESPACE"  # "root": may change users; "user": root in name only
REFUSED = "network namespaces are refused here"
NO_ROOT = "Postfix changes users, which needs root"
RESOLV_CONF = "nameserver 127.0.0.1\noptions timeout:2 attempts:2 trust-ad\n"

_OWN_RESOLV_CONF = pathlib.Path("/mnt/resolv.conf")
_OWN_TREE = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def _ways():
    if os.geteuid() == 0:
        yield "root", ["unshare", *_OWN_TREE]
    yield "user", ["unshare", "--user", "--map-root-user", *_OWN_TREE]


def ready():
    return MARK in os.environ


def is_root():
    return os.environ.get(MARK) == "root"


def enter():
    """Starts this program again inside; returns inside, or where it is refused."""
    if ready():
        set_up()
        return
    for rights, command in _ways():
        probe = subprocess.run(command + ["true"], capture_output=True, check=False)
        if probe.returncode == 0:
            os.environ[MARK] = rights
            os.execvp(command[0], command + [sys.executable, *sys.argv])


def set_up():
    loopback(True)
    empty("/mnt")  # ours alone, like every mount in here
    write_resolv_conf(RESOLV_CONF)
    bind(_OWN_RESOLV_CONF, pathlib.Path("/etc/resolv.conf").resolve())


def write_resolv_conf(text):
    _OWN_RESOLV_CONF.write_text(text, encoding="ascii")


def loopback(up):
    """ip link set lo up, or down, without iproute2: here it is all the network there is."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(probe, 0x8913, request))[1]  # SIOCGIFFLAGS
        flags = flags | 0x1 if up else flags & ~0x1                               # IFF_UP
        fcntl.ioctl(probe, 0x8914, struct.pack("16sh14x", b"lo", flags))          # SIOCSIFFLAGS


def add_address(address):
    """Puts a global address on loopback: the daemon takes it for a host on the Internet."""
    bits = 128 if ":" in address else 32
    subprocess.run(["ip", "address", "add", f"{address}/{bits}", "dev", "lo"], check=True, capture_output=True)


@contextlib.contextmanager
def no_ipv6():
    """IPv6 switched off as operators do, for a while."""
    switch = pathlib.Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")
    switch.write_text("1", encoding="ascii")
    try:
        yield
    finally:
        switch.write_text("0", encoding="ascii")


def bind(source, target):
    subprocess.run(["mount", "--bind", source, target], check=True, capture_output=True)


def empty(target, options="mode=1777"):
    """Covers a directory with an empty one of our own."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", target], check=True, capture_output=True)
