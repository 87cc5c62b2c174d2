"""Writes a batch of matches: references, deliveries, events and states, in one transaction."""

import uuid
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, Max, Q, Value, When
from django.utils import timezone

from hub.buttons import Asked, Wrapping, begin_wrapping
from hub.calming import UNCALMED
from hub.contracts import ExternalReference, JSONObject, ParsedEvent
from hub.delivering import bring_forward, claim_at_once
from hub.gathering import Gathering, is_gathering, still_received
from hub.matching import Match, Planned
from hub.models import ActionTarget, Delivery, Event, Reference, SourceState, TriggerRule
from hub.reference_keys import ReferenceKey, reference_key
from hub.sending import Openings, message_as_json
from hub.sql import commit_may_wait, insert_rows, save_rows, update_rows

STILL_RECEIVED = "old.state = 'received'"
MAX_TITLE_CHARS = 300
MAX_URL_CHARS = 2000
PAUSED = "the channel is paused"
PENDING = Delivery.State.PENDING

NO_OPENINGS = Openings()

ThreadKey = tuple[int, int]  # channel, reference

EVENT_COLUMNS = (
    ("id", "bigint"),
    ("state", "text"),
    ("kinds", "jsonb"),
    ("kind", "text"),
    ("reference_id", "bigint"),
    ("title", "text"),
    ("url", "text"),
    ("actor", "text"),
    ("severity", "text"),
    ("is_private", "bool"),
    ("is_enriched", "bool"),
    ("data", "jsonb"),
    ("note", "text"),
    ("trace", "jsonb"),
    ("matched_at", "timestamptz"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is in the database already of the references of a batch."""

    planned: set[ThreadKey]  # have a post in a thread, sent or to be sent
    open_lanes: frozenset[str]
    waiting_lanes: frozenset[str]  # whose head waits for a quiet time or a window to end


def write_matches(
    matches: Sequence[Match],
    states: Mapping[tuple[int, str], Any],
    openings: Openings = NO_OPENINGS,
    *,
    is_contended: bool = False,
) -> list[Delivery]:
    """All or nothing; the deliveries that are claimed for `openings` at the same time.

    `states` are the SourceState values that enriching has changed. Raises IntegrityError where
    another matcher has written an event meanwhile; where it `is_contended`, such are left out.
    """
    now = timezone.now()
    with transaction.atomic():
        if is_contended or is_gathering(matches):
            matches = still_received(matches)
        batch = _begin_batch(matches, now)
        references, known = batch.references, batch.known
        deliveries = [row for match in matches for row in _Rows(match, batch).deliveries()]
        claimed = claim_at_once(deliveries, openings, known.open_lanes, now=now)
        if not claimed:
            commit_may_wait()
        insert_rows(deliveries)
        batch.gathering.write()
        _bring_forward(deliveries, known.waiting_lanes, now)
        if batch.wrapping.new:
            ActionTarget.objects.bulk_create(batch.wrapping.new)
        noted = [_noted(match, batch.wrapping.notes) for match in matches]
        rows = [_event_row(match, references, now) for match in noted]
        if update_rows("hub_event", EVENT_COLUMNS, rows, guard=STILL_RECEIVED) != len(rows):
            raise IntegrityError("another matcher has written some of these events")
        _save_states(states, now)
        _save_template_errors(matches, now)
    return claimed


def save_references(
    matches: Iterable[Match], now: datetime
) -> tuple[dict[ReferenceKey, int], list[int]]:
    """Insert or refresh each reference of the batch once; its id by key, and the ids of those that
    may have been there before."""
    rows: dict[ReferenceKey, Reference] = {}
    for match in matches:
        event = match.parsed.event
        if event is not None and event.reference is not None:
            key = reference_key(match.parsed.received.source_id, event.reference)
            rows[key] = _reference(key, event, event.reference, now)
    known = save_rows(
        list(rows.values()),
        key=("source", "external_id", "created_marker"),
        changing=("display", "title", "url", "is_private", "updated_at"),
    )
    return {key: row.pk for key, row in rows.items()}, [row.pk for row in known]


@dataclass(frozen=True, slots=True)
class _Batch:
    """What the rows of a batch are made from."""

    references: Mapping[ReferenceKey, int]
    generations: Mapping[int, int]
    known: Known
    gathering: Gathering
    wrapping: Wrapping
    now: datetime


class _Rows:
    """The deliveries of one match."""

    def __init__(self, match: Match, batch: _Batch) -> None:
        event = match.parsed.event
        self._match, self._now, self._wrapping = match, batch.now, batch.wrapping
        self._event_id = match.parsed.received.event_id
        self._generation = batch.generations.get(self._event_id, 1)
        self._planned_before = batch.known.planned
        self._gathering = batch.gathering
        self._told_elsewhere: set[int] = set()  # channels
        self._reference_id: int | None = None
        if event is not None and event.reference is not None:
            source_id = match.parsed.received.source_id
            self._reference_id = batch.references[reference_key(source_id, event.reference)]

    def deliveries(self) -> list[Delivery]:
        channels = {(one.channel.id, self._reference_id or 0) for one in self._match.planned}
        had_root = channels & self._planned_before
        return [row for planned in self._match.planned for row in self._of(planned, had_root)]

    def _of(self, planned: Planned, had_root: Container[tuple[int, int]]) -> list[Delivery]:
        key = (planned.channel.id, self._reference_id or 0)
        has_root, is_twin = key in had_root, self._is_twin(planned)
        if planned.reason:
            return [] if is_twin else [self._suppressed(planned)]
        if is_twin and (not has_root or planned.channel.id in self._told_elsewhere):
            return []  # the thread's root is in the channel already
        lane = _lane(key) if planned.is_threaded else uuid.uuid4().hex
        if not is_twin and not _asks(planned) and self._is_told_elsewhere(planned):
            at_once = replace(planned, calming=UNCALMED)  # a card changes without a sound
            return self._card_rows(at_once, lane, has_root=True) if has_root else []
        asked = Asked(self._event_id, self._match.parsed.received.source_id, planned.rule.pressing)
        rows = [
            self._row(
                planned,
                Delivery.Action.POST,
                message_as_json(self._wrapping.wrap(message, asked)),
                lane,
                part,
            )
            for part, message in enumerate(planned.messages, start=1)
        ]
        if not is_twin and not _asks(planned) and self._match.parsed.event is not None:
            self._gathering.remember(rows[0], planned, self._match.parsed.event)
        if planned.is_threaded:
            rows += self._card_rows(planned, lane, has_root=has_root)
            self._planned_before.add(key)
        return rows

    def _suppressed(self, planned: Planned) -> Delivery:
        message = message_as_json(planned.messages[0]) if planned.messages else {}
        row = self._row(planned, Delivery.Action.POST, message, lane=uuid.uuid4().hex)
        row.state, row.reason, row.due_at = Delivery.State.SUPPRESSED, planned.reason, self._now
        row.withheld_by = planned.withheld_by
        return row

    def _is_told_elsewhere(self, planned: Planned) -> bool:
        """A message that is out or waiting stands for this one too."""
        event = self._match.parsed.event
        if event is None or self._gathering.find_teller(planned) is None:
            return False
        self._gathering.add(self._suppressed(planned), planned, event)
        self._told_elsewhere.add(planned.channel.id)
        return True

    def _is_twin(self, planned: Planned) -> bool:
        """The second, flat half of “in the thread and again in the channel”."""
        if planned.is_threaded:
            return False
        threading = planned.rule.threading
        threading = planned.channel.threading if threading == "channel" else threading
        return threading == "broadcast" and self._reference_id is not None

    def _card_rows(self, planned: Planned, lane: str, *, has_root: bool) -> list[Delivery]:
        """The root's card follows the news; a reaction marks its state."""
        rows = []
        attachments = list(planned.messages[-1].attachments)
        if has_root and attachments and planned.rule.has_card:
            card: JSONObject = {"attachments": [{**one} for one in attachments]}
            rows.append(self._row(planned, Delivery.Action.EDIT, card, lane))
        if planned.rule.reaction:
            reaction: JSONObject = {"reaction": planned.rule.reaction}
            rows.append(self._row(planned, Delivery.Action.REACT, reaction, lane))
        return rows

    def _row(
        self, planned: Planned, action: str, message: JSONObject, lane: str, part: int = 1
    ) -> Delivery:
        waits_until = planned.calming.waits_until
        is_held = planned.channel.is_paused and waits_until is None
        return Delivery(
            event_id=self._event_id,
            rule_id=planned.rule.id,
            channel_id=planned.channel.id,
            server_id=planned.channel.server_id,
            reference_id=self._reference_id,
            action=action,
            message=message,
            is_threaded=planned.is_threaded,
            part=part,
            generation=self._generation,
            lane=lane,
            urgency=self._match.urgency,
            state=Delivery.State.HELD if is_held else Delivery.State.PENDING,
            reason=PAUSED if is_held else planned.calming.waits_for,
            trace=planned.trace,
            due_at=waits_until or self._now,
            created_at=self._now,
        )


def _begin_batch(matches: Sequence[Match], now: datetime) -> _Batch:
    references, known = save_references(matches, now)
    return _Batch(
        references,
        _next_generations(matches),
        _known_of(known, now),
        Gathering(matches, now),
        _begin_wrapping(matches, now),
        now,
    )


def _begin_wrapping(matches: Iterable[Match], now: datetime) -> Wrapping:
    messages = [one for match in matches for planned in match.planned for one in planned.messages]
    replayed = [m.parsed.received.event_id for m in matches if m.parsed.received.is_replay]
    return begin_wrapping(messages, replayed, now)


def _noted(match: Match, notes: Mapping[int, str]) -> Match:
    """With what became of its buttons; an earlier note stands in front."""
    note = notes.get(match.parsed.received.event_id)
    return replace(match, note="; ".join(filter(None, (match.note, note)))) if note else match


def _asks(planned: Planned) -> bool:
    """A question is never told by another message: its buttons would be lost."""
    return any(message.buttons for message in planned.messages)


def _reference(
    key: ReferenceKey, event: ParsedEvent, reference: ExternalReference, now: datetime
) -> Reference:
    return Reference(
        source_id=key[0],
        external_id=key[1],
        created_marker=key[2],
        display=reference.display[:200],
        title=event.title[:MAX_TITLE_CHARS],
        url=event.url[:MAX_URL_CHARS],
        is_private=event.is_private,
        updated_at=now,
    )


def _known_of(ids: Sequence[int], now: datetime) -> Known:
    if not ids:
        return Known(set(), frozenset(), frozenset())
    rows = Delivery.objects.filter(reference_id__in=ids, is_threaded=True).exclude(
        state__in=(Delivery.State.SUPPRESSED, Delivery.State.CANCELLED)
    )
    waits = Q(state=Delivery.State.PENDING, due_at__gt=now) & ~Q(reason="")
    rows = rows.annotate(waits=Case(When(waits, then=Value(True)), default=Value(False)))
    fields = ("channel_id", "reference_id", "action", "state", "waits")
    keys = [
        ((channel, reference or 0), action, state, is_waiting)
        for channel, reference, action, state, is_waiting in rows.values_list(*fields).distinct()
    ]
    return Known(
        planned={key for key, action, *_rest in keys if action == Delivery.Action.POST},
        open_lanes=frozenset(
            _lane(key) for key, _action, state, _waits in keys if state in Delivery.OPEN_STATES
        ),
        waiting_lanes=frozenset(_lane(key) for key, *_rest, is_waiting in keys if is_waiting),
    )


def _bring_forward(rows: Iterable[Delivery], waiting: frozenset[str], now: datetime) -> None:
    """A message that may not wait takes along what waits before it in its thread."""
    posts = [row for row in rows if row.action == Delivery.Action.POST]
    lanes = waiting | {row.lane for row in posts if row.state == PENDING and row.due_at > now}
    urgent = {row.lane for row in posts if row.state == PENDING and row.due_at <= now}
    if lanes & urgent:
        bring_forward(lanes & urgent, now=now)


def _lane(key: ThreadKey) -> str:
    """The order to be kept: that of one reference in one channel."""
    return f"{key[0]}:{key[1]}"


def _next_generations(matches: Iterable[Match]) -> dict[int, int]:
    """Of events that are replayed: their deliveries are a wanted repeat."""
    replayed = [m.parsed.received.event_id for m in matches if m.parsed.received.is_replay]
    if not replayed:
        return {}
    rows = Delivery.objects.filter(event_id__in=replayed).values("event_id")
    return {
        row["event_id"]: row["last"] + 1
        for row in rows.annotate(last=Max("generation")).values("event_id", "last")
    }


def _event_row(match: Match, references: Mapping[ReferenceKey, int], now: datetime) -> list[Any]:
    received, event = match.parsed.received, match.parsed.event
    trace = list(match.trace)
    if event is None:
        empty: list[Any] = [[], "", None, "", "", "", "info", False, False, {}]
        return [received.event_id, match.state.value, *empty, match.note, trace, now]
    reference_id = None
    if event.reference is not None:
        reference_id = references[reference_key(received.source_id, event.reference)]
    return [
        received.event_id,
        match.state.value,
        list(event.kinds),
        event.kinds[0][:60] if event.kinds else "",
        reference_id,
        event.title[:MAX_TITLE_CHARS],
        event.url[:MAX_URL_CHARS],
        event.actor.name[:200] if event.actor else "",
        event.severity,
        event.is_private,
        event.is_enriched,
        event.data,
        match.note[:500],
        trace,
        now,
    ]


def _save_states(states: Mapping[tuple[int, str], Any], now: datetime) -> None:
    rows = [
        SourceState(source_id=source_id, key=key, value=value, updated_at=now)
        for (source_id, key), value in states.items()
    ]
    SourceState.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["source", "key"],
        update_fields=["value", "updated_at"],
    )


def _save_template_errors(matches: Iterable[Match], now: datetime) -> None:
    errors = {p.rule.id: p.error for match in matches for p in match.planned if p.error}
    for rule_id, error in errors.items():
        TriggerRule.objects.filter(pk=rule_id).update(last_error=error[:500], last_error_at=now)


def mark_failed(event_ids: Sequence[int], note: str) -> None:
    """An event whose matching the database refuses does not stop the ones behind it.

    One that is matched by now was written by another matcher, and that is why it was refused here.
    """
    Event.objects.filter(pk__in=event_ids, state=Event.State.RECEIVED).update(
        state=Event.State.FAILED, note=note[:500], matched_at=timezone.now()
    )
