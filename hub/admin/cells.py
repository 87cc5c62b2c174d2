"""Pieces of pages: coloured labels, times, links to other rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from hub.admin.sentences import at
from hub.models import ActionInvocation, ActionTarget, Delivery, Event

NOTHING: Final = "–"

DELIVERY_TONES: Final[Mapping[str, str]] = {
    Delivery.State.PENDING: "info",
    Delivery.State.SENDING: "info",
    Delivery.State.DELIVERED: "good",
    Delivery.State.FAILED: "warning",
    Delivery.State.HELD: "warning",
    Delivery.State.DEAD: "bad",
    Delivery.State.SUPPRESSED: "quiet",
    Delivery.State.CANCELLED: "quiet",
}
EVENT_TONES: Final[Mapping[str, str]] = {
    Event.State.RECEIVED: "info",
    Event.State.MATCHED: "good",
    Event.State.UNMATCHED: "quiet",
    Event.State.IGNORED: "quiet",
    Event.State.UNKNOWN: "warning",
    Event.State.FAILED: "bad",
}
PRESS_TONES: Final[Mapping[str, str]] = {
    ActionInvocation.Outcome.ACCEPTED: "good",
    ActionInvocation.Outcome.WAITING: "info",
    ActionInvocation.Outcome.SECOND: "quiet",
    ActionInvocation.Outcome.LATE: "quiet",
    ActionInvocation.Outcome.FORGED: "bad",
    ActionInvocation.Outcome.UNAUTHORISED: "warning",
    ActionInvocation.Outcome.FAILED: "bad",
}
QUESTION_TONES: Final[Mapping[str, str]] = {
    ActionTarget.State.OPEN: "info",
    ActionTarget.State.RUNNING: "warning",
    ActionTarget.State.DECIDED: "good",
}


def tag(text: object, tone: str = "quiet") -> SafeString:
    """A small coloured label; `tone` is good, info, warning, bad or quiet."""
    return format_html('<span class="hub-tag hub-tone-{}">{}</span>', tone, text)


def delivery_tag(delivery: Delivery) -> SafeString:
    return tag(delivery.get_state_display(), DELIVERY_TONES.get(delivery.state, "quiet"))


def event_tag(event: Event) -> SafeString:
    return tag(event.get_state_display(), EVENT_TONES.get(event.state, "quiet"))


def press_tag(press: ActionInvocation) -> SafeString:
    return tag(press.get_outcome_display(), PRESS_TONES.get(press.outcome, "quiet"))


def question_tag(target: ActionTarget) -> SafeString:
    return tag(target.get_state_display(), QUESTION_TONES.get(target.state, "quiet"))


def link(url: str, text: object) -> SafeString:
    return format_html('<a class="hub-link" href="{}">{}</a>', url, text)


def row_url(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=(row.pk,))


def row_link(row: Model | None, text: object = "") -> SafeString | str:
    return link(row_url(row), text or row) if row is not None else NOTHING


def list_url(model: type[Model], **filters: object) -> str:
    """The list of a table, filtered."""
    return reverse(
        f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist",
        query={name: str(value) for name, value in filters.items()},
    )


def time_cell(time: datetime | None) -> SafeString | str:
    """`14:32`, with the whole time on hovering."""
    if time is None:
        return NOTHING
    local = timezone.localtime(time)
    whole = date_format(local, "j M Y H:i:s")
    html = '<time class="hub-time" datetime="{}" title="{}">{}</time>'
    return format_html(html, local.isoformat(), whole, at(time, timezone.now()))


def two_lines(first: object, second: object) -> SafeString | str:
    """The second line is smaller and cut where the column ends."""
    if not second:
        return conditional_escape(str(first))  # a SafeString stays one
    html = '<span class="hub-two"><span>{}</span><small title="{}">{}</small></span>'
    return format_html(html, first, second, second)
