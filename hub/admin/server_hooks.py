"""A server's incoming webhooks: listed with their age, made, rotated, deleted."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from hub import registry, secrets
from hub.admin.base import HubAdmin
from hub.admin.sentences import age
from hub.admin.server_forms import NewHookForm
from hub.admin.server_pages import carry_out, note_change, refused, shown_once
from hub.contracts import DeliveryError
from hub.destinations import IncomingHook
from hub.models import Channel, MattermostServer
from hub.rotating import rotate_incoming_webhook
from hub.secrets import hash_token
from hub.views import admin_view

NAME = "hooks"
KEY_LENGTH = 16  # of the hash: names a webhook on the page, whose id is its secret


def hooks_page(page: HubAdmin, request: HttpRequest, server: MattermostServer) -> HttpResponse:
    if request.method == "POST" and request.POST.get("act") != "create":
        return carry_out(page, NAME, request, server, {"delete": _delete, "rotate": _rotate})
    form = NewHookForm(request.POST or None, server=server)
    if form.is_bound and form.is_valid():
        return _create(page, request, server, form)
    context = {"server": server, "object": server, "form": form, "hooks": _listed(request, server)}
    title = _("Incoming webhooks of %(server)s") % {"server": server}
    return page.page(request, "hub/server_hooks.html", title, **context)


def _listed(request: HttpRequest, server: MattermostServer) -> list[dict[str, Any]]:
    try:
        hooks = registry.destination().administration.fetch_hooks(admin_view(server))
    except DeliveryError as error:
        messages.error(request, str(error))
        return []
    channels = list(server.channels.all())
    users = {_key(secrets.resolve(one.webhook_url).rpartition("/")[2]): one for one in channels}
    names = {one.channel_id: str(one) for one in channels if one.channel_id}
    now = timezone.now()
    return [
        {
            "name": one.name,
            "channel": names.get(one.channel_id, one.channel_id),
            "age": age(one.created_at, now) if one.created_at else "",
            "key": _key(one.hook_id),
            "user": users.get(_key(one.hook_id)),
        }
        for one in hooks
    ]


def _create(
    page: HubAdmin, request: HttpRequest, server: MattermostServer, form: NewHookForm
) -> HttpResponse:
    channel = form.cleaned_data["channel"]
    if form.cleaned_data["is_used"]:
        return carry_out(page, NAME, request, server, {"create": _create_for_hub})
    back = page.own_url(NAME, server.pk)
    try:
        made = _make(channel)
    except DeliveryError as error:
        return refused(page, NAME, request, server, error)
    note_change(page, request, server, f"{NAME}: create")
    label = _("Incoming webhook of %(channel)s") % {"channel": channel}
    return shown_once(page, request, label=label, secret=made.url, back=back)


def _create_for_hub(request: HttpRequest, server: MattermostServer) -> str:
    """Raises DeliveryError."""
    form = NewHookForm(request.POST, server=server)
    form.is_valid()
    channel: Channel = form.cleaned_data["channel"]
    channel.webhook_url = _make(channel).url
    channel.post_via = Channel.PostVia.INCOMING_WEBHOOK
    channel.save(update_fields=["webhook_url", "post_via"])
    return _("The hub posts to %(channel)s through a webhook of its own now.") % {
        "channel": channel
    }


def _make(channel: Channel) -> IncomingHook:
    """Raises DeliveryError."""
    destination, view = registry.destination(), admin_view(channel.server)
    channel_id = channel.channel_id
    if not channel_id:
        channel_id = destination.find_channel(view, channel.kind, channel.name).channel_id
    return destination.administration.create_hook(view, channel_id, f"hub {channel.name}")


def _rotate(request: HttpRequest, server: MattermostServer) -> str:
    """Raises DeliveryError."""
    now = timezone.now()
    channel = _user_of(request, server)
    if channel is None:
        raise DeliveryError(_("The hub does not post through this webhook: it cannot switch it."))
    rotate_incoming_webhook(channel, now)
    return _("%(channel)s has a new webhook; the old one is deleted in an hour.") % {
        "channel": channel
    }


def _delete(request: HttpRequest, server: MattermostServer) -> str:
    """Raises DeliveryError. One that the hub posts through stays."""
    if _user_of(request, server) is not None:
        raise DeliveryError(_("The hub posts through this webhook: rotate it instead."))
    administration, view = registry.destination().administration, admin_view(server)
    for hook in administration.fetch_hooks(view):
        if _key(hook.hook_id) == request.POST.get("key"):
            administration.delete_hook(view, hook.hook_id)
            return _("The webhook “%(name)s” is deleted.") % {"name": hook.name}
    raise DeliveryError(_("This webhook is gone already."))


def _user_of(request: HttpRequest, server: MattermostServer) -> Channel | None:
    """The channel of the hub that posts through the webhook of the pressed button."""
    for channel in server.channels.select_related("server"):
        hook_id = secrets.resolve(channel.webhook_url).rstrip("/").rpartition("/")[2]
        if hook_id and _key(hook_id) == request.POST.get("key"):
            return channel
    return None


def _key(hook_id: str) -> str:
    return hash_token(hook_id)[:KEY_LENGTH]
