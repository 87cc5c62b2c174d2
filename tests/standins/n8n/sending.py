"""The HTTP Request node as it calls the hub: no signature, JSON, and tries that a person allows."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.standins.outgoing import OutgoingRequest

CALL_TIMEOUT_S = 10.0
MOST_TRIES = 5  # the form of the node takes no more
DEFAULT_TRIES, DEFAULT_WAIT_S = 3, 1.0  # with “Retry On Fail” on; it is off by default
SUCCESS, REDIRECT = 200, 300
UNREACHABLE = 0


@dataclass(frozen=True)
class HttpRequestNode:
    """`secret` stands in a credential of the type Header Auth."""

    url: str = ""
    secret: str = ""
    tries: int = 1
    wait_s: float = DEFAULT_WAIT_S

    def build(self, item: Any, *, key: str = "") -> OutgoingRequest:
        """`item` as the expression `JSON.stringify($json)` writes it."""
        headers = {"Content-Type": "application/json", "User-Agent": "n8n"}
        if self.secret:
            headers["X-Hub-Token"] = self.secret
        if key:
            headers["Idempotency-Key"] = key
        body = json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()
        return OutgoingRequest(body, headers)

    def send(
        self, item: Any, *, key: str = "", pause: Callable[[float], None] = time.sleep
    ) -> list[int]:
        """The status of every try, UNREACHABLE for one without an answer."""
        return list(self._tries(self.build(item, key=key), pause))

    def _tries(self, request: OutgoingRequest, pause: Callable[[float], None]) -> Iterator[int]:
        count = max(1, min(self.tries, MOST_TRIES))
        for number in range(count):
            if number:
                pause(self.wait_s)
            status = post(self.url, request)
            yield status
            if SUCCESS <= status < REDIRECT:
                return


def post(url: str, request: OutgoingRequest) -> int:
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    with closing(http.client.HTTPConnection(parts.netloc, timeout=CALL_TIMEOUT_S)) as connection:
        try:
            connection.request("POST", target, request.body, dict(request.headers))
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return UNREACHABLE
