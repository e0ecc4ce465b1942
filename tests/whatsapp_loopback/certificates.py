"""A certificate authority of our own, for the TLS below the websocket."""

import datetime as dt
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOSTS = ("web.whatsapp.com", "mmg.whatsapp.net", "media.loopback.whatsapp.net")


@dataclass(frozen=True, slots=True)
class Certificates:
    ca_file: Path
    """What a client has to trust (SSL_CERT_FILE)."""
    server_file: Path

    @classmethod
    def make(cls, directory: Path) -> "Certificates":
        ca_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        authority = _certificate("loopback authority", ca_key, "loopback authority", ca_key, ())
        server = _certificate(HOSTS[0], server_key, "loopback authority", ca_key, HOSTS)
        made = cls(directory / "ca.pem", directory / "server.pem")
        made.ca_file.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        made.server_file.write_bytes(
            server.public_bytes(serialization.Encoding.PEM)
            + server_key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return made

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server_file)
        return context


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    hosts: tuple[str, ...],
) -> x509.Certificate:
    """With hosts it is a server's; without, an authority's."""
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=not hosts, path_length=None), critical=True)
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
