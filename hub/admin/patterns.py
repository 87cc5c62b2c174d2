"""How people write the tickets of each source."""

from django.contrib import admin

from hub.admin.base import HistoryAdmin
from hub.admin.theme import RelatedFilter
from hub.models import ReferencePattern


@admin.register(ReferencePattern)
class ReferencePatternAdmin(HistoryAdmin):
    list_display = ("pattern", "source", "display", "order")
    list_filter = (("source", RelatedFilter),)
    list_select_related = ("source",)
    search_fields = ("pattern", "source__name")
    autocomplete_fields = ("source",)
    fields = (("source", "order"), ("pattern", "display"))
