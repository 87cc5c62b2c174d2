"""The queue's own tables: to look at. What is sent is found from our rows, never from these."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.models import Failure, OrmQ, Schedule, Success

from hub.admin.base import ReadOnlyAdmin
from hub.admin.cells import tag, time_cell, two_lines

for model in (Failure, OrmQ, Schedule, Success):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class TaskAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "cluster", "result_cell", "stopped_cell")
    list_filter = ("cluster",)
    ordering = ("-stopped",)
    sortable_by = ()
    fields = (
        ("name", "func"),
        ("started", "stopped"),
        ("cluster", "attempt_count"),
        "args",
        "kwargs",
        "result",
    )

    @admin.display(description=gettext_lazy("result"))
    def result_cell(self, row: Any) -> str:
        if row.success:
            return tag(_("done"), "good")
        return two_lines(tag(_("failed"), "bad"), str(row.result or "")[:200])

    @admin.display(description=gettext_lazy("ended"))
    def stopped_cell(self, row: Any) -> str:
        return time_cell(row.stopped)


@admin.register(Success)
class SuccessAdmin(TaskAdmin):
    pass


@admin.register(Failure)
class FailureAdmin(TaskAdmin):
    pass


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "cron", "cluster", "next_run")
    ordering = ("name",)


if not settings.HUB_REDIS_URL:

    @admin.register(OrmQ)
    class OrmQAdmin(ReadOnlyAdmin):
        list_display = ("id", "key", "func", "lock")
        ordering = ("-pk",)
        fields = ("key", "lock", "func", "args", "kwargs")
        readonly_fields = ("func", "args", "kwargs")
