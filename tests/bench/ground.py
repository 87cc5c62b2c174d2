"""The processes that are measured, and those that measure."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from urllib.request import urlopen

from hub.management.first_steps import Address
from hub.management.serving import web_spec
from tests.bench.load import Load, Outcome
from tests.bench.paths import PROFILE, ROOT
from tests.running import Running, free_port, wait_until

SAMPLE_EVERY_S = 0.05
CALL_TIMEOUT_S = 10


@contextlib.contextmanager
def started(name: str, *arguments: str, **more: str) -> Iterator[Running]:
    """A Python process of the product, watched by the sampler in a profile run."""
    wrapper = ["-m", "tests.bench.sampler", name] if PROFILE in os.environ else []
    command = [sys.executable, *wrapper, *arguments]
    running = Running(subprocess.Popen(command, cwd=ROOT, env=os.environ | more))
    try:
        yield running
    finally:
        running.kill_all()


@dataclass
class Web(Running):
    """A web server that answers."""

    port: int = 0


@contextlib.contextmanager
def web(settings: str = "hub.settings", name: str = "web") -> Iterator[Web]:
    """The web server just as `manage.py up` starts it."""
    address = Address("127.0.0.1", free_port(), "--port")
    with started(name, *web_spec(address).arguments, DJANGO_SETTINGS_MODULE=settings) as running:
        wait_until(lambda: _answers(f"{address.url}/healthz"))
        yield Web(running.process, address.url, address.port)


@contextlib.contextmanager
def worker() -> Iterator[Running]:
    with started("worker", "manage.py", "worker", DJANGO_SETTINGS_MODULE="hub.settings") as running:
        yield running


@contextlib.contextmanager
def task_cluster(destination_url: str) -> Iterator[Running]:
    """As many workers as the hub's worker has, one task each at a time."""
    more = {"HUB_BENCH_DESTINATION": destination_url}
    with started("qcluster", "manage.py", "qcluster", **more) as running:
        yield running


class DestinationClient:
    """What came to the destination, asked over HTTP."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def reset(self, delay_ms: int = 0) -> None:
        self._get(f"reset?delay_ms={delay_ms}")

    def count(self) -> int:
        return int(self._get("count"))

    def arrivals(self) -> list[tuple[int, int]]:
        """(sent, arrived) in nanoseconds of the machine's clock."""
        return [(sent, arrived) for sent, arrived in json.loads(self._get("arrivals"))]

    def wait_for(self, count: int, timeout_s: float) -> None:
        """Until so many posts came. Raises TimeoutError when they do not."""
        deadline = time.monotonic() + timeout_s
        while (came := self.count()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{came} of {count} posts came within {timeout_s:.0f} s")
            time.sleep(SAMPLE_EVERY_S)

    def _get(self, what: str) -> str:
        with urlopen(f"{self.url}/bench/{what}", timeout=CALL_TIMEOUT_S) as response:
            return str(response.read().decode())


@contextlib.contextmanager
def destination() -> Iterator[DestinationClient]:
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.destination", "--port", str(port)]
    running = Running(subprocess.Popen(command, cwd=ROOT))
    client = DestinationClient(port)
    try:
        wait_until(lambda: _answers(f"{client.url}/bench/count"))
        yield client
    finally:
        running.kill_all()


def generate(load: Load) -> Outcome:
    """Run the load generator. Raises RuntimeError when anything was refused."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        cwd=ROOT,
        input=json.dumps(asdict(load)).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    outcome = Outcome(**json.loads(ended.stdout))
    if outcome.refused():
        raise RuntimeError(f"{load.path} answered {outcome.statuses}")
    return outcome


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as response:
            return bool(response.status == 200)
    except OSError:
        return False
