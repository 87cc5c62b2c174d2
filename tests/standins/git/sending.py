"""The webhooks of four forges on the wire: headers, signatures, second sendings, giving up."""

import base64
import hashlib
import hmac
import http.client
import json
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from tests.standins.outgoing import OutgoingRequest

CALL_TIMEOUT_S = 10.0
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SUCCESS, BAD_REQUEST, SERVER_ERROR = 200, 400, 500
FAILURES_BEFORE_PAUSE = 4  # GitLab: the first three are forgiven
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=24)
UNREACHABLE = 0

Payload = dict[str, Any]


def github(
    event: str, payload: Payload, *, secret: str = "", form: bool = False
) -> OutgoingRequest:
    """The signature covers the body as it is sent, also of a form."""
    body = _encoded(payload, form=form)
    headers = {
        "Content-Type": FORM if form else JSON,
        "User-Agent": "GitHub-Hookshot/7f3a2c1",
        "Accept": "*/*",
        "X-GitHub-Delivery": str(uuid4()),
        "X-GitHub-Event": event,
        "X-GitHub-Hook-ID": "4411",
        "X-GitHub-Hook-Installation-Target-Type": "repository",
        "X-GitHub-Hook-Installation-Target-ID": "9001",
    }
    if secret:
        headers["X-Hub-Signature"] = f"sha1={_hex(secret, body, 'sha1')}"
        headers["X-Hub-Signature-256"] = f"sha256={_hex(secret, body)}"
    return OutgoingRequest(body, headers, forge="github", event=event)


def gitlab(
    event: str, payload: Payload, *, token: str = "", signing_token: str = "", now: datetime | None
) -> OutgoingRequest:
    """`event` as in the header: `Push Hook`. A hook may have a token, a signing token, or both."""
    body, delivery = _encoded(payload), str(uuid4())
    headers = {
        "Content-Type": JSON,
        "User-Agent": "GitLab/17.5.1-ee",
        "Idempotency-Key": delivery,
        "X-Gitlab-Event": event,
        "X-Gitlab-Webhook-UUID": "b1a5c1de-38a4-4ac1-8b5f-2f0f3f6d1f44",
        "X-Gitlab-Instance": "https://git.example.test",
        "X-Gitlab-Event-UUID": str(uuid4()),
    }
    if token:
        headers["X-Gitlab-Token"] = token
    if signing_token and now is not None:
        headers |= standard_webhooks(signing_token, delivery, body, now)
    return OutgoingRequest(body, headers, forge="gitlab", event=event)


def gitea(
    event: str, payload: Payload, *, event_type: str = "", secret: str = "", form: bool = False
) -> OutgoingRequest:
    """Without a secret the signature headers are there, and empty. Forms: the JSON is signed."""
    text, delivery = json.dumps(payload, indent=2, ensure_ascii=False).encode(), str(uuid4())
    signature = _hex(secret, text) if secret else ""
    sha1 = _hex(secret, text, "sha1") if secret else ""
    headers = {
        "Content-Type": FORM if form else JSON,
        "User-Agent": "Go-http-client/1.1",
        "X-Gitea-Delivery": delivery,
        "X-Gitea-Event": event,
        "X-Gitea-Event-Type": event_type or event,
        "X-Gitea-Signature": signature,
        "X-Gogs-Delivery": delivery,
        "X-Gogs-Event": event,
        "X-Gogs-Event-Type": event_type or event,
        "X-Gogs-Signature": signature,
        "X-Hub-Signature": f"sha1={sha1}",
        "X-Hub-Signature-256": f"sha256={signature}",
        "X-GitHub-Delivery": delivery,
        "X-GitHub-Event": event,
        "X-GitHub-Event-Type": event_type or event,
    }
    body = urlencode({"payload": text}).encode() if form else text
    return OutgoingRequest(body, headers, forge="gitea", event=event)


def forgejo(
    event: str, payload: Payload, *, event_type: str = "", secret: str = ""
) -> OutgoingRequest:
    """Gitea's headers, and the same once more under its own name."""
    request = gitea(event, payload, event_type=event_type, secret=secret)
    own = {
        name.replace("Gitea", "Forgejo"): value
        for name, value in request.headers.items()
        if "Gitea" in name
    }
    return replace(request, forge="forgejo", headers={**request.headers, **own})


def standard_webhooks(
    signing_token: str, delivery: str, body: bytes, now: datetime
) -> dict[str, str]:
    key = base64.b64decode(signing_token.removeprefix("whsec_"))
    timestamp = str(int(now.timestamp()))
    signed = f"{delivery}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return {
        "webhook-id": delivery,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


def send(url: str, request: OutgoingRequest) -> int:
    """The status of the answer; UNREACHABLE when there is none. One try: no forge repeats it."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    with closing(http.client.HTTPConnection(parts.netloc, timeout=CALL_TIMEOUT_S)) as connection:
        try:
            connection.request("POST", target, request.body, dict(request.headers))
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return UNREACHABLE


def send_again(request: OutgoingRequest) -> OutgoingRequest:
    """What a person's click on “Redeliver” sends: only Gitea and Forgejo give it a new id."""
    if request.forge not in ("gitea", "forgejo"):
        return request
    delivery = str(uuid4())
    renewed = {name: delivery for name in request.headers if name.endswith("-Delivery")}
    return replace(request, headers={**request.headers, **renewed})


@dataclass
class GitlabHook:
    """GitLab's patience with an address: four failures in a row pause it, for longer each time;
    answers of 4xx switch it off for good. Other forges have no such thing."""

    url: str
    first_pause: timedelta = FIRST_PAUSE
    longest_pause: timedelta = LONGEST_PAUSE
    failure_count: int = 0
    paused_until: datetime | None = None
    is_disabled: bool = False
    statuses: list[int] = field(default_factory=list)

    def send(self, request: OutgoingRequest, now: datetime) -> int | None:
        """The status; None when the hook is paused or switched off, and the news is lost."""
        if self.is_disabled or (self.paused_until is not None and now < self.paused_until):
            return None
        status = send(self.url, request)
        self.statuses.append(status)
        if SUCCESS <= status < BAD_REQUEST:
            self.failure_count, self.paused_until = 0, None
        else:
            self._count_failure(status, now)
        return status

    def _count_failure(self, status: int, now: datetime) -> None:
        self.failure_count += 1
        over = self.failure_count - FAILURES_BEFORE_PAUSE
        if over < 0:
            return
        self.is_disabled = BAD_REQUEST <= status < SERVER_ERROR
        self.paused_until = now + min(self.first_pause * 2 ** min(over, 20), self.longest_pause)


def _encoded(payload: Payload, *, form: bool = False) -> bytes:
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    return urlencode({"payload": text}).encode() if form else text.encode()


def _hex(secret: str, body: bytes, algorithm: str = "sha256") -> str:
    return hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()
