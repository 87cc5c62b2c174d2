"""Fixtures for every test."""

from collections.abc import Iterator

import pytest

from hub.waking import waker
from tests.standins.mattermost import MattermostStandin


@pytest.fixture
def standin() -> Iterator[MattermostStandin]:
    """A Mattermost with a team, channels and a bot, on a port of its own."""
    with MattermostStandin() as standin:
        yield standin


@pytest.fixture(scope="session", autouse=True)
def waker_stopped(django_db_setup: None) -> Iterator[None]:
    """The waker's connection would keep the test database from being dropped."""
    yield
    waker.stop()
