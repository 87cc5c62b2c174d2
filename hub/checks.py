"""System checks: settings that would lose or double work are refused at start."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

QUEUE_FIGURES = {
    "timeout": 90,  # a drain lives 50 s
    "retry": 300,  # above the timeout: a task must not run twice
    "max_attempts": 1,
    "ack_failures": True,  # rows are the truth, not queued tasks
    "save_limit": -1,
    "catch_up": False,  # a day down would mean 1,440 stale runs
}


@register()
def check_queue(**_kwargs: Any) -> list[CheckMessage]:
    cluster = settings.Q_CLUSTER
    wrong = [name for name, figure in QUEUE_FIGURES.items() if cluster.get(name) != figure]
    if cluster["workers"] < settings.HUB_DRAINS + 2:
        wrong.append("workers")
    return [
        Error(
            f"Q_CLUSTER[{name!r}] is not what the drains rely on", id="hub.E001", hint="hub/checks"
        )
        for name in wrong
    ]


@register()
def check_figures(**_kwargs: Any) -> list[CheckMessage]:
    return [
        Error(f"{name} must be at least {least}", id="hub.E002")
        for name, least in (
            ("HUB_DRAINS", 1),
            ("HUB_SEND_THREADS", 1),
            ("HUB_MAX_BODY_BYTES", 1024),
            ("HUB_RETENTION_DAYS", 1),
        )
        if getattr(settings, name) < least
    ]
