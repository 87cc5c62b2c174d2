"""Maintenance: what is planned, whose outages and messages it keeps quiet."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.admin.base import HistoryAdmin, person
from hub.admin.cells import NOTHING, list_url, tag, time_cell, two_lines
from hub.admin.sentences import at
from hub.admin.theme import ModelForm
from hub.maintaining import find_under_way
from hub.models import Delivery, Maintenance


@admin.register(Maintenance)
class MaintenanceAdmin(HistoryAdmin):
    list_display = ("name", "state_cell", "affected_cell", "starts_cell", "ends_cell", "is_weekly")
    list_filter = ("is_active", "is_weekly")
    search_fields = ("name",)
    autocomplete_fields = ("monitors", "sources")
    change_form_outer_before_template = "hub/maintenance_panel.html"
    fieldsets = (
        (
            gettext_lazy("When"),
            {"fields": (("name", "is_active"), "starts_at", "ends_at", ("is_weekly", "zone"))},
        ),
        (
            gettext_lazy("What it keeps quiet"),
            {"fields": ("monitors", "sources", "is_announced")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("monitors", "sources")

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        if isinstance(obj, Maintenance) and not change:
            obj.created_by = person(request).get_username()[:100]
        super().save_model(request, obj, form, change)

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        withheld_by = f"maintenance:{row.pk}"
        return {
            "maintenance": row,
            "state_tag": state_tag(row),
            "withheld": Delivery.objects.filter(withheld_by=withheld_by).count(),
            "withheld_url": list_url(Delivery, withheld_by=withheld_by),
        }

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, row: Maintenance) -> SafeString | str:
        now = timezone.now()
        window = find_under_way(row, now)
        until = _("until %(time)s") % {"time": at(window.ends_at, now)} if window else ""
        return two_lines(state_tag(row), until)

    @admin.display(description=gettext_lazy("affected"))
    def affected_cell(self, row: Maintenance) -> str:
        names = [str(one) for one in (*row.monitors.all(), *row.sources.all())]
        return ", ".join(dict.fromkeys(names)) or NOTHING

    @admin.display(description=gettext_lazy("from"), ordering="starts_at")
    def starts_cell(self, row: Maintenance) -> str:
        return time_cell(row.starts_at)

    @admin.display(description=gettext_lazy("until"), ordering="ends_at")
    def ends_cell(self, row: Maintenance) -> str:
        return time_cell(row.ends_at)


def state_tag(row: Maintenance) -> SafeString:
    now = timezone.now()
    if not row.is_active:
        return tag(_("switched off"))
    if find_under_way(row, now) is not None:
        return tag(_("under way"), "warning")
    is_over = row.ends_at <= now and not row.is_weekly
    return tag(_("over")) if is_over else tag(_("planned"), "info")
