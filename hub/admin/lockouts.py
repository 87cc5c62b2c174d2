"""Logins that failed: who is locked out, and letting them in again by deleting the row."""

from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.admin.base import HubAdmin, ReadOnlyAdmin
from hub.admin.cells import tag, time_cell

for model in (AccessAttempt, AccessFailureLog, AccessLog):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(AccessAttempt)
class AccessAttemptAdmin(HubAdmin):
    """Deleting a row lets that person in again at once."""

    list_display = ("username", "state_cell", "ip_address", "failures_since_start", "time_cell")
    search_fields = ("username", "ip_address")
    exclude = ("get_data", "post_data")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, row: Any) -> str:
        if row.failures_since_start >= settings.AXES_FAILURE_LIMIT:
            return tag(_("locked out"), "bad")
        left = settings.AXES_FAILURE_LIMIT - row.failures_since_start
        return tag(_("%(n)d tries left") % {"n": left}, "quiet")

    @admin.display(description=gettext_lazy("last try"))
    def time_cell(self, row: Any) -> str:
        return time_cell(row.attempt_time)


@admin.register(AccessLog)
class AccessLogAdmin(ReadOnlyAdmin):
    list_display = ("username", "ip_address", "attempt_time", "logout_time")
    search_fields = ("username", "ip_address")
    ordering = ("-pk",)
