"""`manage.py up` and `demo` as a person starts them: real processes, real ports."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from django.db import connection  # noqa: F401  # in the condition of ON_SQLITE

from hub.management.commands.demo import STANDIN_TOKEN
from tests.running import ROOT, Running, database_url, free_port, wait_until

BUSY_S = 90.0  # on a machine that does something else as well

ON_SQLITE = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="starting and ending is the same on every database"
)
pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]


@dataclass
class Started:
    running: Running
    lines: Path
    port: int

    def says(self, text: str) -> bool:
        return text in self.lines.read_text()

    def child(self, text: str) -> int:
        """The process below with that word on its command line."""
        return next(pid for pid in self.running.pids[1:] if text in command_line(pid))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Whatever is still running afterwards is killed."""
    everything: list[Running] = []

    def starter(*arguments: str) -> Started:
        lines, port = tmp_path / "lines.txt", free_port()
        with lines.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", *arguments, "--port", str(port)],
                cwd=ROOT,
                env=os.environ | {"HUB_DATABASE_URL": database_url()},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        everything.append(Running(process))
        started = Started(everything[-1], lines, port)
        wait_until(lambda: started.says("The hub is running") or process.poll() is not None, BUSY_S)
        return started

    yield starter
    for running in everything:
        running.kill_all()


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def status_of(url: str) -> int:
    try:
        with urlopen(url, timeout=5) as response:
            return int(response.status)
    except URLError:
        return 0


def posts_in(channel: str, standin_url: str) -> list[dict[str, Any]]:
    """Oldest first."""

    def fetch(path: str) -> Any:
        headers = {"Authorization": f"Bearer {STANDIN_TOKEN}"}
        with urlopen(
            Request(f"{standin_url}/api/v4{path}", headers=headers), timeout=5
        ) as response:
            return json.load(response)

    channel_id = fetch(f"/teams/name/demo/channels/name/{channel}")["id"]
    posts = fetch(f"/channels/{channel_id}/posts")
    return [posts["posts"][post_id] for post_id in reversed(posts["order"])]


def test_up_serves_until_sigterm_and_leaves_nothing_behind(start: Callable[..., Started]) -> None:
    started = start("up")
    status = status_of(f"http://127.0.0.1:{started.port}/readyz")
    below = started.running.pids[1:]

    started.running.stop()

    assert status == 200
    assert started.running.process.returncode == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in below)


@ON_SQLITE
def test_a_web_server_that_dies_is_started_again(start: Callable[..., Started]) -> None:
    started = start("up")
    url = f"http://127.0.0.1:{started.port}/healthz"

    os.kill(started.child("gunicorn"), signal.SIGKILL)
    wait_until(lambda: started.says("web was ended by SIGKILL; it is started again in 1 s"), BUSY_S)

    wait_until(lambda: status_of(url) == 200, BUSY_S)


@ON_SQLITE
def test_the_demo_shows_a_thread_in_its_mattermost(start: Callable[..., Started]) -> None:
    port = free_port()
    started = start("demo", "--mattermost-port", str(port))

    wait_until(lambda: len(posts_in("support", f"http://127.0.0.1:{port}")) >= 2, BUSY_S)

    root, reply = posts_in("support", f"http://127.0.0.1:{port}")[:2]
    assert root["message"].startswith("Urgent: ")
    assert reply["message"] == "SLA: 20 min remaining"
    assert reply["root_id"] == root["id"]
    assert started.says(f"http://127.0.0.1:{port}/")
