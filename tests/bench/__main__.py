"""The benchmark: `scripts/bench [row …]`. Measures what docs/performance.md shows."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench import figures, sampler
from tests.bench.figures import Figure, Options
from tests.bench.machine import facts_of_machine, load_average
from tests.bench.page import write_page
from tests.bench.paths import PROFILE, ROOT
from tests.bench.scratch import (
    DATABASE,
    DATABASE_VARIABLE,
    LOCAL_DATABASE,
    Scratch,
    environment,
    open_scratch,
    sqlite_database,
)

SQLITE_ROW = "latency-sqlite"
ROWS = (
    *("accepted", "delivered", "many-rules", "latency", SQLITE_ROW, "backlog"),
    *("rules", "list", "parts"),
)
ROUNDS, SECONDS = 5, 4.0  # many short rounds: whatever else the machine does hits all alike
PROFILED_LINES = 25


def main() -> int:
    options = _parse()
    rows = [options.profile] if options.profile else options.rows or list(ROWS)
    wanted = Options(1 if options.profile else options.rounds, options.seconds)
    started_at = time.monotonic()
    with open_scratch() as scratch:
        facts = facts_of_machine() | scratch.facts()
        scratch.make_template()
        with _profile(options.profile):
            found = [one for row in rows for one in _measure(row, wanted, scratch)]
    facts["load average at the end"] = load_average()
    facts["took"] = f"{(time.monotonic() - started_at) / 60:.1f} minutes, {_describe(wanted)}"
    sys.stdout.write("\n" + _head(facts) + "\n" + figures.table(found))
    has_failed = any(one.has_failed for one in found)
    if options.write and not has_failed:
        write_page(facts, found)
    return 1 if has_failed else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=f"Measures on the PostgreSQL of {DATABASE_VARIABLE}, else on {LOCAL_DATABASE}, "
        f"else on one it brings. Databases called {DATABASE} and {DATABASE}_<row> are made there "
        "and dropped. A miss does not fail: only a row that cannot be measured does.",
    )
    parser.add_argument("rows", nargs="*", metavar="row", help=f"default: {' '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of load in a round")
    parser.add_argument("--write", action="store_true", help="keep the table in docs")
    parser.add_argument("--profile", metavar="row", choices=ROWS, help="where its time goes")
    options = parser.parse_args()
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"no row {', '.join(sorted(unknown))}: choose from {', '.join(ROWS)}")
    if options.write and (options.profile or set(options.rows or ROWS) != set(ROWS)):
        parser.error("--write keeps a whole run: name no rows with it")
    return options


def _measure(row: str, wanted: Options, scratch: Scratch) -> Sequence[Figure]:
    """In a process of its own, whose settings name the row's database."""
    sys.stdout.write(f"{row} …\n")
    sys.stdout.flush()
    watched = ["-m", "tests.bench.sampler", "bench"] if PROFILE in os.environ else []
    command = [sys.executable, *watched, "manage.py", "bench_row", row]
    command += ["--rounds", str(wanted.rounds), "--seconds", str(wanted.seconds)]
    databases = sqlite_database() if row == SQLITE_ROW else scratch.database(row)
    with databases as url, tempfile.NamedTemporaryFile(suffix=".json") as out:
        command += ["--out", out.name]
        ended = subprocess.run(command, cwd=ROOT, env=environment(url), check=False)
        if ended.returncode:
            return [Figure(row, "could not be measured: see above", has_failed=True)]
        return figures.load(Path(out.name))


@contextmanager
def _profile(row: str | None) -> Iterator[None]:
    if row is None:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        os.environ[PROFILE] = folder
        yield
        sys.stdout.write("\n" + sampler.report(Path(folder), lines=PROFILED_LINES))


def _describe(wanted: Options) -> str:
    return f"{wanted.rounds} rounds of {wanted.seconds:g} s"


def _head(facts: dict[str, str]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in facts.items()) + "\n"


if __name__ == "__main__":
    sys.exit(main())
