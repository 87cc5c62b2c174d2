"""Runs matching over what was received: in id order, enriching on the side."""

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import timezone

from hub import registry
from hub.contracts import InboundRequest, JSONObject, JSONValue, SourceView
from hub.matching import Match, Parsed, Received, enrich_event, match_event, parse_event
from hub.models import Event, Source, SourceState, WebhookToken
from hub.planning import mark_failed, reference_key, write_matches
from hub.rules import RuleIndex, load_rules
from hub.views import source_view

logger = logging.getLogger(__name__)

BATCH_SIZE = 100
ENRICH_THREADS = 8
NO_ENRICHING_AFTER_FAILURE = timedelta(seconds=30)  # a source that is down is not asked again
TOKEN_USE_INTERVAL = timedelta(seconds=60)

ChainKey = tuple[int, str]  # source and reference: within it, order is kept


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


class Matcher:
    """Held by the one drain that has the matcher's lease."""

    def __init__(self, poke: Callable[[], None]) -> None:
        self._poke = poke
        self._configuration = _Configuration()
        self._pool = ThreadPoolExecutor(ENRICH_THREADS, thread_name_prefix="hub-enrich")
        self._chains: dict[ChainKey, deque[Parsed]] = defaultdict(deque)
        self._running: dict[ChainKey, tuple[Parsed, JSONObject, Future[Parsed]]] = {}
        self._under_way: set[int] = set()
        self._states: dict[tuple[int, str], JSONValue] = {}
        self._do_not_ask_until: dict[int, datetime] = {}
        self._tokens_used: dict[int, datetime] = {}
        self._tokens_saved_at = timezone.now()

    def match_batch(self, version: int) -> int:
        """Match what is there, up to BATCH_SIZE; how many events were written."""
        self._refresh(version)
        ready, changed = self._take_enriched()
        for received in self._fetch():
            parsed = parse_event(received)
            if self._wants_enriching(parsed):
                self._enqueue(parsed)
            else:
                ready.append(parsed)
        self._start_enriching()
        self._write(ready, changed)
        self._under_way -= {parsed.received.event_id for parsed in ready}
        self._save_token_use()
        return len(ready)

    @property
    def is_enriching(self) -> bool:
        return bool(self._under_way)

    def close(self) -> None:
        """Forget what is under way: it is still `received` and the next matcher takes it."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _refresh(self, version: int) -> None:
        if version == self._configuration.index.version:
            return
        sources = {row.pk: (row, source_view(row)) for row in Source.objects.all()}
        rows = WebhookToken.objects.prefetch_related("allowed_channels")
        self._configuration = _Configuration(
            load_rules(version), sources, {row.pk: _token(row) for row in rows}
        )
        self._do_not_ask_until.clear()

    def _fetch(self) -> list[Received]:
        rows = Event.objects.filter(state=Event.State.RECEIVED).exclude(pk__in=self._under_way)
        found = [self._received(row) for row in rows.order_by("pk")[:BATCH_SIZE]]
        return [one for one in found if one is not None]

    def _received(self, row: Event) -> Received | None:
        source, view = self._configuration.sources[row.source_id]
        integration = registry.get(source.integration)
        if integration is None:
            mark_failed([row.pk], f"no integration called {source.integration}")
            return None
        token = self._configuration.tokens.get(row.token_id or 0)
        if row.token_id is not None:
            self._tokens_used[row.token_id] = row.received_at
        return Received(
            event_id=row.pk,
            source_id=row.source_id,
            source_name=source.name,
            integration=integration,
            source=view,
            request=_request(row),
            is_source_active=source.is_active,
            is_replay=row.matched_at is not None,
            may_mention=token.may_mention if token else False,
            reachable_channels=token.reachable if token else frozenset(),
            default_channel=token.default_channel if token else None,
        )

    def _wants_enriching(self, parsed: Parsed) -> bool:
        received, event = parsed.received, parsed.event
        if event is None or event.ignored_because or received.integration.enrich is None:
            return False
        if received.source.http is None and not event.state_keys:
            return False  # nobody to ask, nothing remembered
        until = self._do_not_ask_until.get(received.source_id)
        return until is None or until <= timezone.now()

    def _enqueue(self, parsed: Parsed) -> None:
        self._under_way.add(parsed.received.event_id)
        self._chains[_chain_key(parsed)].append(parsed)

    def _start_enriching(self) -> None:
        heads = {key: chain[0] for key, chain in self._chains.items() if key not in self._running}
        states = self._load_states(list(heads.values()))
        for key, parsed in heads.items():
            self._chains[key].popleft()
            if not self._chains[key]:
                del self._chains[key]
            state = states[parsed.received.event_id]
            future = self._pool.submit(enrich_event, parsed, state)
            self._running[key] = (parsed, state, future)
            future.add_done_callback(lambda _future: self._poke())

    def _load_states(self, parsed: Sequence[Parsed]) -> dict[int, JSONObject]:
        """What each event's enriching may read and write, by event id."""
        wanted = {
            (one.received.source_id, key)
            for one in parsed
            for key in (one.event.state_keys if one.event else ())
        }
        unread = wanted - self._states.keys()
        if unread:
            rows = SourceState.objects.filter(key__in={key for _source, key in unread})
            found = {(row.source_id, row.key): row.value for row in rows}
            self._states |= {one: found.get(one) for one in unread}
        return {
            one.received.event_id: {
                key: self._states.get((one.received.source_id, key))
                for key in (one.event.state_keys if one.event else ())
            }
            for one in parsed
        }

    def _take_enriched(self) -> tuple[list[Parsed], dict[tuple[int, str], Any]]:
        ready, changed = [], {}
        for key, (parsed, state, future) in list(self._running.items()):
            if not future.done():
                continue
            del self._running[key]
            enriched = future.result()
            source_id = parsed.received.source_id
            if enriched.event is not None and not enriched.event.is_enriched:
                self._do_not_ask_until[source_id] = timezone.now() + NO_ENRICHING_AFTER_FAILURE
            for name, value in state.items():
                if self._states.get((source_id, name)) != value:
                    self._states[source_id, name] = changed[source_id, name] = value
            ready.append(enriched)
        return ready, changed

    def _write(self, ready: Sequence[Parsed], states: dict[tuple[int, str], Any]) -> None:
        if not ready:
            return
        matches = self._match(sorted(ready, key=lambda parsed: parsed.received.event_id))
        try:
            write_matches(matches, states)
        except (OperationalError, InterfaceError):
            raise  # the database is away: the events stay received
        except DatabaseError as error:
            logger.exception("A batch of %s events could not be written", len(matches))
            self._write_one_by_one(matches, error)
        if len(self._states) > 10_000:
            self._states.clear()

    def _write_one_by_one(self, matches: Sequence[Match], error: DatabaseError) -> None:
        for match in matches:
            try:
                write_matches([match], {})
            except (OperationalError, InterfaceError):
                raise
            except DatabaseError:
                mark_failed([match.parsed.received.event_id], f"could not be written: {error}")

    def _match(self, parsed: Sequence[Parsed]) -> list[Match]:
        index = self._configuration.index
        previous = _load_previous(parsed) if index.needs_previous else {}
        matches = []
        for one in parsed:
            key = _reference_key(one)
            matches.append(match_event(one, index, previous.get(key) if key else None))
            if key and one.event is not None:
                previous[key] = one.event.data
        return matches

    def _save_token_use(self) -> None:
        now = timezone.now()
        if not self._tokens_used or now - self._tokens_saved_at < TOKEN_USE_INTERVAL:
            return
        for token_id, used_at in self._tokens_used.items():
            WebhookToken.objects.filter(pk=token_id).update(last_used_at=used_at)
        self._tokens_used.clear()
        self._tokens_saved_at = now


