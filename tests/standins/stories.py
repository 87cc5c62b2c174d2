"""Recorded requests told anew: other tickets, times of now, signatures that hold."""

import base64
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

RECORDED_SECRET = "recorded-secret"  # what the recordings are signed with
ID_BELOW_NUMBER = 69_290  # Zammad's ids and numbers count in step
MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?P<gap>[T ])(?P<time>\d\d:\d\d:\d\d)(?P<rest>\.\d+|)(?P<zone>Z| UTC)"
)


@dataclass(frozen=True)
class Recording:
    """One file of `payloads/`, and the `.headers` beside it."""

    name: str
    query: str
    headers: Mapping[str, str]
    received_at: datetime
    body: bytes

    @property
    def kind(self) -> str:
        return self.name.partition("__")[0]


@dataclass(frozen=True)
class Subject:
    """What a ticket of a story is about."""

    title: str
    text: str
    organization: str
    customer: tuple[str, str]  # first and last name


@dataclass
class Story:
    """Steps about one ticket that nobody has heard of yet."""

    integration: str
    steps: tuple[str, ...]  # names of recordings
    number: int
    subject: Subject
    begun_at: str = ""  # as the first step says it: ids are used again, the time of birth is not
    told_count: int = field(default=0, init=False)

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
    """The next step of a story, as if it happened now."""
    body = json.loads(recording.body)
    body = _renewed(body, _new_words(body["ticket"], story), now - recording.received_at)
    story.begun_at = story.begun_at or body["ticket"]["created_at"]
    body["ticket"]["created_at"] = story.begun_at
    if recording.kind == "ticket.created":
        body["article"]["body"] = story.subject.text
    story.told_count += 1
    return _request(recording, story.integration, json.dumps(body, separators=(",", ":")), secret)


def repeat(recording: Recording, integration: str, *, secret: str, now: datetime) -> Request:
    """A recording without a story: as it is, but now, and under ids of its own."""
    shift = now - recording.received_at
    text = MOMENT.sub(lambda found: _shifted(found, shift), recording.body.decode())
    return _request(recording, integration, text, secret)


def _new_words(ticket: dict[str, Any], story: Story) -> dict[str, str]:
    """What the recorded ticket says → what this one says."""
    subject, customer = story.subject, ticket["customer"]
    words = {
        ticket["number"]: str(story.number),
        str(ticket["id"]): str(story.number - ID_BELOW_NUMBER),
        ticket["title"]: subject.title,
        customer["firstname"]: subject.customer[0],
        customer["lastname"]: subject.customer[1],
    }
    if ticket.get("organization"):
        words[ticket["organization"]["name"]] = subject.organization
    return words


def _request(recording: Recording, integration: str, text: str, secret: str) -> Request:
    body = text.encode()
    headers = {
        name: _fresh_id(name, _signed_anew(value, recording.body, body, secret))
        for name, value in recording.headers.items()
    }
    return Request(integration, recording.name, recording.query, headers, body)


def _signed_anew(value: str, recorded: bytes, body: bytes, secret: str) -> str:
    """`value`, or the same sort of signature over `body` if it is one over what was recorded."""
    if value == RECORDED_SECRET:
        return secret
    for algorithm in ("sha1", "sha256"):
        for prefix in ("", f"{algorithm}="):
            old = _signatures(RECORDED_SECRET, recorded, algorithm)
            new = _signatures(secret, body, algorithm)
            for one, other in zip(old, new, strict=True):
                if value == prefix + one:
                    return prefix + other
    return value


def _signatures(secret: str, body: bytes, algorithm: str) -> tuple[str, str]:
    digest = hmac.digest(secret.encode(), body, algorithm)
    return digest.hex(), base64.b64encode(digest).decode()


def _fresh_id(name: str, value: str) -> str:
    """Every telling is a delivery of its own: else it would count as a repetition."""
    if name.lower() == "idempotency-key":
        return f"{value}-{uuid4().hex[:8]}"
    try:
        return str(uuid4()) if UUID(value) else value
    except ValueError:
        return value


def _renewed(value: Any, words: Mapping[str, str], shift: timedelta) -> Any:
    """`value` with its times shifted and the words of the old ticket replaced."""
    if isinstance(value, dict):
        return {name: _renewed(one, words, shift) for name, one in value.items()}
    if isinstance(value, list):
        return [_renewed(one, words, shift) for one in value]
    if isinstance(value, str):
        text = MOMENT.sub(lambda found: _shifted(found, shift), value)
        return words.get(text) or _numbers_replaced(text, words)
    if type(value) is int and str(value) in words:
        return int(words[str(value)])
    return value


def _numbers_replaced(text: str, words: Mapping[str, str]) -> str:
    """In addresses too: `/ticket_attachment/4711/`."""
    numbers = "|".join(word for word in words if word.isdigit())
    return re.sub(rf"(?<!\d)({numbers})(?!\d)", lambda found: words[found[0]], text)


def _shifted(found: re.Match[str], shift: timedelta) -> str:
    """In the form it had: with `T` and `Z`, or as Zammad's custom payloads write it."""
    moment = datetime.fromisoformat(f"{found['day']}T{found['time']}+00:00") + shift
    day, time = moment.strftime("%Y-%m-%d"), moment.strftime("%H:%M:%S")
    return f"{day}{found['gap']}{time}{found['rest']}{found['zone']}"
