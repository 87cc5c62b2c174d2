"""Real processes for tests: the web server and workers on the test database."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
START_S = 30.0


@dataclass
class Running:
    """A started process and everything below it."""

    process: subprocess.Popen[bytes]
    url: str = ""

    @property
    def pids(self) -> list[int]:
        """This process and its descendants, oldest first, from /proc."""
        children: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
        found = [self.process.pid]
        for pid in found:
            found += sorted(children.get(pid, []))
        return found

    def stop(self, number: int = signal.SIGTERM, timeout: float = 15) -> float:
        """Seconds it took to end after the signal."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout)
        return time.monotonic() - started

    def kill_all(self) -> None:
        """Whole process groups too: one that forks while it is listed would get away."""
        pids = self.pids
        for group in {_group_of(pid) for pid in pids} - {0, os.getpgrp()}:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)


def _group_of(pid: int) -> int:
    """0 when the process has gone."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def database_url() -> str:
    """Of the test database, for other processes."""
    config = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{config['NAME']}"
    credentials = f"{config['USER']}:{config['PASSWORD']}@" if config["USER"] else ""
    if str(config["HOST"]).startswith("/"):
        return f"postgres://{credentials}/{config['NAME']}?host={config['HOST']}"
    port = f":{config['PORT']}" if config["PORT"] else ""
    return f"postgres://{credentials}{config['HOST']}{port}/{config['NAME']}"


@contextlib.contextmanager
def running_worker(name: str = "test", **environment: str) -> Iterator[Running]:
    command = [sys.executable, "manage.py", "worker"]
    with _running(command, HUB_WORKER_NAME=name, **environment) as running:
        yield running


@contextlib.contextmanager
def running_listener() -> Iterator[Running]:
    with _running([sys.executable, "manage.py", "listen"]) as running:
        yield running


@contextlib.contextmanager
def running_web(threads: int = 4, port: int = 0, **environment: str) -> Iterator[Running]:
    port = port or free_port()
    options = ["--worker-class", "gthread", "--workers", "1", "--threads", str(threads)]
    bind = ["--bind", f"127.0.0.1:{port}", "--no-control-socket"]
    command = [sys.executable, "-m", "gunicorn", "hub.wsgi", *options, *bind]
    with _running(command, **environment) as running:
        running.url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(f"{running.url}/healthz"))
        yield running


@contextlib.contextmanager
def _running(command: list[str], **environment: str) -> Iterator[Running]:
    values = {"HUB_DATABASE_URL": database_url(), "HUB_SQLITE_SYNCHRONOUS": "NORMAL"}
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | values | environment)
    running = Running(process)
    try:
        yield running
    finally:
        running.kill_all()


def wait_until(holds: Callable[[], object], timeout: float = START_S) -> None:
    """Look again every 20 ms. Raises AssertionError when it does not come true in time."""
    end = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < end, f"not true within {timeout} s"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as response:
            return bool(response.status == 200)
    except OSError:
        return False
