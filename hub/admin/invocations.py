"""What people typed: who, where, what, for which system, what became of it, how long it took."""

from typing import Any, Final

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from hub.admin.base import ReadOnlyAdmin
from hub.admin.cells import NOTHING, row_link, tag, time_cell, two_lines
from hub.admin.filters import DayFilter
from hub.admin.pretty import json_html, plain
from hub.admin.theme import ChoicesFilter, RelatedFilter
from hub.looking_up import MAX_FOUND, find_references
from hub.models import CommandInvocation
from hub.secrets import mask_secrets

State = CommandInvocation.State
TONES: Final = {
    State.RECEIVED: "info",
    State.RUNNING: "info",
    State.ASKING: "info",
    State.WAITING: "info",
    State.RETRYING: "warning",
    State.DONE: "good",
    State.REFUSED: "warning",
    State.FAILED: "bad",
    State.UNDONE: "quiet",
}
SHOWN_CHARS: Final = 80  # of the text in the list


@admin.register(CommandInvocation)
class CommandInvocationAdmin(ReadOnlyAdmin):
    list_display = (
        "time_cell",
        "who_cell",
        "typed_cell",
        "system_cell",
        "state_cell",
        "duration_ms",
    )
    list_filter = (
        ("state", ChoicesFilter),
        ("command", RelatedFilter),
        ("source", RelatedFilter),
        "via",
        ("received_at", DayFilter),
    )
    search_fields = ("reference", "username")
    search_help_text = gettext_lazy("Reference or user name: ZD#74001, anja")
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        ("time_cell", "duration_ms"),
        ("who_cell", "via"),
        "typed_shown",
        ("system_cell", "reference"),
        ("state_cell", "attempt_count"),
        "answer_shown",
    )
    readonly_fields = (
        "time_cell",
        "who_cell",
        "typed_shown",
        "system_cell",
        "state_cell",
        "answer_shown",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("command", "source", "person")
        return rows.defer("source__credentials", "response_url")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A ticket as it may be written, or who it was: nothing that reads the whole table."""
        term = search_term.strip().removeprefix("@")
        if not term:
            return queryset, False
        known = find_references(term).values_list("display", flat=True)[:MAX_FOUND]
        meant = Q(reference__in={term, term.upper(), *known}) | Q(username=term.lower())
        return queryset.filter(meant), False

    @admin.display(description=gettext_lazy("typed"))
    def time_cell(self, row: CommandInvocation) -> str:
        return time_cell(row.received_at)

    @admin.display(description=gettext_lazy("who"))
    def who_cell(self, row: CommandInvocation) -> str:
        where = f"~{row.channel_name}" if row.channel_name else row.channel_id
        return str(two_lines(f"@{row.username}", where))

    @admin.display(description=gettext_lazy("what"))
    def typed_cell(self, row: CommandInvocation) -> str:
        return str(two_lines(f"/{row.trigger} {row.reference}", _typed(row)[:SHOWN_CHARS]))

    @admin.display(description=gettext_lazy("what"))
    def typed_shown(self, row: CommandInvocation) -> str:
        return plain(f"/{row.trigger} {_typed(row)}".strip())

    @admin.display(description=gettext_lazy("system"))
    def system_cell(self, row: CommandInvocation) -> str:
        return row_link(row.source) if row.source is not None else NOTHING

    @admin.display(description=gettext_lazy("outcome"))
    def state_cell(self, row: CommandInvocation) -> str:
        shown = tag(row.get_state_display(), TONES[State(row.state)])
        return str(two_lines(shown, mask_secrets(row.outcome)))

    @admin.display(description=gettext_lazy("answered"))
    def answer_shown(self, row: CommandInvocation) -> str:
        return json_html(row.answer) if row.answer else NOTHING


def _typed(row: CommandInvocation) -> str:
    return mask_secrets(row.text)
