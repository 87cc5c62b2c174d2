"""A million deliveries and their events, in a minute."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from tests.bench.configured import Configured

ROW_COUNT = 1_000_000
REFERENCE_COUNT = 50_000
FILLED_TABLES = ["hub_reference", "hub_event", "hub_delivery"]

REFERENCES = """
    INSERT INTO hub_reference (source_id, external_id, created_marker, display, title, url,
        is_private, updated_at)
    SELECT %(source)s, n, '', 'ZD#' || 70000 + n, 'Ticket ' || n, '', false, now()
    FROM generate_series(1, %(references)s) n
"""
EVENTS = """
    INSERT INTO hub_event (source_id, dedup_key, state, kinds, kind, reference_id, title,
        received_at, matched_at)
    SELECT %(source)s, 'delivery-' || n, 'matched', '["ticket.updated"]', 'ticket.updated',
        first.id + n %% %(references)s, 'Ticket ' || n %% %(references)s,
        now() - (%(rows)s - n) * interval '7 seconds', now()
    FROM generate_series(1, %(rows)s) n, (SELECT min(id) AS id FROM hub_reference) first
"""
# Nearly all delivered, in the order of time; a few dead, suppressed, cancelled or waiting.
DELIVERIES = """
    INSERT INTO hub_delivery (key, event_id, channel_id, server_id, reference_id, action, message,
        is_threaded, part, generation, lane, urgency, state, reason, trace, attempt_count, due_at,
        post_id, created_at)
    SELECT gen_random_uuid(), id, %(channel)s, %(server)s, reference_id, 'post',
        '{"text": "Updated: the webshop is down"}', true, 1, 1,
        %(channel)s || ':' || reference_id, 0,
        CASE WHEN id %% 200 = 0 THEN 'dead' WHEN id %% 100 = 1 THEN 'suppressed'
             WHEN id %% 1000 = 2 THEN 'failed' WHEN id %% 1000 = 3 THEN 'cancelled'
             WHEN id %% 1000 = 4 THEN 'pending' ELSE 'delivered' END,
        '', '{}', 1, received_at, '', received_at
    FROM hub_event ORDER BY id
"""
FOREIGN_KEYS = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname)
    FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)
"""
INDEXES = """
    SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
    FROM pg_index WHERE indrelid::regclass::text = ANY(%s) AND NOT EXISTS (
        SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)
"""


def fill(configured: Configured) -> None:
    params = {
        "source": configured.source.pk,
        "channel": configured.channel.pk,
        "server": configured.server.pk,
        "references": REFERENCE_COUNT,
        "rows": ROW_COUNT,
    }
    with connection.cursor() as cursor, _without_indexes():
        for statement in (REFERENCES, EVENTS, DELIVERIES):
            cursor.execute(statement, params)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as autovacuum would have done by then


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Built afterwards they take a tenth of the time; checked, the keys would double it."""
    with connection.cursor() as cursor:
        cursor.execute(FOREIGN_KEYS, [FILLED_TABLES])
        drops = [drop for (drop,) in cursor.fetchall()]
        cursor.execute(INDEXES, [FILLED_TABLES])
        indexes = cursor.fetchall()
        _execute([*drops, *(drop for drop, _definition in indexes)])
        yield
        _execute([definition for _drop, definition in indexes])


def _execute(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
