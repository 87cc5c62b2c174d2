"""The setup page of a source: the other side's recipe filled in, and what it last sent."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from hub.admin.cells import event_tag
from hub.admin.event_pages import pretty_body
from hub.admin.pretty import plain
from hub.admin.recipes import recipe_html, secret_place
from hub.admin.rule_recipes import recipes_of_source
from hub.admin.sentences import describe_event
from hub.models import Event, Refusal, Source
from hub.models.events import MATCHED
from hub.secrets import mask_secrets
from hub.tokens import hook_url, newest_token

LOOPBACK: Final = frozenset(("127.0.0.1", "localhost", "::1"))


@dataclass(frozen=True, slots=True)
class LastRequest:
    """The newest stored request, as it came; what looks like a secret is masked."""

    event: Event
    tag: SafeString
    sentence: str
    target: str
    headers: dict[str, str]
    body: SafeString | str


def setup_context(source: Source, request: HttpRequest) -> dict[str, Any]:
    """What the page shows beside the form of the test request."""
    token = newest_token(source)
    prefix = f"{token.prefix}…" if token is not None else "…"
    return {
        "source": source,
        "token": token,
        "shown_url": hook_url(prefix),
        "hub_url": settings.HUB_BASE_URL,
        "is_loopback": urlsplit(settings.HUB_BASE_URL).hostname in LOOPBACK,
        "recipe": recipe_html(source.integration, url=hook_url(prefix), secret=secret_place(token)),
        "recipes": recipes_of_source(source),
        "may_issue": request.user.has_perm("hub.add_webhooktoken"),
        **last_requests(source, request),
    }


def last_requests(source: Source, request: HttpRequest) -> dict[str, Any]:
    """The last stored and the last refused one, for those who may see such rows."""
    may_see = {name: request.user.has_perm(f"hub.view_{name}") for name in ("event", "refusal")}
    refusal = _last_refusal(source) if may_see["refusal"] else None
    return {
        "last": _last_request(source) if may_see["event"] else None,
        "refusal": refusal,
        "refusal_body": plain(refusal.body_excerpt) if refusal and refusal.body_excerpt else "",
    }


def _last_request(source: Source) -> LastRequest | None:
    """Both look-ups go through an index: of what waits for the matcher, and of the others."""
    rows = Event.objects.filter(source=source).order_by("-pk").select_related("source")
    event = rows.filter(state=Event.State.RECEIVED).first() or rows.filter(MATCHED).first()
    if event is None:
        return None
    query = {name: mask_secrets(value) for name, value in event.query.items()}
    token = f"{event.token.prefix}…" if event.token is not None else "…"
    target = f"POST /hooks/{token}{'?' + urlencode(query) if query else ''}"
    return LastRequest(
        event=event,
        tag=event_tag(event),
        sentence=describe_event(event),
        target=_("found by looking there") if event.is_polled else target,
        headers={name: mask_secrets(str(value)) for name, value in event.headers.items()},
        body=pretty_body(event),
    )


def _last_refusal(source: Source) -> Refusal | None:
    """Also of a token that is no longer valid: then only its beginning is known."""
    rows = Refusal.objects.order_by("-pk")
    prefixes = source.tokens.values("prefix")
    proven = rows.filter(token__source=source).first()
    unknown = rows.filter(token=None, path__in=prefixes).first()
    found = [row for row in (proven, unknown) if row is not None]
    return max(found, key=lambda row: row.received_at, default=None)
