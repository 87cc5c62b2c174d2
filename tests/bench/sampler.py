"""Sampling profiler around a process of the product, which knows nothing of it.

`python -m tests.bench.sampler NAME SCRIPT …` or `… NAME -m MODULE …` runs that program as if it
were called itself. In it and in every process it forks, a thread looks at the stacks of the others
many times a second and books to each the processor time it has used since the last look. Samples
are written to the folder in HUB_BENCH_PROFILE.
"""

import json
import os
import runpy
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

from tests.bench.paths import PROFILE, ROOT

LOOK_EVERY_S = 0.004
WRITE_EVERY_S = 1.0
SWITCH_S = 0.0005
LEAST_S = 0.0002  # less than that between two looks is the looking itself
PACKAGES = "site-packages/"
STARTING = "<frozen importlib"  # imports are over before the measuring begins
OURS = ("hub/", "integrations/", "tests/bench/baseline")


class Sampler:
    """Processor seconds by function, for one process."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name, self._folder = name, folder
        self._own: Counter[str] = Counter()
        self._below: Counter[str] = Counter()  # with what the function called
        self._used: dict[int, float] = {}

    def start(self) -> None:
        """Here, and again after every fork."""
        self._own.clear()
        self._below.clear()
        self._used.clear()
        threading.Thread(target=self._run, name="bench-sampler", daemon=True).start()

    def _run(self) -> None:
        write_at = time.monotonic() + WRITE_EVERY_S
        while True:
            time.sleep(LOOK_EVERY_S)
            self._look()
            if time.monotonic() > write_at:
                write_at = time.monotonic() + WRITE_EVERY_S
                self._write()

    def _look(self) -> None:
        own_ident = threading.get_ident()
        for ident, frame in sys._current_frames().items():
            if ident != own_ident:
                used = self._used_since(ident)
                if used > LEAST_S:
                    self._book(frame, used)

    def _used_since(self, ident: int) -> float:
        try:
            now = time.clock_gettime(time.pthread_getcpuclockid(ident))
        except OSError:  # the thread has just ended
            return 0.0
        before = self._used.get(ident, now)
        self._used[ident] = now
        return now - before

    def _book(self, frame: FrameType, used: float) -> None:
        stack = list(_stack(frame))
        if any(name.startswith(STARTING) for name in stack):
            return
        self._own[stack[0]] += used  # type: ignore[assignment]  # Counter of seconds
        for name in dict.fromkeys(stack):
            self._below[name] += used  # type: ignore[assignment]  # as above

    def _write(self) -> None:
        path = self._folder / f"{self._name}.{os.getpid()}.json"
        unfinished = path.with_suffix(".new")
        unfinished.write_text(json.dumps({"own": self._own, "below": self._below}))
        unfinished.rename(path)


def report(folder: Path, *, lines: int) -> str:
    """The functions that used most, by program, as text."""
    names = sorted({path.name.partition(".")[0] for path in folder.glob("*.json")})
    return "\n".join(_report(name, folder.glob(f"{name}.*.json"), lines) for name in names)


def _report(name: str, paths: Iterable[Path], lines: int) -> str:
    own: Counter[str] = Counter()
    below: Counter[str] = Counter()
    for path in paths:
        found = json.loads(path.read_text())
        own.update(found["own"])
        below.update(found["below"])
    total = sum(own.values()) or 1
    ours = [one for one in below.most_common() if one[0].startswith(OURS)]
    rows = [f"{name}: {total:.1f} s of processor time", "  by itself"]
    rows += [f"    {used / total:6.1%}  {where}" for where, used in own.most_common(lines)]
    rows += ["  with what it calls, of ours"]
    rows += [f"    {used / total:6.1%}  {where}" for where, used in ours[: lines * 2]]
    return "\n".join(rows) + "\n"


def _stack(frame: FrameType | None) -> Iterable[str]:
    while frame is not None:
        code = frame.f_code
        path = code.co_filename.rpartition(PACKAGES)[2].removeprefix(f"{ROOT}/")
        yield f"{path}:{code.co_name}"
        frame = frame.f_back


def main() -> None:
    name, arguments = sys.argv[1], sys.argv[2:]
    sampler = Sampler(name, Path(os.environ[PROFILE]))
    os.register_at_fork(after_in_child=sampler.start)
    sys.setswitchinterval(SWITCH_S)  # else looks come where a thread waits, not where it works
    sampler.start()
    sys.path.insert(0, str(ROOT))
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main()
