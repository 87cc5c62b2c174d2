"""What threads write at the same time is written by one statement, in the order of its coming."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain

import pytest

from hub import grouping
from hub.grouping import MOST_ROWS, GroupCommit
from tests.running import wait_until

LONGEST_S = 10.0


class Stage:
    """Rows are numbers, written as their squares; each statement waits until it is let."""

    def __init__(self) -> None:
        self.statements: list[list[int]] = []
        self.left_out: set[int] = set()
        self.failures: list[BaseException] = []
        self.permits = threading.Semaphore(0)
        self.commit: GroupCommit[int, int] = GroupCommit(self._write)
        self.threads = ThreadPoolExecutor(32)

    def _write(self, rows: Sequence[int]) -> list[int | None]:
        self.statements.append(list(rows))
        assert self.permits.acquire(timeout=LONGEST_S)
        if self.failures:
            raise self.failures.pop()
        return [None if row in self.left_out else row * row for row in rows]

    def lead(self, row: int) -> "Future[int | None]":
        """Its statement has begun."""
        future = self.threads.submit(self.commit.write, row)
        wait_until(lambda: self.statements[-1:] == [[row]])
        return future

    def follow(self, *rows: int) -> "list[Future[int | None]]":
        """They wait, in this order."""
        futures = []
        for row in rows:
            futures.append(self.threads.submit(self.commit.write, row))
            wait_until(lambda row=row: row in [one.row for one in self.commit._queue])
        return futures

    def let(self, count: int = 100) -> None:
        self.permits.release(count)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.let()
    stage.threads.shutdown()


def results(*futures: "Future[int | None]") -> list[int | None]:
    return [future.result(LONGEST_S) for future in futures]


def test_a_lone_row_is_written_at_once(stage: Stage) -> None:
    stage.let()

    assert stage.commit.write(3) == 9
    assert stage.commit.write(4) == 16
    assert stage.statements == [[3], [4]]


def test_rows_that_come_meanwhile_are_written_together(stage: Stage) -> None:
    leading = stage.lead(1)
    following = stage.follow(5, 3, 4, 2)

    stage.let()

    assert results(leading, *following) == [1, 25, 9, 16, 4]
    assert stage.statements == [[1], [5, 3, 4, 2]]


def test_a_statement_takes_no_more_rows_than_a_process_has_threads(stage: Stage) -> None:
    leading = stage.lead(0)
    rows = range(1, 21)
    following = stage.follow(*rows)

    stage.let()

    assert results(leading, *following) == [row * row for row in range(21)]
    assert [len(rows) for rows in stage.statements] == [1, MOST_ROWS, MOST_ROWS, 20 - 2 * MOST_ROWS]


def test_a_row_that_is_left_out_has_no_result(stage: Stage) -> None:
    stage.left_out = {3}
    leading = stage.lead(1)
    following = stage.follow(2, 3, 4)

    stage.let()

    assert results(leading, *following) == [1, 4, None, 16]


@pytest.mark.parametrize("failure", [ValueError("a value"), ConnectionError("dropped")])
def test_a_statement_that_fails_leaves_every_row_to_its_thread(
    stage: Stage, failure: Exception
) -> None:
    leading = stage.lead(1)
    following = stage.follow(2, 3)
    stage.let(1)
    wait_until(lambda: len(stage.statements) == 2)

    stage.failures.append(failure)
    stage.let()

    assert results(leading, *following) == [1, None, None]
    assert stage.commit.write(4) == 16


def test_a_thread_that_is_ended_while_it_leads_leaves_nobody_waiting(stage: Stage) -> None:
    leading = stage.lead(1)
    first, second = stage.follow(2, 3)
    stage.let(1)
    wait_until(lambda: len(stage.statements) == 2)
    last = stage.follow(4)

    stage.failures.append(SystemExit())
    stage.let()

    assert results(leading, second, *last) == [1, None, 16]
    assert isinstance(first.exception(LONGEST_S), SystemExit)


def test_a_statement_that_hangs_holds_up_only_its_own_rows(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    leading = stage.lead(1)
    following = stage.follow(2, 3)
    stage.let(1)
    wait_until(lambda: len(stage.statements) == 2)

    monkeypatch.setattr(grouping, "PATIENCE_S", 0.05)

    assert stage.commit.write(4) is None  # nobody has let it: it gave up, and is written alone
    assert not any(future.done() for future in following)
    stage.let()
    assert results(leading, *following) == [1, 4, 9]
    assert stage.statements == [[1], [2, 3]]


def test_nobody_queues_behind_a_statement_that_is_known_to_hang(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "PATIENCE_S", LONGEST_S * 6)
    leading = stage.lead(1)
    stage.commit._led_at -= LONGEST_S * 7

    late = stage.threads.submit(stage.commit.write, 2)

    assert results(late) == [None]
    stage.let()
    assert results(leading) == [1]
    assert stage.commit.write(3) == 9


def test_a_row_that_is_being_written_is_waited_for_beyond_patience(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "PATIENCE_S", 0.3)
    leading = stage.lead(1)
    following = stage.follow(2, 3)
    stage.let(1)
    wait_until(lambda: len(stage.statements) == 2)

    assert stage.commit.write(4) is None
    stage.let()

    assert results(leading, *following) == [1, 4, 9]


def test_of_many_threads_each_gets_its_own_result(stage: Stage) -> None:
    stage.let(2000)

    found = list(stage.threads.map(stage.commit.write, range(2000)))

    assert found == [row * row for row in range(2000)]
    assert sorted(chain.from_iterable(stage.statements)) == list(range(2000))
