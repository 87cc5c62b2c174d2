"""Drain leases: which drain holds which role now."""

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.admin.base import ReadOnlyAdmin
from hub.admin.cells import tag
from hub.models import DrainLease


@admin.register(DrainLease)
class DrainLeaseAdmin(ReadOnlyAdmin):
    list_display = ("name", "state_cell", "holder", "expires_at")
    ordering = ("name",)

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, row: DrainLease) -> str:
        if row.expires_at > timezone.now():
            return tag(_("held"), "good")
        return tag(_("free"), "quiet")
