"""Child processes of `manage.py up`: named lines, restarts, an orderly end."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.management.children import Child, ChildSpec, restart_pause
from tests.running import wait_until

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf');"
    "time.sleep(60)"
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def make_child(said: list[str]) -> Iterator[Callable[..., Child]]:
    """They are all killed in the end."""
    children: list[Child] = []

    def make(program: str, patience_s: float = 5.0) -> Child:
        spec = ChildSpec("web", ("-c", program), patience_s)
        children.append(Child(spec, Path.cwd(), said.append))
        return children[-1]

    yield make
    for child in children:
        child.kill()


@pytest.mark.parametrize(
    ("deaths", "seconds"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (99, 30)]
)
def test_the_pause_before_a_restart_doubles_up_to_half_a_minute(deaths: int, seconds: int) -> None:
    assert restart_pause(deaths) == seconds


def test_every_line_stands_under_the_name_of_its_child(
    make_child: Callable[..., Child], said: list[str]
) -> None:
    child = make_child("import sys; print('hello'); print('trouble', file=sys.stderr)")

    child.start()
    wait_until(lambda: len(said) == 2)

    assert said == ["web        | hello", "web        | trouble"]


def test_a_child_that_died_is_started_again_after_its_pause(
    make_child: Callable[..., Child], said: list[str]
) -> None:
    child = make_child("raise SystemExit(3)")
    child.start()
    wait_until(lambda: not child.is_alive)
    now = time.monotonic()

    child.look_after(now)
    has_waited = child.process is None
    child.look_after(now + 1.5)

    assert said == ["web has ended with code 3; it is started again in 1 s"]
    assert has_waited
    assert child.process is not None


def test_a_child_ends_at_sigterm(make_child: Callable[..., Child]) -> None:
    child = make_child("import time; time.sleep(60)")
    child.start()

    child.ask_to_end()
    wait_until(lambda: not child.is_alive)

    assert child.ending() == "was ended by SIGTERM"


def test_a_child_that_does_not_listen_can_be_killed(
    make_child: Callable[..., Child], said: list[str]
) -> None:
    child = make_child(STUBBORN)
    child.start()
    wait_until(lambda: said)
    child.ask_to_end()

    child.kill()

    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL
