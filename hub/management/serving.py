"""Runs web, worker and listener, and what a demo adds, in the foreground until Ctrl-C."""

import http.client
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError

from hub.management.children import ChildSpec, Family, Say
from hub.management.first_steps import Address

START_S = 60.0  # a busy machine takes ten
STOP_S = 9.3  # a container is given ten
ASK_S = 2.0


def web_spec(address: Address) -> ChildSpec:
    options = ("--worker-class", "gthread", "--workers", "2", "--threads", "8")
    quiet = ("--preload", "--no-control-socket", "--log-level", "warning")
    arguments = ("-m", "gunicorn", "hub.wsgi", *options, *quiet, "--bind", address.bind)
    return ChildSpec("web", arguments, patience_s=1.0)


def listener_spec() -> ChildSpec:
    """Idle until a channel wants replies in threads. Ends within 3 s, beside the worker."""
    return ChildSpec("listener", ("manage.py", "listen"), patience_s=0.1)


def worker_spec() -> ChildSpec:
    """Ends by itself within 8 s, with what it is sending written down."""
    return ChildSpec("worker", ("manage.py", "worker"), patience_s=8.3)


def serve(
    specs: Sequence[ChildSpec],
    address: Address,
    greeting: str,
    say: Say,
    when_ready: Callable[[], None] = lambda: None,
) -> None:
    """Start them in this order, greet when the hub answers, end them the other way round.

    Raises CommandError when the start fails.
    """
    family = Family(specs, Path(settings.BASE_DIR), say)
    try:
        family.start()
        problem = family.wait_until(lambda: answers(address), START_S)
        if problem:
            raise CommandError(f"The start has failed: {problem}.")
        if not family.is_stopping:
            when_ready()
            say(greeting)
        family.watch()
        say("Stopping")
    finally:
        family.end(STOP_S)
    say("Stopped")


def answers(address: Address) -> bool:
    netloc = urlsplit(address.url).netloc
    with closing(http.client.HTTPConnection(netloc, timeout=ASK_S)) as asking:
        try:
            asking.request("GET", "/healthz")
            return asking.getresponse().status < http.client.INTERNAL_SERVER_ERROR
        except (OSError, http.client.HTTPException):
            return False
