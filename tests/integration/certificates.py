"""A private certification authority and the certificates a good or a bad host shows."""
import datetime
import hashlib
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def _now():
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def _name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def tlsa(path, usage=3, selector=1, matching=1):
    """The TLSA record that a leaf written by issue() matches: by default its public key's digest."""
    leaf = x509.load_pem_x509_certificate(pathlib.Path(path).read_bytes())
    spki = leaf.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    data = spki if selector else leaf.public_bytes(serialization.Encoding.DER)
    digest = {0: lambda octets: octets, 1: lambda octets: hashlib.sha256(octets).digest(),
              2: lambda octets: hashlib.sha512(octets).digest()}[matching]
    return f"{usage} {selector} {matching} {digest(data).hex()}"


class Authority:
    """Writes everything below `directory`; `ca_file` is what a client is told to trust."""

    def __init__(self, directory, name="Test Root"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.name = _name(name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = (
            self._builder(self.name, self.key, _now() - 30 * DAY, _now() + 30 * DAY)
            .issuer_name(self.name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, hashes.SHA256()))
        self.ca_file = self.directory / f"{name.replace(' ', '_')}.pem"
        self.ca_file.write_bytes(_pem(self.certificate))
        self._issued = 0

    @staticmethod
    def _builder(subject, key, begin, end):
        return (x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end))

    def issue(self, *names, common_name=None, begin=-DAY, end=10 * DAY, self_signed=False,
              usage=ExtendedKeyUsageOID.SERVER_AUTH):
        """Returns the path of a file with key and chain. `names`: SAN dNSNames, maybe none."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(common_name or (names[0] if names else "nobody"))
        builder = (self._builder(subject, key, _now() + begin, _now() + end)
                   .issuer_name(subject if self_signed else self.name)
                   .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                   .add_extension(x509.ExtendedKeyUsage([usage]), critical=False))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        leaf = builder.sign(key if self_signed else self.key, hashes.SHA256())
        self._issued += 1
        path = self.directory / f"leaf{self._issued}.pem"
        path.write_bytes(_key_pem(key) + _pem(leaf) + (b"" if self_signed else _pem(self.certificate)))
        return path
