"""Attempts: each try of a delivery. Read on the delivery's own page; this is the whole table."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from hub.admin.base import ReadOnlyAdmin
from hub.admin.cells import row_link, tag, time_cell, two_lines
from hub.models import Attempt
from hub.stored_sentences import translate_stored


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ("delivery_cell", "number", "result_cell", "duration_ms", "started_cell")
    list_filter = ("is_success",)
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        ("delivery_cell", "number"),
        ("started_at", "duration_ms"),
        ("is_success", "status_code"),
        "error",
        "note",
        "request_excerpt",
        "response_excerpt",
        "requested_by",
    )
    readonly_fields = ("delivery_cell",)

    @admin.display(description=gettext_lazy("delivery"))
    def delivery_cell(self, row: Attempt) -> str:
        return row_link(row.delivery, f"#{row.delivery_id}")

    @admin.display(description=gettext_lazy("result"))
    def result_cell(self, row: Attempt) -> str:
        shown = tag(row.status_code or "–", "good" if row.is_success else "bad")
        return str(two_lines(shown, translate_stored(row.error or row.note)))

    @admin.display(description=gettext_lazy("started"))
    def started_cell(self, row: Attempt) -> str:
        return time_cell(row.started_at)
