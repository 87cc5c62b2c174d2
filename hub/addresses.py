"""Addresses that are never called, checked on the very socket that is about to be used."""

import socket
import ssl
import time
from collections.abc import Sequence
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any, TypeAlias

import certifi
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import create_connection

if TYPE_CHECKING:
    from urllib3._base_connection import BaseHTTPConnection

SocketOptions: TypeAlias = Sequence[tuple[int, int, int | bytes]] | None

# Private and loopback networks are allowed: the systems around the hub are self-hosted.
FORBIDDEN_NETWORKS = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # unspecified: Linux takes it for this machine
        "169.254.0.0/16",  # link-local, and the metadata of most clouds
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "100.100.100.200/32",  # metadata, Alibaba Cloud
        "168.63.129.16/32",  # metadata, Azure
        "192.0.0.192/32",  # metadata, Oracle Cloud
        "::/128",
        "fe80::/10",
        "ff00::/8",
        "fd00:ec2::254/128",  # metadata, AWS
        "fd20:ce::254/128",  # metadata, Google Cloud
    )
)
NAT64 = ip_network("64:ff9b::/96")  # its last 32 bits are an IPv4 address
MAX_ADDRESSES = 4  # of one name, tried in turn, each for the connect time-out
MAX_IDLE_S = 30.0  # Mattermost closes idle connections after 60: the hub lets go first


class NotConnectedError(OSError):
    """Nothing was sent. The message is the rest of a sentence that starts with the host."""

    def __init__(self, message: str, *, is_forbidden: bool = False) -> None:
        super().__init__(message)
        self.is_forbidden = is_forbidden


def is_forbidden(address: str) -> bool:
    """Link-local, cloud metadata, multicast, unspecified or reserved, however it is written."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        carried = ip.ipv4_mapped or ip.sixtofour
        ip = ip_address(ip.packed[-4:]) if ip in NAT64 else carried or ip
    return any(ip in network for network in FORBIDDEN_NETWORKS)


def open_socket(
    host: str, port: int, *, timeout: float | None, options: SocketOptions = None
) -> socket.socket:
    """Connect to an address that was resolved and checked here, so that a name which resolves
    to another one a moment later gains nothing. Raises NotConnectedError."""
    addresses = _resolve(host, port)
    if any(map(is_forbidden, addresses)):
        raise NotConnectedError(
            "is a link-local, metadata or reserved address, which is never called",
            is_forbidden=True,
        )
    problem: OSError | None = None
    for address in addresses[:MAX_ADDRESSES]:
        try:
            return create_connection((address, port), timeout, socket_options=list(options or ()))
        except OSError as error:
            problem = error
    raise NotConnectedError(_connect_problem(problem, port)) from problem


@cache
def tls_context() -> ssl.SSLContext:
    """Trusts what the system trusts, SSL_CERT_FILE included, and the usual public authorities.

    One per process: reading the certificates takes some 20 ms.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class GuardedConnection(HTTPConnection):
    """A connection to a checked address, which knows since when it has been idle."""

    idle_since = 0.0  # time.monotonic
    _held: list[bytes] | None = None

    def request(self, *arguments: Any, **options: Any) -> None:
        """Head and body leave together: one packet, and the other side wakes once."""
        held: list[bytes] = []
        self._held = held
        try:
            super().request(*arguments, **options)
        finally:
            self._held = None
        self.send(b"".join(held))

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)

    def is_stale(self, now: float) -> bool:
        return self.sock is not None and now - self.idle_since > MAX_IDLE_S

    def _new_conn(self) -> socket.socket:
        return open_socket(
            self._dns_host, self.port, timeout=self.timeout, options=self.socket_options
        )


class GuardedTlsConnection(GuardedConnection, HTTPSConnection):
    """The same under TLS; whatever fails before the request is NotConnectedError."""

    def connect(self) -> None:
        try:
            super().connect()
        except NotConnectedError:
            raise
        except OSError as error:
            raise NotConnectedError(_tls_problem(error)) from error


class GuardedPool(HTTPConnectionPool):
    """Keeps connections alive, but does not send on one that a firewall may have forgotten."""

    ConnectionCls = GuardedConnection

    def _get_conn(self, timeout: float | None = None) -> "BaseHTTPConnection":
        connection = super()._get_conn(timeout)
        if isinstance(connection, GuardedConnection) and connection.is_stale(time.monotonic()):
            connection.close()  # opens again by itself
        return connection

    def _put_conn(self, conn: "BaseHTTPConnection | None") -> None:
        if isinstance(conn, GuardedConnection):
            conn.idle_since = time.monotonic()
        super()._put_conn(conn)


class GuardedTlsPool(GuardedPool, HTTPSConnectionPool):
    ConnectionCls = GuardedTlsConnection


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotConnectedError("is a name that cannot be resolved") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _connect_problem(error: OSError | None, port: int) -> str:
    if isinstance(error, TimeoutError):
        return f"does not answer on port {port}"
    if isinstance(error, ConnectionRefusedError):
        return f"refuses connections on port {port}"
    return f"cannot be reached on port {port}: {error.strerror if error else 'no address'}"


def _tls_problem(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"shows a certificate that is not trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "does not answer while TLS is set up"
    if isinstance(error, ssl.SSLError):
        return f"does not speak TLS as expected: {error.reason or error}"
    return "broke the connection off while TLS was set up"
