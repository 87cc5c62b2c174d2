"""What a person can ask for: a stored message again, a stored event through the rules again."""

import uuid
from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.utils import timezone

from hub.models import Delivery, Event
from hub.waking import wake_matcher, wake_senders

BATCH_SIZE = 500
State = Delivery.State
CAN_BE_SENT_AGAIN = (State.DEAD, State.CANCELLED, State.FAILED, State.DELIVERED)
CAN_BE_CANCELLED = (State.PENDING, State.FAILED, State.HELD)


def redeliver(deliveries: QuerySet[Delivery], *, user: AbstractBaseUser | None) -> int:
    """Send the stored messages again; how many were taken on.

    One that may have failed keeps its hub key, which is looked for first. One that was delivered
    becomes a new delivery of the next generation.
    """
    wanted = deliveries.filter(state__in=CAN_BE_SENT_AGAIN).order_by("pk")
    ids = list(wanted.values_list("pk", flat=True))
    count = sum(
        _redeliver_batch(ids[start : start + BATCH_SIZE], user)
        for start in range(0, len(ids), BATCH_SIZE)
    )
    wake_senders()
    return count


def cancel(deliveries: QuerySet[Delivery], *, user: AbstractBaseUser | None) -> int:
    """Give up what is waiting; what is being sent this moment is not stopped."""
    name = user.get_username() if user is not None else "the command line"
    return deliveries.filter(state__in=CAN_BE_CANCELLED).update(
        state=State.CANCELLED, reason=f"cancelled by {name}"
    )


def waiting() -> QuerySet[Delivery]:
    """All that is still to be sent."""
    return Delivery.objects.filter(state__in=Delivery.OPEN_STATES)


def look_before_posting(deliveries: QuerySet[Delivery]) -> int:
    """As if an attempt had been interrupted: each is looked for by its key; how many."""
    return deliveries.update(unknown_since=F("created_at"))


def replay(events: QuerySet[Event], *, user: AbstractBaseUser | None) -> int:
    """Send stored events through today's rules; what they lead to is the next generation."""
    who = user.get_username() if user is not None else "the command line"
    count = (
        events.exclude(state=Event.State.RECEIVED)
        .exclude(body=b"")
        .update(state=Event.State.RECEIVED, note=f"replayed by {who}")
    )
    wake_matcher()
    return count


def _redeliver_batch(ids: Sequence[int], user: AbstractBaseUser | None) -> int:
    now, user_id = timezone.now(), user.pk if user is not None else None
    with transaction.atomic():
        rows = Delivery.objects.select_for_update().filter(pk__in=ids)
        delivered = [row for row in rows if row.state == State.DELIVERED]
        again = rows.filter(state__in=(State.DEAD, State.CANCELLED, State.FAILED)).update(
            state=State.PENDING, reason="", due_at=now, attempt_count=0, requested_by_id=user_id
        )
        Delivery.objects.bulk_create([_next_generation(row, user_id) for row in delivered])
    return again + len(delivered)


def _next_generation(row: Delivery, user_id: int | None) -> Delivery:
    same = Delivery.objects.filter(
        event_id=row.event_id or 0,
        channel_id=row.channel_id,
        action=row.action,
        is_threaded=row.is_threaded,
        part=row.part,
    )
    last = same.aggregate(last=Max("generation"))["last"]
    now = timezone.now()
    return Delivery(
        event_id=row.event_id,
        rule_id=row.rule_id,
        channel_id=row.channel_id,
        server_id=row.server_id,
        reference_id=row.reference_id,
        action=row.action,
        message=row.message,
        is_threaded=row.is_threaded,
        part=row.part,
        generation=(last or row.generation) + 1,
        lane=row.lane if row.is_threaded else uuid.uuid4().hex,
        urgency=row.urgency,
        trace=row.trace,
        told_in_id=row.told_in_id,
        requested_by_id=user_id,
        due_at=now,
        created_at=now,
    )
