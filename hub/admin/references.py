"""One ticket, issue or document: all that happened to it, and all that was sent about it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext_lazy

from hub.admin.base import ReferencedAdmin
from hub.admin.cells import delivery_tag, event_tag, time_cell
from hub.admin.restraint_notes import notes_about
from hub.admin.sentences import describe_delivery, describe_event
from hub.admin.theme import RelatedFilter
from hub.admin.threads import post_url
from hub.looking_up import find_references
from hub.models import Delivery, Reference

MAX_EVENTS = 100  # of one reference on its page, newest first


@admin.register(Reference)
class ReferenceAdmin(ReferencedAdmin):
    list_display = ("display", "title", "source_cell", "is_private", "updated_cell")
    list_select_related = ("source",)
    list_filter = (("source", RelatedFilter),)
    search_fields = ("display",)
    reference_lookup = "pk__in"
    search_help_text = gettext_lazy("ZD#74001, 74001, #23, TASK-2025…")
    ordering = ("-pk",)

    def own_paths(self) -> list[URLPattern]:
        return [self.own_path("find/", self.find_view, "find")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("source").defer("source__credentials")

    def find_view(self, request: HttpRequest) -> HttpResponse:
        """The page of the only one that is called so, else the list of those that may be meant."""
        self.require(self.has_view_permission(request))
        typed = request.GET.get("q", "").strip()
        found = list(find_references(typed).values_list("pk", flat=True)[:2])
        if len(found) == 1:
            return HttpResponseRedirect(self.own_url("change", found[0]))
        query = request.GET.urlencode()
        return HttpResponseRedirect(f"{self.own_url('changelist')}?{query}")

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return _reference_context(row)

    @admin.display(description=gettext_lazy("source"))
    def source_cell(self, row: Reference) -> str:
        return str(row.source)

    @admin.display(description=gettext_lazy("last news"))
    def updated_cell(self, row: Reference) -> str:
        return time_cell(row.updated_at)


def _reference_context(row: Reference) -> dict[str, Any]:
    now = timezone.now()
    events = list(row.events.defer("body", "headers", "data", "trace").order_by("-pk")[:MAX_EVENTS])
    deliveries = _deliveries([event.pk for event in events])
    return {
        "title": f"{row.display} {row.title}".strip(),
        "now": now,
        "reference": row,
        "threads": _threads(row),
        "restraints": notes_about(row, now),
        "is_cut": len(events) == MAX_EVENTS,
        "happenings": [
            {
                "event": event,
                "tag": event_tag(event),
                "sentence": describe_event(event),
                "deliveries": [
                    {"row": one, "tag": delivery_tag(one), "sentence": describe_delivery(one, now)}
                    for one in deliveries.get(event.pk, [])
                ],
            }
            for event in events
        ],
    }


def _threads(row: Reference) -> list[dict[str, Any]]:
    """Where people read about it, one per channel."""
    threads = row.threads.select_related("channel__server").exclude(root_post_id="")
    return [
        {"channel": one.channel, "url": post_url(one.channel.server, one.root_post_id)}
        for one in threads.defer("channel__webhook_url", "channel__server__bot_token")
    ]


def _deliveries(event_ids: list[int]) -> dict[int, list[Delivery]]:
    """By event, in one query."""
    rows = Delivery.objects.filter(event__in=event_ids).select_related("channel", "rule")
    found: dict[int, list[Delivery]] = {}
    for row in rows.defer("message", "trace", "channel__webhook_url").order_by("pk"):
        if row.event_id is not None:
            found.setdefault(row.event_id, []).append(row)
    return found
