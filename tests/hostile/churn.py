#!/usr/bin/python3
"""Opens and closes connections at a rate: some ask, some say nothing, some end in a reset.

usage: churn.py PER_SECOND SECONDS NETWORK        prints how many it made, and in how many seconds
"""
import itertools
import pathlib
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from daemon import ADDRESS  # noqa: E402

QUESTION = b"31:QUERY cached.good.hosts.example,"
RESET = struct.pack("ii", 1, 0)
SOURCES = 200  # addresses: one has ports for some seconds only
SLICE = 0.01   # seconds


def visit(number, network):
    with socket.socket() as stream:
        stream.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        stream.bind((f"{network}.{1 + number % SOURCES}", 0))
        stream.connect(ADDRESS)
        if number % 3 == 1:
            stream.sendall(QUESTION)
        if number % 3 == 2:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def main():
    rate, duration, network = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
    began, made = time.monotonic(), 0
    for number in itertools.count(1):
        due = began + number * SLICE
        while made < rate * SLICE * number:
            visit(made, network)
            made += 1
        if time.monotonic() - began >= duration:
            break
        time.sleep(max(0.0, due - time.monotonic()))
    took = time.monotonic() - began
    print(made, took)


if __name__ == "__main__":
    main()
