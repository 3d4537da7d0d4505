#!/usr/bin/python3
"""A network that exists only here: for a quickstart without the Internet.

usage: network.py DIRECTORY COMMAND    (inside a private network namespace)

Gives four domains, one of each fate, and runs COMMAND with their names.
"""
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/integration"))
import namespace  # noqa: E402
from certificates import Authority  # noqa: E402
from dns_server import DnsServer  # noqa: E402
from policy_server import PolicyServer, Site, policy  # noqa: E402

HOST, MX = "127.0.0.2", "127.0.0.11"


def publish(names, hosts, ca, domain, document):
    names.set(f"_mta-sts.{domain}", "TXT", '"v=STSv1; id=20260101;"')
    names.set(f"mta-sts.{domain}", "A", HOST)
    hosts.set(f"mta-sts.{domain}", Site(ca.issue(f"mta-sts.{domain}"), body=document))


def populate(names, hosts, ca):
    publish(names, hosts, ca, "enforce.example", policy("mx1.enforce.example", "*.backup.enforce.example"))
    publish(names, hosts, ca, "testing.example", policy("mx1.testing.example", mode="testing"))
    publish(names, hosts, ca, "broken.example", policy("mx1.broken.example", mode="enforced"))
    domains = [f"{name}.example" for name in ("enforce", "testing", "broken", "without")]
    for domain in domains:
        names.set(domain, "MX", f"10 mx1.{domain}.")
        names.set(f"mx1.{domain}", "A", MX)
    return domains


def main():
    directory, command = pathlib.Path(sys.argv[1]), sys.argv[2]
    namespace.set_up()
    ca = Authority(directory / "ca", "Demonstration Root")
    names, hosts = DnsServer(), PolicyServer(HOST)
    domains = populate(names, hosts, ca)
    environment = dict(os.environ, QUICKSTART_CA=str(ca.ca_file))
    return subprocess.run([command, *domains], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
