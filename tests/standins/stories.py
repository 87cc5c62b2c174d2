"""Recorded requests told anew: other tickets, times of now, signatures that hold."""

import base64
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

RECORDED_SECRET = "recorded-secret"  # what the recordings are signed with
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)")
NUMBER_AT_END = re.compile(r"\d+$")


@dataclass(frozen=True)
class Recording:
    """One file of `payloads/`, and the `.headers` beside it."""

    name: str
    query: str
    headers: Mapping[str, str]
    received_at: datetime
    body: bytes


@dataclass(frozen=True)
class Subject:
    """What a story is about."""

    title: str
    text: str
    organization: str
    first_name: str
    last_name: str


@dataclass(frozen=True)
class Cast:
    """Where the requests of a system hold what is new in every story: paths with dots."""

    numbers: tuple[str, ...] = ()  # moved together, so that they fit each other as before
    kept: tuple[str, ...] = ()  # times that every step repeats: ids are used again, births are not
    words: Mapping[str, str] = field(default_factory=dict)  # path → field of Subject
    opening: str = ""  # the text that the first step begins with


CASTS = {
    "zammad": Cast(
        numbers=("ticket.number", "ticket.id", "article.ticket_id"),
        kept=("ticket.created_at",),
        words={
            "ticket.title": "title",
            "ticket.organization.name": "organization",
            "ticket.customer.firstname": "first_name",
            "ticket.customer.lastname": "last_name",
        },
        opening="article.body",
    ),
    "redmine": Cast(
        numbers=("data.issue.id", "data.journal.id"),
        kept=("data.issue.created_on",),
        words={"data.issue.subject": "title"},
    ),
    "git": Cast(
        numbers=("pull_request.number", "issue.number", "number"),
        kept=("pull_request.created_at", "issue.created_at"),
    ),
    "erpnext": Cast(numbers=("name",), words={"doc.customer_name": "organization"}),
}


@dataclass
class Story:
    """Steps about one thing that nobody has heard of yet."""

    integration: str
    steps: tuple[str, ...]  # names of recordings
    number: int
    subject: Subject
    kept: dict[str, Any] = field(default_factory=dict)
    told_count: int = 0

    @property
    def is_over(self) -> bool:
        return self.told_count >= len(self.steps)


@dataclass(frozen=True)
class Request:
    integration: str
    name: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def load_recordings(folder: Path) -> Iterator[Recording]:
    for path in sorted(folder.glob("*.json")):
        first, *lines = path.with_suffix(".headers").read_text().strip().splitlines()
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip(): value.strip() for name, _colon, value in pairs}
        received_at = headers.pop("X-Received-At", "")
        moment = datetime.fromisoformat(received_at) if received_at else datetime.now(UTC)
        query = urlsplit(first.split()[1]).query
        yield Recording(path.stem, query, headers, moment, path.read_bytes())


def tell(recording: Recording, story: Story, *, secret: str, now: datetime) -> Request:
    """The next step of a story, as if it happened now. The recorded body has to be JSON."""
    cast = CASTS.get(story.integration, Cast())
    recorded = json.loads(recording.body)
    numbers = _new_numbers(recorded, cast, story)
    words = {str(_at(recorded, path)): str(new) for path, new in numbers.items()}
    for path, name in cast.words.items():
        words[str(_at(recorded, path))] = getattr(story.subject, name)
    body = _renewed(recorded, words, now - recording.received_at)
    for path, new in numbers.items():
        _put(body, path, new)
    for path in cast.kept:
        _put(body, path, story.kept.setdefault(path, _at(body, path)))
    if cast.opening and story.told_count == 0:
        _put(body, cast.opening, story.subject.text)
    story.told_count += 1
    content = json.dumps(body, separators=(",", ":")).encode()
    headers = {
        name: _fresh_id(name, _signed_anew(value, recording.body, content, secret))
        for name, value in recording.headers.items()
    }
    return Request(story.integration, recording.name, recording.query, headers, content)


def _new_numbers(body: Any, cast: Cast, story: Story) -> dict[str, Any]:
    """Path → the number or name that stands there in this story."""
    found = {path: _at(body, path) for path in cast.numbers}
    found = {path: old for path, old in found.items() if NUMBER_AT_END.search(str(old))}
    if not found:
        return {}
    first = NUMBER_AT_END.search(str(next(iter(found.values()))))
    move = story.number - int(first[0]) if first else 0
    return {path: _moved(old, move) for path, old in found.items()}


def _moved(old: int | str, move: int) -> int | str:
    """`4711` as a number, `"74001"` as a text, `"SAL-ORD-2026-00042"` with its leading zeros."""
    if isinstance(old, int):
        return old + move
    return NUMBER_AT_END.sub(lambda found: str(int(found[0]) + move).zfill(len(found[0])), old)


def _renewed(value: Any, words: Mapping[str, str], shift: timedelta) -> Any:
    """`value` with its times shifted, and the words of the old story replaced."""
    if isinstance(value, dict):
        return {name: _renewed(one, words, shift) for name, one in value.items()}
    if isinstance(value, list):
        return [_renewed(one, words, shift) for one in value]
    if not isinstance(value, str):
        return value
    text = MOMENT.sub(lambda found: _shifted(found, shift), words.get(value, value))
    names = "|".join(re.escape(word) for word in words if NUMBER_AT_END.search(word))
    if not names:
        return text
    # In addresses and references only: a small number may stand anywhere else.
    return re.sub(rf"(?<=[/#])({names})(?!\d)", lambda found: words[found[0]], text)


def _shifted(found: re.Match[str], shift: timedelta) -> str:
    """Fractions and zone, which follow, stay as they are."""
    moment = datetime.fromisoformat(f"{found[1]}T{found[3]}+00:00") + shift
    return f"{moment:%Y-%m-%d}{found[2]}{moment:%H:%M:%S}"


def _at(body: Any, path: str) -> Any:
    """None where the path leads nowhere."""
    return reduce(
        lambda one, key: one.get(key) if isinstance(one, dict) else None, path.split("."), body
    )


def _put(body: Any, path: str, value: Any) -> None:
    parent_path, _dot, key = path.rpartition(".")
    parent = _at(body, parent_path) if parent_path else body
    if isinstance(parent, dict) and key in parent:
        parent[key] = value


def _signed_anew(value: str, recorded: bytes, body: bytes, secret: str) -> str:
    """`value`, or the same sort of signature over `body` if it is one over what was recorded."""
    if value == RECORDED_SECRET:
        return secret
    for algorithm in ("sha1", "sha256"):
        old = _signatures(RECORDED_SECRET, recorded, algorithm)
        if value in old:
            return _signatures(secret, body, algorithm)[old.index(value)]
    return value


def _signatures(secret: str, body: bytes, algorithm: str) -> list[str]:
    """In every form that a system of ours writes it."""
    digest = hmac.digest(secret.encode(), body, algorithm)
    forms = (digest.hex(), base64.b64encode(digest).decode())
    return [prefix + form for prefix in ("", f"{algorithm}=") for form in forms]


def _fresh_id(name: str, value: str) -> str:
    """Every telling is a sending of its own: else it would count as a repetition."""
    if name.lower() == "idempotency-key":
        return f"{value}-{uuid4().hex[:8]}"
    try:
        return str(uuid4()) if UUID(value) else value
    except ValueError:
        return value
