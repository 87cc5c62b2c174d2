"""The only opener of outgoing HTTP: listed origins, no redirects, bounded time and size."""

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from json import JSONEncoder
from types import MappingProxyType
from typing import cast
from urllib.parse import urlencode

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from hub import __version__
from hub.addresses import GuardedPool, GuardedTlsPool, tls_context
from hub.contracts import DeliveryError, HttpResponse, JSONValue
from hub.http_errors import Call, failure, is_broken_off, refusal

CONNECT_TIMEOUT_S = 3.05  # a little over the 3 s after which TCP repeats its first packet
READ_TIMEOUT_S = 10.0  # between two packets of the answer
MAX_BODY_S = 30.0  # for the whole body: one that drips must not keep a thread
MAX_BODY_BYTES = 5 * 1024 * 1024
MAX_ERROR_BYTES = 16 * 1024  # of an answer that is only quoted
CHUNK_BYTES = 64 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD"})
DEFAULT_PORTS: Mapping[str, int] = MappingProxyType({"http": 80, "https": 443})
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
NOT_IN_AGENT = re.compile(r"[^A-Za-z0-9._-]+")

_encode = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what decides whether an address may be called."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"

    @property
    def netloc(self) -> str:
        is_usual = self.port == DEFAULT_PORTS[self.scheme]
        return self.host if is_usual else f"{self.host}:{self.port}"


class OutgoingRequest(requests.PreparedRequest):
    """Prepared by hand: what requests would work out for every call, the client knows."""

    def __init__(self, method: str, origin: Origin, target: str) -> None:
        super().__init__()
        self.method, self.origin, self.target = method, origin, target
        self.url = f"{origin}{target}"


class Adapter(HTTPAdapter):
    """requests' transport over checked connections; it knows no proxies and keeps no cookies."""

    def __init__(self, origins: Iterable[Origin], pool_size: int) -> None:
        super().__init__()
        self._pools = {origin: _pool(origin, pool_size) for origin in origins}

    def knows(self, origin: Origin) -> bool:
        return origin in self._pools

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *_args: object, **_kwargs: object
    ) -> HTTPConnectionPool:
        return self._pools[cast(OutgoingRequest, request).origin]

    def cert_verify(self, *_args: object, **_kwargs: object) -> None:
        """The TLS context of the pool decides."""

    def request_url(self, request: requests.PreparedRequest, *_args: object) -> str:
        return cast(OutgoingRequest, request).target

    def build_response(
        self, req: requests.PreparedRequest, resp: BaseHTTPResponse
    ) -> requests.Response:
        response = requests.Response()
        response.status_code, response.raw = resp.status, resp
        response.request, response.url = req, str(req.url)
        return response

    def close(self) -> None:
        super().close()
        for pool in self._pools.values():
            pool.close()


class OutboundHttp:
    """Calls the origins it was made for, and no others. Made to be shared by threads."""

    def __init__(
        self, base: Origin, base_path: str, adapter: Adapter, headers: Mapping[str, str]
    ) -> None:
        self._base, self._base_path = base, base_path
        self._adapter = adapter
        self._headers = headers

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: JSONValue = None,
        body: bytes | None = None,
        read_timeout: float | None = None,
    ) -> HttpResponse:
        """`url` is absolute or starts with `/`. Raises DeliveryError for all but 2xx.

        What was sent and not answered is never sent again here, but for GET and HEAD: only the
        caller knows what makes a repeated POST harmless.
        """
        request = self._prepare(method, url, params)
        request.body = content = body if json is None else _encode_json(json)
        own = {name.title(): value for name, value in headers.items()} if headers else NO_HEADERS
        request.headers = {**self._headers, **_content_headers(content, json), **own}  # type: ignore[assignment]  # any mapping will do
        timeout_s = READ_TIMEOUT_S if read_timeout is None else read_timeout
        call = Call(method, request.origin.netloc, request.target, request.headers, timeout_s)
        try:
            answer = self._exchange(request, (CONNECT_TIMEOUT_S, timeout_s))
        except (requests.RequestException, HTTPError) as error:
            raise failure(call, error) from error
        except ValueError as error:
            sentence = f"{call} cannot be written as HTTP: is there a line break in its token?"
            raise DeliveryError(sentence, permanent=True) from error
        if not 200 <= answer.status_code < 300:
            raise refusal(call, answer, now=datetime.now(UTC))
        if len(answer.body) > MAX_BODY_BYTES:
            raise DeliveryError(
                f"{call.host} answered {call} with more than {MAX_BODY_BYTES >> 20} MiB",
                permanent=True,
                status_code=answer.status_code,
                is_fate_unknown=True,
            )
        return answer

    def close(self) -> None:
        self._adapter.close()

    def _prepare(self, method: str, url: str, params: Mapping[str, str] | None) -> OutgoingRequest:
        if url.startswith("/"):
            origin, target = self._base, f"{self._base_path}{url.partition('#')[0]}"
        else:
            origin, target = _split(url)
        if not self._adapter.knows(origin):
            raise DeliveryError(
                f"{origin.netloc} may not be called: add {origin} to “other addresses it may call”",
                permanent=True,
            )
        if params:
            target += ("&" if "?" in target else "?") + urlencode(params)
        return OutgoingRequest(method, origin, target)

    def _exchange(self, request: OutgoingRequest, timeout: tuple[float, float]) -> HttpResponse:
        """The answer, whatever its status."""
        try:
            response = self._adapter.send(request, stream=True, timeout=timeout)
        except requests.ConnectionError as error:
            # A kept-alive connection may be closed by the other side at the moment it is used.
            if request.method not in SAFE_METHODS or not is_broken_off(error):
                raise
            response = self._adapter.send(request, stream=True, timeout=timeout)
        raw = response.raw
        headers = {name.lower(): value for name, value in raw.headers.items()}
        is_success = 200 <= raw.status < 300
        body = _read_body(raw, MAX_BODY_BYTES) if is_success else _read_excerpt(raw)
        return HttpResponse(raw.status, headers, body)


