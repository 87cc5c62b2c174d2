"""The stand-in as a process of its own: `python -m tests.standins.mattermost --port 8065`."""

import argparse
import gc
import logging
import signal
import sys
import threading
from pathlib import Path

from tests.standins.mattermost import MattermostStandin
from tests.standins.mattermost.seed import DEFAULT_BOT_TOKEN, TEAM_NAME

# Stored posts are many and live long: the default thresholds would walk them all again and again.
GC_THRESHOLDS = (100_000, 20, 100)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8065)
    parser.add_argument("--token", default=DEFAULT_BOT_TOKEN, help="of the hub's bot account")
    parser.add_argument("--journal", type=Path, help="append one JSON line per stored post")
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(levelname)s %(message)s")
    gc.set_threshold(*GC_THRESHOLDS)
    standin = MattermostStandin(
        host=options.host, port=options.port, token=options.token, journal=options.journal
    )
    stop = threading.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda _number, _frame: stop.set())
    try:
        standin.start()
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {options.host}:{options.port}: {error}\n")
        standin.close()
        return 1
    standin.configure(EnableCommands=True)  # its page has a box for them
    sys.stdout.write(
        f"Stand-in for Mattermost on {standin.url} (team {TEAM_NAME}, bot token {options.token})\n"
    )
    sys.stdout.flush()
    stop.wait()
    standin.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
