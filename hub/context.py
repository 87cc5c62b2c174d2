"""What templates and conditions can read of an event."""

from datetime import UTC

from hub.contracts import InboundRequest, JSONObject, JSONValue, ParsedEvent, PayloadError


def build_context(event: ParsedEvent, request: InboundRequest, source_name: str) -> JSONObject:
    """Our common fields over the integration's data, and the raw body as `payload`."""
    actor, reference = event.actor, event.reference
    return {
        **event_fields(event),
        "reference": reference.display if reference else "",
        "reference_id": reference.external_id if reference else "",
        "actor_login": actor.login if actor else "",
        "actor_email": actor.email if actor else "",
        "source": source_name,
        "received_at": request.received_at.astimezone(UTC).isoformat(),
        "event_hint": request.event_hint,
        "payload": _payload(request),
    }


def event_fields(event: ParsedEvent) -> JSONObject:
    """What is stored with an event too, so that the next one can be compared with it."""
    return {
        **event.data,
        "kind": event.kinds[0] if event.kinds else "",
        "kinds": list(event.kinds),
        "title": event.title,
        "url": event.url,
        "actor": event.actor.name if event.actor else "",
        "severity": event.severity,
        "is_private": event.is_private,
    }


def _payload(request: InboundRequest) -> JSONValue:
    try:
        return request.json()
    except PayloadError:
        return None
