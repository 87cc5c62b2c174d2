"""Questions with buttons: who may answer, who did, and what the other system made of it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy

from hub.admin.base import ReadOnlyAdmin
from hub.admin.cells import (
    NOTHING,
    link,
    list_url,
    press_tag,
    question_tag,
    row_link,
    time_cell,
    two_lines,
)
from hub.admin.theme import ChoicesFilter, RelatedFilter
from hub.http import origin_of
from hub.models import ActionInvocation, ActionTarget

HEAVY_FIELDS = ("source__credentials", "event__body", "event__data", "event__trace")
MAX_PRESSES = 20


@admin.register(ActionTarget)
class ActionTargetAdmin(ReadOnlyAdmin):
    list_display = (
        "state_cell",
        "labels",
        "event_cell",
        "source",
        "decided_cell",
        "expires_cell",
    )
    list_select_related = ("event", "source")
    list_filter = (("state", ChoicesFilter), ("source", RelatedFilter))
    sortable_by = ()
    fields = (
        ("state_cell", "labels"),
        ("event_cell", "source"),
        "buttons_shown",
        ("audience", "usernames"),
        ("is_members_only", "presses_needed"),
        "expires_at",
        ("decided_by", "decided_at"),
        "outcome",
        "presses_shown",
    )
    readonly_fields = ("state_cell", "event_cell", "buttons_shown", "presses_shown")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related(*self.list_select_related)
        return rows.defer(*HEAVY_FIELDS)

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, row: ActionTarget) -> str:
        return question_tag(row)

    @admin.display(description=gettext_lazy("event"))
    def event_cell(self, row: ActionTarget) -> str:
        return row_link(row.event, row.event.title or row.event)

    @admin.display(description=gettext_lazy("decided by"))
    def decided_cell(self, row: ActionTarget) -> Any:
        return two_lines(row.decided_by, row.outcome) if row.decided_by else NOTHING

    @admin.display(description=gettext_lazy("until"))
    def expires_cell(self, row: ActionTarget) -> str:
        return time_cell(row.expires_at)

    @admin.display(description=gettext_lazy("told to"))
    def buttons_shown(self, row: ActionTarget) -> str:
        """Where, but not the whole address: who knows that can decide."""
        pairs = ((one["name"], origin_of(one["url"])) for one in row.buttons)
        return format_html_join("", "<div>{}: {}/…</div>", pairs) or NOTHING

    @admin.display(description=gettext_lazy("presses"))
    def presses_shown(self, row: ActionTarget) -> str:
        presses = row.invocations.order_by("-pk")[:MAX_PRESSES]
        lines = ((press_tag(one), one.username, one.button) for one in presses)
        shown = format_html_join("", "<div>{} {}: {}</div>", lines)
        every = list_url(ActionInvocation, target__id__exact=row.pk)
        return shown + link(every, gettext_lazy("all of them")) if shown else NOTHING
