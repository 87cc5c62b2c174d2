"""Our words for what n8n tells, and its words that mean the same."""

from collections.abc import Mapping
from typing import Final

from hub.contracts import Severity

POSTED: Final = "message.posted"
REQUESTED: Final = "approval.requested"
FAILED: Final = "workflow.failed"
START_FAILED: Final = "workflow.start_failed"

KINDS: Final[Mapping[str, str]] = {
    POSTED: "A message that a workflow sent; `event` is the word it gave",
    REQUESTED: "A workflow asks people to decide, with buttons",
    FAILED: "A workflow ended with an error, or crashed",
    START_FAILED: "The trigger of a workflow does not start, so that it never runs",
}
# The severities of workflows are written by people: these words are taken, others mean "info".
SEVERITIES: Final[Mapping[str, Severity]] = {
    "info": "info",
    "success": "success",
    "ok": "success",
    "good": "success",
    "warning": "warning",
    "warn": "warning",
    "important": "warning",
    "urgent": "urgent",
    "error": "urgent",
    "danger": "urgent",
    "critical": "urgent",
}


def kind_of(event: str, *, has_buttons: bool) -> str:
    """An event without a kind of its own is a message, and conditions can read its name."""
    if event in KINDS:
        return event
    return REQUESTED if has_buttons else POSTED
