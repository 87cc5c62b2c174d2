"""Writes a batch of matches: references, deliveries, events and states, in one transaction."""

import uuid
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from hub.buttons import Asked, Wrapping, begin_wrapping
from hub.contracts import ExternalReference, JSONObject, ParsedEvent
from hub.delivering import claim_at_once
from hub.matching import Match, Planned
from hub.models import ActionTarget, Delivery, Event, Reference, SourceState, TriggerRule
from hub.sending import Openings, message_as_json
from hub.sql import commit_may_wait, insert_rows, update_rows

MAX_TITLE_CHARS = 300
MAX_URL_CHARS = 2000
PAUSED = "the channel is paused"

NO_OPENINGS = Openings()

ReferenceKey = tuple[int, str, str]  # source, external id, created marker
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


def write_matches(
    matches: Sequence[Match],
    states: Mapping[tuple[int, str], Any],
    openings: Openings = NO_OPENINGS,
) -> list[Delivery]:
    """All or nothing; the deliveries that are claimed for `openings` at the same time.

    `states` are the SourceState values that enriching has changed.
    """
    now = timezone.now()
    with transaction.atomic():
        references = save_references(matches)
        known = _known_of(references.values())
        generations = _next_generations(matches)
        wrapping = _begin_wrapping(matches, now)
        deliveries: list[Delivery] = []
        for match in matches:
            rows = _Rows(match, references, generations, known.planned, wrapping)
            deliveries += rows.deliveries()
        claimed = claim_at_once(deliveries, openings, known.open_lanes, now=now)
        if not claimed:
            commit_may_wait()
        insert_rows(deliveries)
        if wrapping.new:
            ActionTarget.objects.bulk_create(wrapping.new)
        noted = [_noted(match, wrapping.notes) for match in matches]
        update_rows("hub_event", EVENT_COLUMNS, [_event_row(m, references, now) for m in noted])
        _save_states(states, now)
        _save_template_errors(matches, now)
    return claimed


def reference_key(source_id: int, reference: ExternalReference) -> ReferenceKey:
    return source_id, reference.external_id[:200], reference.created_marker[:64]


def save_references(matches: Iterable[Match]) -> dict[ReferenceKey, int]:
    """Insert or refresh each reference of the batch once; its id by key."""
    rows: dict[ReferenceKey, Reference] = {}
    for match in matches:
        event = match.parsed.event
        if event is not None and event.reference is not None:
            key = reference_key(match.parsed.received.source_id, event.reference)
            rows[key] = _reference(key, event, event.reference)
    Reference.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["source", "external_id", "created_marker"],
        update_fields=["display", "title", "url", "is_private", "updated_at"],
    )
    return {key: row.pk for key, row in rows.items()}


class _Rows:
    """The deliveries of one match."""

    def __init__(
        self,
        match: Match,
        references: Mapping[ReferenceKey, int],
        generations: Mapping[int, int],
        planned_before: set[tuple[int, int]],
        wrapping: Wrapping,
    ) -> None:
        event = match.parsed.event
        self._match, self._now, self._wrapping = match, wrapping.now, wrapping
        self._event_id = match.parsed.received.event_id
        self._generation = generations.get(self._event_id, 1)
        self._planned_before = planned_before
        self._reference_id: int | None = None
        if event is not None and event.reference is not None:
            source_id = match.parsed.received.source_id
            self._reference_id = references[reference_key(source_id, event.reference)]

    def deliveries(self) -> list[Delivery]:
        channels = {(one.channel.id, self._reference_id or 0) for one in self._match.planned}
        had_root = channels & self._planned_before
        return [row for planned in self._match.planned for row in self._of(planned, had_root)]

    def _of(self, planned: Planned, had_root: Container[tuple[int, int]]) -> list[Delivery]:
        if planned.reason:
            row = self._row(planned, Delivery.Action.POST, {}, lane=uuid.uuid4().hex)
            row.state, row.reason = Delivery.State.SUPPRESSED, planned.reason
            return [row]
        key = (planned.channel.id, self._reference_id or 0)
        has_root = key in had_root
        if not planned.is_threaded and self._is_twin(planned) and not has_root:
            return []  # the thread's root is in the channel already
        lane = _lane(key) if planned.is_threaded else uuid.uuid4().hex
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
        if planned.is_threaded:
            rows += self._card_rows(planned, lane, has_root=has_root)
            self._planned_before.add(key)
        return rows

    def _is_twin(self, planned: Planned) -> bool:
        """The second, flat half of “in the thread and again in the channel”."""
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
        is_paused = planned.channel.is_paused
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
            state=Delivery.State.HELD if is_paused else Delivery.State.PENDING,
            reason=PAUSED if is_paused else "",
            trace=planned.trace,
            due_at=self._now,
            created_at=self._now,
        )


def _begin_wrapping(matches: Iterable[Match], now: datetime) -> Wrapping:
    messages = [one for match in matches for planned in match.planned for one in planned.messages]
    replayed = [m.parsed.received.event_id for m in matches if m.parsed.received.is_replay]
    return begin_wrapping(messages, replayed, now)


def _noted(match: Match, notes: Mapping[int, str]) -> Match:
    """With what became of its buttons; an earlier note stands in front."""
    note = notes.get(match.parsed.received.event_id)
    return replace(match, note="; ".join(filter(None, (match.note, note)))) if note else match


def _reference(key: ReferenceKey, event: ParsedEvent, reference: ExternalReference) -> Reference:
    return Reference(
        source_id=key[0],
        external_id=key[1],
        created_marker=key[2],
        display=reference.display[:200],
        title=event.title[:MAX_TITLE_CHARS],
        url=event.url[:MAX_URL_CHARS],
        is_private=event.is_private,
    )


def _known_of(reference_ids: Iterable[int]) -> Known:
    ids = list(reference_ids)
    if not ids:
        return Known(set(), frozenset())
    rows = Delivery.objects.filter(reference_id__in=ids, is_threaded=True).exclude(
        state__in=(Delivery.State.SUPPRESSED, Delivery.State.CANCELLED)
    )
    found = rows.values_list("channel_id", "reference_id", "action", "state").distinct()
    keys = [
        ((channel, reference or 0), action, state) for channel, reference, action, state in found
    ]
    return Known(
        planned={key for key, action, _state in keys if action == Delivery.Action.POST},
        open_lanes=frozenset(
            _lane(key) for key, _action, state in keys if state in Delivery.OPEN_STATES
        ),
    )


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
    """An event whose matching the database refuses does not stop the ones behind it."""
    Event.objects.filter(pk__in=event_ids).update(
        state=Event.State.FAILED, note=note[:500], matched_at=timezone.now()
    )
