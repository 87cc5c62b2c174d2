"""Fixtures for every test. HUB_DATABASE_URL says on which database: see tests/suite.py."""

import os
import shutil
from collections.abc import Iterator

import hypothesis
import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache

from hub.storing import close_connections
from hub.waking import waker
from tests.factories import NOON
from tests.running import running_web
from tests.standins.mattermost import MattermostStandin

DATABASE = {"db", "transactional_db"}  # without one of them, pytest-django lets no test ask it
CHROMIUM = os.environ.get("HUB_CHROMIUM") or shutil.which("chromium") or ""
NO_CHROMIUM = pytest.mark.skip(reason="no chromium here: install it, or name one in HUB_CHROMIUM")

# No deadline: a busy machine is no defect. No database: what failed elsewhere is not known here.
hypothesis.settings.register_profile("hub", deadline=None, database=None)
hypothesis.settings.load_profile("hub")


def pytest_configure() -> None:
    # The default is slow on purpose: a third of a second for every user that a test makes.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(tryfirst=True)  # before -m chooses by markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("django_db") or DATABASE & set(item.fixturenames):  # type: ignore[attr-defined]  # of every function
            item.add_marker("database")
        if not CHROMIUM and item.get_closest_marker("browser"):
            item.add_marker(NO_CHROMIUM)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """While the database is still open to the test: the waker works in a thread of its own."""
    waker.stop()
    close_connections()
    cache.clear()  # users of two tests may have the same number, and the admin caches by it


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """For playwright's `executable_path`; its own download is not used."""
    return CHROMIUM


@pytest.fixture
def standin() -> Iterator[MattermostStandin]:
    """A Mattermost with a team, channels and a bot, on a port of its own."""
    with MattermostStandin() as standin:
        yield standin


@pytest.fixture
def hub_url(transactional_db: None) -> Iterator[str]:
    """The hub's web server on the test database, as a process of its own."""
    with running_web() as web:
        yield web.url


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """It stands still at NOON; `clock.shift(60)` moves it."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller
