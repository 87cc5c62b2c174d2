"""Every press of a button: who, where, which, and what became of it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from hub.admin.base import ReadOnlyAdmin
from hub.admin.cells import NOTHING, press_tag, row_link, time_cell, two_lines
from hub.admin.filters import DayFilter
from hub.admin.theme import ChoicesFilter, RelatedFilter
from hub.models import ActionInvocation


@admin.register(ActionInvocation)
class ActionInvocationAdmin(ReadOnlyAdmin):
    list_display = (
        "outcome_cell",
        "button_cell",
        "username",
        "channel_name",
        "answer_cell",
        "duration_ms",
        "time_cell",
    )
    list_display_links = ("outcome_cell", "button_cell")
    list_select_related = ("target__source",)
    list_filter = (
        ("outcome", ChoicesFilter),
        ("target__source", RelatedFilter),
        ("pressed_at", DayFilter),
    )
    search_fields = ("username__exact",)
    search_help_text = gettext_lazy("The username in Mattermost, whole")
    sortable_by = ()
    fields = (
        ("outcome_cell", "pressed_at"),
        ("button_cell", "target_cell"),
        ("username", "user_id"),
        "channel_name",
        ("channel_id", "post_id"),
        ("status_code", "duration_ms"),
        "answer_excerpt",
    )
    readonly_fields = ("outcome_cell", "button_cell", "target_cell")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("target__source")
        return rows.defer("target__buttons", "target__source__credentials")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """The presses of one question: linked from its page."""
        return lookup == "target__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=gettext_lazy("outcome"))
    def outcome_cell(self, row: ActionInvocation) -> str:
        return press_tag(row)

    @admin.display(description=gettext_lazy("button"))
    def button_cell(self, row: ActionInvocation) -> Any:
        source = row.target.source if row.target is not None else None
        return two_lines(row.button or row.kind or NOTHING, source)

    @admin.display(description=gettext_lazy("question"))
    def target_cell(self, row: ActionInvocation) -> str:
        return row_link(row.target)

    @admin.display(description=gettext_lazy("answer"))
    def answer_cell(self, row: ActionInvocation) -> Any:
        return two_lines(row.status_code or NOTHING, row.answer_excerpt)

    @admin.display(description=gettext_lazy("time"))
    def time_cell(self, row: ActionInvocation) -> str:
        return time_cell(row.pressed_at)
