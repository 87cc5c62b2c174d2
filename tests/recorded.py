"""Recorded requests: `payloads/<kind>[__variant].json`, with `.headers` and `.expected.md`."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import yaml

from hub import registry
from hub.context import build_context
from hub.contracts import (
    InboundRequest,
    Integration,
    JSONValue,
    ParsedEvent,
    PayloadError,
    SourceView,
)
from hub.matching import Parsed, Received, match_event
from hub.rendering import Style, preview, render_message
from hub.rules import RuleIndex
from hub.wording import default_wording
from tests.factories import NOON

RECORDED_SECRET = "recorded-secret"
LANGUAGES = ("en", "nl")
ACCEPT = "HUB_ACCEPT_EXPECTED"  # set it to write the expected files anew, then read the diff


@dataclass(frozen=True)
class Recording:
    integration: Integration
    path: Path

    @property
    def name(self) -> str:
        return f"{self.integration.name}/{self.path.stem}"

    @property
    def kind(self) -> str:
        return self.path.stem.partition("__")[0]

    @property
    def expected_path(self) -> Path:
        return self.path.with_suffix(".expected.md")

    @property
    def source(self) -> SourceView:
        base_url = f"https://{self.integration.name}.example.test"
        return SourceView(name=self.integration.label, base_url=base_url, options=self.options)

    @property
    def options(self) -> dict[str, JSONValue]:
        """Of the source, where a recording needs any: `<name>.options.yaml`."""
        path = self.path.with_suffix(".options.yaml")
        return yaml.safe_load(path.read_text()) if path.exists() else {}

    def request(self) -> InboundRequest:
        """The request as the system sent it; `X-Received-At` says when."""
        lines = self.path.with_suffix(".headers").read_text().strip().splitlines()
        target = urlsplit(lines[0].split()[1])
        headers = {
            name.strip().lower(): value.strip()
            for name, _colon, value in (line.partition(":") for line in lines[1:])
        }
        query = dict(parse_qsl(target.query))
        received_at = headers.pop("x-received-at", "")
        return InboundRequest(
            method=lines[0].split()[0],
            body=self.path.read_bytes(),
            headers=headers,
            query=query,
            received_at=datetime.fromisoformat(received_at) if received_at else NOON,
            event_hint=query.get("event", ""),
        )


def recordings() -> Iterator[Recording]:
    for integration in registry.all_integrations():
        for path in sorted((integration.folder / "payloads").glob("*.json")):
            yield Recording(integration, path)


def describe(recording: Recording, index: RuleIndex) -> str:
    """What the hub makes of a recording: its event, its default words, its starter rules."""
    request = recording.request()
    try:
        event = recording.integration.parse(request, recording.source)
    except PayloadError as error:
        return f"unknown: {error}\nat: {error.path}\n"
    parts = [_head(event)]
    if not event.ignored_because:
        parts += [_in_language(recording, request, event, language) for language in LANGUAGES]
        parts.append(_by_rules(recording, request, event, index))
    return "\n".join(parts)


def _head(event: ParsedEvent) -> str:
    rows = {
        "kinds": ", ".join(event.kinds),
        "ignored": event.ignored_because,
        "reference": event.reference.display if event.reference else "",
        "url": event.url,
        "by": event.actor.name if event.actor else "",
        "severity": event.severity,
        "private": "yes" if event.is_private else "",
    }
    return "\n".join(f"{name}: {value}" for name, value in rows.items() if value) + "\n"


def _in_language(
    recording: Recording, request: InboundRequest, event: ParsedEvent, language: str
) -> str:
    composed = recording.integration.compose(event) if recording.integration.compose else None
    rendered = render_message(
        build_context(event, request, recording.source.name),
        wording=default_wording(recording.integration, event.kinds[0], language),
        style=Style(language=language, zone="Europe/Amsterdam"),
        composed=composed,
    )
    assert rendered.error == ""
    return f"## {language}\n" + "\n---\n".join(preview(one) for one in rendered.messages) + "\n"


def _by_rules(
    recording: Recording, request: InboundRequest, event: ParsedEvent, index: RuleIndex
) -> str:
    general = [one.id for one in index.channels.values() if one.name == "general"]
    received = Received(
        event_id=1,
        source_id=1,
        source_name=recording.source.name,
        integration=recording.integration,
        source=recording.source,
        request=request,
        reachable_channels=frozenset(index.channels),
        default_channel=general[0],
    )
    match = match_event(Parsed(received, event), index)
    lines = [
        f"~{planned.channel.name} “{planned.rule.name}”: "
        + (planned.reason or (preview(planned.messages[0]).splitlines() or [""])[0])
        for planned in match.planned
    ]
    return "## rules\n" + "\n".join(sorted(lines) or ["none"]) + "\n"


def is_accepting() -> bool:
    return os.environ.get(ACCEPT) == "1"
