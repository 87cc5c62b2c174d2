"""Outgoing HTTPS: whom it trusts, and what is said of a certificate that it does not."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.addresses import tls_context
from tests.hub.wire import Wire, answer, error_of


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A certificate and key for 127.0.0.1 in one file, which nobody trusts yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Klant BV test authority")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2126, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "authority.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    tls_context.cache_clear()
    yield path
    tls_context.cache_clear()


def server_context(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_an_untrusted_certificate_is_named_and_nothing_is_sent(authority: Path) -> None:
    with Wire(tls=server_context(authority)) as wire:
        error = error_of(wire.client())

    assert "shows a certificate that is not trusted: self-signed certificate" in str(error)
    assert (error.permanent, error.is_fate_unknown) == (False, False)
    assert wire.requests == []


def test_an_authority_of_the_system_is_trusted(
    authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))

    with Wire(answer(), tls=server_context(authority)) as wire:
        response = wire.client().request("GET", "/")

    assert response.status_code == 200


def test_a_server_without_tls_is_told_apart() -> None:
    with Wire(greeting=b"220 mail.example.test ready\r\n") as wire:
        error = error_of(wire.client(scheme="https"))

    assert "does not speak TLS as expected" in str(error)
    assert not error.is_fate_unknown
