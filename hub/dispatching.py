"""Claims what is due, hands it to send threads and writes what became of it."""

import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.utils import timezone

from hub import registry
from hub.contracts import DeliveryError
from hub.delivering import (
    claim_deliveries,
    close_breaker,
    delay_claims,
    extend_claims,
    give_back_claims,
    hold_and_release,
    hold_claims,
    open_breaker,
    postpone_probe,
    record_results,
    save_findings,
    take_tokens,
)
from hub.models import Channel, MattermostServer
from hub.send_threads import SendThreads
from hub.sending import Claim, Openings, Result, Routes
from hub.sending import send as attempt
from hub.views import channel_view, server_view

logger = logging.getLogger(__name__)

CLAIMS_PER_THREAD = 4  # claimed ahead, so that a round writes and claims many at once
WORTH_WRITING = 0.5  # this share of what is under way: rounds cost as much as ten of their rows
WORTH_CLAIMING = 0.5  # this share of what may be under way
LONGEST_UNWRITTEN_S = 0.05  # whatever else is under way
BREAKER_FAILURES = 5  # of one server without a success between, before it counts as down
SERVERS_FRESH_S = 0.5
PROBE_EVERY = timedelta(seconds=5)
DEFAULT_PAUSE = timedelta(seconds=2)  # after a 429 without Retry-After
REFUSED_TOKEN = 401  # the token of the whole server: holding beats a heap of dead letters


