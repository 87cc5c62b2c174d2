"""A request in the process itself, from the bytes that the load generator makes."""

import io
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from hub.contracts import InboundRequest
from hub.wsgi import application


def answer(request: bytes) -> None:
    """As gunicorn hands it over. Raises AssertionError when it is not stored."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": first.split()[1],
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    }
    for name, value in _headers(lines):
        key = name.upper().replace("-", "_")
        environ[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = value
    statuses: list[str] = []

    def start_response(status: str, *_more: object) -> Callable[[bytes], object]:
        statuses.append(status)
        return lambda _content: None

    b"".join(application(environ, start_response))
    if not statuses[0].startswith("202"):
        raise AssertionError(f"answered {statuses[0]}")


def to_inbound(request: bytes) -> InboundRequest:
    head, _, body = request.partition(b"\r\n\r\n")
    headers = {name.lower(): value for name, value in _headers(head.decode().split("\r\n")[1:])}
    return InboundRequest("POST", body, headers, received_at=timezone.now())


def _headers(lines: list[str]) -> list[tuple[str, str]]:
    pairs = (line.partition(": ") for line in lines)
    return [(name, value) for name, _, value in pairs]
