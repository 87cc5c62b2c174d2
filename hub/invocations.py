"""What was typed, from the first row to the last answer. Only this module changes its state."""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from hub.contracts import DeliveryError, JSONObject
from hub.models import CommandInvocation
from hub.registry import destination
from hub.views import server_view
from hub.waking import wake_senders

CLAIM = timedelta(seconds=15)  # renewed every few seconds while its drain lives
LOOK_EVERY_S = 0.03
RESPOND_PAUSES_S = (0.0, 1.0, 4.0)  # before each try
RESPONSE_LIFE = timedelta(minutes=30)  # of a response_url
RETRY_DELAYS = (timedelta(seconds=5), timedelta(seconds=20), timedelta(seconds=90))

State = CommandInvocation.State


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended: the state, one line for the list, and what the person is told."""

    state: str
    outcome: str
    answer: JSONObject


class LostClaim(Exception):  # noqa: N818  # no error: another drain goes on with it
    """The row belongs to somebody else by now; nothing more may be written or called."""


def open_invocation(fields: Mapping[str, object], *, dedup_key: str) -> CommandInvocation:
    """One row, due at once; the one that is there already when the same is sent again."""
    row, is_new = CommandInvocation.objects.get_or_create(dedup_key=dedup_key, defaults=fields)
    if is_new:
        wake_senders()
    return row


def claim_invocations(now: datetime, limit: int) -> list[CommandInvocation]:
    """Take those that are due, also from a drain that died."""
    due = CommandInvocation.objects.filter(
        state__in=CommandInvocation.DUE_STATES, due_at__lte=now
    ).order_by("due_at")[:limit]
    return [row for row in due if _claim(row, now)]


def _claim(row: CommandInvocation, now: datetime) -> bool:
    same = CommandInvocation.objects.filter(
        pk=row.pk, state=row.state, claimed_by=row.claimed_by, due_at=row.due_at
    )
    row.claimed_by, row.attempt_count = uuid.uuid4().hex, row.attempt_count + 1
    return bool(
        same.update(
            state=State.RUNNING,
            claimed_by=row.claimed_by,
            due_at=now + CLAIM,
            attempt_count=row.attempt_count,
        )
    )


def extend_claims(claims: Sequence[str], now: datetime) -> None:
    running = CommandInvocation.objects.filter(state=State.RUNNING, claimed_by__in=claims)
    running.update(due_at=now + CLAIM)


def change(row: CommandInvocation, **fields: object) -> None:
    """Write `fields` as the holder of the claim. Raises LostClaim."""
    mine = CommandInvocation.objects.filter(
        pk=row.pk, state=State.RUNNING, claimed_by=row.claimed_by
    )
    if not mine.update(**fields):
        raise LostClaim
    for name, value in fields.items():
        setattr(row, name, value)


def wait_with(row: CommandInvocation, state: str, *, due_at: datetime | None) -> None:
    """Not over: asked, to be undone, or to be tried again."""
    tries = row.attempt_count if state == State.RETRYING else 0
    change(row, state=state, due_at=due_at, claimed_by="", attempt_count=tries)


def end(row: CommandInvocation, ending: Ending, now: datetime) -> None:
    """The last word about it. Raises LostClaim.

    The person is told first: whoever takes over after a kill in between finds the note that is
    there and tells it once more, which harms less than silence.
    """
    change(row, outcome=ending.outcome[:500])
    tell(row, ending.answer)
    change(
        row,
        state=ending.state,
        finished_at=now,
        duration_ms=round((now - row.received_at).total_seconds() * 1000),
        due_at=None,
        claimed_by="",
        response_url="",
    )


def tell(row: CommandInvocation, answer: JSONObject) -> None:
    """The first answer goes to the request that waits for it, later ones to the response_url."""
    first = CommandInvocation.objects.filter(
        pk=row.pk, answered_at=None, is_answered_late=False
    ).update(answer=answer, answered_at=timezone.now())
    if not first and row.via == CommandInvocation.Via.COMMAND:
        _respond(row, answer)


def _respond(row: CommandInvocation, answer: JSONObject) -> None:
    CommandInvocation.objects.filter(pk=row.pk).update(answer=answer)
    problem = _post_answer(row, answer) if row.response_url else None
    if problem is not None:
        outcome = f"{row.outcome} (the answer did not arrive: {problem})"
        CommandInvocation.objects.filter(pk=row.pk).update(outcome=outcome[:500])


def _post_answer(row: CommandInvocation, answer: JSONObject) -> DeliveryError | None:
    """A short outage of Mattermost is waited out: it takes five answers within half an hour."""
    view = server_view(row.server)
    problem: DeliveryError | None = None
    for pause_s in RESPOND_PAUSES_S:
        time.sleep(pause_s)
        try:
            destination().conversations.respond(view, row.response_url, answer)
        except DeliveryError as error:
            problem = error
            if error.permanent:
                return error
        else:
            return None
    return problem


def wait_for_answer(row: CommandInvocation, until: float) -> JSONObject | None:
    """The answer when there is one by `until` (monotonic seconds); None: it will come later."""
    while True:
        found = CommandInvocation.objects.filter(pk=row.pk).exclude(answered_at=None)
        answer: JSONObject | None = found.values_list("answer", flat=True).first()
        if answer is not None:
            return answer
        if time.monotonic() >= until:
            return None if _will_answer_late(row) else wait_for_answer(row, until)
        time.sleep(LOOK_EVERY_S)


def _will_answer_late(row: CommandInvocation) -> bool:
    """Decides, against the drain, who gives the answer."""
    unanswered = CommandInvocation.objects.filter(pk=row.pk, answered_at=None)
    return bool(unanswered.update(is_answered_late=True))


def retry_at(row: CommandInvocation, now: datetime) -> datetime | None:
    """When to try once more; None when it was tried often enough."""
    place = row.attempt_count - 1
    return now + RETRY_DELAYS[place] if 0 <= place < len(RETRY_DELAYS) else None


def choose(row: CommandInvocation, place: int, now: datetime, *, is_answered_late: bool) -> bool:
    """The person said which one; False when it was answered before.

    `is_answered_late`: the press does not wait, the result goes to the response_url.
    """
    chosen = row.candidates[place]
    asking = CommandInvocation.objects.filter(pk=row.pk, state=State.ASKING)
    is_first = asking.update(
        state=State.RECEIVED,
        source_id=chosen["source"],
        reference=chosen["display"],
        external_id=chosen["external_id"],
        found_by="chosen",
        answered_at=None,
        is_answered_late=is_answered_late,
        attempt_count=0,
        due_at=now,
    )
    if is_first:
        wake_senders()
    return bool(is_first)


def drop(row: CommandInvocation, *, from_state: str, state: str, outcome: str) -> bool:
    """Ended by the person: undone, or none of the candidates. False when it is too late."""
    now = timezone.now()
    waiting = CommandInvocation.objects.filter(pk=row.pk, state=from_state)
    return bool(
        waiting.update(state=state, outcome=outcome, finished_at=now, due_at=None, response_url="")
    )
