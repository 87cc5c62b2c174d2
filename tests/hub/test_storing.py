"""What comes at the same time is stored by one statement, each of it once."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from hub import storing
from hub.contracts import InboundRequest
from hub.grouping import GroupCommit
from hub.models import Event, Source
from hub.storing import ROW_BY_HASH, ROW_BY_KEY, StoredEvent, store_request
from tests.factories import NOON, make_source
from tests.running import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
LONGEST_S = 10.0


class Crowd:
    """Threads of a web process that all store while the statement of a first one takes long."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.statements: list[int] = []
        self.groups = {row: GroupCommit(self._insert) for row in (ROW_BY_KEY, ROW_BY_HASH)}
        self.writer = storing._Writer()
        self._threads = ThreadPoolExecutor(16)
        self._is_let = threading.Event()

    def _insert(self, events: Sequence[storing._NewEvent]) -> list[StoredEvent | None]:
        self.statements.append(len(events))
        assert self._is_let.wait(LONGEST_S)
        return self.writer.insert(events)

    def lead(self, dedup_key: str = "leading", **keys: str) -> "Future[StoredEvent]":
        """Its statement takes long; those of its kind that come after it wait."""
        self._is_let.clear()
        count = len(self.statements)
        future = self._threads.submit(self._store, dedup_key, **keys)
        wait_until(lambda: len(self.statements) > count)
        return future

    def come(self, dedup_key: str, **keys: object) -> "Future[StoredEvent]":
        """One more thread, after those before."""
        group = self.groups[ROW_BY_HASH if "earlier_key" in keys else ROW_BY_KEY]
        count = len(group._queue)
        future = self._threads.submit(self._store, dedup_key, **keys)
        wait_until(lambda: len(group._queue) > count)
        return future

    def let(self) -> None:
        self._is_let.set()

    def close(self) -> None:
        self.let()
        self._threads.shutdown()
        self.writer.close()

    def _store(self, dedup_key: str, *, earlier_key: str = "", source_id: int = 0) -> StoredEvent:
        """The body is the key."""
        request = InboundRequest("POST", dedup_key.encode(), received_at=NOON)
        source_id = source_id or self.source.pk
        keys = {"dedup_key": dedup_key, "earlier_key": earlier_key}
        try:
            return store_request(request, source_id=source_id, **keys)
        finally:
            connection.close()


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crowd]:
    crowd = Crowd(make_source())
    monkeypatch.setattr(storing, "_groups", crowd.groups)
    yield crowd
    crowd.close()


def stored(future: "Future[StoredEvent]") -> tuple[str, bool]:
    """(the body that it was given the id of, was it there already)"""
    found = future.result(LONGEST_S)
    return bytes(Event.objects.get(pk=found.event_id).body).decode(), found.is_duplicate


def test_requests_at_the_same_time_are_stored_by_one_statement(crowd: Crowd) -> None:
    leading = crowd.lead()
    futures = [crowd.come(key) for key in "cab"]
    crowd.let()

    assert [stored(future) for future in (leading, *futures)] == [
        ("leading", False),
        ("c", False),
        ("a", False),
        ("b", False),
    ]
    assert crowd.statements == [1, 3]
    in_order = Event.objects.order_by("pk").values_list("dedup_key", flat=True)
    assert list(in_order) == ["leading", "c", "a", "b"]


def test_what_is_sent_twice_at_the_same_time_is_one_event(crowd: Crowd) -> None:
    crowd.lead()
    futures = [crowd.come(key) for key in ("a", "b", "a")]
    crowd.let()

    assert [stored(future) for future in futures] == [("a", False), ("b", False), ("a", True)]
    assert dict(Event.objects.values_list("dedup_key", "duplicate_count")) == {
        "leading": 0,
        "a": 1,
        "b": 0,
    }


def test_what_is_known_already_is_counted_beside_what_is_new(crowd: Crowd) -> None:
    known = Event.objects.create(source=crowd.source, dedup_key="known", body=b"known")
    crowd.lead()
    futures = [crowd.come(key) for key in ("a", "known", "b")]
    crowd.let()

    assert [stored(future) for future in futures] == [("a", False), ("known", True), ("b", False)]
    known.refresh_from_db()
    assert known.duplicate_count == 1


def test_a_hash_of_the_time_before_is_known_beside_others(crowd: Crowd) -> None:
    Event.objects.create(source=crowd.source, dedup_key="hash:1", body=b"hash:1")
    crowd.lead(earlier_key="none")
    futures = [
        crowd.come("hash:2", earlier_key="hash:1"),
        crowd.come("other:2", earlier_key="other:1"),
    ]
    crowd.let()

    assert [stored(future) for future in futures] == [("hash:1", True), ("other:2", False)]
    assert crowd.statements == [1, 2]


def test_the_same_key_of_two_sources_is_two_events(crowd: Crowd) -> None:
    another = make_source("redmine", "Another")
    crowd.lead()
    futures = [crowd.come("a"), crowd.come("a", source_id=another.pk)]
    crowd.let()

    assert [stored(future) for future in futures] == [("a", False), ("a", False)]
    assert set(Event.objects.filter(dedup_key="a").values_list("source", flat=True)) == {
        crowd.source.pk,
        another.pk,
    }


def test_a_row_that_cannot_be_stored_costs_the_others_nothing(crowd: Crowd) -> None:
    crowd.lead()
    first, bad, last = crowd.come("a"), crowd.come("bad", source_id=10**6), crowd.come("b")
    crowd.let()

    assert [stored(first), stored(last)] == [("a", False), ("b", False)]
    assert isinstance(bad.exception(LONGEST_S), IntegrityError)
    assert Event.objects.count() == 3


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no connections to drop")
def test_a_connection_that_is_dropped_loses_nothing_and_is_opened_again(crowd: Crowd) -> None:
    first = crowd.lead()
    crowd.let()
    assert stored(first) == ("leading", False)
    terminate(crowd.writer)

    leading = crowd.lead("a")
    following = [crowd.come("b"), crowd.come("c")]
    crowd.let()

    assert [stored(future) for future in (leading, *following)] == [
        ("a", False),
        ("b", False),
        ("c", False),
    ]
    assert crowd.statements == [1, 1, 2]


def terminate(writer: storing._Writer) -> None:
    assert writer._own is not None
    pid = writer._own.connection.info.backend_pid
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


def test_inside_a_transaction_a_request_waits_for_nobody(crowd: Crowd) -> None:
    crowd.lead()

    with transaction.atomic():
        request = InboundRequest("POST", b"mine", received_at=NOON)
        mine = store_request(request, source_id=crowd.source.pk, dedup_key="mine")
        transaction.set_rollback(True)

    assert not mine.is_duplicate
    assert not Event.objects.exists()
