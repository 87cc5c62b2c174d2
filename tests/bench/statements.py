"""Processor time by statement: of this process, and of the database's where it runs here."""

import contextlib
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\"?(\w+)")


@dataclass
class Costs:
    client_us: float = 0.0
    server_us: float = 0.0

    def add(self, since: "Costs", now: "Costs") -> None:
        self.client_us += now.client_us - since.client_us
        self.server_us += now.server_us - since.server_us

    def divided_by(self, count: int) -> "Costs":
        return Costs(self.client_us / count, self.server_us / count)


class Statements:
    """Measures while entered; the costs are those of one of `count`.

    Those of the database are of the process for `own`, else for this thread's connection.
    """

    def __init__(self, count: int, own: BaseDatabaseWrapper | None = None) -> None:
        self.count = count
        self._own = own or connections[DEFAULT_DB_ALIAS]
        self._by_name: dict[str, Costs] = defaultdict(Costs)
        self._whole = Costs()
        self._began = Costs()
        self._clock: _Clock
        self._wrapping = self._own.execute_wrapper(self._execute)

    def __enter__(self) -> "Statements":
        self._wrapping.__enter__()
        self._clock = _Clock(self._own)
        self._began = self._clock.read()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._whole.add(self._began, self._clock.read())
        self._clock.close()
        self._wrapping.__exit__(kind, error, trace)

    @property
    def python(self) -> Costs:
        """All of it, statements and commits included."""
        return self._whole.divided_by(self.count)

    def most_common(self, limit: int) -> list[tuple[str, Costs]]:
        found = [(name, cost.divided_by(self.count)) for name, cost in self._by_name.items()]
        return sorted(found, key=lambda one: -one[1].client_us - one[1].server_us)[:limit]

    def _execute(
        self, execute: Callable[..., object], sql: str, params: Any, many: bool, context: Any
    ) -> object:
        before = self._clock.read()
        try:
            return execute(sql, params, many, context)
        finally:
            self._by_name[_name(sql)].add(before, self._clock.read())


def least(found: Iterable[Statements]) -> Statements:
    return min(found, key=lambda one: one.python.client_us + one.python.server_us)


class _Clock:
    """Processor time of this thread, and of the database's process for a connection."""

    def __init__(self, own: BaseDatabaseWrapper) -> None:
        own.ensure_connection()
        process = Path(f"/proc/{own.connection.info.backend_pid}")
        self._server = -1  # it runs elsewhere, or the process is another one's
        with contextlib.suppress(OSError):
            if (process / "comm").read_text().startswith("postgres"):
                self._server = os.open(process / "schedstat", os.O_RDONLY)

    def read(self) -> Costs:
        """Cheap: it is read before and after every statement."""
        server_ns = int(os.pread(self._server, 64, 0).split()[0]) if self._server >= 0 else 0
        return Costs(time.thread_time() * 1e6, server_ns / 1e3)

    def close(self) -> None:
        if self._server >= 0:
            os.close(self._server)


def _name(sql: str) -> str:
    found = TABLE.search(sql)
    return f"{sql.split()[0]} {found[1] if found else ''}".strip()
