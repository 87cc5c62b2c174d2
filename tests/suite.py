"""The whole suite, as scripts/test runs it: on SQLite, then on a PostgreSQL that it starts."""

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.postgres import running_postgres

ROOT = Path(__file__).resolve().parents[1]
TEST_DATABASE = "HUB_TEST_DATABASE_URL"
LIVE_SYSTEM = "HUB_LIVE_SYSTEM"  # what may be installed on this machine for its tests
TOGETHER = "not cluster and not browser and not live"
ASKING = f"database and {TOGETHER}"  # the rest is the same on every database
WAITING = "(cluster or browser) and not live and not storm"  # for processes and for browsers
CLUSTER = "cluster and not live and not storm"
STORM = "storm"  # takes minutes, on purpose: alone
# Processes of pytest. More than there are cores pay where tests wait more than they work.
AT_WORK = ("-n", "2")
AT_REST = ("-n", "3", "--dist", "loadfile")  # the browser's tests of a file share a hub
PROCESSES = {TOGETHER: AT_WORK, ASKING: AT_WORK, WAITING: AT_REST, CLUSTER: ("-n", "3")}
NOTHING_FOUND = 5  # pytest's exit code: no test has these markers
OUTCOMES = ("failed", "error", "passed", "skipped", "xfailed", "xpassed", "warning")
COLOURS = re.compile(r"\x1b\[[\d;]*m")
SUMMARY = re.compile(r"^[= ]*((?:\d+ \w+(?:, )?)+) in [\d.]+s")
COUNT = re.compile(r"(\d+) (\w+?)s?\b")


@dataclass
class Tally:
    """What all runs of pytest together came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    has_failed: bool = False

    def add(self, line: str, code: int) -> None:
        counts = {name: int(count) for count, name in COUNT.findall(line)}
        self.outcomes.update({name: counts.get(name, 0) for name in OUTCOMES})
        self.has_failed = self.has_failed or code not in (0, NOTHING_FOUND)
        if code not in (0, 1, NOTHING_FOUND):  # interrupted or broken: not all of it was run
            self.outcomes["error"] += not counts.get("error")

    def line(self, seconds: float) -> str:
        """In pytest's own form."""
        found = [f"{count} {_plural(name, count)}" for name in OUTCOMES if (count := self[name])]
        text = f" {', '.join(found) or 'no tests ran'} in {seconds:.2f}s "
        return text.center(80, "=")

    def __getitem__(self, name: str) -> int:
        return self.outcomes[name]


def main() -> int:
    options, arguments = parse_options()
    started_at, tally = time.monotonic(), Tally()
    with tempfile.TemporaryDirectory(prefix="hub-test-") as folder:
        os.environ["HUB_DATA_DIR"] = folder
        sqlite = f"sqlite:///{folder}/hub.sqlite3"
        if options.storm:
            run_on(sqlite, (STORM,), options.markers, arguments, tally)
        elif options.live:
            os.environ[LIVE_SYSTEM] = options.live
            run_pytest(sqlite, both("live", options.markers), ["-k", options.live], tally)
        else:
            run_on(sqlite, (TOGETHER, WAITING), options.markers, arguments, tally)
        if not (options.fast or options.live):
            with postgres_url() as url:
                # A browser sees no difference between databases: once is enough.
                parts = (STORM,) if options.storm else (ASKING, CLUSTER)
                run_on(url, parts, options.markers, arguments, tally)
    write(f"{tally.line(time.monotonic() - started_at)}\n")
    was_run = tally["passed"] or (options.live and tally["skipped"])  # the skip says why
    return 1 if tally.has_failed or not was_run else 0


def parse_options() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="scripts/test",
        description=__doc__,
        epilog=f"All other arguments go to pytest. {TEST_DATABASE} names a PostgreSQL to use "
        "instead (its user may create databases); HUB_CHROMIUM a browser.",
        allow_abbrev=False,
    )
    parser.add_argument("--fast", action="store_true", help="on SQLite only")
    parser.add_argument("--live", metavar="NAME", help="only the tests of that real system")
    parser.add_argument("--storm", action="store_true", help="only the tests that take minutes")
    parser.add_argument("-m", dest="markers", default="", help="markers, as for pytest")
    return parser.parse_known_args()


@contextlib.contextmanager
def postgres_url() -> Iterator[str]:
    if url := os.environ.get(TEST_DATABASE):
        say(f"PostgreSQL: the one of {TEST_DATABASE}")
        yield url
    else:
        with running_postgres() as url:
            say("PostgreSQL: one of our own, without a port, in a temporary folder")
            yield url


def run_on(
    url: str, parts: Sequence[str], markers: str, arguments: Sequence[str], tally: Tally
) -> None:
    """Part by part; in one go where arguments choose a few tests, one after the other."""
    if arguments:
        chosen = " or ".join(f"({part})" for part in parts)
        return run_pytest(url, both(chosen, markers), arguments, tally)
    for part in parts:
        run_pytest(url, both(part, markers), PROCESSES.get(part, ()), tally)
    return None


def run_pytest(url: str, markers: str, arguments: Sequence[str], tally: Tally) -> None:
    say(f"{url.partition(':')[0]}: {markers}")
    colour = f"--color={'yes' if sys.stdout.isatty() else 'no'}"
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", colour, "-m", markers, *arguments],
        cwd=ROOT,
        env=os.environ | {"HUB_DATABASE_URL": url},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    summary = ""
    for line in process.stdout or ():
        write(line)
        if found := SUMMARY.match(COLOURS.sub("", line)):
            summary = found[1]
    tally.add(summary, process.wait())


def both(part: str, markers: str) -> str:
    return f"({part}) and ({markers})" if markers else part


def say(sentence: str) -> None:
    write(f"--- {sentence}\n")


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _plural(name: str, count: int) -> str:
    return f"{name}s" if name in ("error", "warning") and count != 1 else name


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