class Dispatcher:
    """The sending half of a drain. Its own thread alone touches the database."""

    def __init__(self, poke: Callable[[], None]) -> None:
        self._poke = poke
        self._threads: dict[int, SendThreads] = {}  # by server: none waits for another
        self._results: deque[Result] = deque()
        self._probed: deque[int] = deque()  # servers that answered a probe
        self._under_way: dict[int, Claim] = {}
        self._write_at = 0.0
        self._routes = Routes(registry.destination(), {}, {})
        self._version = -1
        self._servers: list[MattermostServer] = []
        self._servers_stale_at = 0.0
        self._failures: dict[int, int] = defaultdict(int)
        self._paused_until: dict[int, datetime] = {}
        self._limits: dict[int, int] = {}
        self._paused_channels: frozenset[int] = frozenset()

    @property
    def is_sending(self) -> bool:
        return bool(self._under_way)

    @property
    def is_full(self) -> bool:
        """A server has no place left here: the other drains are to help."""
        return any(self._room(server.pk) <= 0 for server in self._servers)

    def follow(self, version: int) -> None:
        """Use the configuration of this version; breakers are read twice a second."""
        if version == self._version and time.monotonic() < self._servers_stale_at:
            return
        self._servers = list(MattermostServer.objects.filter(is_active=True))
        self._servers_stale_at = time.monotonic() + SERVERS_FRESH_S
        if version == self._version:
            return
        channels = list(Channel.objects.all())
        self._routes = Routes(
            registry.destination(),
            {row.pk: server_view(row, channels) for row in MattermostServer.objects.all()},
            {row.pk: channel_view(row) for row in channels},
        )
        limits = {row.pk: row.max_posts_per_minute for row in channels}
        self._limits = {pk: limit for pk, limit in limits.items() if limit}
        self._paused_channels = frozenset(row.pk for row in channels if row.is_paused)
        self._version = version

    def openings(self) -> Openings:
        """Servers that are up and have places free, and how many."""
        now = timezone.now()
        places = {
            server.pk: free
            for server in self._servers
            if server.down_since is None
            and not self._is_paused(server.pk, now)
            and (free := self._room(server.pk)) > 0
        }
        return Openings(places, frozenset(self._limits))

    def claim_and_send(self) -> int:
        """Fill the free places, server by server; how many were begun."""
        now, count = timezone.now(), 0
        for server_id, free in self.openings().places.items():
            if free < WORTH_CLAIMING * _capacity():
                continue  # its threads have enough to do meanwhile
            claims = claim_deliveries(server_id, limit=free, now=now)
            if self._paused_channels:
                hold_claims(one for one in claims if one.channel_id in self._paused_channels)
                claims = [one for one in claims if one.channel_id not in self._paused_channels]
            count += self.send(self._within_limits(claims, now))
        return count

    def send(self, claims: Sequence[Claim]) -> int:
        """Hand over what is claimed already; how many."""
        by_server: dict[int, list[Claim]] = defaultdict(list)
        for claim in claims:
            self._under_way[claim.delivery_id] = claim
            by_server[claim.server_id].append(claim)
        for server_id, own in by_server.items():
            self._threads_of(server_id).add(own)
        return len(claims)

    def write_results(self) -> int:
        """Write all results that have come in since, if they are worth it; how many.

        They stay until they are written: the database may be away for a moment.
        """
        for own in self._threads.values():
            own.look()
        if not self._is_worth_writing() and time.monotonic() < self._write_at:
            return 0
        self._write_at = time.monotonic() + LONGEST_UNWRITTEN_S
        results = [self._results[index] for index in range(len(self._results))]
        if results:
            self._follow_breakers(results, timezone.now())
            down = {server.pk for server in self._servers if server.down_since is not None}
            record_results(results, down=down)
            for result in results:
                self._results.popleft()
                self._under_way.pop(result.claim.delivery_id, None)
            self._save_findings()
        return len(results)

    def tidy(self, now: datetime) -> None:
        """Every few seconds: keep claims alive, probe what is down, hold and release."""
        extend_claims(self._under_way.values(), now=now)
        for server_id in [self._probed.popleft() for _ in range(len(self._probed))]:
            logger.warning("Mattermost server %s is back", server_id)
            close_breaker(server_id, now=now)
        for server in self._servers:
            if server.down_since is not None and postpone_probe(
                server.pk, now=now, until=now + PROBE_EVERY
            ):
                self._threads_of(server.pk).submit(partial(self._probe, server.pk))
        hold_and_release(now=now)

    def give_back(self) -> None:
        """At the end of a life: what no thread has begun is due again for the others."""
        unbegun = [claim for own in self._threads.values() for claim in own.take_back()]
        for claim in unbegun:
            self._under_way.pop(claim.delivery_id, None)  # one may wait twice after a long sleep
        give_back_claims(unbegun, now=timezone.now())

    def close(self) -> None:
        for own in self._threads.values():
            own.close()

    def _room(self, server_id: int) -> int:
        """How many more may be claimed: a server that hangs keeps its own threads busy only."""
        mine = sum(claim.server_id == server_id for claim in self._under_way.values())
        return _capacity() - mine

    def _is_paused(self, server_id: int, now: datetime) -> bool:
        until = self._paused_until.get(server_id)
        return until is not None and until > now

    def _within_limits(self, claims: Iterable[Claim], now: datetime) -> list[Claim]:
        """Those that their channel's posts per minute allow; the others are delayed."""
        allowed: list[Claim] = []
        limited: dict[int, list[Claim]] = defaultdict(list)
        for claim in claims:
            (limited[claim.channel_id] if claim.channel_id in self._limits else allowed).append(
                claim
            )
        for channel_id, wanting in limited.items():
            limit = self._limits[channel_id]
            taken = take_tokens(channel_id, wanted=len(wanting), per_minute=limit, now=now)
            allowed += wanting[:taken]
            if wanting[taken:]:
                delay_claims(wanting[taken:], due_at=now + timedelta(seconds=60 / limit))
        return allowed

    def _threads_of(self, server_id: int) -> SendThreads:
        if server_id not in self._threads:
            name = f"hub-send-{server_id}"
            self._threads[server_id] = SendThreads(settings.HUB_SEND_THREADS, name, self._send)
        return self._threads[server_id]

    def _send(self, claim: Claim) -> None:
        self._results.append(attempt(claim, self._routes))
        if self._is_worth_writing():
            self._poke()  # the last one under way always does

    def _is_worth_writing(self) -> bool:
        return len(self._results) >= WORTH_WRITING * len(self._under_way)

    def _probe(self, server_id: int) -> None:
        try:
            if self._routes.destination.is_up(self._routes.server(server_id)):
                self._probed.append(server_id)
        except DeliveryError as error:
            logger.info("Mattermost server %s is still down: %s", server_id, error)
        self._poke()

    def _follow_breakers(self, results: Iterable[Result], now: datetime) -> None:
        for result in results:
            server_id, error = result.claim.server_id, result.error
            if error is not None and error.status_code == 429:
                self._paused_until[server_id] = now + (error.retry_after or DEFAULT_PAUSE)
            elif error is not None and _is_of_server(error):
                self._failures[server_id] += 1
            else:
                self._failures[server_id] = 0
        for server in self._servers:
            failures = self._failures[server.pk]
            if failures >= BREAKER_FAILURES and server.down_since is None:
                logger.warning("Mattermost server %s is down: deliveries are held", server.pk)
                open_breaker(server.pk, failure_count=failures, now=now, probe_at=now + PROBE_EVERY)
                server.down_since = now
                self._failures[server.pk] = 0

    def _save_findings(self) -> None:
        """Ids that sending had to ask for are kept, so that they are asked for once."""
        if self._routes.connections or self._routes.found_channels:
            save_findings(dict(self._routes.connections), dict(self._routes.found_channels))
            self._routes.connections.clear()
            self._routes.found_channels.clear()


def _capacity() -> int:
    """How much may be under way to one server."""
    capacity: int = settings.HUB_SEND_THREADS * CLAIMS_PER_THREAD
    return capacity


def _is_of_server(error: DeliveryError) -> bool:
    """Would any other message to this server have failed as well?"""
    status = error.status_code
    return not error.permanent and (status is None or status >= 500 or status == REFUSED_TOKEN)
