"""Which drain is woken by what."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection

from hub.waking import DUE, RECEIVED, Ear, wake_matcher, wake_senders

ON_POSTGRESQL = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="on SQLite every drain looks at the file"
)
pytestmark = pytest.mark.django_db(transaction=True)

SOON = timedelta(seconds=5)
NO_TIME = timedelta()


@pytest.fixture
def matchers_ear() -> Iterator[Ear]:
    yield from listening(RECEIVED, DUE)


@pytest.fixture
def senders_ear() -> Iterator[Ear]:
    yield from listening(DUE)


def listening(*channels: str) -> Iterator[Ear]:
    ear = Ear()
    ear.listen_to(*channels)
    ear.wait(SOON)  # opens its connection
    yield ear
    ear.close()


@ON_POSTGRESQL
def test_an_event_wakes_the_matcher_alone(matchers_ear: Ear, senders_ear: Ear) -> None:
    wake_matcher()

    assert matchers_ear.wait(SOON)
    assert not senders_ear.wait(NO_TIME)


@ON_POSTGRESQL
def test_a_delivery_that_is_due_wakes_every_drain(matchers_ear: Ear, senders_ear: Ear) -> None:
    wake_senders()

    assert matchers_ear.wait(SOON)
    assert senders_ear.wait(SOON)


@ON_POSTGRESQL
def test_a_drain_that_becomes_the_matcher_looks_once_before_it_waits(senders_ear: Ear) -> None:
    senders_ear.listen_to(RECEIVED, DUE)
    looks_again = senders_ear.wait(NO_TIME)
    wake_matcher()

    assert looks_again
    assert senders_ear.wait(SOON)


def test_a_poke_wakes_the_drain_of_this_process(senders_ear: Ear) -> None:
    senders_ear.poke()

    assert senders_ear.wait(SOON)


@ON_POSTGRESQL
def test_the_connection_that_listens_is_opened_as_the_address_of_the_database_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection.ensure_connection()  # before, without it
    options = connection.settings_dict["OPTIONS"]
    monkeypatch.setitem(options, "application_name", "an-ear")  # or a certificate, say
    ear = Ear()
    ear.wait(NO_TIME)

    with connection.cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE application_name = 'an-ear'")
        queries = cursor.fetchall()
    ear.close()

    assert queries == [(f"LISTEN {DUE}",)]
