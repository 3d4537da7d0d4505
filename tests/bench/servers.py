"""What the servers beside the daemon are told."""

OWN_HOSTS = 5000  # so many domains have an MX host of their own

NSD_CONF = """server:
  ip-address: 127.0.0.1
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "{0}"
  database: ""
  zonelistfile: "{0}/zone.list"
  xfrdfile: "{0}/xfrd.state"
  pidfile: "{0}/nsd.pid"
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "bench.example"
  zonefile: "bench.zone"
"""
WILDCARDS = """$ORIGIN bench.example.
$TTL 3600
@ SOA ns. hostmaster. 1 3600 3600 3600000 3600
@ NS ns.bench.example.
ns A 127.0.0.1
none A 127.0.0.1
*.pol TXT "v=STSv1; id=20260101000000;"
*.pol A 127.0.0.1
*.pol MX 10 mx1.bench.example.
mx1 A 127.0.0.1
*.mx A 127.0.0.1
"""
OWN_HOST = """mail-{0}.pol MX 10 mail-{0}.mx
*.mail-{0}.pol TXT "v=STSv1; id=20260101000000;"
*.mail-{0}.pol A 127.0.0.1
"""
PEER_CONF = """host: 127.0.0.1
port: {port}
cache_grace: 3600
cache:
  type: internal
  options:
    cache_size: 1000000
default_zone:
  strict_testing: false
  timeout: 4
"""


def zone():
    """A wildcard cannot name another host for each domain: those that need one are written out.

    No MX host has TLSA, so that a policy decides whether DANE was looked for or not.
    """
    return WILDCARDS + "".join(OWN_HOST.format(number) for number in range(OWN_HOSTS))
