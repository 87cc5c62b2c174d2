"""What the tests against a real system share: the system, and a hub in the test's own process."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.live.redmine import CannotRunError, Redmine, running_redmine
from tests.pumping import Pump


@pytest.fixture(scope="session")
def redmine() -> Iterator[Redmine]:
    """Started once; skipped where it cannot be had."""
    with contextlib.ExitStack() as stack:
        try:
            redmine = stack.enter_context(running_redmine())
        except CannotRunError as reason:
            pytest.skip(str(reason))
        yield redmine


@pytest.fixture
def pump() -> Iterator[Pump]:
    pump = Pump()
    yield pump
    pump.close()
