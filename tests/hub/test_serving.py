"""What the web server loads before it forks its processes."""

import subprocess
import sys

from tests.running import ROOT

LOADED = """
import gc, threading
import hub.wsgi
from django.db import connections

opened = [one.connection for one in connections.all()]
print(threading.active_count(), opened, gc.get_freeze_count() > 1000)
"""


def test_nothing_is_open_or_running_before_the_fork() -> None:
    program = [sys.executable, "-W", "error", "-c", LOADED]

    loaded = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)

    assert loaded.stderr == ""
    assert loaded.stdout.split("\n")[0] == "1 [None] True"