def _token(row: WebhookToken) -> _Token:
    allowed = {channel.pk for channel in row.allowed_channels.all()}
    if row.default_channel_id is not None:
        allowed.add(row.default_channel_id)
    return _Token(row.may_mention, frozenset(allowed), row.default_channel_id)


def _request(row: Event) -> InboundRequest:
    return InboundRequest(
        method="POST",
        body=bytes(row.body),
        headers=row.headers,
        query=row.query,
        received_at=row.received_at,
        event_hint=row.event_hint,
        is_polled=row.is_polled,
    )


def _chain_key(parsed: Parsed) -> ChainKey:
    event = parsed.event
    reference = event.reference.external_id if event is not None and event.reference else ""
    return parsed.received.source_id, reference or f"event {parsed.received.event_id}"


def _reference_key(parsed: Parsed) -> tuple[int, str, str] | None:
    if parsed.event is None or parsed.event.reference is None:
        return None
    return reference_key(parsed.received.source_id, parsed.event.reference)


def _load_previous(parsed: Sequence[Parsed]) -> dict[tuple[int, str, str], JSONObject]:
    """The data of the last matched event of each reference in the batch."""
    found: dict[tuple[int, str, str], JSONObject] = {}
    for key in {key for one in parsed if (key := _reference_key(one))}:
        row = (
            Event.objects.filter(
                reference__source_id=key[0],
                reference__external_id=key[1],
                reference__created_marker=key[2],
            )
            .order_by("-pk")
            .values_list("data", flat=True)
            .first()
        )
        if row is not None:
            found[key] = row
    return found
