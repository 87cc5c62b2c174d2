"""The figures of the dashboard, from bounded pieces of the largest tables."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import CharField, Count, Max, Model, QuerySet
from django.db.models.functions import Cast, Substr
from django.utils import timezone

from hub.models import Channel, Delivery, Event, Source

HOURS: Final = 24
MOST_ROWS: Final = 50_000  # of one table: beyond it the figures are of the newest rows only
HOUR_CHARS: Final = 13  # `2026-11-24 14` of a time in UTC, as both databases write it
State = Delivery.State
GONE: Final = "?"  # deleted between two queries
NOT_SENT: Final = (State.DEAD, State.FAILED, State.HELD)


@dataclass
class Row:
    """One channel or source today."""

    name: str
    url_filter: int
    total: int = 0
    good: int = 0  # delivered, or matched
    waiting: int = 0
    bad: int = 0  # not sent, or not understood


@dataclass(frozen=True, slots=True)
class Hour:
    label: str
    delivered: int
    not_sent: int


@dataclass
class Figures:
    channels: list[Row] = field(default_factory=list)
    sources: list[Row] = field(default_factory=list)
    hours: list[Hour] = field(default_factory=list)
    received: int = 0
    delivered: int = 0
    waiting: int = 0
    is_cut: bool = False


def collect_figures(now: datetime) -> Figures:
    """Of the last 24 hours."""
    since = now - timedelta(hours=HOURS)
    deliveries, is_cut = _newest(Delivery.objects.filter(created_at__gte=since))
    events, is_cut_too = _newest(Event.objects.filter(received_at__gte=since))
    by_hour = list(
        deliveries.annotate(hour=Substr(Cast("created_at", CharField()), 1, HOUR_CHARS))
        .values_list("channel_id", "state", "hour")
        .annotate(n=Count("pk"))
        .order_by()
    )
    by_source = events.values_list("source_id", "state").annotate(n=Count("pk")).order_by()
    figures = Figures(
        channels=_channel_rows(by_hour),
        sources=_source_rows(list(by_source)),
        hours=_hours(by_hour, now),
        is_cut=is_cut or is_cut_too,
    )
    figures.received = sum(row.total for row in figures.sources)
    figures.delivered = sum(row.good for row in figures.channels)
    figures.waiting = sum(row.waiting for row in figures.channels)
    return figures


def _newest(rows: QuerySet[Any]) -> tuple[QuerySet[Any], bool]:
    """The rows of the last MOST_ROWS ids, and whether that left any out."""
    last = _last_pk(rows.model)
    floor = last - MOST_ROWS
    is_cut = floor > 0 and rows.filter(pk__lte=floor).exists()
    return rows.filter(pk__gt=floor), is_cut


def _last_pk(model: type[Model]) -> int:
    last: int | None = model._default_manager.aggregate(pk=Max("pk"))["pk"]
    return last or 0


def _channel_rows(counted: list[tuple[int, str, str, int]]) -> list[Row]:
    names = {row.pk: str(row) for row in Channel.objects.only("name")}
    rows = {pk: Row(name, pk) for pk, name in names.items()}
    for channel_id, state, _hour, n in counted:
        row = rows.setdefault(channel_id, Row(GONE, channel_id))
        row.total += n
        row.good += n if state == State.DELIVERED else 0
        row.waiting += n if state in (State.PENDING, State.SENDING) else 0
        row.bad += n if state in NOT_SENT else 0
    return _busiest(rows)


def _source_rows(counted: list[tuple[int, str, int]]) -> list[Row]:
    rows = {pk: Row(name, pk) for pk, name in Source.objects.values_list("pk", "name")}
    for source_id, state, n in counted:
        row = rows.setdefault(source_id, Row(GONE, source_id))
        row.total += n
        row.good += n if state == Event.State.MATCHED else 0
        row.waiting += n if state == Event.State.RECEIVED else 0
        row.bad += n if state in (Event.State.UNKNOWN, Event.State.FAILED) else 0
    return _busiest(rows)


def _busiest(rows: dict[int, Row]) -> list[Row]:
    return sorted((row for row in rows.values() if row.total), key=lambda row: -row.total)


def _hours(counted: list[tuple[int, str, str, int]], now: datetime) -> list[Hour]:
    """24 hours up to this one, those without a delivery too."""
    delivered: dict[str, int] = defaultdict(int)
    not_sent: dict[str, int] = defaultdict(int)
    for _channel, state, hour, n in counted:
        delivered[hour] += n if state == State.DELIVERED else 0
        not_sent[hour] += n if state in NOT_SENT else 0
    moments = [now.astimezone(UTC) - timedelta(hours=back) for back in reversed(range(HOURS))]
    return [
        Hour(
            label=f"{timezone.localtime(moment):%H}:00",
            delivered=delivered[f"{moment:%Y-%m-%d %H}"],
            not_sent=not_sent[f"{moment:%Y-%m-%d %H}"],
        )
        for moment in moments
    ]
