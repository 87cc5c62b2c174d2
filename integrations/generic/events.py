"""Reads any JSON by the mapping of its source."""

import re
from collections.abc import Mapping
from typing import Final, cast, get_args

from hub.contracts import (
    Actor,
    ExternalReference,
    Identity,
    InboundRequest,
    JSONObject,
    ParsedEvent,
    PayloadError,
    Severity,
    SourceView,
)
from integrations.generic.mapping import FieldMap, meaning, read_mapping, text_at

KINDS: Final[Mapping[str, str]] = {
    "alert.opened": "Something is wrong",
    "alert.closed": "It is right again",
    "alert.updated": "There is news on something that is wrong",
    "subject.created": "Something was made",
    "subject.updated": "Something was changed",
    "subject.closed": "Something was finished",
    "news.received": "Anything else",
}
DEFAULT_KIND: Final = "news.received"
SEVERITY_OF_KIND: Final[Mapping[str, Severity]] = {
    "alert.opened": "warning",
    "alert.closed": "success",
    "subject.closed": "success",
}
SEVERITIES: Final = frozenset(get_args(Severity))
TRUE_WORDS: Final = frozenset({"true", "yes", "1", "private", "confidential", "internal"})
READABLE: Final = re.compile(r"[\w#./: -]{1,40}")  # a key of the sender's may be for machines only
MAX_TITLE_CHARS: Final = 250
MAX_TEXT_CHARS: Final = 2000


def identify(request: InboundRequest) -> Identity:
    """By the path `dedup`, else by the hash of the body. Raises PayloadError for no JSON."""
    content = request.json()
    key = text_at(content, read_mapping(request.options).paths.get("dedup", ""))
    return Identity(dedup_key=f"generic:{key}" if key else None)


def parse(request: InboundRequest, source: SourceView) -> ParsedEvent:
    """Raises PayloadError where there is nothing to show."""
    content, mapping = request.json(), read_mapping(source.options)
    if not isinstance(content, dict):
        raise PayloadError("the payload must be one JSON object")
    texts = {name: text_at(content, path) for name, path in mapping.paths.items()}
    kind = meaning(mapping.kinds, texts.get("kind", ""), request.event_hint or DEFAULT_KIND)
    if kind not in KINDS:
        raise PayloadError(f"the mapping leads to an unknown kind {kind[:60]!r}", "kinds")
    title = texts.get("title", "")[:MAX_TITLE_CHARS]
    if not title:
        raise PayloadError("there is no title here: map one", mapping.paths.get("title", "title"))
    return ParsedEvent(
        kinds=(kind,),
        title=title,
        reference=_reference(texts),
        url=texts.get("url", ""),
        actor=Actor(texts["actor"]) if texts.get("actor") else None,
        severity=_severity(mapping, texts.get("severity", ""), kind),
        is_private=texts.get("private", "").lower() in TRUE_WORDS,
        data=_data(content, mapping, texts),
    )


def _reference(texts: Mapping[str, str]) -> ExternalReference | None:
    text = texts.get("reference", "")
    shown = text if READABLE.fullmatch(text) else texts["title"][:60]
    return ExternalReference(text[:200], shown) if text else None


def _severity(mapping: FieldMap, word: str, kind: str) -> Severity:
    """A closed alert is good news, however bad it was."""
    usual: Severity = SEVERITY_OF_KIND.get(kind, "info")
    found = meaning(mapping.severities, word, usual)
    return cast("Severity", found) if found in SEVERITIES and usual != "success" else usual


def _data(content: JSONObject, mapping: FieldMap, texts: Mapping[str, str]) -> JSONObject:
    shown = {label: text_at(content, path) for label, path in mapping.fields.items()}
    return {
        "text": texts.get("text", "")[:MAX_TEXT_CHARS],
        "word": texts.get("kind", ""),
        "shown": [{"label": label, "value": value} for label, value in shown.items() if value],
    }
