"""Row: a backlog to a slow destination, against what its send threads could do at best."""

import time

from django.conf import settings
from django.db import connection

from tests.bench.configured import Configured, configure
from tests.bench.figures import Figure, Options
from tests.bench.ground import DestinationClient, destination, worker
from tests.running import wait_until

BACKLOG_COUNT = 10_000
WARM_UP_COUNT = 200
DELAY_MS = 50
LONGEST_S = 180.0
MESSAGE = """
    {"text": "Urgent: Webshop down", "attachments": [{"title": "Urgent Ticket", "color": "#d24b4e",
     "text": "**[ZD#74001](https://zammad.example.test/#ticket/zoom/4711)**: Webshop down",
     "fields": [{"title": "Customer", "value": "Klant BV", "short": true}]}]}
"""
INSERT = """
    INSERT INTO hub_delivery (key, channel_id, server_id, action, message, is_threaded, part,
        generation, lane, urgency, state, reason, trace, attempt_count, due_at, post_id, created_at)
    SELECT gen_random_uuid(), %s, %s, 'post', %s, false, 1, 1, gen_random_uuid()::text, 0,
        'pending', '', '{}', 0, now(), '', now()
    FROM generate_series(1, %s)
"""


def measure(options: Options) -> list[Figure]:
    threads = settings.HUB_DRAINS * settings.HUB_SEND_THREADS
    limit = threads / (DELAY_MS / 1000)
    with destination() as came:
        configured = configure(came.url)
        with worker():
            _delivered_per_second(configured, came, WARM_UP_COUNT)
            found = [
                _delivered_per_second(configured, came, BACKLOG_COUNT)
                for _round in range(options.rounds)
            ]
    return [
        Figure(
            "backlog",
            f"{BACKLOG_COUNT:,} deliveries, the destination takes {DELAY_MS} ms",
            "/s",
            tuple(found),
            (limit,) * len(found),
            f"{threads} send threads ÷ {DELAY_MS} ms",
            at_least=0.6,
        )
    ]


def _delivered_per_second(configured: Configured, came: DestinationClient, count: int) -> float:
    """From the commit of the backlog to the arrival of the last post."""
    came.reset(DELAY_MS)
    params: list[int | str] = [configured.channel.pk, configured.server.pk, MESSAGE, count]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, params)
        started_at = time.monotonic()
        cursor.execute("NOTIFY hub_due")
    came.wait_for(count, LONGEST_S)
    wait_until(_is_all_written)
    return count / (max(arrived for _sent, arrived in came.arrivals()) / 1e9 - started_at)


def _is_all_written() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM hub_delivery WHERE state <> 'delivered')")
        (is_some_open,) = cursor.fetchone()
    return not is_some_open
