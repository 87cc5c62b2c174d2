"""Mattermost servers: the bot that posts there, and whether it can be reached."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub import registry
from hub.admin.base import HistoryAdmin, HubAdmin, secret_state
from hub.admin.cells import NOTHING, tag, two_lines
from hub.admin.secret_fields import SecretForm
from hub.admin.sentences import age
from hub.admin.server_channels import channels_page
from hub.admin.server_hooks import hooks_page
from hub.admin.server_tokens import tokens_page
from hub.contracts import DeliveryError
from hub.delivering import save_findings
from hub.destinations import Connection
from hub.doctor import examine
from hub.models import MattermostServer
from hub.views import server_view

ShowPage: TypeAlias = Callable[[HubAdmin, HttpRequest, MattermostServer], HttpResponse]

PAGES: Final[Mapping[str, ShowPage]] = {
    "channels": channels_page,
    "hooks": hooks_page,
    "tokens": tokens_page,
}
TONES: Final = {"good": "good", "warning": "warning", "bad": "bad", "unknown": "quiet"}


@admin.register(MattermostServer)
class MattermostServerAdmin(HistoryAdmin):
    form = SecretForm
    list_display = ("name", "state_cell", "base_url", "team", "bot_cell", "server_version")
    search_fields = ("name", "base_url")
    change_form_outer_before_template = "hub/server_panel.html"
    hidden_values = {"bot_token": "bot_token_state", "admin_token": "admin_token_state"}
    bot_token_state = secret_state("bot_token", gettext_lazy("bot token"))
    admin_token_state = secret_state("admin_token", gettext_lazy("administrator's token"))
    autocomplete_fields = ("reminders_channel",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("name", "is_active"),
                    ("base_url", "team"),
                    "bot_token",
                    "admin_token",
                    "reminders_channel",
                    "has_verified_emails",
                )
            },
        ),
        (
            gettext_lazy("What it says of itself"),
            {"fields": (("bot_username", "bot_user_id"), ("server_version", "team_id"))},
        ),
    )
    readonly_fields = ("bot_username", "bot_user_id", "server_version", "team_id")

    def own_paths(self) -> list[URLPattern]:
        return [
            self.own_path("<int:pk>/check/", self.check_view, "check"),
            self.own_path("doctor/", self.doctor_view, "doctor"),
            *(
                self.own_path(f"<int:pk>/{name}/", partial(self._open, show), name)
                for name, show in PAGES.items()
            ),
        ]

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {
            "server": row,
            "state_tag": self.state_cell(row),
            "may_change": self.has_change_permission(request, row),
        }

    @method_decorator(require_POST)
    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.find(request, pk)
        self.require(self.has_change_permission(request, row))
        try:
            found = check_server(row)
        except DeliveryError as error:
            messages.error(request, f"{row}: {error}")
        else:
            words = {"bot": found.username, "team": row.team, "version": found.server_version}
            sentence = _("Connected as @%(bot)s to the team “%(team)s”, Mattermost %(version)s.")
            messages.success(request, sentence % words)
        return HttpResponseRedirect(self.own_url("change", pk))

    def doctor_view(self, request: HttpRequest) -> HttpResponse:
        """Tries everything: nothing is done by looking, so it starts with a press."""
        self.require(self.has_change_permission(request))
        is_asked = request.method == "POST"
        found = examine(timezone.now()) if is_asked else []
        shown = [{"tag": tag(one.subject, TONES[one.verdict]), "one": one} for one in found]
        title = _("Doctor")
        head = {"opts": None, "content_title": title}  # it is about more than servers
        context = {"found": shown, "is_asked": is_asked}
        return self.page(request, "hub/doctor.html", title, **head, **context)

    def _open(self, show: ShowPage, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.find(request, pk)
        self.require(self.has_change_permission(request, row))
        return show(self, request, row)

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, row: MattermostServer) -> str:
        if not row.is_active:
            return tag(_("switched off"), "quiet")
        if row.down_since is not None:
            for_how_long = age(row.down_since, timezone.now())
            return two_lines(
                tag(_("down"), "bad"), _("for %(time)s; messages are held") % {"time": for_how_long}
            )
        if not row.bot_token:
            return tag(_("no bot token"), "warning")
        return tag(_("up"), "good") if row.bot_user_id else tag(_("not checked"), "quiet")

    @admin.display(description=gettext_lazy("bot"))
    def bot_cell(self, row: MattermostServer) -> str:
        return f"@{row.bot_username}" if row.bot_username else NOTHING


def check_server(server: MattermostServer) -> Connection:
    """Who the token belongs to; kept with the server. Raises DeliveryError."""
    found = registry.destination().check_connection(server_view(server))
    save_findings({server.pk: found}, {})
    return found
