"""Probes what is watched; an outage opens and closes with ordinary events of the hub itself."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from hub import registry
from hub.announcing import announce
from hub.contracts import DeliveryError, Health
from hub.http import open_http
from hub.maintaining import announce_maintenance, is_in_maintenance
from hub.models import ConfigVersion, Delivery, Monitor, Outage, Source
from hub.views import source_view
from hub.waking import wake_matcher

logger = logging.getLogger(__name__)

PROBE_THREADS = 8
PROBE_TIMEOUT_S = 8.0
MAX_PROBLEM_CHARS = 500


@dataclass(frozen=True, slots=True)
class Change:
    """What one probe means: pure, so that it can be tested as a table."""

    state: Monitor.State
    failure_count: int
    success_count: int
    opens: bool = False
    closes: bool = False


def probe_monitors() -> int:
    """Probe every monitor that is due; how many changed between up and down."""
    now = timezone.now()
    announce_maintenance(now)
    due = [monitor for monitor in _due(now) if _take(monitor, now)]
    if not due:
        return 0
    with ThreadPoolExecutor(min(PROBE_THREADS, len(due))) as pool:
        found = list(pool.map(probe, due))
    changes = [
        record_probe(monitor, health, now) for monitor, health in zip(due, found, strict=True)
    ]
    if any(changes):
        wake_matcher()
    return sum(changes)


def probe(monitor: Monitor) -> Health:
    """Never raises: what cannot be reached is down, and says why."""
    try:
        source = monitor.source
        return _probe_url(monitor.url) if source is None else _probe_source(source)
    except DeliveryError as error:
        return Health(is_up=False, problem=str(error))
    except Exception as error:
        logger.exception("The probe of %s failed", monitor.name)
        return Health(is_up=False, problem=f"the probe failed: {error!r}"[:MAX_PROBLEM_CHARS])


def check_source(source: Source) -> Health | None:
    """As a monitor would probe it. Never raises; None when there is nothing to ask."""
    integration = registry.get(source.integration)
    has_probe = integration is not None and integration.probe is not None
    if not has_probe and not source.base_url:
        return None
    return probe(Monitor(name=source.name, source=source))


def weigh(monitor: Monitor, health: Health) -> Change:
    """Damps flapping: it takes several failures to be down, several successes to be up again."""
    if health.is_up:
        successes = monitor.success_count + 1
        is_back = monitor.state == Monitor.State.DOWN and successes >= monitor.recovery_threshold
        stays_down = monitor.state == Monitor.State.DOWN and not is_back
        state = Monitor.State.DOWN if stays_down else Monitor.State.UP
        return Change(state, 0, successes, closes=is_back)
    failures = monitor.failure_count + 1
    is_down = failures >= monitor.failure_threshold
    opens = is_down and monitor.state != Monitor.State.DOWN
    state = Monitor.State.DOWN if is_down else Monitor.State(monitor.state)
    return Change(state, failures, 0, opens=opens)


def record_probe(monitor: Monitor, health: Health, now: datetime) -> bool:
    """Save what was found, with the outage and its event. True when it went up or down."""
    change = weigh(monitor, health)
    is_first_failure = not health.is_up and monitor.failure_count == 0
    first_failure_at = now if is_first_failure else monitor.first_failure_at
    with transaction.atomic():
        Monitor.objects.filter(pk=monitor.pk).update(
            state=change.state,
            failure_count=change.failure_count,
            success_count=change.success_count,
            problem=health.problem[:MAX_PROBLEM_CHARS],
            first_failure_at=first_failure_at,
            probed_at=now,
        )
        if change.opens:
            _open_outage(monitor, health, first_failure_at or now)
        if change.state == Monitor.State.DOWN:
            _announce_outages(monitor, now)
        if change.closes:
            _close_outages(monitor, now)
    return change.opens or change.closes


def _due(now: datetime) -> list[Monitor]:
    rows = Monitor.objects.filter(Q(due_at=None) | Q(due_at__lte=now), is_active=True)
    return [
        monitor
        for monitor in rows.select_related("source")
        if monitor.is_watched(now.astimezone(ZoneInfo(monitor.zone)))
    ]


def _take(monitor: Monitor, now: datetime) -> bool:
    """One conditional UPDATE, so that two workers do not probe twice."""
    next_at = now + timedelta(seconds=monitor.interval_seconds)
    still_due = Q(due_at=None) | Q(due_at__lte=now)
    return Monitor.objects.filter(still_due, pk=monitor.pk).update(due_at=next_at) == 1


def _probe_source(source: Source) -> Health:
    integration = registry.get(source.integration)
    view = source_view(source)
    if integration is None or integration.probe is None:
        return _probe_url(source.base_url)
    if view.http is None:
        return Health(is_up=False, problem=f"{source.name} has no address or no credential")
    return integration.probe(view)


def _probe_url(url: str) -> Health:
    parts = urlsplit(url)
    http = open_http(f"{parts.scheme}://{parts.netloc}", purpose="monitor", pool_size=1)
    http.request("GET", url, read_timeout=PROBE_TIMEOUT_S)
    return Health(is_up=True)


def _open_outage(monitor: Monitor, health: Health, since: datetime) -> None:
    Outage.objects.get_or_create(
        monitor=monitor,
        ended_at=None,
        defaults={"started_at": since, "problem": health.problem[:MAX_PROBLEM_CHARS]},
    )
    ConfigVersion.bump()  # what it hides


def _announce_outages(monitor: Monitor, now: datetime) -> None:
    """What has not been told: at once, or when the maintenance is over and it still lasts."""
    untold = list(Outage.objects.filter(monitor=monitor, ended_at=None, announced_at=None))
    if not untold or is_in_maintenance(monitor, now):
        return
    for outage in untold:
        Outage.objects.filter(pk=outage.pk).update(announced_at=now)
        facts = _facts(monitor, outage) | {"problem": outage.problem}
        announce("service.down", facts, dedup_key=f"outage:{outage.pk}:down", now=now)


def _close_outages(monitor: Monitor, now: datetime) -> None:
    for outage in Outage.objects.filter(monitor=monitor, ended_at=None):
        Outage.objects.filter(pk=outage.pk).update(ended_at=now)
        if outage.announced_at is None:
            continue  # it came and went within a maintenance: nobody was told
        seconds = round((now - outage.started_at).total_seconds())
        facts = _facts(monitor, outage) | {"seconds": seconds, "ended_at": now.isoformat()}
        facts |= _hidden(outage)
        announce("service.recovered", facts, dedup_key=f"outage:{outage.pk}:up", now=now)
    ConfigVersion.bump()


def _hidden(outage: Outage) -> dict[str, object]:
    """How many messages it has hidden, and where they are listed."""
    withheld_by = f"outage:{outage.pk}"
    count = Delivery.objects.filter(withheld_by=withheld_by).count()
    path = reverse("admin:hub_delivery_changelist", query={"withheld_by": withheld_by})
    return {"hidden_count": count, "hidden_url": f"{settings.HUB_BASE_URL}{path}"} if count else {}


def _facts(monitor: Monitor, outage: Outage) -> dict[str, object]:
    return {
        "id": f"outage-{outage.pk}",
        "service": monitor.name,
        "monitor_id": monitor.pk,
        "source_id": monitor.source_id,
        "source": monitor.source.name if monitor.source is not None else "",
        "since": outage.started_at.isoformat(),
        "impact": monitor.impact,
        "status_page_url": monitor.status_page_url,
    }
