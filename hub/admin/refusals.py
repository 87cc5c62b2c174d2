"""Requests that were turned away at the door, and why."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from hub.admin.base import ReadOnlyAdmin
from hub.admin.cells import NOTHING, row_link, tag, time_cell
from hub.admin.filters import DayFilter
from hub.admin.pretty import plain
from hub.models import Refusal
from hub.stored_sentences import translate_stored


@admin.register(Refusal)
class RefusalAdmin(ReadOnlyAdmin):
    list_display = (
        "reason_cell",
        "answer_cell",
        "token_cell",
        "address",
        "repeat_count",
        "size",
        "time_cell",
    )
    list_select_related = ("token__source",)
    list_filter = ("status_code", ("minute", DayFilter))
    sortable_by = ()
    fields = (
        ("reason_cell", "status_code"),
        ("token_cell", "address"),
        ("received_at", "repeat_count"),
        ("size", "content_type"),
        "body_shown",
    )
    readonly_fields = ("reason_cell", "token_cell", "body_shown")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("token__source")
        secrets = ("signing_secret", "previous_signing_secret", "source__credentials")
        return rows.defer(*(f"token__{name}" for name in secrets))

    @admin.display(description=gettext_lazy("reason"))
    def reason_cell(self, row: Refusal) -> str:
        return translate_stored(row.reason)

    @admin.display(description=gettext_lazy("answered"))
    def answer_cell(self, row: Refusal) -> str:
        return tag(row.status_code, "warning")

    @admin.display(description=gettext_lazy("token"))
    def token_cell(self, row: Refusal) -> str:
        if row.token is None:
            return f"{row.path}…" if row.path else NOTHING
        return row_link(row.token, f"{row.token.prefix}… ({row.token.source})")

    @admin.display(description=gettext_lazy("time"))
    def time_cell(self, row: Refusal) -> str:
        return time_cell(row.received_at)

    @admin.display(description=gettext_lazy("beginning of the body"))
    def body_shown(self, row: Refusal) -> str:
        return plain(row.body_excerpt) if row.body_excerpt else NOTHING
