"""Memory and processor time of running processes, from /proc."""

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from django.db import connection

from tests.running import Running

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def proportional_memory_mb(*running: Running) -> float:
    """PSS of the processes and all below them: shared pages are counted once."""
    total_kb = 0
    for pid in {pid for one in running for pid in one.pids}:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total_kb += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total_kb / 1024


class Meter:
    """Processor seconds used since it was made, by name. Busy neighbours hardly change these."""

    def __init__(self, groups: Mapping[str, Running]) -> None:
        self._groups = groups
        self._before = self._used()

    def used(self) -> dict[str, float]:
        now = self._used()
        return {name: now[name] - before for name, before in self._before.items()}

    def _used(self) -> dict[str, float]:
        found = {name: _seconds(running.pids) for name, running in self._groups.items()}
        return found | {"PostgreSQL": _seconds(_database_pids())}


def _database_pids() -> list[int]:
    """Its processes for our database, where it runs on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        pids = [pid for (pid,) in cursor.fetchall()]
    return [pid for pid in pids if _name(pid) == "postgres"]


def _name(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def _seconds(pids: Iterable[int]) -> float:
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # utime and stime
    return ticks / TICKS_PER_S
