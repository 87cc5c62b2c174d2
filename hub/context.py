"""What templates and conditions can read of an event."""

from datetime import UTC

from hub.contracts import InboundRequest, JSONObject, JSONValue, ParsedEvent, PayloadError
from hub.models import Event

MAX_TITLE_CHARS = 300  # as it is stored


def build_context(event: ParsedEvent, request: InboundRequest, source_name: str) -> JSONObject:
    """Our common fields over the integration's data, and the raw body as `payload`."""
    actor, reference = event.actor, event.reference
    return {
        **event.data,
        "kind": event.kinds[0] if event.kinds else "",
        "kinds": list(event.kinds),
        "title": event.title,
        "url": event.url,
        "reference": reference.display if reference else "",
        "reference_id": reference.external_id if reference else "",
        "actor": actor.name if actor else "",
        "actor_login": actor.login if actor else "",
        "actor_email": actor.email if actor else "",
        "severity": event.severity,
        "is_private": event.is_private,
        "source": source_name,
        "received_at": request.received_at.astimezone(UTC).isoformat(),
        "event_hint": request.event_hint,
        "payload": _payload(request),
    }


def remembered(event: ParsedEvent) -> JSONObject:
    """What the next event on the same reference is compared with, by conditions on changes."""
    return {
        **event.data,
        "title": event.title[:MAX_TITLE_CHARS],
        "url": event.url,
        "severity": event.severity,
        "is_private": event.is_private,
    }


def remembered_of_row(row: Event) -> JSONObject:
    """The same of an event that was matched before."""
    fields = {name: getattr(row, name) for name in ("title", "url", "severity", "is_private")}
    return {**row.data, **fields}


def _payload(request: InboundRequest) -> JSONValue:
    try:
        return request.json()
    except PayloadError:
        return None
