"""Silences: made for a while, ended early, found where they act."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from hub.durations import parse_duration
from hub.models import Channel, Monitor, Reference, Silence, Source, TriggerRule

__all__ = [
    "Scope",
    "active_silences",
    "end_silence",
    "find_scope",
    "parse_duration",
    "silence",
    "silences_about",
]

FEWEST_LETTERS = 3  # of a part of a name
NAMED: tuple[tuple[str, type[Model]], ...] = (
    ("source", Source),
    ("monitor", Monitor),
    ("rule", TriggerRule),
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is silenced: messages that fit all that is filled in."""

    source: Source | None = None
    rule: TriggerRule | None = None
    reference: Reference | None = None
    monitor: Monitor | None = None
    channel: Channel | None = None

    def __str__(self) -> str:
        parts = (getattr(self, one.name) for one in fields(self))
        return ", ".join(str(part) for part in parts if part is not None)


def silence(scope: Scope, *, until: datetime, reason: str, by: str) -> Silence:
    """From now on. Raises ValidationError when nothing is named, or the end has passed."""
    row = Silence(
        **{one.name: getattr(scope, one.name) for one in fields(scope)},
        reason=reason[:200],
        created_by=by[:100],
        starts_at=timezone.now(),
        ends_at=until,
    )
    row.full_clean()
    row.save()
    return row


def end_silence(row: Silence, *, by: str) -> bool:
    """False when it was over already; what it withheld stays withheld."""
    now = timezone.now()
    if row.ended_at is not None or row.ends_at <= now:
        return False
    row.ended_at, row.ended_by = now, by[:100]
    row.save(update_fields=["ended_at", "ended_by"])
    return True


def active_silences(now: datetime) -> QuerySet[Silence]:
    rows = Silence.objects.filter(starts_at__lte=now, ends_at__gt=now, ended_at=None)
    return with_scope(rows).order_by("ends_at")


def with_scope(rows: QuerySet[Silence]) -> QuerySet[Silence]:
    """With what they are about, but without its secrets."""
    rows = rows.select_related(*Silence.SCOPE)
    return rows.defer("source__credentials", "channel__webhook_url")


def silences_about(row: Model, now: datetime) -> list[Silence]:
    """Those that act on a source, rule, reference, monitor or channel."""
    name = "rule" if isinstance(row, TriggerRule) else str(row._meta.model_name)
    about = Q(**{name: row.pk})
    if isinstance(row, Monitor) and row.source_id is not None:
        about |= Q(source=row.source_id)
    return list(active_silences(now).filter(about))


def find_scope(text: str) -> Scope | None:
    """What people mean by `zammad`, `ZD#74001`, `~support`, the name of a monitor or a rule.

    None when there is no such thing, or more than one. A source goes before a monitor or rule of
    the same name: its silence covers the outages of its monitors.
    """
    text = text.strip()
    if text.startswith(("~", "@")):
        return _only("channel", Channel.objects.filter(name__iexact=text.removeprefix("~")))
    return _find_reference(text) or _find_named(text)


def _find_reference(text: str) -> Scope | None:
    """The newest where a source used a number again; none where several sources have it."""
    rows = list(Reference.objects.filter(display__iexact=text).order_by("-pk")[:20])
    if len({row.source_id for row in rows}) != 1:
        return None
    return Scope(reference=rows[0])


def _find_named(text: str) -> Scope | None:
    for name, model in NAMED:
        rows = model._default_manager.filter(name__iexact=text)
        if rows.exists():
            return _only(name, rows)
    return _only("source", Source.objects.filter(integration__iexact=text)) or _find_part(text)


def _find_part(text: str) -> Scope | None:
    """A part of one name among all of them."""
    if len(text) < FEWEST_LETTERS:
        return None
    found = [
        _scope(name, row)
        for name, model in NAMED
        for row in model._default_manager.filter(name__icontains=text)[:2]
    ]
    return found[0] if len(found) == 1 else None


def _only(name: str, rows: Iterable[Model]) -> Scope | None:
    found = list(rows)[:2]
    return _scope(name, found[0]) if len(found) == 1 else None


def _scope(name: str, row: Model) -> Scope:
    return Scope(**{name: row})  # type: ignore[arg-type]  # the name says which it is
