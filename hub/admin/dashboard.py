"""The first page: what needs attention, a way to look up a ticket, the figures of the day."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from hub.admin.attention import bounded_count, find_what_needs_attention, shown_count
from hub.admin.cells import event_tag, list_url, row_url
from hub.admin.figures import Figures, collect_figures
from hub.models import Channel, Delivery, Event, MattermostServer, SlashCommand, WebhookToken

MAY_LOOK = "hub.view_delivery"
LAST_EVENTS = 8


def dashboard_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What templates/admin/index.html shows. Called by the theme."""
    if not request.user.has_perm(MAY_LOOK):
        return context | {"may_look": False}
    now = timezone.now()
    figures = collect_figures(now)
    return context | {
        "title": _("Overview"),
        "may_look": True,
        "findings": find_what_needs_attention(now),
        "steps": _first_steps(request),
        "tiles": _tiles(figures),
        "figures": figures,
        "chart": _chart(figures),
        "last_events": _last_events(),
        "now": now,
    }


def _tiles(figures: Figures) -> list[dict[str, str]]:
    """Four numbers."""
    open_rows = bounded_count(Delivery.objects.filter(state__in=Delivery.OPEN_STATES))
    dead = bounded_count(Delivery.objects.filter(state=Delivery.State.DEAD))
    cut = "+" if figures.is_cut else ""
    return [
        _tile(_("received"), f"{figures.received}{cut}", reverse("admin:hub_event_changelist")),
        _tile(
            _("delivered"),
            f"{figures.delivered}{cut}",
            list_url(Delivery, state__exact=Delivery.State.DELIVERED),
        ),
        _tile(_("waiting now"), shown_count(open_rows), _waiting_url()),
        _tile(
            _("dead letters"),
            shown_count(dead),
            list_url(Delivery, state__exact=Delivery.State.DEAD),
            "bad" if dead else "",
        ),
    ]


def _tile(label: str, figure: str, url: str, tone: str = "") -> dict[str, str]:
    return {"label": label, "figure": figure, "url": url, "tone": tone}


def _waiting_url() -> str:
    states = "&".join(f"state__exact={state}" for state in Delivery.OPEN_STATES)
    return f"{reverse('admin:hub_delivery_changelist')}?{states}"


def _chart(figures: Figures) -> dict[str, Any]:
    """For Chart.js, which the theme brings along; hub/admin.js draws it in the page's colours."""
    return {
        "labels": [hour.label for hour in figures.hours],
        "delivered": [hour.delivered for hour in figures.hours],
        "not_sent": [hour.not_sent for hour in figures.hours],
        "delivered_label": _("delivered"),
        "not_sent_label": _("not sent"),
    }


def _last_events() -> list[dict[str, Any]]:
    rows = Event.objects.select_related("source", "reference").order_by("-pk")
    rows = rows.defer("body", "headers", "data", "trace", "source__credentials")
    return [{"row": row, "tag": event_tag(row)} for row in rows[:LAST_EVENTS]]


def _first_steps(request: HttpRequest) -> list[dict[str, Any]]:
    """What a new hub still needs, in order; empty when it has all."""
    server = MattermostServer.objects.order_by("pk").first()
    has_token = WebhookToken.objects.filter(revoked_at=None, is_test=False).exclude(
        label="sample traffic"
    )
    has_event = Event.objects.exists()
    steps = [
        _step(
            _("Connect Mattermost: its address, the team and the token of a bot."),
            row_url(server) if server else _add_url(request, "mattermostserver"),
            bool(server and server.bot_user_id),
        ),
        _step(
            _("Check the channels: do they exist, may the bot post there?"),
            reverse("admin:hub_channel_changelist"),
            Channel.objects.filter(Q(problem=""), checked_at__isnull=False).exists(),
        ),
        _step(
            _("Issue a webhook token, and follow the recipe for the other side."),
            _add_url(request, "webhooktoken"),
            has_token.exists(),
        ),
        _step(
            _("Wait for the first event, and see what the rules make of it."),
            reverse("admin:hub_event_changelist"),
            has_event,
        ),
        _step(
            _("Create /reply, /ticket and /hub in Mattermost, or switch off what you do not want."),
            reverse("admin:hub_slashcommand_changelist"),
            not SlashCommand.objects.filter(is_active=True, token_sha256="").exists(),
        ),
    ]
    return [] if all(step["is_done"] for step in steps[2:]) else steps


def _add_url(request: HttpRequest, model: str) -> str:
    """The list, for who may only look."""
    page = "add" if request.user.has_perm(f"hub.add_{model}") else "changelist"
    return reverse(f"admin:hub_{model}_{page}")


def _step(sentence: str, url: str, is_done: bool) -> dict[str, Any]:
    return {"sentence": sentence, "url": url, "is_done": is_done}
