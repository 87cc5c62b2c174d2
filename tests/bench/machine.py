"""Facts of the machine that figures depend on."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import django

from tests.bench.paths import ROOT


def facts_of_machine() -> dict[str, str]:
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": _commit(),
        "machine": f"{len(os.sched_getaffinity(0))} cores ({_processor()}), everything on it",
        "Python": f"{platform.python_version()}, Django {django.get_version()}",
        "load average at the start": load_average(),
    }


def load_average() -> str:
    return " ".join(f"{one:.2f}" for one in os.getloadavg())


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return ended.stdout.strip() or "not in a repository"
