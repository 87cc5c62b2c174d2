"""Recognises the hub's own notes when their system tells about them, and does not tell them on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from hub.contracts import ParsedEvent
from hub.matching import Parsed
from hub.plaintext import html_to_text
from hub.sql import from_time, to_time
from hub.tickets import fingerprint

SAME_TEXT_WITHIN = timedelta(minutes=10)  # while the id of the note is not known yet
LONGEST_UNDER_WAY = timedelta(days=1)  # a command, from its typing to its note
NOTE_WORDS = frozenset(("commented", "replied", "noted"))
NOTE_KINDS = frozenset(("comment.added",))
WORDLESS = fingerprint("")  # of emoji and marks alone: alike for all of them
GENERAL_WORD = "updated"  # the kind of a note where a system has no word of its own for it

# Runs for every batch with a note in it: by hand, since the ORM takes longer than the database.
FIND_OWN = """
SELECT source_id, username, note_id, note_fingerprint, reference, external_id,
       received_at, look_since, finished_at
FROM hub_commandinvocation
WHERE source_id IN ({sources}) AND (
    note_id IN ({ids})
    OR (received_at >= %s AND received_at <= %s AND note_fingerprint <> ''
        AND (received_at >= %s OR look_since >= %s OR finished_at >= %s)))
"""


@dataclass(frozen=True, slots=True)
class _Own:
    """A note that the hub wrote, or is writing."""

    username: str
    note_id: str  # empty until its system has answered
    fingerprint: str
    reference: str
    external_id: str
    times: tuple[datetime, ...]

    def is_on(self, event: ParsedEvent) -> bool:
        reference = event.reference
        if reference is None or (self.note_id and event.note_id):
            return False  # two ids that differ are two notes, however alike
        if self.external_id:
            return self.external_id == reference.external_id
        return self.reference == reference.display

    def is_about(self, moment: datetime) -> bool:
        return any(abs(moment - time) <= SAME_TEXT_WITHIN for time in self.times)


@dataclass(frozen=True, slots=True)
class _Owned:
    """The hub's own notes that a batch may be about: by source and id, and the latest by source."""

    by_id: Mapping[tuple[int, str], _Own]
    latest: Mapping[int, Sequence[_Own]]


def drop_echoes(batch: Sequence[Parsed]) -> list[Parsed]:
    """The batch, in which the hub's own notes are told by nobody.

    What else an event tells stays. One query for the whole batch, none without a note in it.
    """
    noted = [one for one in batch if one.event is not None and _has_note(one.event)]
    if not noted:
        return list(batch)
    owned = _load(noted)
    if not owned.by_id and not owned.latest:
        return list(batch)
    return [_without_echo(one, owned) for one in batch]


def _has_note(event: ParsedEvent) -> bool:
    return bool(event.note_id or event.note_text) and not event.ignored_because


def _without_echo(parsed: Parsed, owned: _Owned) -> Parsed:
    event = parsed.event
    if event is None or not _has_note(event):
        return parsed
    own = _find_own(parsed, event, owned)
    return parsed if own is None else replace(parsed, event=_silenced(event, own.username))


def _find_own(parsed: Parsed, event: ParsedEvent, owned: _Owned) -> _Own | None:
    source_id = parsed.received.source_id
    by_id = owned.by_id.get((source_id, event.note_id)) if event.note_id else None
    if by_id is not None:
        return by_id
    moment = parsed.received.request.received_at
    latest = owned.latest.get(source_id, ())
    there = [own for own in latest if own.is_on(event) and own.is_about(moment)]
    prints = fingerprints_of(event.note_text) if there else ()
    return next((own for own in there if own.fingerprint in prints), None)


def _silenced(event: ParsedEvent, username: str) -> ParsedEvent:
    kinds = tuple(kind for kind in event.kinds if not _is_about_note(kind))
    was_only_note = kinds == event.kinds and not event.changed and _is_general(kinds)
    if kinds and not was_only_note:
        return replace(event, kinds=kinds)
    return replace(event, ignored_because=f"written from Mattermost by @{username}")


def _is_about_note(kind: str) -> bool:
    return kind in NOTE_KINDS or kind.rpartition(".")[2] in NOTE_WORDS


def _is_general(kinds: Sequence[str]) -> bool:
    return all(kind.rpartition(".")[2] == GENERAL_WORD for kind in kinds)


def fingerprints_of(text: str) -> list[str]:
    """Of the whole text, and of what follows its first line: that may name the author."""
    prints = (fingerprint(one) for one in _readings(text))
    return [one for one in dict.fromkeys(prints) if one != WORDLESS]


def _readings(text: str) -> Iterator[str]:
    """As plain text and as HTML: what comes is either, and does not say which."""
    for plain in dict.fromkeys((text, html_to_text(text))):
        yield plain
        yield plain.strip().partition("\n")[2]


def _load(noted: Sequence[Parsed]) -> _Owned:
    moments = [one.received.request.received_at for one in noted]
    begin, end = min(moments) - SAME_TEXT_WITHIN, max(moments) + SAME_TEXT_WITHIN
    sources = sorted({one.received.source_id for one in noted})
    ids = sorted({one.event.note_id for one in noted if one.event is not None} - {""})
    times = [to_time(time) for time in (begin - LONGEST_UNDER_WAY, end, begin, begin, begin)]
    statement = FIND_OWN.format(sources=_marks(sources), ids=_marks(ids) if ids else "NULL")
    with connection.cursor() as cursor:
        cursor.execute(statement, [*sources, *ids, *times])
        rows = cursor.fetchall()
    by_id: dict[tuple[int, str], _Own] = {}
    latest: dict[int, list[_Own]] = {}
    for source_id, *values in rows:
        own = _own(values)
        if own.note_id:
            by_id[source_id, own.note_id] = own
        if own.fingerprint:
            latest.setdefault(source_id, []).append(own)
    return _Owned(by_id, latest)


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _own(values: Sequence[Any]) -> _Own:
    username, note_id, letters, reference, external_id, *times = values
    moments = (from_time(time) for time in times)
    known = tuple(moment for moment in moments if moment is not None)
    return _Own(username, note_id, letters, reference, external_id, known)
