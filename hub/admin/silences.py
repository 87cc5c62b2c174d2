"""Silences: what is kept quiet now, until when, by whom and why; and ending one early."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub.admin.base import HistoryAdmin, person
from hub.admin.cells import list_url, tag, time_cell, two_lines
from hub.admin.theme import AutocompleteFilter, ModelForm, RelatedFilter
from hub.models import Delivery, Silence
from hub.silencing import end_silence, with_scope

MAY_END = "hub.change_silence"


@admin.register(Silence)
class SilenceAdmin(HistoryAdmin):
    """Made and ended, never changed: what it withheld must stay explainable."""

    list_display = ("what_cell", "state_cell", "reason", "created_by", "starts_cell", "ends_cell")
    list_filter = (
        ("source", RelatedFilter),
        ("rule", AutocompleteFilter),
        ("channel", AutocompleteFilter),
        ("monitor", RelatedFilter),
    )
    search_fields = ("reason", "created_by", "reference__display")
    autocomplete_fields = Silence.SCOPE
    change_form_outer_before_template = "hub/silence_panel.html"
    fieldsets = (
        (
            gettext_lazy("What is silenced: messages that fit all of it"),
            {"fields": (("source", "rule"), ("channel", "monitor"), "reference")},
        ),
        (
            gettext_lazy("How long, and why"),
            {"fields": ("starts_at", "ends_at", "reason")},
        ),
    )

    def own_paths(self) -> list[URLPattern]:
        return [self.own_path("<int:pk>/end/", self.end_view, "end")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_scope(super().get_queryset(request))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return obj is None and request.user.has_perm(MAY_END)

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        if isinstance(obj, Silence) and not change:
            obj.created_by = person(request).get_username()[:100]
        super().save_model(request, obj, form, change)

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        now = timezone.now()
        withheld_by = f"silence:{row.pk}"
        return {
            "silence": row,
            "state_tag": state_tag(row),
            "is_over": row.ended_at is not None or row.ends_at <= now,
            "withheld": Delivery.objects.filter(withheld_by=withheld_by).count(),
            "withheld_url": list_url(Delivery, withheld_by=withheld_by),
            "may_end": request.user.has_perm(MAY_END),
        }

    @method_decorator(require_POST)
    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """From now on its messages are posted again; what it withheld is not."""
        row = self.find(request, pk)
        self.require(request.user.has_perm(MAY_END))
        if end_silence(row, by=person(request).get_username()):
            messages.success(request, _("%(what)s is silenced no longer.") % {"what": row})
        else:
            messages.info(request, _("It was over already."))
        return HttpResponseRedirect(self.own_url("change", pk))

    @admin.display(description=gettext_lazy("what"))
    def what_cell(self, row: Silence) -> str:
        return str(row)

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, row: Silence) -> SafeString | str:
        ended = _("by %(who)s") % {"who": row.ended_by} if row.ended_at else ""
        return two_lines(state_tag(row), ended)

    @admin.display(description=gettext_lazy("from"), ordering="starts_at")
    def starts_cell(self, row: Silence) -> str:
        return time_cell(row.starts_at)

    @admin.display(description=gettext_lazy("until"), ordering="ends_at")
    def ends_cell(self, row: Silence) -> str:
        return time_cell(row.ended_at or row.ends_at)


def state_tag(row: Silence) -> SafeString:
    now = timezone.now()
    if row.ended_at is not None:
        return tag(_("ended early"))
    if row.ends_at <= now:
        return tag(_("over"))
    return tag(_("silent now"), "warning") if row.starts_at <= now else tag(_("planned"), "info")
