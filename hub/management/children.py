"""Child processes: their lines under a name, started again when they die, ended in order."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

LOOK_EVERY_S = 0.1
SOUND_AFTER_S = 60.0  # alive for so long: its next death counts as the first again
LONGEST_PAUSE_S = 30.0
SAME_WISH_S = 0.5  # a terminal's group and a supervisor may both pass on what was asked once
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ChildSpec:
    name: str
    arguments: tuple[str, ...]  # of this Python
    patience_s: float  # between SIGTERM and going on to the next one


def restart_pause(death_count: int) -> float:
    """Seconds to wait after so many deaths in a row: 1, 2, 4 … and never above half a minute."""
    return float(min(2 ** (max(death_count, 1) - 1), LONGEST_PAUSE_S))


@dataclass
class Child:
    """One process of a session of its own, so that Ctrl-C reaches it through us alone."""

    spec: ChildSpec
    folder: Path
    say: Say
    start_at: float = 0.0
    death_count: int = 0
    process: subprocess.Popen[str] | None = None
    _started_at: float = field(default=0.0, repr=False)

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        command = [*_with_us(), sys.executable, "-u", *self.spec.arguments]
        self.process = subprocess.Popen(  # noqa: S603  # our own programs, no shell
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
        )
        self._started_at = time.monotonic()
        threading.Thread(target=self._pass_lines_on, args=[self.process], daemon=True).start()

    def look_after(self, now: float) -> None:
        """Say that it has died, and start it again when its pause is over."""
        if self.is_alive:
            return
        if self.process is not None:
            is_sound = now - self._started_at > SOUND_AFTER_S
            self.death_count = 1 if is_sound else self.death_count + 1
            pause_s = restart_pause(self.death_count)
            self.say(f"{self.spec.name} {self.ending()}; it is started again in {pause_s:.0f} s")
            self.process, self.start_at = None, now + pause_s
        if now >= self.start_at:
            self.start()

    def ending(self) -> str:
        code = self.process.returncode if self.process is not None else None
        if code is None or code >= 0:
            return f"has ended with code {code}"
        return f"was ended by {signal.Signals(-code).name}"

    def ask_to_end(self) -> None:
        if self.process is not None and self.is_alive:
            self.process.terminate()

    def kill(self) -> None:
        if self.process is not None and self.is_alive:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _pass_lines_on(self, process: subprocess.Popen[str]) -> None:
        with process:  # closes the pipe, and waits
            for line in process.stdout or ():
                self.say(f"{self.spec.name:<10} | {line.rstrip()}")


class Family:
    """All children, until a signal or until one cannot be started at all."""

    def __init__(self, specs: Sequence[ChildSpec], folder: Path, say: Say) -> None:
        self._children = [Child(spec, folder, say) for spec in specs]
        self._say = say
        self._asked_at: float | None = None
        self._is_pressed = False
        for number in STOP_SIGNALS:
            signal.signal(number, self._note_signal)

    @property
    def is_stopping(self) -> bool:
        return self._asked_at is not None

    def start(self) -> None:
        for child in self._children:
            child.start()

    def wait_until(self, is_ready: Callable[[], bool], timeout_s: float) -> str:
        """Empty when it is ready or to be stopped; else who ended, or that it took too long."""
        end = time.monotonic() + timeout_s
        while not self.is_stopping and not is_ready():
            dead = [child for child in self._children if not child.is_alive]
            if dead:
                return f"{dead[0].spec.name} {dead[0].ending()}: its last lines say why"
            if time.monotonic() > end:
                return f"the hub does not answer within {timeout_s:.0f} s"
            time.sleep(LOOK_EVERY_S)
        return ""

    def watch(self) -> None:
        """Returns when a signal has come."""
        while not self.is_stopping:
            for child in self._children:
                child.look_after(time.monotonic())
            time.sleep(LOOK_EVERY_S)

    def end(self, timeout_s: float) -> None:
        """The last started first; a second signal, or the time-out, kills what is left."""
        deadline = time.monotonic() + timeout_s
        for child in reversed(self._children):
            child.ask_to_end()
            self._wait_for([child], min(deadline, time.monotonic() + child.spec.patience_s))
        self._wait_for(self._children, deadline)
        for child in self._children:
            if child.is_alive:
                self._say(f"{child.spec.name} had not ended and is killed")
                child.kill()

    def _wait_for(self, children: Sequence[Child], until: float) -> None:
        while any(child.is_alive for child in children) and time.monotonic() < until:
            if self._is_pressed:
                return
            time.sleep(LOOK_EVERY_S)

    def _note_signal(self, _number: int, _frame: object) -> None:
        now = time.monotonic()
        self._is_pressed = self._asked_at is not None and now - self._asked_at > SAME_WISH_S
        self._asked_at = self._asked_at or now


@cache
def _with_us() -> list[str]:
    """Where setpriv can do it (Linux), children end when we are killed: no port stays taken."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return []
    wrapper = [setpriv, "--pdeathsig", "TERM"]
    tried = subprocess.run([*wrapper, "true"], capture_output=True, check=False)  # noqa: S603
    return wrapper if tried.returncode == 0 else []
