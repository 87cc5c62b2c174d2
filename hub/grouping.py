"""Group commit: rows that threads write at the same time share one statement and one commit."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

Row = TypeVar("Row")
Result = TypeVar("Result")

MOST_ROWS = 8  # of one statement: the threads of a web process
PATIENCE_S = 1.0  # a row waits no longer for the statement before it


class _Waiting(Generic[Row, Result]):
    """A row whose thread sleeps until its gate is opened."""

    __slots__ = ("gate", "is_leading", "result", "row")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.result: Result | None = None
        self.is_leading = False
        self.gate = threading.Lock()
        self.gate.acquire()


class GroupCommit(Generic[Row, Result]):
    """The first comer writes at once; who comes meanwhile waits, and one of them writes for all.

    A lone row waits for nobody. `write` gets the rows in the order of their coming and gives a
    result for each, None for those that it did not write. It is one statement, outside a
    transaction.
    """

    def __init__(self, write: Callable[[Sequence[Row]], Sequence[Result | None]]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._queue: list[_Waiting[Row, Result]] = []
        self._is_led = False
        self._led_at = 0.0  # of time.monotonic

    def write(self, row: Row) -> Result | None:
        """None when the statement failed, hangs or left the row out: it is to be written alone."""
        mine: _Waiting[Row, Result] = _Waiting(row)
        with self._lock:
            if self._is_led and time.monotonic() - self._led_at > PATIENCE_S:
                return None
            mine.is_leading = not self._is_led
            if mine.is_leading:
                self._is_led, self._led_at = True, time.monotonic()
            else:
                self._queue.append(mine)
        if not mine.is_leading:
            self._wait(mine)
        if mine.is_leading:
            self._lead(mine)
        return mine.result

    def _wait(self, mine: _Waiting[Row, Result]) -> None:
        """Until it is written or leads. A statement that hangs holds up only its own rows."""
        if mine.gate.acquire(timeout=PATIENCE_S):
            return
        with self._lock:
            if mine in self._queue:
                self._queue.remove(mine)
                return
        mine.gate.acquire()

    def _lead(self, mine: _Waiting[Row, Result]) -> None:
        with self._lock:
            others = self._queue[: MOST_ROWS - 1]
            del self._queue[: MOST_ROWS - 1]
        group = [mine, *others]
        try:
            results = self._write([one.row for one in group])
            for one, result in zip(group, results, strict=True):
                one.result = result
        except Exception as error:  # of one row, maybe: each tries again, and raises its own
            if others:
                logger.warning("%d rows go one by one: %s", len(group), type(error).__name__)
        finally:
            self._hand_over()
            for one in others:
                one.gate.release()

    def _hand_over(self) -> None:
        with self._lock:
            if self._queue:
                following = self._queue.pop(0)
                following.is_leading, self._led_at = True, time.monotonic()
                following.gate.release()
            else:
                self._is_led = False
