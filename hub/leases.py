"""Roles that one drain holds at a time: rows that expire when their holder dies."""

from datetime import datetime, timedelta

from django.db.models import Q

from hub.models import DrainLease

LEASE = timedelta(seconds=15)  # a killed holder is replaced after it
RENEW_EVERY = timedelta(seconds=4)
MATCHER = "matcher"


def take_lease(name: str, holder: str, now: datetime) -> bool:
    """Take or renew; False while another holds it. One conditional UPDATE."""
    free = Q(holder=holder) | Q(holder="") | Q(expires_at__lte=now)
    changed = DrainLease.objects.filter(free, name=name).update(
        holder=holder, expires_at=now + LEASE
    )
    if changed:
        return True
    _row, is_new = DrainLease.objects.get_or_create(
        name=name, defaults={"holder": holder, "expires_at": now + LEASE}
    )
    return is_new


def release_lease(name: str, holder: str) -> None:
    DrainLease.objects.filter(name=name, holder=holder).update(holder="")


def slot_name(worker_name: str, slot: int) -> str:
    return f"drain:{worker_name}:{slot}"


def release_slots(worker_name: str) -> None:
    """A worker that starts knows that its earlier drains are gone."""
    DrainLease.objects.filter(name__startswith=f"drain:{worker_name}:").update(holder="")
