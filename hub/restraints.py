"""What withholds messages for a while: silences, maintenance, and outages that hide their echo.

Compiled once per configuration, so that an event costs no query.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from hub.models import Maintenance, Outage, Silence
from hub.reference_keys import ReferenceKey
from hub.windows import Window, find_occurrence, on_the_clock


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about. The last two: which monitor or source one of the hub's is about."""

    source_id: int
    reference: ReferenceKey | None = None
    is_of_hub: bool = False
    monitor_id: int | None = None
    monitored_source_id: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message would go, and by which rule."""

    rule_id: int
    channel_id: int
    zone: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """Why a message is not posted; `by` names the row: “silence:12”."""

    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class CompiledSilence:
    """None in a field: any."""

    id: int
    window: Window
    by: str
    reason: str
    source_id: int | None = None
    rule_id: int | None = None
    channel_id: int | None = None
    monitor_id: int | None = None
    reference: ReferenceKey | None = None

    def find(self, subject: Subject, place: Place, now: datetime) -> Withheld | None:
        if not (self.window.starts_at <= now < self.window.ends_at and self._fits(subject, place)):
            return None
        until = on_the_clock(self.window.ends_at, place.zone, now)
        return Withheld(f"silenced until {until} by {self.by}: {self.reason}", f"silence:{self.id}")

    def _fits(self, subject: Subject, place: Place) -> bool:
        sources = (subject.source_id, subject.monitored_source_id)
        return (
            (self.source_id is None or self.source_id in sources)
            and self.rule_id in (None, place.rule_id)
            and self.channel_id in (None, place.channel_id)
            and self.monitor_id in (None, subject.monitor_id)
            and self.reference in (None, subject.reference)
        )


@dataclass(frozen=True, slots=True)
class CompiledMaintenance:
    id: int
    name: str
    window: Window
    is_weekly: bool
    zone: str
    source_ids: frozenset[int]

    def find(self, subject: Subject, place: Place, now: datetime) -> Withheld | None:
        is_about = subject.source_id in self.source_ids
        if subject.monitor_id is None:  # the watch over a source, too; an outage has its own rule
            is_about |= subject.monitored_source_id in self.source_ids
        if not is_about:
            return None
        found = find_occurrence(self.window, now, is_weekly=self.is_weekly, zone=self.zone)
        if found is None:
            return None
        until = on_the_clock(found.ends_at, place.zone, now)
        return Withheld(f"maintenance until {until}: {self.name}", f"maintenance:{self.id}")


@dataclass(frozen=True, slots=True)
class Hiding:
    """An open outage whose monitor hides what is only its echo."""

    outage_id: int
    service: str
    since: datetime
    rule_ids: frozenset[int]
    source_id: int | None  # all of which is hidden

    def find(self, subject: Subject, place: Place, now: datetime) -> Withheld | None:
        is_echo = place.rule_id in self.rule_ids or subject.source_id == self.source_id
        if subject.is_of_hub or not is_echo:
            return None  # the outage itself is always told
        since = on_the_clock(self.since, place.zone, now)
        reason = f"hidden: {self.service} is down since {since}"
        return Withheld(reason, f"outage:{self.outage_id}")


Restraint = CompiledSilence | CompiledMaintenance | Hiding


def find_withholding(
    restraints: Iterable[Restraint], subject: Subject, place: Place, now: datetime
) -> Withheld | None:
    """The first that keeps a message back."""
    return next((found for one in restraints if (found := one.find(subject, place, now))), None)


def load_restraints(now: datetime) -> tuple[Restraint, ...]:
    """Those that act or will act: three queries."""
    silences = Silence.objects.filter(ended_at=None, ends_at__gt=now).select_related("reference")
    maintenance = Maintenance.objects.filter(Q(is_weekly=True) | Q(ends_at__gt=now), is_active=True)
    outages = Outage.objects.filter(ended_at=None).select_related("monitor")
    return (
        *(_compiled_silence(row) for row in silences.order_by("pk")),
        *(
            _compiled_maintenance(row)
            for row in maintenance.prefetch_related("sources").order_by("pk")
        ),
        *(_compiled_hiding(row) for row in outages.prefetch_related("monitor__hides")),
    )


def _compiled_silence(row: Silence) -> CompiledSilence:
    reference = row.reference
    return CompiledSilence(
        id=row.pk,
        window=Window(row.starts_at, row.ends_at),
        by=row.created_by,
        reason=row.reason,
        source_id=row.source_id,
        rule_id=row.rule_id,
        channel_id=row.channel_id,
        monitor_id=row.monitor_id,
        reference=(reference.source_id, reference.external_id, reference.created_marker)
        if reference is not None
        else None,
    )


def _compiled_maintenance(row: Maintenance) -> CompiledMaintenance:
    return CompiledMaintenance(
        id=row.pk,
        name=row.name,
        window=Window(row.starts_at, row.ends_at),
        is_weekly=row.is_weekly,
        zone=row.zone,
        source_ids=frozenset(source.pk for source in row.sources.all()),
    )


def _compiled_hiding(row: Outage) -> Hiding:
    monitor = row.monitor
    return Hiding(
        outage_id=row.pk,
        service=monitor.name,
        since=row.started_at,
        rule_ids=frozenset(rule.pk for rule in monitor.hides.all()),
        source_id=monitor.source_id if monitor.hides_own_source else None,
    )
