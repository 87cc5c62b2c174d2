"""Deliveries: what was sent where and when, or why not; and sending it again."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext

from hub.admin.base import ReferencedAdmin
from hub.admin.bulk import (
    Bulk,
    ask_to_cancel,
    ask_to_redeliver,
    matching_rows,
    selected_rows,
)
from hub.admin.cells import (
    DELIVERY_TONES,
    NOTHING,
    delivery_tag,
    list_url,
    question_tag,
    time_cell,
    two_lines,
)
from hub.admin.filters import DayFilter
from hub.admin.restraint_notes import find_withholder
from hub.admin.sentences import describe_delivery
from hub.admin.theme import AutocompleteFilter, ChoicesFilter, RelatedFilter
from hub.admin.threads import post_url
from hub.admin.traces import read_trace
from hub.looking_up import find_references
from hub.models import ActionTarget, Attempt, Delivery
from hub.previewing import stored_message_html
from hub.redelivering import CAN_BE_CANCELLED, CAN_BE_SENT_AGAIN
from hub.showing import shows_question
from hub.stored_sentences import translate_stored

MAY_REDELIVER = "hub.redeliver"
MAX_SIBLINGS = 20
WAITING = (Delivery.State.PENDING, Delivery.State.FAILED)
EVENT_FIELDS = ("event__body", "event__data", "event__headers", "event__trace")
HEAVY_FIELDS = (  # not for lists; secrets would be decrypted for every row
    "message",
    "trace",
    "channel__webhook_url",
    *EVENT_FIELDS,
)


@admin.register(Delivery)
class DeliveryAdmin(ReferencedAdmin):
    list_display = (
        "state_cell",
        "about_cell",
        "channel_cell",
        "rule_cell",
        "attempt_cell",
        "reason_cell",
        "time_cell",
    )
    list_select_related = ("channel", "rule", "reference", "event")
    list_filter = (
        ("state", ChoicesFilter),
        ("channel", AutocompleteFilter),
        ("rule", AutocompleteFilter),
        ("event__source", RelatedFilter),
        ("created_at", DayFilter),
    )
    list_display_links = ("state_cell", "about_cell")
    list_before_template = "hub/delivery_list_top.html"
    actions = ("redeliver_selected", "cancel_selected")

    def own_paths(self) -> list[URLPattern]:
        return [
            self.own_path("redeliver/", self.redeliver_matching, "redeliver_matching"),
            self.own_path("<int:pk>/redeliver/", self.redeliver_one, "redeliver"),
            self.own_path("<int:pk>/cancel/", self.cancel_one, "cancel"),
        ]

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_REDELIVER)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related(*self.list_select_related)
        return rows.defer(*HEAVY_FIELDS)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        typed = request.GET.get("q", "").strip()
        context = {
            "searched": typed,
            "found_references": list(find_references(typed)[:5]) if typed else [],
            "redeliver_url": f"{self.own_url('redeliver_matching')}?{request.GET.urlencode()}",
            "may_redeliver": self.has_redeliver_permission(request),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @admin.action(description=gettext_lazy("Redeliver the selected"), permissions=["redeliver"])
    def redeliver_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        return ask_to_redeliver(self, request, selected_rows(self, request, rows))

    @admin.action(description=gettext_lazy("Cancel the selected"), permissions=["redeliver"])
    def cancel_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        return ask_to_cancel(self, request, selected_rows(self, request, rows))

    def redeliver_matching(self, request: HttpRequest) -> HttpResponse:
        """All that the list shows with its present filter."""
        self.require(self.has_redeliver_permission(request))
        bulk = matching_rows(self, request)
        return ask_to_redeliver(self, request, bulk) or HttpResponseRedirect(bulk.back)

    def redeliver_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require(self.has_redeliver_permission(request))
        bulk = self._only(request, pk)
        return ask_to_redeliver(self, request, bulk) or HttpResponseRedirect(bulk.back)

    def cancel_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require(self.has_redeliver_permission(request))
        bulk = self._only(request, pk)
        return ask_to_cancel(self, request, bulk) or HttpResponseRedirect(bulk.back)

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, row: Delivery) -> str:
        return delivery_tag(row)

    @admin.display(description=gettext_lazy("about"))
    def about_cell(self, row: Delivery) -> Any:
        if row.reference is not None:
            return two_lines(row.reference, row.reference.title)
        return two_lines(row.event.kind or NOTHING, row.event.title) if row.event else NOTHING

    @admin.display(description=gettext_lazy("channel"))
    def channel_cell(self, row: Delivery) -> Any:
        return str(row.channel)

    @admin.display(description=gettext_lazy("rule"))
    def rule_cell(self, row: Delivery) -> Any:
        return row.rule or NOTHING

    @admin.display(description=gettext_lazy("what"))
    def attempt_cell(self, row: Delivery) -> Any:
        if not row.attempt_count:
            return row.get_action_display()
        count = row.attempt_count
        attempts = ngettext("%(n)d attempt", "%(n)d attempts", count) % {"n": count}
        return two_lines(row.get_action_display(), attempts)

    @admin.display(description=gettext_lazy("why"))
    def reason_cell(self, row: Delivery) -> Any:
        return two_lines("", translate_stored(row.reason)) if row.reason else NOTHING

    @admin.display(description=gettext_lazy("time"))
    def time_cell(self, row: Delivery) -> Any:
        return time_cell(row.delivered_at or row.created_at)

    def _only(self, request: HttpRequest, pk: int) -> Bulk:
        row = self.find(request, pk)
        return Bulk(Delivery.objects.filter(pk=row.pk), self.own_url("change", pk))

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        now = timezone.now()
        attempts: Sequence[Attempt] = list(
            row.attempts.select_related("requested_by").order_by("started_at", "pk")
        )
        may = self.has_redeliver_permission(request)
        return {
            "title": describe_delivery(row, now),
            "now": now,
            "delivery": row,
            "state_tag": delivery_tag(row),
            "tone": DELIVERY_TONES.get(row.state, "quiet"),
            "next_attempt": row.due_at if row.state in WAITING and row.due_at > now else None,
            "message_html": stored_message_html(row.message),
            "attempts": attempts,
            "post_url": post_url(row.server, row.post_id),
            "traced": read_trace(row.trace),
            "siblings": _siblings(row),
            "withholder": find_withholder(row),
            "tells": list(_tells(row)),
            "tells_url": list_url(Delivery, told_in__id__exact=row.pk),
            "questions": _questions(row),
            "can_redeliver": may and row.state in CAN_BE_SENT_AGAIN,
            "can_cancel": may and row.state in CAN_BE_CANCELLED,
        }


def _tells(row: Delivery) -> QuerySet[Delivery]:
    """The messages that its post stands for: repeats, and what was gathered."""
    told = row.tells.filter(action=Delivery.Action.POST).select_related("reference", "event")
    return told.defer("message", "trace", *EVENT_FIELDS).order_by("-pk")[:MAX_SIBLINGS]


def _questions(row: Delivery) -> list[dict[str, Any]]:
    """Its buttons, and how they stand."""
    rows = ActionTarget.objects.filter(event=row.event).defer("buttons")
    found = [one for one in rows if shows_question(row.message, one.key)]
    return [{"row": one, "tag": question_tag(one)} for one in found]


def _siblings(row: Delivery) -> list[dict[str, Any]]:
    """What else its event led to: other channels, the card, repeats."""
    if row.event_id is None:
        return []
    others = Delivery.objects.filter(event_id=row.event_id).exclude(pk=row.pk)
    others = others.select_related("channel").defer("message", "trace", "channel__webhook_url")
    return [{"row": one, "tag": delivery_tag(one)} for one in others[:MAX_SIBLINGS]]
