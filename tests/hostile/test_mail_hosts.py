"""Mail hosts at level dane: MX, address and TLSA records that are too many, too large, silent or endless."""
import socket
import struct

import dns_wire
from arena import LONG, ArenaTest
from crowd import ask_all

EACH = 100 if LONG else 10  # domains of each kind
HOSTS = 20                  # of a domain that are followed, however many it names
POLICY = "OK secure match=mx."
LEFT_TO_DANE = "NOTFOUND "
WAIT = "TEMP MX records of "
SOME_HOST_UNKNOWN = "OK dane-only"
TRICKS = {
    "mx500": POLICY,            # hosts without TLSA
    "mx500-dane": LEFT_TO_DANE,  # all with
    "mx-silent": WAIT, "mx-large": WAIT, "mx-truncated": WAIT, "mx-loop": WAIT,
    "address-silent": SOME_HOST_UNKNOWN, "tlsa-silent": SOME_HOST_UNKNOWN, "tlsa-large": SOME_HOST_UNKNOWN,
    "tlsa-truncated": SOME_HOST_UNKNOWN,
}
# How many different names of a domain are asked for.
ASKED = {
    ("mx500", "mx"): 1, ("mx500", "a"): HOSTS, ("mx500", "tlsa"): HOSTS,
    ("mx500-dane", "a"): HOSTS, ("mx500-dane", "tlsa"): HOSTS,
    ("mx-silent", "mx"): 1, ("mx-large", "mx"): 1, ("mx-truncated", "mx"): 1,
    ("mx-silent", "a"): 0, ("mx-large", "a"): 0, ("mx-truncated", "a"): 0, ("mx-loop", "a"): 0,
    ("address-silent", "a"): 1, ("address-silent", "tlsa"): 0,
    ("tlsa-silent", "tlsa"): 1, ("tlsa-large", "tlsa"): 1, ("tlsa-truncated", "tlsa"): 1,
}


def asked(trick, rdtype):
    """What the name server counted."""
    question = dns_wire.encode(f"{rdtype}.{trick}.count.example".encode()) + struct.pack("!HH", dns_wire.TXT, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stream:
        stream.settimeout(20)
        stream.sendto(struct.pack("!6H", 1, 0x100, 1, 0, 0, 0) + question, ("127.0.0.1", 53))
        return int(stream.recv(512)[12 + len(question) + 13:])  # behind the record's fixed part and a length


class MailHosts(ArenaTest):
    maxDiff = None
    settings = {"postfix_security_level": "dane"}

    def test_all_kinds(self):
        """all kinds together: each answered by the rules of precedence, no more than 20 hosts followed"""
        self.assertTrue(self.arena.daemon.json("--status")["dane_active"])
        expected = {f"a{n}.{trick}.mail.example": answer for trick, answer in TRICKS.items() for n in range(EACH)}
        with self.arena.pulse() as pulse:
            answers = ask_all(expected)
            self.assert_nothing_under_way(60, pulsed=True)
        self.assert_nothing_under_way(20)
        wrong = {name: answers.get(name) for name, answer in expected.items()
                 if not (answers.get(name) or "").startswith(answer)}
        self.assertEqual(wrong, {})
        self.assertEqual({key: asked(*key) for key in ASKED}, {key: EACH * count for key, count in ASKED.items()})
        self.assertEqual(asked("mx-loop", "mx"), EACH + 2)  # the loops are one
        self.assert_healthy(pulse.beat, domains=len(expected))
