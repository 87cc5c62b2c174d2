"""The command line as a person sees it who changes his mind."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.running import ROOT

WAIT_S = 60.0


def test_ctrl_c_while_the_database_is_prepared_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent_database:
        silent_database.settimeout(WAIT_S)
        url = f"postgres://hub@127.0.0.1:{silent_database.getsockname()[1]}/hub"
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--prepare-only"],
            cwd=ROOT,
            env=os.environ | {"HUB_DATABASE_URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Ignored in what a shell starts in the background, and inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        waiting, _address = silent_database.accept()
        process.send_signal(signal.SIGINT)
        output, _errors = process.communicate(timeout=WAIT_S)
        waiting.close()

    assert output == "\nStopped before it was done: start it again to go on.\n"
    assert process.returncode == 130


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUB_DATABASE_URL", "db.example.test"),
        ("HUB_DATABASE_URL", "mysql://hub:secret@db.example.test/hub"),
        ("HUB_SECRET_KEY", ""),
    ],
)
def test_a_setting_that_is_no_use_is_one_sentence(name: str, value: str) -> None:
    command = [sys.executable, "manage.py", "migrate"]
    environment = os.environ | {name: value}

    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    assert ended.returncode == 1
    assert name in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert "secret@" not in ended.stderr
