"""Rows: from the webhook to the post at the destination, at 20 events a second."""

from dataclasses import replace

from django.db import connection

from tests.bench.configured import SIGNING_SECRET, configure, ticket_body
from tests.bench.figures import Figure, Options, percentile
from tests.bench.ground import DestinationClient, destination, generate, web, worker
from tests.bench.load import Load

RATE_PER_S = 20.0
LEAST_S = 10.0  # a p99 of fewer than 200 posts is their slowest
WARM_UP_COUNT = 40
LONGEST_S = 30.0
POSTGRESQL_P50_MS, POSTGRESQL_P99_MS, SQLITE_P50_MS = 15, 60, 150


def measure(options: Options) -> list[Figure]:
    seconds = max(LEAST_S, options.seconds)
    with destination() as came:
        path = configure(came.url).path
        with web() as hub, worker():
            load = Load(hub.port, path, ticket_body(), SIGNING_SECRET, rate=RATE_PER_S)
            _latencies_ms(load, came, WARM_UP_COUNT)
            count = int(seconds * RATE_PER_S)
            found = [_latencies_ms(load, came, count) for _round in range(options.rounds)]
    return _figures(found)


def _latencies_ms(load: Load, came: DestinationClient, count: int) -> list[float]:
    """Of each post: both times are of the clock that the machine's processes share."""
    came.reset()
    generate(replace(load, count=count))
    came.wait_for(count, LONGEST_S)
    return [(arrived - sent) / 1e6 for sent, arrived in came.arrivals()]


def _figures(found: list[list[float]]) -> list[Figure]:
    is_postgresql = connection.vendor == "postgresql"
    where = "PostgreSQL" if is_postgresql else "SQLite"
    p50 = tuple(percentile(one, 0.5) for one in found)
    p99 = tuple(percentile(one, 0.99) for one in found)
    return [
        Figure(
            "latency",
            f"webhook → post at 20/s, {where}, p50",
            "ms",
            p50,
            at_most=POSTGRESQL_P50_MS if is_postgresql else SQLITE_P50_MS,
        ),
        Figure(
            "latency",
            f"the same, {where}, p99",
            "ms",
            p99,
            at_most=POSTGRESQL_P99_MS if is_postgresql else None,
        ),
    ]
