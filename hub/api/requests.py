"""Turns a WSGI request into an InboundRequest: any content type, chunked, capped."""

from collections.abc import Mapping
from typing import BinaryIO

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from hub.contracts import UNSTORABLE, InboundRequest

DISCARD_BYTES = 8 * 1024 * 1024  # read on so far, so that the sender sees the answer
CHUNK_BYTES = 64 * 1024


def read_request(http_request: HttpRequest) -> tuple[InboundRequest, int]:
    """The request and its size in bytes, which exceeds HUB_MAX_BODY_BYTES when it was cut."""
    body, size = _read_body(http_request, settings.HUB_MAX_BODY_BYTES)
    query = http_request.GET.dict() if http_request.META.get("QUERY_STRING") else {}
    request = InboundRequest(
        method=http_request.method or "",
        body=body,
        headers=_headers(http_request.META),
        query={_storable(name): _storable(value) for name, value in query.items()},
        received_at=timezone.now(),
        event_hint=_storable(query.get("event", ""))[:100],
    )
    return request, size


def client_address(http_request: HttpRequest) -> str:
    """The sender's address; behind proxies the one that the last trusted proxy saw."""
    meta = http_request.META
    count = settings.HUB_TRUSTED_PROXY_COUNT
    if count:
        hops = [hop.strip() for hop in meta.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if len(hops) >= count and hops[-count]:
            return str(hops[-count])[:45]
    return str(meta.get("REMOTE_ADDR", ""))[:45]


def _storable(value: object) -> str:
    return UNSTORABLE.sub("�", str(value))[:200]


def _headers(meta: Mapping[str, object]) -> dict[str, str]:
    headers = {
        name[5:].lower().replace("_", "-"): str(value)
        for name, value in meta.items()
        if name.startswith("HTTP_")
    }
    if meta.get("CONTENT_TYPE"):
        headers["content-type"] = str(meta["CONTENT_TYPE"])
    return headers


def _read_body(http_request: HttpRequest, cap: int) -> tuple[bytes, int]:
    """(the first `cap` bytes, the size). Django shows a chunked body as empty: read the stream."""
    stream = http_request.META["wsgi.input"]
    declared = int(http_request.META.get("CONTENT_LENGTH") or 0)
    is_chunked = not declared and http_request.META.get("wsgi.input_terminated", False)
    if declared and declared <= cap:
        return http_request.body, declared
    if not declared and not is_chunked:
        return b"", 0
    body = stream.read(cap + 1)
    if is_chunked and len(body) <= cap:
        return body, len(body)
    left = min(DISCARD_BYTES, declared - len(body)) if declared else DISCARD_BYTES
    return body[:cap], max(declared, len(body) + _discard(stream, left))


def _discard(stream: BinaryIO, limit: int) -> int:
    count = 0
    while count < limit and (chunk := stream.read(min(CHUNK_BYTES, limit - count))):
        count += len(chunk)
    return count
