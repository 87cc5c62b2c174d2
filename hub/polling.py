"""Fetches from sources what they do not send by themselves; what it finds enters as requests."""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from hub import registry
from hub.contracts import DeliveryError, InboundRequest, Integration, Polled
from hub.leases import release_lease, take_lease
from hub.models import Source, SourceState
from hub.storing import store_request
from hub.views import source_view
from hub.waking import wake_matcher

logger = logging.getLogger(__name__)

CURSOR = "poll:cursor"
OUTCOME = "poll:outcome"
DEFAULT_INTERVAL = timedelta(seconds=60)
MAX_SENTENCE_CHARS = 500


def poll_sources() -> int:
    """Poll every source that is due, one after the other; how many new events that gave."""
    return sum(poll_source(source) for source in Source.objects.filter(is_active=True))


def poll_source(source: Source) -> int:
    """Under a lease, so that two workers do not ask twice. How many new events it gave.

    The first poll sets the cursor and announces nothing. A failure is kept for the admin.
    """
    integration = registry.get(source.integration)
    if integration is None or integration.poll is None or not _is_wanted(source):
        return 0
    lease, holder = f"poll:{source.pk}", uuid.uuid4().hex
    now = timezone.now()
    if not _is_due(source, now) or not take_lease(lease, holder, now):
        return 0
    try:
        return _poll(source, integration, now)
    finally:
        release_lease(lease, holder)


def _poll(source: Source, integration: Integration, now: datetime) -> int:
    row = SourceState.objects.filter(source=source, key=CURSOR).first()
    cursor = row.value if row is not None and isinstance(row.value, dict) else {}
    view = source_view(source)
    if view.http is None or integration.poll is None:
        return _remember(source, now, "needs an address and a credential")
    try:
        polled = integration.poll(view, cursor, now)
    except DeliveryError as error:
        logger.warning("%s could not be polled: %s", source.name, error)
        return _remember(source, now, str(error))
    count = _store(source, integration, polled, now)
    _remember(source, now, "")
    if count:
        wake_matcher()
    return count


def _store(source: Source, integration: Integration, polled: Polled, now: datetime) -> int:
    """The requests and the new cursor together: neither is lost, neither is ahead of the other."""
    with transaction.atomic():
        is_new = [
            not _store_one(
                source,
                integration,
                replace(request, received_at=now, is_polled=True, options=source.options),
            )
            for request in polled.requests
        ]
        SourceState.objects.update_or_create(
            source=source, key=CURSOR, defaults={"value": polled.state, "updated_at": now}
        )
    return sum(is_new)


def _store_one(source: Source, integration: Integration, request: InboundRequest) -> bool:
    """True when the webhook of the same fact was there already."""
    key = integration.identify(request).dedup_key or uuid.uuid4().hex
    stored = store_request(
        request, source_id=source.pk, dedup_key=key, kept_headers=integration.kept_headers
    )
    return stored.is_duplicate


def _is_wanted(source: Source) -> bool:
    return source.options.get("poll") not in (None, False, "", "no", "false", 0)


def _is_due(source: Source, now: datetime) -> bool:
    row = SourceState.objects.filter(source=source, key=OUTCOME).first()
    seconds = source.options.get("poll_seconds")
    interval = timedelta(seconds=seconds) if isinstance(seconds, int) else DEFAULT_INTERVAL
    # Half a minute early: schedules run once a minute, and not on the second.
    return row is None or now - row.updated_at >= interval - timedelta(seconds=30)


def _remember(source: Source, now: datetime, problem: str) -> int:
    SourceState.objects.update_or_create(
        source=source,
        key=OUTCOME,
        defaults={"value": {"problem": problem[:MAX_SENTENCE_CHARS]}, "updated_at": now},
    )
    return 0


def poll_problems(sources: Sequence[Source]) -> dict[int, str]:
    """What went wrong at the last poll, by source; for the admin."""
    rows = SourceState.objects.filter(source__in=sources, key=OUTCOME)
    return {
        row.source_id: problem
        for row in rows
        if isinstance(row.value, dict) and (problem := str(row.value.get("problem") or ""))
    }
