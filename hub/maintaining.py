"""Maintenance: what is under way, and telling that it begins and ends."""

from datetime import datetime

from django.db import transaction

from hub.announcing import announce
from hub.models import Maintenance, Monitor
from hub.waking import wake_matcher
from hub.windows import Window, find_occurrence


def find_under_way(row: Maintenance, now: datetime) -> Window | None:
    """The time it is at work now, if it is."""
    if not row.is_active:
        return None
    first = Window(row.starts_at, row.ends_at)
    return find_occurrence(first, now, is_weekly=row.is_weekly, zone=row.zone)


def is_in_maintenance(monitor: Monitor, now: datetime) -> bool:
    rows = Maintenance.objects.filter(monitors=monitor, is_active=True)
    return any(find_under_way(row, now) for row in rows)


def announce_maintenance(now: datetime) -> int:
    """Tell what has begun or ended since the last time; how many there were."""
    count = sum(_announce(row, now) for row in Maintenance.objects.filter(is_announced=True))
    if count:
        wake_matcher()
    return count


def _announce(row: Maintenance, now: datetime) -> int:
    """An end that came while no worker ran is told late, not never."""
    window = find_under_way(row, now)
    start = window.starts_at if window is not None else None
    if start == row.told_start_at:
        return 0
    with transaction.atomic():
        if row.told_start_at is not None:
            facts = _facts(row, row.told_start_at) | {"ended_at": now.isoformat()}
            announce("maintenance.ended", facts, dedup_key=_key(facts, "ended"), now=now)
        if window is not None:
            facts = _facts(row, window.starts_at) | {"until": window.ends_at.isoformat()}
            announce("maintenance.started", facts, dedup_key=_key(facts, "started"), now=now)
        Maintenance.objects.filter(pk=row.pk).update(told_start_at=start)
    return 1


def _facts(row: Maintenance, start: datetime) -> dict[str, object]:
    names = [str(one) for one in (*row.monitors.all(), *row.sources.all())]
    return {
        "id": f"maintenance-{row.pk}-{start:%Y%m%d%H%M}",
        "service": row.name,
        "since": start.isoformat(),
        "affected": list(dict.fromkeys(names)),
    }


def _key(facts: dict[str, object], what: str) -> str:
    return f"{facts['id']}:{what}"
