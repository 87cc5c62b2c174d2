"""Outages: when which service was down, and for how long."""

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.admin.base import ReadOnlyAdmin
from hub.admin.cells import row_link, tag, time_cell
from hub.admin.filters import DayFilter
from hub.admin.sentences import age
from hub.admin.theme import RelatedFilter
from hub.models import Outage


@admin.register(Outage)
class OutageAdmin(ReadOnlyAdmin):
    list_display = ("monitor_cell", "started_cell", "length_cell", "problem")
    list_select_related = ("monitor",)
    list_filter = (("monitor", RelatedFilter), ("started_at", DayFilter))
    sortable_by = ()

    @admin.display(description=gettext_lazy("monitor"))
    def monitor_cell(self, row: Outage) -> str:
        return row_link(row.monitor)

    @admin.display(description=gettext_lazy("since"))
    def started_cell(self, row: Outage) -> str:
        return time_cell(row.started_at)

    @admin.display(description=gettext_lazy("lasted"))
    def length_cell(self, row: Outage) -> str:
        length = age(row.started_at, row.ended_at or timezone.now())
        if row.ended_at is None:
            return tag(_("%(time)s, still down") % {"time": length}, "bad")
        return length
