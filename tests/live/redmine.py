"""Debian's own Redmine: installed where it can be, and started on a port of this machine."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.running import free_port, wait_until
from tests.suite import LIVE_SYSTEM

PACKAGES = ("redmine", "redmine-sqlite", "puma")
FOLDER = Path("/usr/share/redmine")
OWNER = "www-data"
START_S = 180.0  # 4 s on a quiet machine, half a minute on a busy one
STOP_S = 20.0
INSTALL_S = 900.0
CALL_S = 30.0  # the first call after a start takes seconds
# libruby brings a newer bundler than Debian's patched one, and the installation dies of it.
ENVIRONMENT = {
    "BUNDLER_VERSION": "2.3.15",
    "DEBIAN_FRONTEND": "noninteractive",
    "RAILS_ENV": "production",
    "REDMINE_INSTANCE": "default",
}
PRESEED = """\
redmine redmine/instances/default/dbconfig-install boolean true
redmine redmine/instances/default/database-type select sqlite3
redmine redmine/instances/default/default-language select en
redmine redmine/current-instances string default
"""
PROJECT, MAPPED_LOGIN = "klantportaal", "bart"
# Running it again changes nothing. What it prints last is a line of JSON.
SETUP = """
Setting.rest_api_enabled = '1'
admin = User.find_by_login('admin')
admin.must_change_passwd = false
admin.save!(validate: false)
bart = User.find_by_login('%(login)s') || User.new(firstname: 'Bart', lastname: 'Visser')
bart.login, bart.mail = '%(login)s', '%(login)s@example.test'
bart.password = bart.password_confirmation = SecureRandom.hex(16)
bart.save!
project = Project.find_by(identifier: '%(project)s') ||
  Project.new(identifier: '%(project)s', name: 'Klantportaal')
project.enabled_module_names, project.trackers = ['issue_tracking'], Tracker.all.to_a
project.save!
developer = Role.givable.where(name: 'Developer').first || Role.givable.first
Member.create!(project: project, principal: bart, roles: [developer]) unless
  project.members.exists?(user_id: bart.id)
puts JSON.generate(admin_key: admin.api_key, mapped_key: bart.api_key, mapped_id: bart.id)
"""


class CannotRunError(Exception):
    """Redmine cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class Redmine:
    """A running one, with a project and a member of it. Calls are made as the administrator."""

    url: str
    admin_key: str
    mapped_login: str  # who writes where X-Redmine-Switch-User says so
    mapped_key: str
    mapped_id: int
    project: str = PROJECT

    def create_issue(self, subject: str) -> int:
        issue = {"project_id": self.project, "tracker_id": 1, "priority_id": 2, "subject": subject}
        return int(self.call("POST", "/issues.json", {"issue": issue})["issue"]["id"])

    def update_issue(self, issue_id: int, *, login: str = "", **fields: Any) -> None:
        """As `login`, where one is given."""
        self.call("PUT", f"/issues/{issue_id}.json", {"issue": fields}, login=login)

    def journals(self, issue_id: int) -> list[dict[str, Any]]:
        content = self.call("GET", f"/issues/{issue_id}.json?include=journals")
        return list(content["issue"]["journals"])

    def call(self, method: str, path: str, content: object = None, *, login: str = "") -> Any:
        """None where Redmine answers without a body. Raises HTTPError."""
        headers = {"X-Redmine-API-Key": self.admin_key}
        if login:
            headers["X-Redmine-Switch-User"] = login
        answer = requests.request(
            method, f"{self.url}{path}", json=content, headers=headers, timeout=CALL_S
        )
        answer.raise_for_status()
        return answer.json() if answer.content.strip() else None


def wait_for_the_next_second() -> None:
    """Redmine dates by the second, and what happened in the second of the first look is old."""
    second = int(time.time())
    wait_until(lambda: int(time.time()) > second)


@contextlib.contextmanager
def running_redmine() -> Iterator[Redmine]:
    """Installs it first where it is missing. Raises CannotRunError."""
    if not _is_installed():
        _install()
    made = _set_up()
    port = free_port()
    with _server(port) as url:
        yield Redmine(url, made["admin_key"], MAPPED_LOGIN, made["mapped_key"], made["mapped_id"])


def _is_installed() -> bool:
    return (FOLDER / "config.ru").exists()


def _install() -> None:
    if os.environ.get(LIVE_SYSTEM) != "redmine":
        raise CannotRunError("Redmine is not installed: scripts/test --live redmine does it")
    if os.geteuid() or not shutil.which("apt-get"):
        raise CannotRunError("Redmine is not installed, and only root on a Debian can install it")
    _call(["apt-get", "update", "-qq"])
    if not _call(["apt-cache", "madison", "redmine"]).strip():
        raise CannotRunError("Redmine is not installed, and this Debian has no package of it")
    _call(["debconf-set-selections"], given=PRESEED)
    with contextlib.suppress(CannotRunError):  # it may stop half-way: what follows ends it
        _call(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES])
    _call(["dpkg", "--configure", "-a"])
    if not _is_installed():
        raise CannotRunError("Redmine could not be installed: is the network there?")


def _set_up() -> dict[str, Any]:
    """The administrator's key, a project, and a second user who is a member of it."""
    program = SETUP % {"login": MAPPED_LOGIN, "project": PROJECT}
    command = ["bundle", "exec", "bin/rails", "runner", program]
    printed = _call([*_as_owner(), *command], folder=FOLDER)
    found: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
    return found


@contextlib.contextmanager
def _server(port: int) -> Iterator[str]:
    # Not through bundler: puma does not stand in Redmine's Gemfile.
    command = ["puma", "-b", f"tcp://127.0.0.1:{port}", "-t", "1:4", "-w", "0", "config.ru"]
    process = subprocess.Popen(
        [*_as_owner(), *command],
        cwd=FOLDER,
        env=os.environ | ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is not None or _answers(f"{url}/login"), START_S)
        if process.poll() is not None:
            raise CannotRunError(f"Redmine's server has ended with code {process.returncode}")
        yield url
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=CALL_S).ok
    except requests.RequestException:
        return False


def _as_owner() -> list[str]:
    if os.geteuid():
        raise CannotRunError("Redmine's files belong to another user: only root can start it")
    return ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups"]


def _call(command: Sequence[str], *, folder: Path | None = None, given: str = "") -> str:
    """What it prints. Raises CannotRunError with its last line."""
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | ENVIRONMENT,
            input=given,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=INSTALL_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotRunError(f"{command[0]}: {error}") from error
    if ended.returncode:
        lines = [*ended.stdout.splitlines(), *ended.stderr.splitlines()]
        raise CannotRunError(f"{' '.join(command)[:80]} failed: {(lines or ['silently'])[-1]}")
    return ended.stdout
