"""How old each secret is, and what was replaced and is still valid."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.admin.base import HubAdmin, ReadOnlyAdmin
from hub.admin.cells import link, tag, time_cell, two_lines
from hub.admin.sentences import age
from hub.admin.theme import ChoicesFilter
from hub.credentials import PAGES, take_stock
from hub.models import Credential, ReplacedSecret


@admin.register(Credential)
class CredentialAdmin(HubAdmin):
    """Only the reminder can be changed: the secrets lie with their owners."""

    list_display = ("label_cell", "sort", "age_cell", "remind_after_days", "reminded_cell")
    list_editable = ("remind_after_days",)
    list_filter = (("sort", ChoicesFilter),)
    search_fields = ("label",)
    sortable_by = ()
    fields = (("sort", "label_cell"), ("age_cell", "reminded_cell"), "remind_after_days")
    readonly_fields = ("sort", "label_cell", "age_cell", "reminded_cell")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """As things are now, and not as ten minutes ago."""
        take_stock(timezone.now())
        return super().changelist_view(request, extra_context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("of"))
    def label_cell(self, row: Credential) -> str:
        page = PAGES[Credential.Sort(row.sort)]
        return link(reverse(f"admin:hub_{page}_change", args=(row.owner_id,)), row.label)

    @admin.display(description=gettext_lazy("age"))
    def age_cell(self, row: Credential) -> str:
        now = timezone.now()
        is_old = row.is_old(now)
        shown = tag(age(row.since_at, now), "warning" if is_old else "good")
        return str(two_lines(shown, _("time to rotate it") if is_old else ""))

    @admin.display(description=gettext_lazy("reminded"))
    def reminded_cell(self, row: Credential) -> str:
        return time_cell(row.reminded_at)


@admin.register(ReplacedSecret)
class ReplacedSecretAdmin(ReadOnlyAdmin):
    list_display = ("label", "sort", "server", "due_cell", "problem")
    list_select_related = ("server",)
    sortable_by = ()
    fields = (("label", "sort"), ("server", "due_cell"), "problem")
    readonly_fields = ("due_cell",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("external_id")

    @admin.display(description=gettext_lazy("taken away at"))
    def due_cell(self, row: ReplacedSecret) -> str:
        return time_cell(row.due_at)
