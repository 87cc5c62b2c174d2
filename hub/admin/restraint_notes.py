"""What keeps messages back at this moment, said where it acts: on each page it concerns."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model, Q
from django.utils.translation import gettext as _

from hub.admin.cells import row_url
from hub.admin.sentences import at
from hub.maintaining import find_under_way
from hub.models import (
    Channel,
    Delivery,
    Maintenance,
    Monitor,
    Outage,
    Silence,
    Source,
    TriggerRule,
)
from hub.models.quiet import QuietTime
from hub.rules import quiet_hours
from hub.silencing import silences_about
from hub.windows import quiet_until

WITHHOLDERS: dict[str, type[Model]] = {
    "silence": Silence,
    "outage": Outage,
    "maintenance": Maintenance,
}


@dataclass(frozen=True, slots=True)
class Note:
    """`url` is where it is ended or changed; empty for what stands on the same page."""

    sentence: str
    url: str = ""


def notes_about(row: Model, now: datetime) -> list[Note]:
    """Of a source, rule, reference, monitor or channel."""
    notes = [Note(describe_silence(one, now), row_url(one)) for one in silences_about(row, now)]
    if isinstance(row, Source | Monitor):
        notes += _maintenance_notes(row, now)
    if isinstance(row, TriggerRule | Source):
        notes += _outage_notes(row, now)
    if isinstance(row, QuietTime):
        notes += _quiet_notes(row, now)
    return notes


def describe_silence(row: Silence, now: datetime) -> str:
    words = {"what": row, "until": at(row.ends_at, now), "by": row.created_by, "why": row.reason}
    return _("%(what)s: silenced until %(until)s by %(by)s: %(why)s") % words


def describe_maintenance(row: Maintenance, until: datetime, now: datetime) -> str:
    return _("Maintenance until %(until)s: %(what)s") % {"until": at(until, now), "what": row}


def maintenance_under_way(now: datetime) -> Iterator[tuple[Maintenance, datetime]]:
    """Each with its end."""
    soon = Q(is_weekly=True) | Q(ends_at__gt=now)
    for row in Maintenance.objects.filter(soon, is_active=True, starts_at__lte=now):
        if (window := find_under_way(row, now)) is not None:
            yield row, window.ends_at


def find_withholder(delivery: Delivery) -> Note | None:
    """The silence, outage or maintenance that kept it back."""
    name, _separator, pk = delivery.withheld_by.partition(":")
    model = WITHHOLDERS.get(name)
    if model is None or not pk.isdecimal():
        return None
    row = model._default_manager.filter(pk=int(pk)).first()
    return Note(str(row), row_url(row)) if row is not None else None


def _maintenance_notes(row: Source | Monitor, now: datetime) -> list[Note]:
    mine = set(row.maintenance.values_list("pk", flat=True))
    return [
        Note(describe_maintenance(one, until, now), row_url(one))
        for one, until in maintenance_under_way(now)
        if one.pk in mine
    ]


def _outage_notes(row: TriggerRule | Source, now: datetime) -> list[Note]:
    is_hidden = Q(monitor__hides=row.pk)
    if isinstance(row, Source):
        is_hidden = Q(monitor__source=row.pk, monitor__hides_own_source=True)
    outages = Outage.objects.filter(is_hidden, ended_at=None).select_related("monitor")
    sentence = _("Hidden: %(service)s is down since %(since)s")
    return [
        Note(
            sentence % {"service": one.monitor, "since": at(one.started_at, now)},
            row_url(one.monitor),
        )
        for one in outages
    ]


def _quiet_notes(row: QuietTime, now: datetime) -> list[Note]:
    """On the clock of each channel: a rule's may be in several zones."""
    hours = quiet_hours(row)
    if hours is None:
        return []
    channels = [row] if isinstance(row, Channel) else _channels(row)
    ends = {quiet_until(hours, now, channel.zone) for channel in channels} - {None}
    sentence = _("Quiet hours until %(until)s")
    return [Note(sentence % {"until": at(end, now)}) for end in sorted(filter(None, ends))]


def _channels(row: QuietTime) -> list[Channel]:
    return list(row.channels.all()) if isinstance(row, TriggerRule) else []
