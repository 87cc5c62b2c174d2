"""What the pages of one server share: a deed by button, a secret that is shown once."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.admin.base import HubAdmin
from hub.contracts import DeliveryError
from hub.models import MattermostServer

Deed: TypeAlias = Callable[[HttpRequest, MattermostServer], str]  # what to say when it is done
Deeds: TypeAlias = Mapping[str, Deed]  # by the value of the button


FINAL: Final = {  # what cannot be taken back is asked about first
    "delete": gettext_lazy("Delete it in Mattermost?"),
    "revoke": gettext_lazy("Revoke it in Mattermost?"),
}


def carry_out(
    page: HubAdmin, name: str, request: HttpRequest, server: MattermostServer, deeds: Deeds
) -> HttpResponse:
    """What the pressed button asks for, then the same page again. DeliveryError is shown."""
    act = request.POST.get("act", "")
    if act in FINAL and not request.POST.get("confirmed"):
        return _ask(page, name, request, server)
    try:
        if act in deeds:
            messages.success(request, deeds[act](request, server))
            note_change(page, request, server, f"{name}: {act}")
    except DeliveryError as error:
        return refused(page, name, request, server, error)
    return HttpResponseRedirect(page.own_url(name, server.pk))


def _ask(page: HubAdmin, name: str, request: HttpRequest, server: MattermostServer) -> HttpResponse:
    kept = ("act", "key", "token_id")
    context = {
        "hidden": [(one, request.POST[one]) for one in kept if one in request.POST],
        "what": request.POST.get("what", ""),
        "back": page.own_url(name, server.pk),
        "object": server,
    }
    title = str(FINAL[request.POST["act"]])
    return page.page(request, "hub/server_question.html", title, **context)


def refused(
    page: HubAdmin, name: str, request: HttpRequest, server: MattermostServer, error: DeliveryError
) -> HttpResponse:
    messages.error(request, str(error))
    return HttpResponseRedirect(page.own_url(name, server.pk))


def note_change(page: HubAdmin, request: HttpRequest, server: MattermostServer, what: str) -> None:
    """In the log of the admin: who did what in Mattermost."""
    page.log_change(request, server, [{"changed": {"fields": [what]}}])


def shown_once(
    page: HubAdmin, request: HttpRequest, *, label: str, secret: str, back: str
) -> HttpResponse:
    """In this answer and nowhere else."""
    context = {"label": label, "secret": secret, "back": back}
    answer = page.page(request, "hub/secret_shown.html", _("Copy it now"), **context)
    answer["Cache-Control"] = "no-store"
    return answer
