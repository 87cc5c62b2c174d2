"""What raw statements need on both databases: times, JSON, and updates of many rows at once."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from hub.contracts import JSONValue

Row = TypeVar("Row", bound=models.Model)


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def to_time(value: datetime | None) -> Any:
    """A time as a parameter of a raw statement."""
    return None if value is None else connection.ops.adapt_datetimefield_value(value)


def from_time(value: Any) -> datetime | None:
    """A time read by a raw statement: SQLite gives it in UTC, as text or without a zone."""
    time: datetime | None = datetime.fromisoformat(value) if isinstance(value, str) else value
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def from_json(value: Any) -> JSONValue:
    """JSON read by a raw statement: the drivers give it as text."""
    decoded: JSONValue = json.loads(value) if isinstance(value, str | bytes) else value
    return decoded


def fetch_prepared(
    statement: str, params: Sequence[Any], own: BaseDatabaseWrapper | None = None
) -> list[tuple[Any, ...]]:
    """The rows of a statement that runs again and again: PostgreSQL plans it once.

    `own` is the connection to use, else it is that of the thread.
    """
    own = own or connections[DEFAULT_DB_ALIAS]
    if own.vendor == "postgresql":
        return _execute_apart(own, statement, params, is_prepared=True).fetchall()
    with own.cursor() as cursor:
        cursor.execute(statement, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _execute_apart(
    own: BaseDatabaseWrapper, statement: str, params: Sequence[Any], *, is_prepared: bool
) -> psycopg.Cursor[tuple[Any, ...]]:
    """Django's own cursors write values into the text: to be quoted, and to be parsed anew."""
    own.ensure_connection()
    with own.wrap_database_errors:
        direct = psycopg.Cursor(own.connection)
        return direct.execute(statement, params, prepare=is_prepared)


def commit_may_wait() -> None:
    """This transaction need not reach the disk before its end: it can be worked out again.

    Any later commit that does wait takes it along; a claim, say, before anything is sent.
    """
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO OFF")


def update_rows(
    table: str,
    columns: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[Any]],
    *,
    extra: str = "",
    guard: str = "1 = 1",
) -> int:
    """Set `columns` (name, PostgreSQL type) of many rows in one statement; how many there were.

    The first column is the key. `extra` is added to SET, `guard` must hold; both may use `old.` for
    the row as it is and `new.` for the given values: texts, numbers, times, and JSON as objects.
    """
    if not rows:
        return 0
    names = [name for name, _type in columns]
    sets = ", ".join(f"{name} = new.{name}" for name in names[1:]) + extra
    # Behind IS TRUE, PostgreSQL looks for no index of what `guard` compares: one over states holds
    # thousands of versions that are gone while much is going through.
    condition = f"old.{names[0]} = new.{names[0]} AND ({guard}) IS TRUE"
    update = f"UPDATE {table} AS old SET {sets}"  # noqa: S608  # names from our own constants
    if is_postgresql():
        typed = ", ".join(f"{name} {kind}" for name, kind in columns)
        given = f"jsonb_to_recordset(%s::jsonb) AS new({typed})"
        values = json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=str)
        statement = f"{update} FROM {given} WHERE {condition}"
        own = connections[DEFAULT_DB_ALIAS]
        # Planned anew: the table may have grown by far.
        return _execute_apart(own, statement, [values], is_prepared=False).rowcount
    given = f"(SELECT {', '.join(f'%s AS {name}' for name in names)}) AS new"
    with connection.cursor() as cursor:
        cursor.executemany(
            f"{update} FROM {given} WHERE {condition}",
            [[_for_sqlite(value) for value in row] for row in rows],
        )
        return int(cursor.rowcount)


def insert_rows(rows: Sequence[Row]) -> Sequence[Row]:
    """Insert new rows of one model and give them their ids; a quick bulk_create.

    PostgreSQL takes them as one JSON document: Django spends 5 µs on every value. No field may
    want `pre_save`.
    """
    if not rows:
        return rows
    model = type(rows[0])
    if not is_postgresql():
        model._default_manager.bulk_create(rows)
        return rows
    found = fetch_prepared(f"{_insert(model, 'ordinal')} RETURNING id", [_as_document(rows)])
    ids = sorted(row[0] for row in found)
    for row, row_id in zip(rows, ids, strict=True):
        row.pk = row_id  # in order: the sequence counts up as the ordered rows go in
    return rows


def save_rows(rows: Sequence[Row], *, key: Sequence[str], changing: Sequence[str]) -> list[Row]:
    """Insert rows of one model, or set the fields `changing` of those whose `key` is there already.

    Each key once. They get their ids; what `insert_rows` says holds here, too. Returns those that
    may have been there before: SQLite does not tell.
    """
    if not rows:
        return []
    model = type(rows[0])
    if not is_postgresql():
        model._default_manager.bulk_create(
            rows, update_conflicts=True, unique_fields=key, update_fields=changing
        )
        return list(rows)
    fields = {field.name: field for field in _fields_of(model)}
    columns = ", ".join(str(fields[name].column) for name in key)
    sets = ", ".join(f"{fields[one].column} = excluded.{fields[one].column}" for one in changing)
    conflict = f"ON CONFLICT ({columns}) DO UPDATE SET {sets}"
    # In the order of the key: two drains that save the same rows must not lock crosswise.
    statement = f"{_insert(model, columns)} {conflict} RETURNING xmax = 0, id, {columns}"
    found = fetch_prepared(statement, [_as_document(rows)])
    ids = {tuple(values): (row_id, is_new) for is_new, row_id, *values in found}
    known = []
    for row in rows:
        row.pk, is_new = ids[tuple(getattr(row, fields[name].attname) for name in key)]
        if not is_new:  # a row that is updated has been locked: it has an xmax
            known.append(row)
    return known


def _insert(model: type[models.Model], order: str) -> str:
    """An INSERT of what `_as_document` gives as its only parameter."""
    fields = _fields_of(model)
    names = ", ".join(str(field.column) for field in fields)
    typed = ", ".join(f"{field.column} {field.db_type(connection)}" for field in fields)
    given = f"jsonb_to_recordset(%s::jsonb) AS new({typed}, ordinal integer)"
    given = f"SELECT {names} FROM {given} ORDER BY {order}"  # noqa: S608  # names of our own models
    return f"INSERT INTO {model._meta.db_table} ({names}) {given}"


def _as_document(rows: Sequence[models.Model]) -> str:
    fields = _fields_of(type(rows[0]))
    numbered = [
        {field.column: getattr(row, field.attname) for field in fields} | {"ordinal": ordinal}
        for ordinal, row in enumerate(rows)
    ]
    return json.dumps(numbered, default=str)


def _fields_of(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    return [field for field in model._meta.concrete_fields if not field.primary_key]


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_time(value)
    return json.dumps(value) if isinstance(value, dict | list) else value
