"""Rows: delivered per second, against one task per delivery; and the memory it takes."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace

from django.db import connection

from hub.models import Attempt, Delivery
from tests.bench.configured import SIGNING_SECRET, configure, ticket_body
from tests.bench.figures import Figure, Options, in_turn
from tests.bench.ground import (
    DestinationClient,
    destination,
    generate,
    task_cluster,
    web,
    worker,
)
from tests.bench.load import Load, Outcome
from tests.bench.models import TaskEvent
from tests.bench.usage import Meter, proportional_memory_mb
from tests.bench.whole_task import SOURCE_NAME
from tests.factories import make_source
from tests.running import Running, wait_until

WARM_UP_COUNT = 200
LONGEST_S = 180.0  # for what was accepted to be delivered
NEEDED_PER_S, NEEDED_RATIO, LARGEST_MB = 600, 4, 450
ROW = "delivered"
ONE_TASK = "one task per delivery"  # doing the same work
BARE_TASK = "one bare task per delivery"


class Through:
    """Sends tickets to one of the two, and waits until the last has come out at the other end."""

    def __init__(self, load: Load, came: DestinationClient, count_rows: Callable[[], int]) -> None:
        self._load, self._came, self._count_rows = load, came, count_rows
        self.groups: Mapping[str, Running] = {}  # whose processor time is noted
        self.accepted: list[float] = []
        self.delivered: list[float] = []  # while the load lasted
        self.used_us: dict[str, list[float]] = defaultdict(list)  # processor time of an event

    def measure(self) -> float:
        """Events per second from the first request to the arrival of the last post."""
        meter = Meter(self.groups)
        outcome, arrived = self._run(self._load)
        self._note(outcome, arrived, meter.used())
        return outcome.count / (max(arrived) - outcome.started_at)

    def warm_up(self) -> None:
        self._run(replace(self._load, count=WARM_UP_COUNT))

    def _run(self, load: Load) -> tuple[Outcome, list[float]]:
        """What was sent, and when each post came."""
        self._came.reset()
        before = self._count_rows()
        outcome = generate(load)
        self._came.wait_for(outcome.count, LONGEST_S)
        wait_until(lambda: self._count_rows() - before == outcome.count)
        return outcome, [arrived / 1e9 for _sent, arrived in self._came.arrivals()]

    def _note(self, outcome: Outcome, arrived: list[float], used: Mapping[str, float]) -> None:
        in_time = sum(one <= outcome.ended_at for one in arrived)
        self.accepted.append(outcome.per_second)
        self.delivered.append(in_time / (outcome.ended_at - outcome.started_at))
        for name, seconds in used.items():
            self.used_us[name].append(seconds / outcome.count * 1e6)


def measure(options: Options) -> list[Figure]:
    durability = _describe_durability()
    body = ticket_body()
    with destination() as came:
        path = configure(came.url).path
        make_source(name=SOURCE_NAME)
        with (
            web() as hub_web,
            worker() as hub_worker,
            web("tests.bench.settings", "one-task") as task_web,
            task_cluster(came.url),
        ):
            hub_load = Load(hub_web.port, path, body, SIGNING_SECRET, seconds=options.seconds)
            task_load = Load(task_web.port, "/hooks/one-task", body, seconds=options.seconds)
            hub = Through(hub_load, came, count_delivered)
            one_task = Through(task_load, came, _count_tasks_done)
            bare_load = replace(task_load, path="/hooks/bare-task")
            bare_task = Through(bare_load, came, _count_tasks_done)
            hub.groups = {"web": hub_web, "worker": hub_worker}
            ways = {"hub": hub, ONE_TASK: one_task, BARE_TASK: bare_task}
            for way in ways.values():
                way.warm_up()
            measures = {name: way.measure for name, way in ways.items()}
            found = in_turn(options.rounds, measures)
            memory_mb = proportional_memory_mb(hub_web, hub_worker)
    _check_history()
    return [*_figures(found, durability), *_facts(hub, one_task), _memory(memory_mb)]


def _figures(found: dict[str, list[float]], durability: str) -> list[Figure]:
    what = "webhooks delivered as cards: 100 rules, history"
    hub, bare = tuple(found["hub"]), "the same without rules, card and history"
    note = f"from the first request to the last post, each a ticket of its own; {durability}"
    return [
        Figure(ROW, what, "/s", hub, at_least=NEEDED_PER_S, note=note),
        Figure(ROW, what, "/s", hub, tuple(found[ONE_TASK]), ONE_TASK, at_least=NEEDED_RATIO),
        Figure(ROW, what, "/s", hub, tuple(found[BARE_TASK]), bare),
    ]


def _facts(hub: Through, one_task: Through) -> list[Figure]:
    accepted = tuple(hub.accepted), tuple(one_task.accepted)
    delivered = tuple(hub.delivered), tuple(one_task.delivered)
    return [
        Figure(ROW, "accepted meanwhile", "/s", *accepted, ONE_TASK),
        Figure(ROW, "delivered while the load lasted", "/s", *delivered, ONE_TASK),
        *(
            Figure(ROW, f"processor time each, {group}", "µs", tuple(used))
            for group, used in hub.used_us.items()
        ),
    ]


def _memory(memory_mb: float) -> Figure:
    what = "web (2 processes) and worker after it, PSS"
    return Figure("memory", what, "MB", (memory_mb,), at_most=LARGEST_MB)


def count_delivered() -> int:
    return Delivery.objects.filter(state=Delivery.State.DELIVERED).count()


def _count_tasks_done() -> int:
    return TaskEvent.objects.filter(delivered_at__isnull=False).count()


def _describe_durability() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('synchronous_commit'), current_setting('fsync')")
        settings = cursor.fetchone()
    return "durable" if settings == ("on", "on") else "not durable: fsync is off on this server"


def _check_history() -> None:
    """Raises AssertionError: the figures count only if every delivery has its attempt."""
    deliveries, attempts = Delivery.objects.count(), Attempt.objects.count()
    if attempts < deliveries:
        raise AssertionError(f"{deliveries} deliveries have {attempts} attempts")
