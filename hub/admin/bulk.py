"""Redelivering and cancelling: the question first, with the count, then the deed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hub.admin.base import HubAdmin, person
from hub.models import Delivery
from hub.redelivering import CAN_BE_CANCELLED, CAN_BE_SENT_AGAIN, cancel, redeliver

State = Delivery.State


@dataclass(frozen=True, slots=True)
class Bulk:
    """The deliveries that are meant, what the form must send along to mean them again, and the
    page to go back to."""

    rows: QuerySet[Delivery]
    back: str
    hidden: Sequence[tuple[str, object]] = ()


def selected_rows(model_admin: HubAdmin, request: HttpRequest, rows: QuerySet[Any]) -> Bulk:
    """Those with a tick in the list."""
    chosen = [(ACTION_CHECKBOX_NAME, pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)]
    hidden = [("action", request.POST.get("action", "")), *chosen]
    return Bulk(_plain(rows), model_admin.own_url("changelist"), hidden)


def matching_rows(model_admin: HubAdmin, request: HttpRequest) -> Bulk:
    """All that the list shows with its present filter, up to the newest at the time of asking.

    Delivered ones are meant only where the filter names their state.
    """
    rows = model_admin.get_changelist_instance(request).get_queryset(request)
    if State.DELIVERED not in request.GET.getlist("state__exact"):
        rows = rows.exclude(state=State.DELIVERED)
    newest = request.POST.get("newest", "")
    last = (
        int(newest) if newest.isdecimal() else Delivery.objects.aggregate(pk=Max("pk"))["pk"] or 0
    )
    back = f"{model_admin.own_url('changelist')}?{request.GET.urlencode()}"
    return Bulk(_plain(rows.filter(pk__lte=last)), back, [("newest", last)])


def ask_to_redeliver(
    model_admin: HubAdmin, request: HttpRequest, bulk: Bulk
) -> HttpResponse | None:
    """None when it has been confirmed and done."""
    rows = bulk.rows.filter(state__in=CAN_BE_SENT_AGAIN)
    if request.POST.get("confirmed"):
        if not request.POST.get("with_delivered"):
            rows = rows.exclude(state=State.DELIVERED)
        count = redeliver(rows, user=person(request))
        done = ngettext("%(n)d delivery goes out again.", "%(n)d deliveries go out again.", count)
        messages.success(request, done % {"n": count})
        return None
    counts = _count_states(rows)
    delivered = counts.pop(State.DELIVERED, 0)
    return model_admin.page(
        request,
        "hub/redeliver.html",
        _("Redeliver"),
        hidden=bulk.hidden,
        back=bulk.back,
        counts=[(State(state).label, n) for state, n in counts.items()],
        undelivered=sum(counts.values()),
        delivered=delivered,
        total=sum(counts.values()) + delivered,
    )


def ask_to_cancel(model_admin: HubAdmin, request: HttpRequest, bulk: Bulk) -> HttpResponse | None:
    """None when it has been confirmed and done."""
    rows = bulk.rows.filter(state__in=CAN_BE_CANCELLED)
    if request.POST.get("confirmed"):
        count = cancel(rows, user=person(request))
        done = ngettext("%(n)d delivery is cancelled.", "%(n)d deliveries are cancelled.", count)
        messages.success(request, done % {"n": count})
        return None
    return model_admin.page(
        request,
        "hub/cancel.html",
        _("Cancel deliveries"),
        hidden=bulk.hidden,
        back=bulk.back,
        total=rows.count(),
    )


def _plain(rows: QuerySet[Any]) -> QuerySet[Delivery]:
    """The same rows without the joins and the order of the list."""
    return Delivery.objects.filter(pk__in=rows.order_by().values("pk")).order_by()


def _count_states(rows: QuerySet[Delivery]) -> dict[str, int]:
    counted = rows.values_list("state").annotate(n=Count("pk"))
    return dict(counted.order_by("state"))
