"""Monitors: what is probed, how it is doing, and trying a probe at once."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub.admin.base import HistoryAdmin
from hub.admin.cells import NOTHING, tag, time_cell, two_lines
from hub.admin.restraint_notes import notes_about
from hub.admin.sentences import age
from hub.models import Monitor
from hub.monitoring import probe

SHOWN_OUTAGES = 10


@admin.register(Monitor)
class MonitorAdmin(HistoryAdmin):
    list_display = ("name", "state_cell", "target_cell", "impact", "probed_cell", "is_active")
    list_filter = ("state", "is_active")
    list_select_related = ("source",)
    search_fields = ("name", "url")
    autocomplete_fields = ("hides",)
    change_form_outer_before_template = "hub/monitor_panel.html"
    fieldsets = (
        (
            None,
            {"fields": (("name", "is_active"), "source", "url", "impact", "status_page_url")},
        ),
        (
            gettext_lazy("When it counts as down"),
            {"fields": ("interval_seconds", ("failure_threshold", "recovery_threshold"))},
        ),
        (
            gettext_lazy("When it is watched"),
            {"fields": (("watched_from", "watched_until"), ("is_weekend_watched", "zone"))},
        ),
        (
            gettext_lazy("What is only its echo"),
            {"fields": ("hides", "hides_own_source")},
        ),
    )

    def own_paths(self) -> list[URLPattern]:
        return [self.own_path("<int:pk>/probe/", self.probe_view, "probe")]

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {
            "monitor": row,
            "restraints": notes_about(row, timezone.now()),
            "state_tag": state_tag(row),
            "outages": list(row.outages.order_by("-pk")[:SHOWN_OUTAGES]),
            "may_change": self.has_change_permission(request, row),
        }

    @method_decorator(require_POST)
    def probe_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tries it and tells; what counts for outages is the regular probes."""
        row = self.find(request, pk)
        self.require(self.has_change_permission(request, row))
        health = probe(row)
        if health.is_up and health.problem:
            words = {"service": row, "problem": health.problem}
            messages.warning(request, _("%(service)s answers, but: %(problem)s") % words)
        elif health.is_up:
            messages.success(request, _("%(service)s answers.") % {"service": row})
        else:
            messages.error(request, f"{row}: {health.problem}")
        return HttpResponseRedirect(self.own_url("change", pk))

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, row: Monitor) -> str:
        if row.state != Monitor.State.DOWN or row.first_failure_at is None:
            return two_lines(state_tag(row), row.problem if row.is_active else "")
        words = {"time": age(row.first_failure_at, timezone.now()), "problem": row.problem}
        return two_lines(state_tag(row), _("for %(time)s: %(problem)s") % words)

    @admin.display(description=gettext_lazy("what is probed"))
    def target_cell(self, row: Monitor) -> str:
        return str(row.source) if row.source is not None else row.url

    @admin.display(description=gettext_lazy("last probe"))
    def probed_cell(self, row: Monitor) -> str:
        return time_cell(row.probed_at) if row.probed_at else NOTHING


def state_tag(monitor: Monitor) -> SafeString:
    if not monitor.is_active:
        return tag(_("switched off"), "quiet")
    tones = {Monitor.State.UP: "warning" if monitor.problem else "good", Monitor.State.DOWN: "bad"}
    return tag(monitor.get_state_display(), tones.get(Monitor.State(monitor.state), "quiet"))
