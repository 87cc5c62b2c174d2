"""A server's channels: looked up, created within the conventions, and the bot brought in."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from hub import registry
from hub.admin.base import HubAdmin
from hub.admin.channel_warnings import warnings_of
from hub.admin.server_forms import NewChannelForm
from hub.admin.server_pages import carry_out
from hub.contracts import DeliveryError
from hub.delivering import save_findings
from hub.destinations import FoundChannel, NewChannel
from hub.models import Channel, MattermostServer
from hub.views import admin_view

NAME = "channels"


def channels_page(page: HubAdmin, request: HttpRequest, server: MattermostServer) -> HttpResponse:
    if request.method == "POST" and request.POST.get("act") != "create":
        return carry_out(page, NAME, request, server, {"adopt": _adopt, "join": _join})
    form = NewChannelForm(request.POST or None)
    if form.is_bound and form.is_valid():
        return carry_out(page, NAME, request, server, {"create": _create})
    term = request.GET.get("term", "").strip()
    context = {"server": server, "object": server, "form": form, "term": term, "found": []}
    if term:
        context["found"] = _look_up(request, server, term)
    title = _("Channels of %(server)s") % {"server": server}
    return page.page(request, "hub/server_channels.html", title, **context)


def _look_up(request: HttpRequest, server: MattermostServer, term: str) -> list[dict[str, Any]]:
    try:
        found = registry.destination().administration.find_channels(admin_view(server), term)
    except DeliveryError as error:
        messages.error(request, str(error))
        return []
    known = {one.channel_id or one.name: one for one in server.channels.all()}
    return [
        {"channel": one, "row": known.get(one.channel_id) or known.get(one.name)} for one in found
    ]


def _create(request: HttpRequest, server: MattermostServer) -> str:
    """In Mattermost and here, with the bot as a member. Raises DeliveryError."""
    form = NewChannelForm(request.POST)
    form.is_valid()
    wanted = NewChannel(
        name=form.cleaned_data["name"],
        display_name=form.cleaned_data["display_name"],
        is_private=form.cleaned_data["is_private"],
        purpose=form.cleaned_data["purpose"],
    )
    found = registry.destination().administration.create_channel(admin_view(server), wanted)
    row = _keep(server, found, purpose=wanted.purpose)
    for warning in warnings_of(row):
        messages.warning(request, f"{row}: {warning}")
    _bring_bot_in(server, found.channel_id)
    return _("%(channel)s is created, and the bot is a member.") % {"channel": row}


def _adopt(request: HttpRequest, server: MattermostServer) -> str:
    """One that is in Mattermost becomes a channel of the hub. Raises DeliveryError."""
    found = _named(request, server)
    row = _keep(server, found)
    return _("%(channel)s can be chosen in rules now.") % {"channel": row}


def _join(request: HttpRequest, server: MattermostServer) -> str:
    """Raises DeliveryError."""
    found = _named(request, server)
    _bring_bot_in(server, found.channel_id)
    return _("The bot is a member of ~%(channel)s.") % {"channel": found.name}


def _named(request: HttpRequest, server: MattermostServer) -> FoundChannel:
    """Raises DeliveryError."""
    name = request.POST.get("name", "")
    return registry.destination().find_channel(admin_view(server), Channel.Kind.PUBLIC, name)


def _bring_bot_in(server: MattermostServer, channel_id: str) -> None:
    """Raises DeliveryError."""
    if not server.bot_user_id:
        raise DeliveryError(_("The hub does not know its bot yet: check the connection first."))
    administration = registry.destination().administration
    administration.add_member(admin_view(server), channel_id, server.bot_user_id)


def _keep(server: MattermostServer, found: FoundChannel, *, purpose: str = "") -> Channel:
    """The row of a channel; what an admin set of it stays."""
    with transaction.atomic():
        row, _is_new = Channel.objects.get_or_create(
            server=server,
            name=found.name,
            defaults={
                "display_name": found.display_name[:64],
                "kind": found.kind,
                "purpose": purpose,
            },
        )
        save_findings({}, {row.pk: found})
    return row
