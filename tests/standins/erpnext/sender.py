"""ERPNext's webhooks as they leave it: always JSON text, signed in base64, tried three times."""

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.standins.outgoing import OutgoingRequest

SIGNATURE = "X-Frappe-Webhook-Signature"
WAITS_S = (1.0, 4.0, 7.0)  # after each of the three tries; the last wait is for nothing
LADDER_2026 = tuple(60.0 * minutes for minutes in (5, 30, 120, 300, 600, 600))
TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Webhook:
    """A row of the DocType Webhook. Without a row for it there is no Content-Type at all."""

    url: str = ""
    secret: str = ""
    header_rows: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    timeout_s: float = TIMEOUT_S

    def build(self, data: Any) -> OutgoingRequest:
        """`data` as the JSON body or the field table has made it."""
        body = json.dumps(data, default=str).encode()
        headers = dict(self.header_rows)
        if self.secret:
            headers[SIGNATURE] = sign(self.secret, body)
        return OutgoingRequest(body, headers, self.query)

    def send(
        self,
        data: Any,
        *,
        waits: Sequence[float] = WAITS_S,
        pause: Callable[[float], None] = time.sleep,
    ) -> list[int]:
        """The status of every try, 0 for one without an answer.

        One try for every wait: no wait follows a read time-out (as up to early 2026). With
        `LADDER_2026` the first try is made at once, the others by the scheduler.
        """
        return list(self._tries(self.build(data), waits, pause))

    def _tries(
        self, request: OutgoingRequest, waits: Sequence[float], pause: Callable[[float], None]
    ) -> Iterator[int]:
        target = f"{self.url}?{request.query}" if request.query else self.url
        for wait in waits:
            try:
                response = requests.post(
                    target, data=request.body, headers=request.headers, timeout=self.timeout_s
                )
            except requests.ReadTimeout:
                yield 0
                continue
            except requests.ConnectionError:
                yield 0
            else:
                yield response.status_code
                if response.ok:
                    return
            pause(wait)


def sign(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
