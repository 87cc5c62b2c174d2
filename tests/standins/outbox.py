"""A stand-in's own webhooks, sent beside its answers: its server must not wait for the hub."""

import threading
from collections.abc import Callable
from typing import Any

PATIENCE_S = 10.0


class Outbox:
    """Sends in the order of `put`, one thread each, started after the one before has ended."""

    def __init__(self) -> None:
        self._last: threading.Thread | None = None
        self.results: list[Any] = []  # what each sending returned

    def put(self, send: Callable[[], object]) -> None:
        before = self._last

        def run() -> None:
            if before is not None:
                before.join(PATIENCE_S)
            self.results.append(send())

        self._last = threading.Thread(target=run, daemon=True)
        self._last.start()

    def wait(self) -> None:
        """Until all that was put so far is sent."""
        if self._last is not None:
            self._last.join(PATIENCE_S)
