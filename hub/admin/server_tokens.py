"""A server's access tokens: the bot's and the administrator's, listed, made, rotated, revoked."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from hub import registry
from hub.admin.base import HubAdmin
from hub.admin.sentences import at
from hub.admin.server_forms import NewBotForm, NewTokenForm
from hub.admin.server_pages import carry_out, note_change, refused, shown_once
from hub.contracts import DeliveryError
from hub.credentials import take_stock
from hub.destinations import AccessToken
from hub.models import Credential, MattermostServer
from hub.models.hashed import GRACE
from hub.rotating import TOKEN_FIELDS, rotate_access_token, whoever_holds
from hub.views import admin_view, server_view

NAME = "tokens"
BOT, ADMIN = Credential.Sort.BOT_TOKEN, Credential.Sort.ADMIN_TOKEN


def tokens_page(page: HubAdmin, request: HttpRequest, server: MattermostServer) -> HttpResponse:
    act = request.POST.get("act", "")
    if request.method == "POST" and act not in ("create", "bot"):
        return carry_out(page, NAME, request, server, {"rotate": _rotate, "revoke": _revoke})
    token_form = NewTokenForm(request.POST if act == "create" else None)
    bot_form = NewBotForm(request.POST if act == "bot" else None)
    if token_form.is_bound and token_form.is_valid():
        return _create(page, request, server, token_form.cleaned_data["description"])
    if bot_form.is_bound and bot_form.is_valid():
        return carry_out(page, NAME, request, server, {"bot": _create_bot})
    take_stock(timezone.now())
    context = {
        "server": server,
        "form": token_form,
        "bot_form": bot_form,
        "holders": [_holder(request, server, sort) for sort in TOKEN_FIELDS],
        "object": server,
        "replaced": server.replaced_secrets.all(),
    }
    title = _("Access tokens of %(server)s") % {"server": server}
    return page.page(request, "hub/server_tokens.html", title, **context)


def _holder(
    request: HttpRequest, server: MattermostServer, sort: Credential.Sort
) -> dict[str, Any]:
    """The tokens of the account behind one of the server's two."""
    stored = getattr(server, TOKEN_FIELDS[sort])
    shown: dict[str, Any] = {"sort": sort.value, "label": sort.label, "is_set": bool(stored)}
    if not stored:
        return shown
    noted = Credential.objects.filter(sort=sort, owner_id=server.pk).first()
    shown["row"] = noted
    try:
        tokens = _tokens_of(server, sort)
    except DeliveryError as error:
        messages.warning(request, f"{sort.label}: {error}")
        return shown
    used = _used_id(noted, tokens)
    shown["tokens"] = [{"token": one, "is_used": one.token_id == used} for one in tokens]
    return shown


def _tokens_of(server: MattermostServer, sort: Credential.Sort) -> tuple[AccessToken, ...]:
    """Raises DeliveryError."""
    view = admin_view(server)
    own = server_view(server) if sort == BOT else view
    return registry.destination().administration.fetch_tokens(view, whoever_holds(own))


def _used_id(noted: Credential | None, tokens: tuple[AccessToken, ...]) -> str:
    """Empty where it cannot be told."""
    if noted is not None and noted.external_id:
        return noted.external_id
    return tokens[0].token_id if len(tokens) == 1 else ""


def _create(
    page: HubAdmin, request: HttpRequest, server: MattermostServer, description: str
) -> HttpResponse:
    """For the bot's account: to be entered somewhere else."""
    view, back = admin_view(server), page.own_url(NAME, server.pk)
    try:
        holder = whoever_holds(server_view(server))
        made = registry.destination().administration.create_token(view, holder, description)
    except DeliveryError as error:
        return refused(page, NAME, request, server, error)
    note_change(page, request, server, f"{NAME}: create")
    label = _("Access token “%(name)s”") % {"name": description}
    return shown_once(page, request, label=label, secret=made.secret, back=back)


def _rotate(request: HttpRequest, server: MattermostServer) -> str:
    """Raises DeliveryError."""
    now = timezone.now()
    sort = ADMIN if request.POST.get("sort") == ADMIN else BOT
    old = rotate_access_token(server, sort, now)
    if old is None:
        return _(
            "The new token is in use. Which of the others was the old one cannot be told: revoke "
            "it in the list."
        )
    return _("The new token is in use; the old one is revoked at %(time)s.") % {
        "time": at(now + GRACE, now)
    }


def _revoke(request: HttpRequest, server: MattermostServer) -> str:
    """Raises DeliveryError. The one in use stays."""
    token_id = request.POST.get("token_id", "")
    if not token_id or token_id in _ids_in_use(server):
        raise DeliveryError(_("The hub uses this token: rotate it instead."))
    registry.destination().administration.revoke_token(admin_view(server), token_id)
    return _("The token is revoked.")


def _ids_in_use(server: MattermostServer) -> set[str]:
    """Of the tokens that the hub itself holds, as far as they can be told. Raises DeliveryError."""
    take_stock(timezone.now())
    noted = {
        one.sort: one
        for one in Credential.objects.filter(owner_id=server.pk, sort__in=TOKEN_FIELDS)
    }
    return {
        _used_id(noted.get(sort), _tokens_of(server, sort))
        for sort, field in TOKEN_FIELDS.items()
        if getattr(server, field)
    }


def _create_bot(request: HttpRequest, server: MattermostServer) -> str:
    """Raises DeliveryError."""
    form = NewBotForm(request.POST)
    form.is_valid()
    made = registry.destination().administration.create_bot(
        admin_view(server), form.cleaned_data["username"], form.cleaned_data["display_name"]
    )
    return _("The bot account @%(bot)s is there. Add it to the team and make a token for it.") % {
        "bot": made.username
    }
