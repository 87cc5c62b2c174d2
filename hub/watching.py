"""Watches the sources themselves: silence, bursts of refusals, payloads of an unknown shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.db.models import Min, Sum
from django.utils import timezone

from hub.announcing import announce
from hub.models import Event, Refusal, Source
from hub.models.events import TEST_KEY
from hub.models.sources import BUILT_IN_SOURCE
from hub.waking import wake_matcher

SAMPLE_SIZE = 1000  # events whose gaps say what is usual
LEAST_EVENTS = 20  # fewer say nothing
PATIENCE = 1.5  # times the longest gap seen: nights and weekends are in it
LEAST_SILENCE = timedelta(hours=1)
WINDOW = timedelta(hours=1)
BURST = 5  # refusals, or requests not understood, within WINDOW


@dataclass(frozen=True, slots=True)
class Silence:
    """How long nothing has come, and how often something usually does."""

    lasts: timedelta
    usual_gap: timedelta


def watch_sources() -> int:
    """Announce what is wrong with the sources; how many announcements were due."""
    now = timezone.now()
    sources = Source.objects.filter(is_active=True).exclude(integration=BUILT_IN_SOURCE)
    count = sum(_watch(source, now) for source in sources)
    if count:
        wake_matcher()
    return count


def find_silence(received_at: Sequence[datetime], now: datetime) -> Silence | None:
    """`received_at` is newest first. None while it is no longer than what has been before."""
    if len(received_at) < LEAST_EVENTS:
        return None
    gaps = sorted(later - earlier for later, earlier in pairwise(received_at))
    lasts = now - received_at[0]
    if lasts < max(LEAST_SILENCE, PATIENCE * gaps[-1]):
        return None
    return Silence(lasts, gaps[len(gaps) // 2])


def _watch(source: Source, now: datetime) -> int:
    return _watch_silence(source, now) + _watch_refusals(source, now) + _watch_shape(source, now)


def _watch_silence(source: Source, now: datetime) -> int:
    rows = Event.objects.filter(source=source, is_polled=False).order_by("-pk")
    rows = rows.exclude(dedup_key__startswith=TEST_KEY)
    received_at = list(rows.values_list("received_at", flat=True)[:SAMPLE_SIZE])
    silence = find_silence(received_at, now)
    if silence is None:
        return 0
    facts = {
        "id": f"silent-{source.pk}",
        "service": source.name,
        "source_id": source.pk,
        "since": received_at[0].isoformat(),
        "seconds": round(silence.lasts.total_seconds()),
        "usual_seconds": round(silence.usual_gap.total_seconds()),
    }
    key = f"silent:{source.pk}:{received_at[0].isoformat()}"  # once per silence
    announce("source.silent", facts, dedup_key=key, now=now)
    return 1


def _watch_refusals(source: Source, now: datetime) -> int:
    rows = Refusal.objects.filter(
        token__source=source, status_code=401, received_at__gte=now - WINDOW
    )
    found = rows.aggregate(count=Sum("repeat_count"), since=Min("received_at"))
    if (found["count"] or 0) < BURST:
        return 0
    reason = rows.values_list("reason", flat=True).first() or ""
    facts = _burst(source, "refused", found["count"], found["since"], reason)
    announce("source.refused", facts, dedup_key=_hourly("refused", source, now), now=now)
    return 1


def _watch_shape(source: Source, now: datetime) -> int:
    rows = Event.objects.filter(
        source=source, state=Event.State.UNKNOWN, received_at__gte=now - WINDOW
    )
    rows = rows.exclude(dedup_key__startswith=TEST_KEY)
    count = rows.count()
    if count < BURST:
        return 0
    since = rows.aggregate(at=Min("received_at"))["at"]
    note = rows.values_list("note", flat=True).first() or ""
    facts = _burst(source, "changed", count, since, note)
    announce("source.changed", facts, dedup_key=_hourly("changed", source, now), now=now)
    return 1


def _burst(
    source: Source, what: str, count: int, since: datetime, problem: str
) -> dict[str, object]:
    return {
        "id": f"{what}-{source.pk}",
        "service": source.name,
        "source_id": source.pk,
        "since": since.isoformat(),
        "count": count,
        "problem": problem,
    }


def _hourly(what: str, source: Source, now: datetime) -> str:
    """Told once an hour while it lasts."""
    return f"{what}:{source.pk}:{now:%Y-%m-%dT%H}"
