"""What is remembered of sources: cursors and last known states."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from hub.admin.base import ReadOnlyAdmin
from hub.admin.cells import time_cell
from hub.admin.theme import RelatedFilter
from hub.models import SourceState


@admin.register(SourceState)
class SourceStateAdmin(ReadOnlyAdmin):
    list_display = ("key", "source", "updated_cell")
    list_select_related = ("source",)
    list_filter = (("source", RelatedFilter),)
    ordering = ("-pk",)
    sortable_by = ()

    @admin.display(description=gettext_lazy("last change"))
    def updated_cell(self, row: SourceState) -> str:
        return time_cell(row.updated_at)
