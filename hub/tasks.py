"""What django-q2 runs: each task calls one stage."""

from django.utils import timezone

from hub.credentials import look_after_credentials
from hub.draining import run_drain
from hub.lifeline import lifeline
from hub.monitoring import probe_monitors
from hub.people import match_people
from hub.polling import poll_sources
from hub.pruning import prune_rows
from hub.queue import enqueue_drain, enqueue_drains
from hub.relaying import resume_relays
from hub.watching import watch_sources


def drain(slot: int) -> str:
    ended = run_drain(slot)
    if ended == "lived" and not lifeline.is_stopping():
        enqueue_drain(slot)
    return ended


def ensure_drains() -> None:
    enqueue_drains()


def probe() -> int:
    return probe_monitors()


def watch() -> int:
    return watch_sources()


def poll() -> int:
    return poll_sources()


def look_after_secrets() -> int:
    return look_after_credentials()


def match() -> int:
    return match_people(timezone.now())


def relay() -> int:
    return resume_relays()


def prune() -> int:
    return prune_rows()
