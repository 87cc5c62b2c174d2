"""Sends a test request through the front door, as its system would, and says what came back."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from django.utils import timezone

from hub import registry
from hub.contracts import DeliveryError, InboundRequest, Integration
from hub.http import open_http
from hub.models import Event, Source, WebhookToken
from hub.models.events import TEST_KEY
from hub.secrets import new_token
from hub.tokens import issue_token, newest_token

LIFETIME: Final = timedelta(minutes=5)
READ_TIMEOUT_S: Final = 10.0
MAX_ANSWER_CHARS: Final = 500
LABEL: Final = "test request"
# Of a recorded request: made anew for each sending, or about the connection it came by.
NOT_SENT: Final = frozenset(
    {
        *("accept-encoding", "connection", "content-length", "host", "transfer-encoding"),
        "x-received-at",
    }
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a test request got. `status_code` is None when nothing answered, and `problem` why."""

    duration_ms: int
    status_code: int | None = None
    event_id: int | None = None
    answer_excerpt: str = ""
    problem: str = ""


def send_test(source: Source, request: InboundRequest, *, address: str) -> Trial:
    """A real POST to the hub at `address`, with a token and a signing secret for it alone.

    Raises LookupError when the source's integration is not installed.
    """
    integration = registry.get(source.integration)
    if integration is None:
        raise LookupError(source.integration)
    row, text = _issue(source, integration)
    sent = replace(request, headers=_headers(request, integration, row.signing_secret))
    trial = _hide(_post(sent, address, text), text)
    event = Event.objects.filter(source=source, dedup_key=f"{TEST_KEY}{row.pk}").only("pk").first()
    return replace(trial, event_id=event.pk if event is not None else None)


def _issue(source: Source, integration: Integration) -> tuple[WebhookToken, str]:
    """It may do what the source's newest token may: post to these channels, mention nobody."""
    usual = newest_token(source)
    row, text = issue_token(
        source,
        label=LABEL,
        is_test=True,
        signing_secret=new_token() if integration.sign is not None else "",
        event_hint=usual.event_hint if usual is not None else "",
        default_channel=usual.default_channel if usual is not None else None,
        expires_at=timezone.now() + LIFETIME,
    )
    if usual is not None:
        row.allowed_channels.set(usual.allowed_channels.all())
    return row, text


def _headers(request: InboundRequest, integration: Integration, secret: str) -> Mapping[str, str]:
    kept = {name: value for name, value in request.headers.items() if name not in NOT_SENT}
    kept.setdefault("content-type", "application/json")
    signed = integration.sign(request, secret) if integration.sign is not None else {}
    return {**kept, **signed}


def _post(request: InboundRequest, address: str, token: str) -> Trial:
    started = time.monotonic()

    def duration_ms() -> int:
        return round((time.monotonic() - started) * 1000)

    try:
        http = open_http(address, purpose="test", pool_size=1)
        answer = http.request(
            "POST",
            f"/hooks/{token}",
            headers=request.headers,
            params=request.query,
            body=request.body,
            read_timeout=READ_TIMEOUT_S,
        )
        http.close()
    except DeliveryError as error:
        excerpt = error.response_excerpt[:MAX_ANSWER_CHARS]
        return Trial(duration_ms(), error.status_code, None, excerpt, str(error))
    excerpt = answer.body[:MAX_ANSWER_CHARS].decode(errors="replace")
    return Trial(duration_ms(), answer.status_code, None, excerpt)


def _hide(trial: Trial, token: str) -> Trial:
    """The sentences of hub.http name the path that was called."""
    return replace(
        trial,
        problem=trial.problem.replace(token, "…"),
        answer_excerpt=trial.answer_excerpt.replace(token, "…"),
    )
