"""The only opener of WebSockets: to a server's own origin, at addresses that may be called."""

import socket
import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from websocket import ABNF, WebSocket, WebSocketException, WebSocketTimeoutException

from hub import __version__
from hub.addresses import NotConnectedError, open_socket, tls_context
from hub.contracts import DeliveryError
from hub.http import CONNECT_TIMEOUT_S, DEFAULT_PORTS

HANDSHAKE_TIMEOUT_S = 10.0
PING_AFTER_S = 30.0  # of silence: a firewall forgets connections that say nothing
DEAD_AFTER_S = 90.0  # of silence: nobody is there any more, though nothing was closed
SCHEMES: Mapping[str, str] = {"http": "ws", "https": "wss"}
SWITCHED = 101


class Stream:
    """One open WebSocket, for reading. Belongs to one thread."""

    def __init__(self, connection: WebSocket, host: str) -> None:
        self._connection, self._host = connection, host
        self._heard_at = self._asked_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        _close(self._connection)

    def read(self, wait_s: float) -> str | None:
        """The next text; None when there was none within `wait_s`.

        Raises DeliveryError when the connection is gone.
        """
        try:
            self._connection.settimeout(wait_s)
            opcode, frame = self._connection.recv_data_frame(control_frame=True)
        except WebSocketTimeoutException:
            self._ask_for_life()
            return None
        except (WebSocketException, OSError) as error:
            raise DeliveryError(f"{self._host} broke the connection off: {error}") from error
        self._heard_at = time.monotonic()
        if opcode == ABNF.OPCODE_CLOSE:
            raise DeliveryError(f"{self._host} closed the connection")
        return bytes(frame.data).decode() if opcode == ABNF.OPCODE_TEXT else None

    def _ask_for_life(self) -> None:
        now = time.monotonic()
        if now - self._heard_at > DEAD_AFTER_S:
            raise DeliveryError(f"{self._host} has said nothing for {DEAD_AFTER_S:.0f} s")
        if now - max(self._heard_at, self._asked_at) > PING_AFTER_S:
            self._asked_at = now
            try:
                self._connection.ping()
            except (WebSocketException, OSError) as error:
                raise DeliveryError(f"{self._host} broke the connection off: {error}") from error


def open_stream(base_url: str, target: str, headers: Mapping[str, str]) -> Stream:
    """A WebSocket at `target` below `base_url`. Redirects are not followed.

    Raises DeliveryError.
    """
    parts = urlsplit(base_url)
    host, scheme = parts.hostname or "", parts.scheme
    if scheme not in SCHEMES or not host:
        raise DeliveryError(f"{base_url} is no address of a server", permanent=True)
    port = parts.port or DEFAULT_PORTS[scheme]
    try:
        plain = open_socket(host, port, timeout=CONNECT_TIMEOUT_S)
    except NotConnectedError as error:
        raise DeliveryError(f"{host} {error}", permanent=error.is_forbidden) from error
    try:
        url = f"{SCHEMES[scheme]}://{parts.netloc}{parts.path.rstrip('/')}{target}"
        return Stream(_shake_hands(plain, url, host, headers), host)
    except (WebSocketException, OSError) as error:
        plain.close()
        raise DeliveryError(f"{host} opens no WebSocket: {_reason(error)}") from error


def _shake_hands(
    plain: socket.socket, url: str, host: str, headers: Mapping[str, str]
) -> WebSocket:
    """Raises WebSocketException or OSError."""
    plain.settimeout(HANDSHAKE_TIMEOUT_S)
    is_tls = url.startswith("wss:")
    used = tls_context().wrap_socket(plain, server_hostname=host) if is_tls else plain
    connection = WebSocket(enable_multithread=False)
    connection.settimeout(HANDSHAKE_TIMEOUT_S)
    own = {"User-Agent": f"hub/{__version__} (+mattermost)"}
    connection.connect(  # type: ignore[no-untyped-call]  # half of the library has types
        url, header={**own, **headers}, socket=used, suppress_origin=True, redirect_limit=0
    )
    if connection.getstatus() != SWITCHED:
        _close(connection)
        raise WebSocketException(f"it answers {connection.getstatus()}")
    return connection


def _close(connection: WebSocket) -> None:
    connection.shutdown()  # type: ignore[no-untyped-call]  # half of the library has types


def _reason(error: Exception) -> str:
    """Without the headers of the answer, which the library puts behind its own sentence."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    return str(error).partition(" -+-+- ")[0][:200]
