"""What an event mentions of other systems becomes links, where the hub knows it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from hub import registry
from hub.contracts import JSONObject, JSONValue
from hub.matching import Parsed
from hub.models import Reference, Source

MENTIONED = "mentioned"  # in the data of an event: [{"reference": "#23", "url": …}, …]
PREFERRED = "references_source"  # option of a source: whose references its messages mean
MAX_MENTIONED = 20  # of one event


@dataclass(frozen=True, slots=True)
class _Target:
    title: str  # never of a private one
    url: str


@dataclass(frozen=True, slots=True)
class _Known:
    """`targets` by display, then by source; `integrations` by source."""

    targets: Mapping[str, Mapping[int, _Target]]
    integrations: Mapping[int, str]
    ids: Mapping[str, int]  # of sources, by name


def link_references(parsed: Sequence[Parsed]) -> list[Parsed]:
    """Two queries for all of them together, and none where nothing is mentioned."""
    displays = {display for one in parsed for display, _url in _mentioned(one)}
    if not displays:
        return [*parsed]
    known = _load(displays)
    return [_linked(one, known) for one in parsed]


def _mentioned(parsed: Parsed) -> list[tuple[str, str]]:
    """Each as it is written, with the address that the integration itself would give it."""
    found = parsed.event.data.get(MENTIONED) if parsed.event is not None else None
    if not isinstance(found, list):
        return []
    read = [(one.get("reference"), one.get("url")) for one in found if isinstance(one, dict)]
    texts = [(name, url) for name, url in read if isinstance(name, str) and isinstance(url, str)]
    return texts[:MAX_MENTIONED]


def _load(displays: Iterable[str]) -> _Known:
    targets: dict[str, dict[int, _Target]] = {}
    for row in Reference.objects.filter(display__in=list(displays)).order_by("pk"):
        title = "" if row.is_private else row.title
        targets.setdefault(row.display, {})[row.source_id] = _Target(title, row.url)
    sources = Source.objects.filter(is_active=True).values_list("pk", "name", "integration")
    return _Known(
        targets,
        {pk: integration for pk, _name, integration in sources},
        {name: pk for pk, name, _integration in sources},
    )


def _linked(parsed: Parsed, known: _Known) -> Parsed:
    mentioned = _mentioned(parsed)
    if not mentioned or parsed.event is None:
        return parsed
    received = parsed.received
    preferred = known.ids.get(str(received.source.options.get(PREFERRED) or ""))
    links: list[JSONValue] = [
        _link(display, url, received.source_id, preferred, known) for display, url in mentioned
    ]
    data = {**parsed.event.data, MENTIONED: links}
    return replace(parsed, event=replace(parsed.event, data=data))


def _link(
    display: str, own_url: str, source_id: int, preferred: int | None, known: _Known
) -> JSONObject:
    """To the one system that has it; `own_url` only where it can be no other's.

    Text where it is unknown, or where several have it and the option does not say which.
    """
    others = {pk for pk in known.integrations if pk != source_id}
    if preferred == source_id and own_url:
        others = set()
    elif preferred in others:
        others -= _rivals(preferred, display, known)
    targets = [one for pk, one in known.targets.get(display, {}).items() if pk in others]
    if len(targets) == 1:
        return {"reference": display, "url": targets[0].url, "title": targets[0].title}
    is_anothers = targets or any(_can_be_of(pk, display, known) for pk in others)
    return {"reference": display, "url": "" if is_anothers else own_url, "title": ""}


def _rivals(preferred: int, display: str, known: _Known) -> set[int]:
    """All others where the preferred source has it; else those of its own sort."""
    sort = known.integrations[preferred]
    has_it = preferred in known.targets.get(display, {})
    return {
        pk for pk, one in known.integrations.items() if pk != preferred and (has_it or one == sort)
    }


def _can_be_of(source_id: int, display: str, known: _Known) -> bool:
    integration = registry.get(known.integrations[source_id])
    pattern = integration.reference_pattern if integration is not None else ""
    return bool(pattern) and _compiled(pattern).fullmatch(display) is not None


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Of integrations, never of what somebody typed."""
    return re.compile(pattern)
