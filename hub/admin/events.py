"""Events: what arrived, how it was understood, and why which rule held."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hub.admin.base import ReferencedAdmin, person
from hub.admin.bulk import selected_rows
from hub.admin.cells import NOTHING, event_tag, tag, time_cell, two_lines
from hub.admin.event_pages import event_context
from hub.admin.filters import DayFilter
from hub.admin.theme import ChoicesFilter, DropdownFilter, RelatedFilter
from hub.models import Event
from hub.redelivering import replay
from hub.registry import kind_choices
from hub.stored_sentences import translate_stored

MAY_REPLAY = "hub.replay"
HEAVY_FIELDS = ("body", "headers", "data", "trace", "source__credentials", "query")


class KindFilter(DropdownFilter):
    """By the main kind, which is indexed."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return kind_choices()

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(ReferencedAdmin):
    list_display = (
        "state_cell",
        "about_cell",
        "kind_cell",
        "source_cell",
        "duplicate_count",
        "note_cell",
        "time_cell",
    )
    list_select_related = ("source", "reference")
    list_filter = (
        ("state", ChoicesFilter),
        ("source", RelatedFilter),
        KindFilter,
        ("received_at", DayFilter),
    )
    list_display_links = ("state_cell", "about_cell")
    actions = ("replay_selected",)

    def own_paths(self) -> list[URLPattern]:
        return [self.own_path("<int:pk>/replay/", self.replay_one, "replay")]

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_REPLAY)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related(*self.list_select_related)
        return rows.defer(*HEAVY_FIELDS)

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        asked = request.GET.get("rule", "")
        context = event_context(row, timezone.now(), int(asked) if asked.isdecimal() else None)
        return context | {"can_replay": self.has_replay_permission(request) and bool(row.body)}

    @admin.action(description=gettext_lazy("Replay the selected"), permissions=["replay"])
    def replay_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        hidden = selected_rows(self, request, rows).hidden
        return self._ask_to_replay(request, rows, self.own_url("changelist"), hidden)

    def replay_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require(self.has_replay_permission(request))
        row, back = self.find(request, pk), self.own_url("change", pk)
        answer = self._ask_to_replay(request, Event.objects.filter(pk=row.pk), back)
        return answer or HttpResponseRedirect(back)

    def _ask_to_replay(
        self, request: HttpRequest, rows: QuerySet[Any], back: str, hidden: Any = ()
    ) -> HttpResponse | None:
        """None when it has been confirmed and done."""
        events = Event.objects.filter(pk__in=rows.order_by().values("pk"))
        if not request.POST.get("confirmed"):
            context = {"total": events.count(), "back": back, "hidden": hidden}
            return self.page(request, "hub/replay.html", _("Replay"), **context)
        count = replay(events, user=person(request))
        done = ngettext(
            "%(n)d event goes through today's rules.",
            "%(n)d events go through today's rules.",
            count,
        )
        messages.success(request, done % {"n": count})
        return None

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, row: Event) -> Any:
        return format_html("{} {}", event_tag(row), tag(_("test"), "info") if row.is_test else "")

    @admin.display(description=gettext_lazy("about"))
    def about_cell(self, row: Event) -> Any:
        return two_lines(row.reference, row.title) if row.reference else row.title or NOTHING

    @admin.display(description=gettext_lazy("kind"))
    def kind_cell(self, row: Event) -> Any:
        others = len(row.kinds) - 1
        return f"{row.kind} +{others}" if others > 0 else row.kind or NOTHING

    @admin.display(description=gettext_lazy("source"))
    def source_cell(self, row: Event) -> Any:
        return str(row.source)

    @admin.display(description=gettext_lazy("note"))
    def note_cell(self, row: Event) -> Any:
        return two_lines("", translate_stored(row.note)) if row.note else NOTHING

    @admin.display(description=gettext_lazy("received"))
    def time_cell(self, row: Event) -> Any:
        return time_cell(row.received_at)
