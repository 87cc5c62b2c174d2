"""Runs matching over what was received, in id order: held by one drain at a time."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import timezone

from hub import registry
from hub.contracts import InboundRequest, SourceView
from hub.cross_references import link_references
from hub.earlier import Earlier
from hub.echoes import drop_echoes
from hub.enriching import Enricher
from hub.matching import Match, Parsed, Received, match_event, parse_event
from hub.models import Delivery, Event, MattermostServer, Source, WebhookToken
from hub.models.events import TEST_KEY
from hub.models.sources import BUILT_IN_SOURCE
from hub.owners import meet_owners, with_owners
from hub.planning import NO_OPENINGS, mark_failed, write_matches
from hub.rules import RuleIndex, load_rules
from hub.sending import Openings
from hub.views import source_view

logger = logging.getLogger(__name__)

BATCH_SIZE = 100
READ_FIELDS = (
    *("pk", "source_id", "token_id", "dedup_key", "body", "headers", "query", "event_hint"),
    *("is_polled", "received_at", "matched_at"),
)
TOKEN_USE_INTERVAL = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Token:
    may_mention: bool
    reachable: frozenset[int]
    default_channel: int | None


@dataclass
class _Configuration:
    """What is read once per ConfigVersion."""

    index: RuleIndex = field(default_factory=RuleIndex)
    sources: dict[int, tuple[Source, SourceView]] = field(default_factory=dict)
    tokens: dict[int, _Token] = field(default_factory=dict)
    reminders_channel: int | None = None  # the default of what the hub itself reports


class Matcher:
    """Belongs to the drain that has the matcher's lease."""

    def __init__(self, poke: Callable[[], None]) -> None:
        self._configuration = _Configuration()
        self._enricher = Enricher(poke)
        self._tokens_used: dict[int, datetime] = {}
        self._tokens_saved_at = timezone.now()
        self.claimed: list[Delivery] = []  # of the last batch, for the dispatcher beside it

    def match_batch(self, version: int, openings: Openings = NO_OPENINGS) -> int:
        """Match what is there, up to BATCH_SIZE; how many events were written.

        What fits into `openings` is claimed in the same transaction.
        """
        self.claimed = []
        self._refresh(version)
        ready = self._enricher.enrich(parse_event(received) for received in self._fetch())
        try:
            self._write(ready, openings)
        finally:
            self._enricher.forget(ready)
        self._save_token_use()
        return len(ready)

    @property
    def is_enriching(self) -> bool:
        return bool(self._enricher.under_way)

    def close(self) -> None:
        self._enricher.close()

    def _refresh(self, version: int) -> None:
        if version == self._configuration.index.version:
            return
        sources = {row.pk: (row, source_view(row)) for row in Source.objects.all()}
        rows = WebhookToken.objects.prefetch_related("allowed_channels")
        tokens = {row.pk: _token(row) for row in rows}
        self._configuration = _Configuration(
            load_rules(version), sources, tokens, _reminders_channel()
        )
        self._enricher.use_new_configuration()

    def _fetch(self) -> list[Received]:
        rows = Event.objects.filter(state=Event.State.RECEIVED)
        if self._enricher.under_way:
            rows = rows.exclude(pk__in=self._enricher.under_way)
        rows = rows.order_by("pk").values_list(*READ_FIELDS, named=True)
        found = [self._received(row) for row in rows[:BATCH_SIZE]]
        return [one for one in found if one is not None]

    def _received(self, row: Any) -> Received | None:
        source, view = self._configuration.sources[row.source_id]
        integration = registry.get(source.integration)
        if integration is None:
            mark_failed([row.pk], f"no integration called {source.integration}")
            return None
        token = self._configuration.tokens.get(row.token_id or 0)
        if row.token_id is not None:
            self._tokens_used[row.token_id] = row.received_at
        elif source.integration == BUILT_IN_SOURCE:
            token = _Token(False, frozenset(), self._configuration.reminders_channel)
        return Received(
            event_id=row.pk,
            source_id=row.source_id,
            source_name=source.name,
            integration=integration,
            source=view,
            request=_request(row),
            is_source_active=source.is_active,
            is_replay=row.matched_at is not None,
            is_test=row.dedup_key.startswith(TEST_KEY),
            may_mention=token.may_mention if token else False,
            reachable_channels=token.reachable if token else frozenset(),
            default_channel=token.default_channel if token else None,
        )

    def _write(self, ready: Sequence[Parsed], openings: Openings) -> None:
        if not ready:
            return
        in_order = sorted(ready, key=lambda parsed: parsed.received.event_id)
        matches = self._match(link_references(in_order))
        states = dict(self._enricher.changed)
        try:
            self.claimed = write_matches(matches, states, openings)
        except (OperationalError, InterfaceError):
            raise  # the database is away: the events stay received
        except DatabaseError:
            logger.exception("A batch of %s events could not be written", len(matches))
            write_one_by_one(matches)
            write_matches([], states)
        self._enricher.changed.clear()

    def _match(self, parsed: Sequence[Parsed]) -> list[Match]:
        index = self._configuration.index
        parsed = drop_echoes(parsed)
        if index.needs_owners:
            parsed = with_owners(parsed)
            meet_owners(parsed)
        earlier = Earlier() if index.needs_previous else None
        now = timezone.now()
        return [
            match_event(one, index, earlier.before(one) if earlier else None, now) for one in parsed
        ]

    def _save_token_use(self) -> None:
        now = timezone.now()
        if not self._tokens_used or now - self._tokens_saved_at < TOKEN_USE_INTERVAL:
            return
        for token_id, used_at in self._tokens_used.items():
            WebhookToken.objects.filter(pk=token_id).update(last_used_at=used_at)
        self._tokens_used.clear()
        self._tokens_saved_at = now


def write_one_by_one(matches: Sequence[Match]) -> None:
    """One event that the database refuses does not stop the others.

    It may refuse what another matcher, whose lease was thought to be over, has written meanwhile:
    that stays as it is.
    """
    for match in matches:
        try:
            write_matches([match], {}, is_contended=True)
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError as error:
            mark_failed([match.parsed.received.event_id], f"could not be written: {error}")


def _token(row: WebhookToken) -> _Token:
    allowed = {channel.pk for channel in row.allowed_channels.all()}
    if row.default_channel_id is not None:
        allowed.add(row.default_channel_id)
    return _Token(row.may_mention, frozenset(allowed), row.default_channel_id)


def _reminders_channel() -> int | None:
    """Of the first server that names one."""
    named = MattermostServer.objects.exclude(reminders_channel=None).order_by("pk")
    return named.values_list("reminders_channel", flat=True).first()


def _request(row: Any) -> InboundRequest:
    return InboundRequest(
        method="POST",
        body=bytes(row.body),
        headers=row.headers,
        query=row.query,
        received_at=row.received_at,
        event_hint=row.event_hint,
        is_polled=row.is_polled,
    )
