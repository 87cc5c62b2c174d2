"""What a worker shares with its drains across the fork: a stop event and a heartbeat."""

import multiprocessing
import time
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event


class Lifeline:
    """Made before the fork. Without one (in tests) a drain lives out its life."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("fork")
        self._stop: Event = context.Event()
        self._beat: Synchronized[float] = context.Value("d", time.monotonic())

    def stop(self) -> None:
        self._stop.set()

    def is_stopping(self) -> bool:
        return self._stop.is_set()

    def beat(self) -> None:
        self._beat.value = time.monotonic()

    def silent_for(self) -> float:
        """Seconds since any drain of this worker was last alive."""
        return time.monotonic() - self._beat.value


lifeline = Lifeline()
