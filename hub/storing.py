"""Stores what came in as events: one INSERT, shared by those that come at the same time."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import (
    DEFAULT_DB_ALIAS,
    InterfaceError,
    OperationalError,
    connection,
    connections,
)
from django.db.backends.base.base import BaseDatabaseWrapper

from hub.contracts import InboundRequest
from hub.grouping import GroupCommit
from hub.retrying import with_retries
from hub.sql import fetch_prepared, to_time

MAX_KEY_CHARS = 200  # Event.dedup_key; longer ones are hashed
MAX_HEADER_CHARS = 500
KEPT_HEADERS = ("content-type", "user-agent", "idempotency-key")

INSERT_EVENTS = """
INSERT INTO hub_event (source_id, token_id, dedup_key, body, headers, query, event_hint,
                       address, is_polled, received_at)
VALUES {rows}
ON CONFLICT (source_id, dedup_key) {action}
RETURNING id, duplicate_count, source_id, dedup_key
"""
ROW = "(%s, %s, {key}, %s, %s, %s, %s, %s, %s, %s)"
ROW_BY_KEY = ROW.format(key="%s")
# The same body in the bucket of time before counts as the same.
ROW_BY_HASH = ROW.format(
    key="COALESCE((SELECT dedup_key FROM hub_event WHERE source_id = %s AND dedup_key = %s), %s)"
)
COUNT_DUPLICATE = "DO UPDATE SET duplicate_count = hub_event.duplicate_count + 1"
# Of several rows none may keep what others wait for: a duplicate is left out, and counted alone.
LEAVE_OUT = "DO NOTHING"


@dataclass(frozen=True, slots=True)
class _NewEvent:
    """`shape` is that of its values in the statement: ROW_BY_KEY or ROW_BY_HASH."""

    shape: str
    source_id: int
    key: str
    params: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """`is_duplicate` says that it was there already."""

    event_id: int
    is_duplicate: bool


def store_request(
    request: InboundRequest,
    *,
    source_id: int,
    dedup_key: str,
    token_id: int | None = None,
    address: str = "",
    earlier_key: str = "",
    kept_headers: tuple[str, ...] = (),
) -> StoredEvent:
    """One INSERT, nothing more; outside a transaction with what other threads store meanwhile.

    `earlier_key` is a second key that counts as the same. Raises DatabaseError.
    """
    kept = {
        name: request.headers[name][:MAX_HEADER_CHARS]
        for name in (*KEPT_HEADERS, *kept_headers)
        if name in request.headers
    }
    key = (
        dedup_key
        if len(dedup_key) <= MAX_KEY_CHARS
        else hashlib.sha256(dedup_key.encode()).hexdigest()
    )
    params = (
        source_id,
        token_id,
        *((source_id, earlier_key) if earlier_key else ()),
        key,
        request.body,
        json.dumps(kept),
        json.dumps(dict(request.query)),
        request.event_hint[:100],
        address,
        request.is_polled,
        to_time(request.received_at),
    )
    event = _NewEvent(ROW_BY_HASH if earlier_key else ROW_BY_KEY, source_id, key, params)
    stored = None if connection.in_atomic_block else _groups[event.shape].write(event)
    return stored or with_retries(lambda: _insert_alone(event))


def close_connections() -> None:
    """The next that is stored together opens its connection again."""
    for writer in _writers.values():
        writer.close()


class _Writer:
    """Inserts on a connection of its own that the leading threads use one after the other.

    PostgreSQL has a process for each connection: one that knows the table by heart is quicker.
    """

    def __init__(self) -> None:
        self._own: BaseDatabaseWrapper | None = None

    def insert(self, events: Sequence[_NewEvent]) -> list[StoredEvent | None]:
        """All of the same shape. None for a duplicate beside others. Raises DatabaseError."""
        if self._own is None:
            self._own = connections[DEFAULT_DB_ALIAS].copy()
            self._own.inc_thread_sharing()
        try:
            return _insert_together(events, self._own)
        except (OperationalError, InterfaceError):
            self._own.close()  # it may have been dropped
            raise

    def close(self) -> None:
        if self._own is not None:
            self._own.close()


def _insert_together(
    events: Sequence[_NewEvent], own: BaseDatabaseWrapper
) -> list[StoredEvent | None]:
    if len(events) == 1:
        return [_insert_alone(events[0], own)]
    params = [value for event in events for value in event.params]
    found = fetch_prepared(_statement(events[0].shape, len(events)), params, own)
    new = {(source_id, key): StoredEvent(pk, False) for pk, _count, source_id, key in found}
    return [new.pop((event.source_id, event.key), None) for event in events]


def _insert_alone(event: _NewEvent, own: BaseDatabaseWrapper | None = None) -> StoredEvent:
    [(event_id, count, _source_id, _key)] = fetch_prepared(
        _statement(event.shape, 1), event.params, own
    )
    return StoredEvent(event_id, count > 0)


@cache
def _statement(shape: str, count: int) -> str:
    action = COUNT_DUPLICATE if count == 1 else LEAVE_OUT
    return INSERT_EVENTS.format(rows=", ".join([shape] * count), action=action)


_writers = {shape: _Writer() for shape in (ROW_BY_KEY, ROW_BY_HASH)}
_groups = {shape: GroupCommit(writer.insert) for shape, writer in _writers.items()}
