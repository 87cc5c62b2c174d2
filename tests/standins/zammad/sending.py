"""Zammad's webhook as it leaves it: signed with HMAC-SHA1, tried five times by Zammad itself."""

import hmac
import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests

from tests.standins.outgoing import OutgoingRequest

TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Webhook:
    """One webhook and the trigger that calls it; `send` makes the first try only."""

    url: str = ""
    secret: str = ""
    trigger: str = "Mattermost: any other change"

    def build(self, content: Any) -> OutgoingRequest:
        body = json.dumps(content, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zammad User Agent",
            "X-Zammad-Trigger": self.trigger,
            "X-Zammad-Delivery": str(uuid4()),
        }
        if self.secret:
            signature = hmac.new(self.secret.encode(), body, "sha1").hexdigest()
            headers["X-Hub-Signature"] = f"sha1={signature}"
        return OutgoingRequest(body, headers)

    def send(self, request: OutgoingRequest) -> int:
        """The status of the answer, 0 for none."""
        try:
            response = requests.post(
                self.url, data=request.body, headers=request.headers, timeout=TIMEOUT_S
            )
        except requests.RequestException:
            return 0
        return response.status_code
