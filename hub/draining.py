"""The resident drain: waits for work, matches if it holds that lease, and sends."""

import logging
import time
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from hub.delivering import claims_of
from hub.dispatching import Dispatcher
from hub.leases import MATCHER, RENEW_EVERY, release_lease, slot_name, take_lease
from hub.lifeline import lifeline
from hub.matcher import Matcher
from hub.models import ConfigVersion
from hub.planning import NO_OPENINGS
from hub.running import Runner
from hub.waking import DUE, RECEIVED, Ear, wake_drains, wake_senders

logger = logging.getLogger(__name__)

LIFE = timedelta(seconds=50)  # under Q_CLUSTER's timeout of 90
STAGGER = timedelta(seconds=10)  # the drains of a worker do not end together
SLOT_WAIT_S = 3.0  # a successor starts before its predecessor has gone
LONGEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT_SENDING = timedelta(seconds=0.05)  # a few results beside many slow posts
AFTER_FAILURE_WAIT_S = 0.5
BUSY_BATCH = 30  # events in one round: one process cannot match and send as fast as two
STOP_WAIT_S = 6.0  # for posts under way when the drain ends


def run_drain(slot: int) -> str:
    """One life of the drain in `slot`; says why it ended. A superfluous one ends at once."""
    holder, name = uuid.uuid4().hex, slot_name(settings.HUB_WORKER_NAME, slot)
    if not _wait_for_slot(name, holder):
        return "superfluous"
    drain = Drain(name, holder)
    try:
        drain.run(until=timezone.now() + LIFE - STAGGER * (slot % 3))
    finally:
        drain.close()
    return "stopped" if lifeline.is_stopping() else "lived"


def _wait_for_slot(name: str, holder: str) -> bool:
    end = time.monotonic() + SLOT_WAIT_S
    while not take_lease(name, holder, timezone.now()):
        if lifeline.is_stopping() or time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


class Drain:
    """One life: its leases, its matcher if it holds that role, its dispatcher."""

    def __init__(self, slot: str, holder: str) -> None:
        self._slot, self._holder = slot, holder
        self._ear = Ear()
        self._dispatcher = Dispatcher(self._ear.poke)
        self._runner = Runner(self._ear.poke)
        self._matcher: Matcher | None = None
        self._is_busy = False  # so much to match that sending is left to the other drains
        self._renew_at = timezone.now()

    def run(self, until: datetime) -> None:
        """Work until then, or until the worker stops or another drain has the slot."""
        while not lifeline.is_stopping() and timezone.now() < until:
            lifeline.beat()
            try:
                if not self._renew_leases(timezone.now()):
                    return
                if not self._work():
                    self._ear.wait(self._longest_wait())
            except (OperationalError, InterfaceError) as error:
                logger.warning("The database is away, looking again: %s", error)
                self._pause()
            except Exception:
                logger.exception("A round of the drain failed")
                self._pause()

    def _longest_wait(self) -> timedelta:
        return LONGEST_WAIT_SENDING if self._dispatcher.is_sending else LONGEST_WAIT

    def _pause(self) -> None:
        connection.close()
        time.sleep(AFTER_FAILURE_WAIT_S)

    def close(self) -> None:
        """Let posts under way end and write them; what is not written is looked for later."""
        end = time.monotonic() + STOP_WAIT_S
        try:
            self._dispatcher.give_back()
            while self._dispatcher.is_sending and time.monotonic() < end:
                self._ear.wait(timedelta(seconds=0.1))
                self._dispatcher.write_results()
            if self._matcher is not None:
                self._matcher.close()
            release_lease(MATCHER, self._holder)
            release_lease(self._slot, self._holder)
            wake_drains()
        except (DatabaseError, InterfaceError):
            logger.warning("The database is away at the end of a drain: its leases run out")
        finally:
            self._runner.close()
            self._dispatcher.close()
            self._ear.close()

    def _work(self) -> int:
        """One round; how much was done."""
        version = ConfigVersion.current()
        self._dispatcher.follow(version)
        written = self._dispatcher.write_results()
        matched = self._match(version)
        done = written + matched
        done += self._runner.look(timezone.now(), is_busy=done > 0)
        if matched >= BUSY_BATCH and settings.HUB_DRAINS > 1:
            return done  # match on: the other drains send meanwhile
        return done + self._dispatcher.claim_and_send()

    def _match(self, version: int) -> int:
        """What this drain can send itself is claimed with the match and sent at once."""
        if self._matcher is None:
            return 0
        openings = NO_OPENINGS if self._is_busy else self._dispatcher.openings()
        matched = self._matcher.match_batch(version, openings)
        self._dispatcher.send(claims_of(self._matcher.claimed))
        self._is_busy = matched >= BUSY_BATCH
        if matched and (self._is_busy or self._dispatcher.is_full):
            wake_senders()
        return matched

    def _renew_leases(self, now: datetime) -> bool:
        """Every few seconds; False when another drain has this slot."""
        if now < self._renew_at:
            return True
        self._renew_at = now + RENEW_EVERY
        self._dispatcher.tidy(now)
        is_matcher = take_lease(MATCHER, self._holder, now)
        if is_matcher and self._matcher is None:
            self._matcher = Matcher(self._ear.poke)
            self._ear.listen_to(RECEIVED, DUE)
        elif not is_matcher and self._matcher is not None:
            self._matcher.close()
            self._matcher = None
            self._ear.listen_to(DUE)
        return take_lease(self._slot, self._holder, now)
