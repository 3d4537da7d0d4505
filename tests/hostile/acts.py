"""What each act of a hostile policy host must come to, read from the daemon's log."""
import re

# By act: why its fetch failed, once it was played to its end.
ENDS = {
    "silent": "timeout: .*the TLS handshake took too long",
    "drip-tls": "timeout: .*the TLS handshake took too long",
    "drip-http": "timeout: .*the answer took too long",
    "headers": "header_too_large: ",
    "body": "too_large: ",
    "reset-accept": "reset: .*: (the connection broke during the TLS handshake: )?Connection reset by peer",
    "reset-hello": "reset: .*during the TLS handshake",
    "reset-handshake": "reset: .*without TLS",
    "reset-request": "reset: .*without TLS",
    "reset-headers": "truncated: |reset: .*without TLS",  # a reset may overtake what was sent before
    "reset-body": "truncated: |reset: .*without TLS",
    "chain": "cert_chain_too_large: ",
    "key-updates": "flood: ",
    "renegotiation": "flood: ",
}
OUT_OF_TIME = "timeout: |displaced: "
PATIENT = ("silent", "drip-tls", "drip-http")  # these end by time alone: their own or that of the crowd
FAILED = re.compile(r'^tlspolicyd: policy: domain=([^,]+), action=absent, .*reason="?(.*)$', re.MULTILINE)


def act_of(name):
    return name.split(".")[1]


def reasons(log):
    """Of each domain whose fetch failed, the last."""
    return dict(FAILED.findall(log))


def unlike_their_act(log, names):
    """Those that failed otherwise than their act allows, or of which the log says nothing."""
    found = reasons(log)
    return {name: found.get(name) for name in names
            if not re.match(f"{ENDS.get(act_of(name), OUT_OF_TIME)}|{OUT_OF_TIME}", found.get(name, ""))}


def ended(log, names):
    """The acts of which one came to an end of its own that time alone does not bring."""
    found = reasons(log)
    return {act_of(name) for name in names
            if act_of(name) not in PATIENT and re.match(ENDS[act_of(name)], found.get(name, ""))}
