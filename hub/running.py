"""Runs what was typed beside a drain's other work, on threads of its own."""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from hub.answering import run_invocation
from hub.invocations import claim_invocations, extend_claims
from hub.models import CommandInvocation

logger = logging.getLogger(__name__)

RUN_THREADS = 4  # people type slowly; a system that hangs keeps one
LOOK_INTERVAL = timedelta(milliseconds=50)
EXTEND_INTERVAL = timedelta(seconds=5)


class Runner:
    """Belongs to the drain's thread; its own threads have connections of their own."""

    def __init__(self, poke: Callable[[], None]) -> None:
        self._poke = poke
        self._pool = ThreadPoolExecutor(RUN_THREADS, thread_name_prefix="hub-run")
        self._running: dict[Future[None], str] = {}
        self._look_at = self._extend_at = datetime.min.replace(tzinfo=UTC)

    def look(self, now: datetime, *, is_busy: bool) -> int:
        """Start what is due; how much that is. A busy drain comes round often: not each time."""
        self._running = {one: claim for one, claim in self._running.items() if not one.done()}
        if self._running and now >= self._extend_at:
            extend_claims(list(self._running.values()), now)
            self._extend_at = now + EXTEND_INTERVAL
        free = RUN_THREADS - len(self._running)
        if not free or (is_busy and now < self._look_at):
            return 0
        self._look_at = now + LOOK_INTERVAL
        claimed = claim_invocations(now, free)
        for row in claimed:
            future = self._pool.submit(_run, row)
            future.add_done_callback(lambda _future: self._poke())
            self._running[future] = row.claimed_by
        return len(claimed)

    def close(self) -> None:
        """What is under way ends by itself: as long as this process lives, it is nobody else's."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._running:
            threading.Thread(target=_keep, args=(self._running,), daemon=True).start()


def _keep(running: Mapping[Future[None], str]) -> None:
    """Without its drain, a slow call would be taken for a dead one's and made once more."""
    while claims := [claim for future, claim in running.items() if not future.done()]:
        try:
            extend_claims(claims, timezone.now())
        except (DatabaseError, InterfaceError) as error:
            logger.warning("Claims could not be extended, trying again: %s", error)
        finally:
            connection.close()
        wait(running, EXTEND_INTERVAL.total_seconds())


def _run(row: CommandInvocation) -> None:
    try:
        run_invocation(row)
    finally:
        connection.close()
