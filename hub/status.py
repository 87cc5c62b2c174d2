"""How the hub is doing, from rows alone."""

from datetime import datetime

from django.db.models import Count, Exists, Min, OuterRef

from hub.models import CommandInvocation, Delivery, Event

WATCHED_STATES = (
    Delivery.State.PENDING,
    Delivery.State.SENDING,
    Delivery.State.FAILED,
    Delivery.State.HELD,
    Delivery.State.DEAD,
)


def oldest_due_age(now: datetime) -> float:
    """Seconds that the oldest row which should have been taken by now has been waiting.

    What waits behind an earlier delivery of its lane is not to be taken yet.
    """
    received = Event.objects.filter(state=Event.State.RECEIVED).aggregate(at=Min("received_at"))
    states = (Delivery.State.PENDING, Delivery.State.FAILED)
    earlier = Delivery.objects.filter(
        lane=OuterRef("lane"), pk__lt=OuterRef("pk"), state__in=Delivery.OPEN_STATES
    )
    heads = Delivery.objects.filter(~Exists(earlier), state__in=states, due_at__lte=now)
    due = heads.aggregate(at=Min("due_at"))
    typed = CommandInvocation.objects.filter(
        state__in=CommandInvocation.DUE_STATES, due_at__lte=now
    ).aggregate(at=Min("due_at"))
    waiting = [row["at"] for row in (received, due, typed) if row["at"] is not None]
    return (now - min(waiting)).total_seconds() if waiting else 0.0


def count_states() -> dict[tuple[str, str], int]:
    """Rows by (table, state) for the states that partial or state indexes can count."""
    rows = Delivery.objects.filter(state__in=WATCHED_STATES).values("state")
    counts = {("delivery", state.value): 0 for state in WATCHED_STATES}
    counts |= {("delivery", row["state"]): row["n"] for row in rows.annotate(n=Count("pk"))}
    counts["event", "received"] = Event.objects.filter(state=Event.State.RECEIVED).count()
    return counts
