"""The states of a question with buttons: one decision, whoever presses when. Alone changes them."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from hub.contracts import DeliveryError, JSONObject
from hub.models import ActionInvocation, ActionTarget
from hub.pressing import Press
from hub.telling import Told

CLAIM = timedelta(seconds=120)  # longer than telling a press can take
SHOW_CLAIM = timedelta(seconds=30)
AT_ONCE = 20  # looked at, as other workers may be taking them over
MAX_ATTEMPTS = 3  # to tell a press whose fate is unknown
TRY_AGAIN = timedelta(seconds=45)
EXCERPT_CHARS = 500
State = ActionTarget.State
Outcome = ActionInvocation.Outcome


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a press has led to; with `is_to_be_told` the caller tells it now, and nobody else."""

    outcome: str
    target: ActionTarget
    is_to_be_told: bool = False


def record_press(press: Press, outcome: str, now: datetime, **fields: Any) -> ActionInvocation:
    return ActionInvocation.objects.create(
        user_id=press.user_id,
        username=press.username,
        channel_id=press.channel_id,
        channel_name=str(press.sent.get("channel_name") or "")[:100],
        post_id=press.post_id,
        outcome=outcome,
        pressed_at=now,
        **fields,
    )


def decide(target: ActionTarget, number: int, press: Press, *, now: datetime) -> Claimed:
    """One press. Two at the same moment come one after the other: the row is locked meanwhile."""
    with transaction.atomic():
        row = ActionTarget.objects.select_for_update().get(pk=target.pk)
        name = str(row.buttons[number]["name"])[:250]
        fields: dict[str, Any] = {"target": row, "kind": "relay", "button": name, "number": number}
        if row.state == State.OPEN and now <= row.expires_at:
            return _press_open(row, number, press, now, fields)
        is_over = row.state == State.OPEN
        outcome = Outcome.LATE if is_over else Outcome.SECOND
        is_taken_over = _is_abandoned(row, now)
        if is_taken_over:
            _claim(row, now)
        record_press(press, outcome, now, **fields)
    return Claimed(outcome, row, is_taken_over)


def claim_unfinished(now: datetime) -> ActionTarget | None:
    """One that a killed process, or a system that did not answer, has left."""
    due = ActionTarget.objects.filter(claimed_until__lte=now).order_by("claimed_until")
    return next((row for row in due[:AT_ONCE] if _take_over(row, now)), None)


def mark_late(target: ActionTarget) -> bool:
    """The person is told that it takes its time. False when the result has just come."""
    running = ActionTarget.objects.filter(
        pk=target.pk, decision_key=target.decision_key, state=State.RUNNING
    )
    return running.update(is_late=True) == 1


def mark_told(target: ActionTarget, told: Told, *, now: datetime, duration_ms: int) -> bool:
    """False when another process has ended this decision already."""
    _record_answer(target, told.status_code, told.text or told.ephemeral_text, duration_ms)
    return _end(
        target,
        state=State.DECIDED,
        outcome=told.text[:EXCERPT_CHARS],
        update=told.update,
        claimed_until=now + SHOW_CLAIM,
    )


def mark_failed(
    target: ActionTarget, error: DeliveryError, sentence: str, *, now: datetime, duration_ms: int
) -> bool:
    """Open again, unless nobody knows whether it was carried out: then it is told again."""
    _record_answer(target, error.status_code, str(error), duration_ms)
    is_unknown = error.is_fate_unknown and error.status_code is None
    if is_unknown and target.attempt_count < MAX_ATTEMPTS:
        return _end(target, claimed_until=now + TRY_AGAIN, outcome=sentence[:EXCERPT_CHARS])
    _of_decision(target).update(outcome=Outcome.FAILED)
    return _end(
        target,
        state=State.OPEN,
        outcome=sentence[:EXCERPT_CHARS],
        chosen=None,
        decided_by="",
        decided_at=None,
        claimed_until=now + SHOW_CLAIM,
    )


def mark_shown(target: ActionTarget) -> None:
    """Every post says what became of it."""
    ActionTarget.objects.filter(pk=target.pk, decision_key=target.decision_key).exclude(
        state=State.RUNNING
    ).update(claimed_until=None)


def find_waiting(target: ActionTarget) -> dict[str, tuple[str, int]]:
    """Who has pressed while a second person is waited for: id → username, number of the button.

    The last press of each person counts.
    """
    rows = ActionInvocation.objects.filter(target=target, outcome=Outcome.WAITING).order_by("pk")
    return {row.user_id: (row.username, row.number or 0) for row in rows}


def _press_open(
    row: ActionTarget, number: int, press: Press, now: datetime, fields: dict[str, Any]
) -> Claimed:
    people = find_waiting(row) | {press.user_id: (press.username, number)}
    agreed = [name for name, pressed in people.values() if pressed == number]
    if len(agreed) < row.presses_needed:
        record_press(press, Outcome.WAITING, now, **fields)
        return Claimed(Outcome.WAITING, row)
    row.chosen, row.decision_key = number, uuid.uuid4().hex
    row.decided_by = ", ".join(f"@{name}" for name in agreed)[:200]
    row.decided_at, row.press = now, {**press.sent}
    row.state, row.outcome, row.is_late, row.attempt_count = State.RUNNING, "", False, 0
    _claim(row, now)
    record_press(press, Outcome.ACCEPTED, now, decision_key=row.decision_key, **fields)
    return Claimed(Outcome.ACCEPTED, row, is_to_be_told=True)


def _claim(row: ActionTarget, now: datetime) -> None:
    row.claimed_until, row.attempt_count = now + CLAIM, row.attempt_count + 1
    row.save()


def _is_abandoned(row: ActionTarget, now: datetime) -> bool:
    until = row.claimed_until
    return row.state == State.RUNNING and until is not None and until <= now


def _take_over(row: ActionTarget, now: datetime) -> bool:
    """True for the one process that goes on with it."""
    mine = ActionTarget.objects.filter(pk=row.pk, claimed_until=row.claimed_until)
    until, count = now + CLAIM, row.attempt_count + (row.state == State.RUNNING)
    is_mine = mine.update(claimed_until=until, attempt_count=count, is_late=True) == 1
    row.refresh_from_db()
    return is_mine


def _end(target: ActionTarget, **fields: JSONObject | Any) -> bool:
    """Only while this decision is the one under way."""
    running = ActionTarget.objects.filter(
        pk=target.pk, decision_key=target.decision_key, state=State.RUNNING
    )
    is_ended = running.update(**fields) == 1
    target.refresh_from_db()
    return is_ended


def _record_answer(target: ActionTarget, status: int | None, text: str, duration_ms: int) -> None:
    _of_decision(target).update(
        status_code=status or None, answer_excerpt=text[:EXCERPT_CHARS], duration_ms=duration_ms
    )


def _of_decision(target: ActionTarget) -> Any:
    return ActionInvocation.objects.filter(target=target, decision_key=target.decision_key)
