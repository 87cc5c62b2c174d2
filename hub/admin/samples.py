"""Recorded requests that each integration brings along, to try a rule on before anything came."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from django.utils import timezone

from hub.contracts import InboundRequest, Integration, SourceView
from hub.explaining import Recalled
from hub.matching import Received, parse_event
from hub.models import Source
from hub.views import source_view

FOLDER: Final = "payloads"
UNREADABLE: Final = "unknown"  # recordings of what an integration cannot understand


@dataclass(frozen=True, slots=True)
class Sample:
    """`payloads/<kind>[__variant].json`"""

    integration: Integration
    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def kind(self) -> str:
        return self.path.stem.partition("__")[0]


def find_samples(integration: Integration, kinds: Collection[str]) -> list[Sample]:
    """Those of the given kinds; all where none is given."""
    paths = sorted((integration.folder / FOLDER).glob("*.json"))
    samples = [Sample(integration, path) for path in paths]
    return [one for one in samples if one.kind != UNREADABLE and (not kinds or one.kind in kinds)]


def load_sample(sample: Sample, source: Source | None) -> Recalled:
    """As if `source` had sent it now."""
    view = replace(source_view(source), http=None) if source is not None else _made_up(sample)
    received = Received(
        event_id=0,
        source_id=source.pk if source is not None else 0,
        source_name=view.name,
        integration=sample.integration,
        source=view,
        request=sample_request(sample),
    )
    return Recalled(parse_event(received), title=sample.name)


def _made_up(sample: Sample) -> SourceView:
    base_url = f"https://{sample.integration.name}.example.test"
    return SourceView(name=sample.integration.label, base_url=base_url)


def sample_request(sample: Sample) -> InboundRequest:
    """As it was recorded, received now."""
    target, headers = _read_headers(sample.path.with_suffix(".headers"))
    query = dict(parse_qsl(urlsplit(target).query))
    return InboundRequest(
        method="POST",
        body=sample.path.read_bytes(),
        headers=headers,
        query=query,
        received_at=timezone.now(),
        event_hint=query.get("event", ""),
    )


def _read_headers(path: Path) -> tuple[str, dict[str, str]]:
    """`POST /hooks/x?event=created` in the first line, then `Name: value`."""
    lines = path.read_text().strip().splitlines() if path.exists() else []
    pairs = [line.partition(":") for line in lines[1:]]
    headers = {name.strip().lower(): value.strip() for name, _colon, value in pairs}
    words = lines[0].split() if lines else []
    return (words[1] if len(words) > 1 else "/"), headers
