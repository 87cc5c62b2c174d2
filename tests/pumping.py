"""One matcher and one dispatcher in the test's own process, run until nothing is left to do."""

import threading

from django.utils import timezone

from hub.delivering import claims_of
from hub.dispatching import Dispatcher
from hub.matcher import Matcher
from hub.models import ConfigVersion, Delivery, Event

WAIT_S = 5.0
MAX_ROUNDS = 500


class Pump:
    """`run()` matches what was received and sends what is due."""

    def __init__(self) -> None:
        self._poked = threading.Event()
        self.matcher = Matcher(self._poked.set)
        self.dispatcher = Dispatcher(self._poked.set)

    def run(self) -> None:
        for _round in range(MAX_ROUNDS):
            self._poked.clear()
            version = ConfigVersion.current()
            self.dispatcher.follow(version)
            done = self.dispatcher.write_results()
            done += self.matcher.match_batch(version, self.dispatcher.openings())
            done += self.dispatcher.send(claims_of(self.matcher.claimed))
            done += self.dispatcher.claim_and_send()
            if self.dispatcher.is_sending or self.matcher.is_enriching:
                assert self._poked.wait(WAIT_S), "nothing came back"
            elif not done:
                return
        raise AssertionError("never at rest")

    def tidy(self) -> None:
        """What a drain does every few seconds, and the probes it starts."""
        self._poked.clear()
        self.dispatcher.tidy(timezone.now())
        self._poked.wait(0.5)
        self.dispatcher.tidy(timezone.now())

    def close(self) -> None:
        self.matcher.close()
        self.dispatcher.close()


def make_due() -> None:
    """As if the time of every retry and every claim had come."""
    Delivery.objects.filter(state__in=Delivery.OPEN_STATES).update(due_at=timezone.now())


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def received_count() -> int:
    return Event.objects.filter(state=Event.State.RECEIVED).count()
