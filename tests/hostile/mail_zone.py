"""Signed mail hosts that mean harm, for the name server: a domain is ANY.TRICK.mail.example.

The trick is in the domain's MX records, or in what its mail hosts h0, h1... have. Its record and its
policy host are good. ASKED.TRICK.count.example tells how many different names were asked for so far.
"""
import collections
import struct

from dns_wire import A, AD, DENIAL, MX, QR_RD_RA, TC, TLSA, TXT, alias, encode, record, text

MX_RECORDS = 500               # as many as are read
LARGE_MX, LARGE_TLSA = 800, 430  # records of 60 kB
MAIL_HOST = b"\x7f\x4f\x00\x01"
FILLER = b"x" * 30
DIGEST = b"\3\1\1" + bytes(32)              # usable
KEY = b"\3\0\0" + bytes(range(120))        # a key that would have to be read
SILENT = {b"mx-silent": MX, b"address-silent": A, b"tlsa-silent": TLSA}
TRUNCATED = {b"mx-truncated": MX, b"tlsa-truncated": TLSA}
TYPES = {b"a": A, b"mx": MX, b"tlsa": TLSA}


def is_mail(query):
    return query.labels[-2:] == [b"mail", b"example"] and len(query.labels) >= 4


def is_count(query):
    return query.labels[-2:] == [b"count", b"example"] and len(query.labels) == 4


class MailZone:
    def __init__(self, policy_host):
        self._policy_host, self._asked = policy_host, collections.defaultdict(set)

    def judge(self, query):
        """The reply; empty for none, and truncated for what is so for ever."""
        name, trick = b".".join(query.labels), query.labels[-3]
        if query.labels[0] not in (b"_mta-sts", b"mta-sts"):
            self._asked[trick, query.type].add(name)
            if SILENT.get(trick) == query.type:
                return b""
            if TRUNCATED.get(trick) == query.type:
                return query.reply(flags=QR_RD_RA | TC)
        records = self._records(query, trick)
        return query.reply(records, QR_RD_RA | AD, b"" if records else DENIAL)

    def count(self, query):
        """ASKED.TRICK.count.example"""
        asked = self._asked[query.labels[1], TYPES[query.labels[0]]]
        return query.reply([record(TXT, text(b"%d" % len(asked)), 0)])

    def _records(self, query, trick):
        first = query.labels[0]
        if first in (b"_mta-sts", b"mta-sts"):
            return {TXT: [record(TXT, text(b"v=STSv1; id=i1;"))], A: [record(A, self._policy_host)]}.get(query.type, [])
        if query.type == MX:
            return self._exchangers(query, trick)
        if query.type == A and first[:1] == b"h":
            return [record(A, MAIL_HOST)]
        return self._tlsa(trick) if query.type == TLSA else []

    @staticmethod
    def _exchangers(query, trick):
        domain = b".".join(query.labels)
        if trick == b"mx-loop":
            return [alias(query, 2)]
        if trick == b"mx-large":  # 60 kB, in more records than are read
            return [record(MX, struct.pack("!H", n) + encode(b"h%d.%s.%s" % (n, FILLER, domain))) for n in range(LARGE_MX)]
        count = MX_RECORDS if trick.startswith(b"mx500") else 1
        return [record(MX, struct.pack("!H", n) + encode(b"h%d." % n + domain)) for n in range(count)]

    @staticmethod
    def _tlsa(trick):
        if trick == b"mx500-dane":
            return [record(TLSA, DIGEST)]
        return [record(TLSA, KEY + bytes([n // 250, n % 250])) for n in range(LARGE_TLSA)] if trick == b"tlsa-large" else []
