"""Makes the environment the scripts run in: standard library only, read by any Python 3."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
RUN_LOCK, DEVELOPMENT_LOCK = "requirements.txt", "requirements-dev.txt"
OLDEST_PYTHON = (3, 11)
OTHER_PYTHONS = ("python3", "python3.14", "python3.13", "python3.12", "python3.11")
STAMP = "installed-locks"  # in the environment: sha256 of what pip last installed wholly
LEAKS = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")  # would bring packages that lie around
PIP_TRIES = "2"  # five, pip's default, take half a minute without a network
UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|name resolution|Name or service"
    r"|Network is unreachable|Connection refused|SSLError|from versions: none"
)
SETTING = re.compile(r"^(HUB_\w+)=(.*)$", re.MULTILINE)
OWN_SETTINGS = re.compile(r"HUB_(VENV|CHROMIUM|ACCEPT_EXPECTED|TEST_\w+|LIVE_\w+)")


def say(sentence: str) -> None:
    print(sentence, flush=True)


def begin(main: Callable[[], None]) -> None:
    """Call `main`; Ctrl-C ends it without a traceback."""
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)  # what a shell makes of SIGINT


def prepare_environment(lock: str) -> Path:
    """The Python of an environment that holds exactly what `lock` names or more of our own.

    Exits with one sentence when it cannot be made.
    """
    folder = environment_folder()
    with _alone():
        python = folder / "bin" / "python"
        if not _answers(python, "import pip"):
            _make_environment(folder)
        if _sha256(lock) not in _stamped(folder):
            _install(python, lock)
            locks = {lock, RUN_LOCK}  # the development lock holds the other one wholly
            (folder / STAMP).write_text("".join(f"{_sha256(name)}\n" for name in sorted(locks)))
    return python


def environment_folder() -> Path:
    return Path(os.environ.get("HUB_VENV") or ROOT / ".venv").absolute()


def replace_process(
    python: Path, *arguments: str, environment: dict[str, str] | None = None
) -> NoReturn:
    """Go on as `python arguments`, from the checkout."""
    os.chdir(ROOT)
    sys.stdout.flush()
    values = clean_environment() if environment is None else environment
    os.execve(python, [str(python), *arguments], values)  # noqa: S606  # the environment's Python


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in LEAKS}


def neutral_environment() -> dict[str, str]:
    """For tests and checks: every setting as in .env.example, whatever this machine's `.env` says.

    The environment wins over `.env`, so that naming them all is what shuts it out. Where data
    is kept is for the caller to add: see `data_in`.
    """
    kept = {
        name: value
        for name, value in clean_environment().items()
        if not name.startswith("HUB_") or OWN_SETTINGS.fullmatch(name)
    }
    fixed = {
        "HUB_SECRET_KEY": new_secret_key(),
        "HUB_FERNET_KEYS": new_fernet_key(),
        "HUB_ALLOWED_HOSTS": "127.0.0.1,localhost",
        "HUB_REDIS_URL": "",
        "HUB_WORKER_NAME": "test",
    }
    return kept | dict(SETTING.findall((ROOT / ".env.example").read_text())) | fixed


def data_in(folder: str) -> dict[str, str]:
    return {"HUB_DATA_DIR": folder, "HUB_DATABASE_URL": f"sqlite:///{folder}/hub.sqlite3"}


def new_secret_key() -> str:
    return secrets.token_urlsafe(48)


def new_fernet_key() -> str:
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


@contextmanager
def _alone() -> Iterator[None]:
    """Two scripts at once must not make the same environment twice."""
    with (ROOT / RUN_LOCK).open() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another script that is making the environment")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _make_environment(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "pyvenv.cfg").exists():
        sys.exit(f"{folder} holds other things: empty it, or name another folder in HUB_VENV.")
    python = _find_python()
    say(f"Making {folder} with {python}")
    if not _answers(python, "import ensurepip; ensurepip.version()"):
        _install_ensurepip(python)
    made = _run([python, "-m", "venv", "--clear", str(folder)])
    if made.returncode:
        sys.exit(f"{folder} cannot be made: {_last_line(made.stdout)}")


def _find_python() -> str:
    """This one if it is new enough, else one from the path."""
    if sys.version_info >= OLDEST_PYTHON:
        return sys.executable
    for name in OTHER_PYTHONS:
        found = shutil.which(name)
        if found and _answers(found, f"import sys; assert sys.version_info >= {OLDEST_PYTHON}"):
            return found
    wanted, present = (".".join(map(str, one[:2])) for one in (OLDEST_PYTHON, sys.version_info))
    sys.exit(f"Python {wanted} or newer is needed, and {sys.executable} is {present}.")


def _install_ensurepip(python: str) -> None:
    """Debian keeps it in a package of its own."""
    tag = _run([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).stdout.strip()
    command = f"apt-get install --yes --no-install-recommends python{tag}-venv"
    if not shutil.which("apt-get"):
        sys.exit(f"{python} has no module ensurepip: install it, or another Python.")
    if os.geteuid():
        sys.exit(f"Python's venv module is not complete here. Type: sudo {command}")
    say(f"Python's venv module is not complete here: {command}")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    if not _apt(command) and not (_apt("apt-get update") and _apt(command)):
        sys.exit(f"That failed: connect this machine to the network, then type: {command}")
    if not _answers(python, "import ensurepip; ensurepip.version()"):
        sys.exit(f"{python} still has no module ensurepip: install it, or another Python.")


def _apt(command: str) -> bool:
    return _run(command.split()).returncode == 0


def _install(python: Path, lock: str) -> None:
    count = len(re.findall(r"^[\w.\[\]-]+==", (ROOT / lock).read_text(), re.MULTILINE))
    say(f"Installing {count} packages from {lock}, checked by their hashes")
    started_at = time.monotonic()
    options = ["--no-input", "--disable-pip-version-check", "--require-hashes"]
    pip = _run([python, "-m", "pip", "install", *options, "-r", ROOT / lock])
    if pip.returncode == 0:
        return say(f"Installed in {time.monotonic() - started_at:.0f} s")
    if UNREACHABLE.search(pip.stdout):
        sys.exit(
            f"The packages of {lock} cannot be downloaded: connect this machine to the network, "
            f"or set PIP_INDEX_URL to a mirror, and start again."
        )
    sys.exit(f"pip cannot install {lock}: {_last_line(pip.stdout)}")


def _answers(python: str | Path, program: str) -> bool:
    try:
        return _run([python, "-c", program]).returncode == 0
    except OSError:  # not there, or a link to a Python that is gone
        return False


def _run(command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Both of its outputs in one."""
    environment = clean_environment()
    environment.setdefault("PIP_RETRIES", PIP_TRIES)
    return subprocess.run(
        command,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _stamped(folder: Path) -> list[str]:
    stamp = folder / STAMP
    return stamp.read_text().split() if stamp.exists() else []


def _sha256(lock: str) -> str:
    return hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()


def _last_line(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["it says nothing"])[-1].strip()