def open_http(
    base_url: str,
    *,
    extra_origins: Iterable[str] = (),
    headers: Mapping[str, str] = NO_HEADERS,
    purpose: str = "",
    pool_size: int = 32,
) -> OutboundHttp:
    """A client for `base_url`, whose path is put before relative ones, and for `extra_origins`.

    `purpose` stands in the User-Agent. Raises DeliveryError for what is not an http(s) address.
    """
    base, path = _split(base_url)
    origins = {base, *(_split(extra)[0] for extra in extra_origins)}
    own = {
        "User-Agent": f"hub/{__version__} (+{NOT_IN_AGENT.sub('-', purpose) or 'integration'})",
        "Accept": "application/json",
        **{name.title(): value for name, value in headers.items()},
    }
    return OutboundHttp(base, path.partition("?")[0].rstrip("/"), Adapter(origins, pool_size), own)


def origin_of(url: str) -> str:
    """`https://host[:port]`, empty for what is not an http(s) address."""
    try:
        return str(_split(url)[0])
    except DeliveryError:
        return ""


def _split(url: str) -> tuple[Origin, str]:
    """The origin, and the path with its query."""
    try:
        parts = parse_url(url)
    except ValueError as error:
        raise DeliveryError("An address cannot be read: correct it", permanent=True) from error
    scheme = parts.scheme or ""
    if scheme not in DEFAULT_PORTS or not parts.host or parts.auth:
        raise DeliveryError(
            "An address does not start with https:// or http://, or holds a password",
            permanent=True,
        )
    return Origin(scheme, parts.host, parts.port or DEFAULT_PORTS[scheme]), parts.request_uri


def _pool(origin: Origin, size: int) -> HTTPConnectionPool:
    if origin.scheme == "https":
        return GuardedTlsPool(origin.host, origin.port, maxsize=size, ssl_context=tls_context())
    return GuardedPool(origin.host, origin.port, maxsize=size)


def _content_headers(content: bytes | None, json: JSONValue) -> Mapping[str, str]:
    """Without a length it would be sent in chunks, which some servers take for an empty body."""
    if content is None:
        return NO_HEADERS
    length = {"Content-Length": str(len(content))}
    return length if json is None else {"Content-Type": "application/json", **length}


def _encode_json(value: JSONValue) -> bytes:
    try:
        return _encode(value).encode(errors="replace")
    except ValueError as error:
        raise DeliveryError(f"What is to be sent is not JSON: {error}", permanent=True) from error


def _read_body(raw: BaseHTTPResponse, limit: int) -> bytes:
    """At most one chunk more than `limit` bytes: the caller can tell that there were too many."""
    deadline = time.monotonic() + MAX_BODY_S
    body = bytearray()
    while chunk := raw.read1(CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > limit:
            raw.close()
            break
        if time.monotonic() > deadline:
            raw.close()
            raise requests.ReadTimeout
    return bytes(body)


def _read_excerpt(raw: BaseHTTPResponse) -> bytes:
    """The beginning of an error's body; its status is worth more than its end."""
    try:
        return _read_body(raw, MAX_ERROR_BYTES)
    except (requests.ReadTimeout, HTTPError):
        return b""
