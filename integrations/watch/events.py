"""Reads the events that the hub writes about itself."""

from collections.abc import Mapping
from typing import Final

from hub.contracts import (
    ExternalReference,
    Identity,
    InboundRequest,
    JSONObject,
    JSONValue,
    ParsedEvent,
    PayloadError,
    Severity,
    SourceView,
)

KINDS: Final[Mapping[str, str]] = {
    "service.down": "A watched service does not answer",
    "service.recovered": "A watched service answers again",
    "maintenance.started": "Planned maintenance has begun",
    "maintenance.ended": "Planned maintenance is over",
    "source.silent": "A source has sent nothing for longer than it usually does",
    "source.refused": "A source's requests are being refused",
    "source.changed": "A source's requests are no longer understood",
    "credential.old": "A token or another secret is to be rotated",
}
SEVERITIES: Final[Mapping[str, Severity]] = {
    "service.down": "urgent",
    "service.recovered": "success",
    "maintenance.started": "info",
    "maintenance.ended": "success",
    "source.silent": "warning",
    "source.refused": "warning",
    "source.changed": "warning",
    "credential.old": "warning",
}


def identify(request: InboundRequest) -> Identity:
    """Every one is told once: the hub gives it a key of its own when it stores it.

    Raises PayloadError when it cannot be decoded.
    """
    request.json()
    return Identity()


def parse(request: InboundRequest, _source: SourceView) -> ParsedEvent:
    """Raises PayloadError at the first surprise."""
    content = request.json()
    if not isinstance(content, dict):
        raise PayloadError("an event of the hub is an object")
    kind = _text(content, "event")
    if kind not in KINDS:
        raise PayloadError(f"no event of the hub is called {kind[:60]!r}", "event")
    service = _text(content, "service")
    if not service:
        raise PayloadError("it does not say which service it is about", "service")
    return ParsedEvent(
        kinds=(kind,),
        title=service,
        reference=ExternalReference(_text(content, "id") or service, service),
        url=_text(content, "status_page_url") or _text(content, "page_url"),
        severity=SEVERITIES[kind],
        data={name: value for name, value in content.items() if name not in ("event", "id")},
    )


def _text(content: JSONObject, name: str) -> str:
    value: JSONValue = content.get(name)
    return value.strip() if isinstance(value, str) else ""
