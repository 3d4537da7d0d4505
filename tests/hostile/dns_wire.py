"""DNS messages as far as a name server that lies needs them: made by hand, since they are to be wrong and many."""
import struct

A, NS, SOA, CNAME, MX, TXT, AAAA, TLSA = 1, 2, 6, 5, 15, 16, 28, 52
QR_RD_RA, TC, AD, NXDOMAIN = 0x8180, 0x0200, 0x0020, 3
TTL, NEGATIVE_TTL = 300, 60


def encode(name):
    return b"".join(bytes([len(label)]) + label for label in name.split(b".") if label) + b"\0"


QUESTION = b"\xc0\x0c"  # a pointer to the name asked for


def record(rdtype, rdata, ttl=TTL, owner=QUESTION):
    return owner + struct.pack("!HHIH", rdtype, 1, ttl, len(rdata)) + rdata


def text(octets):
    return b"".join(bytes([len(octets[at:at + 255])]) + octets[at:at + 255] for at in range(0, len(octets), 255))


DENIAL = record(SOA, b"\0\0" + struct.pack("!5I", 1, 3600, 600, 86400, NEGATIVE_TTL), NEGATIVE_TTL, b"\0")


class Query:
    def __init__(self, wire):
        labels, at = [], 12
        while size := wire[at]:
            labels.append(wire[at + 1:at + 1 + size])
            at += 1 + size
        self.id, self.question = wire[:2], wire[12:at + 5]
        self.labels = [label.lower() for label in labels]
        self.type = struct.unpack("!H", wire[at + 1:at + 3])[0]

    def reply(self, answers=(), flags=QR_RD_RA, denial=b"", own_id=None, question=None):
        head = struct.pack("!HHHHH", flags, 1, len(answers), 1 if denial else 0, 0)
        return (own_id or self.id) + head + (question or self.question) + b"".join(answers) + denial


def alias(query, steps):
    """One alias a message, of a chain of `steps` that bites its tail."""
    name = query.labels[0]
    step = int(name[1:]) if name[:1] == b"c" and name[1:].isdigit() else 0
    return record(CNAME, encode(b"c%d." % ((step + 1) % steps) + b".".join(query.labels[-3:])))
