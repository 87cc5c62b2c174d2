"""Channels: where messages go, whether the bot can post there, and what to do when it cannot."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub import registry
from hub.admin.base import HistoryAdmin, secret_state
from hub.admin.cells import NOTHING, tag, time_cell, two_lines
from hub.admin.channel_warnings import limits_of, warnings_of
from hub.admin.quiet_fields import (
    CONDITIONAL_QUIET_FIELDS,
    QUIET_FIELDSET,
    ask_for_little,
    weekdays_field,
)
from hub.admin.restraint_notes import notes_about
from hub.admin.secret_fields import SecretForm
from hub.admin.theme import RelatedFilter
from hub.contracts import DeliveryError
from hub.delivering import save_findings
from hub.destinations import FoundChannel
from hub.models import Channel
from hub.views import admin_view, server_view


class ChannelForm(SecretForm):
    quiet_days = weekdays_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_for_little(self.fields)


@admin.register(Channel)
class ChannelAdmin(HistoryAdmin):
    form = ChannelForm
    list_display = (
        "name_cell",
        "state_cell",
        "kind",
        "post_via",
        "language",
        "server_cell",
        "checked_cell",
    )
    list_filter = (("server", RelatedFilter), "kind", "post_via", "is_paused")
    search_fields = ("name", "display_name", "purpose")
    autocomplete_fields = ("server",)
    list_select_related = ("server",)
    actions = ("check_selected", "pause_selected", "resume_selected")
    change_form_outer_before_template = "hub/channel_panel.html"
    conditional_fields = CONDITIONAL_QUIET_FIELDS | {
        "webhook_url": "post_via == 'incoming_webhook'"
    }
    hidden_values = {"webhook_url": "webhook_url_state"}
    webhook_url_state = secret_state("webhook_url", gettext_lazy("incoming webhook address"))
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("server", "kind"),
                    ("name", "display_name"),
                    "purpose",
                    ("language", "zone"),
                )
            },
        ),
        (
            gettext_lazy("How it is posted"),
            {
                "fields": (
                    "post_via",
                    "webhook_url",
                    ("threading", "thread_replies"),
                    "is_cleared_for_private",
                    ("max_posts_per_minute", "is_paused"),
                    "channel_id",
                )
            },
        ),
        QUIET_FIELDSET,
    )

    def own_paths(self) -> list[URLPattern]:
        return [
            self.own_path("<int:pk>/check/", self.check_view, "check"),
            self.own_path("<int:pk>/repair/", self.repair_view, "repair"),
            self.own_path("<int:pk>/pause/", self.pause_view, "pause"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("server")

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {
            "channel": row,
            "restraints": notes_about(row, timezone.now()),
            "channel_warnings": warnings_of(row),
            "channel_limits": limits_of(row),
            "may_change": self.has_change_permission(request, row),
        }

    @method_decorator(require_POST)
    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._run(request, pk, check_channel)

    @method_decorator(require_POST)
    def repair_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._run(request, pk, repair_membership)

    @method_decorator(require_POST)
    def pause_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Pauses a channel, or lets it go on: the drains see it within seconds."""
        return self._run(request, pk, _toggle_pause)

    @admin.action(description=gettext_lazy("Check the selected"), permissions=["change"])
    def check_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        for row in rows:
            self._tell(request, row, check_channel)

    @admin.action(description=gettext_lazy("Pause the selected"), permissions=["change"])
    def pause_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        for row in rows.filter(is_paused=False):
            self._tell(request, row, _toggle_pause)

    @admin.action(description=gettext_lazy("Let the selected go on"), permissions=["change"])
    def resume_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        for row in rows.filter(is_paused=True):
            self._tell(request, row, _toggle_pause)

    @admin.display(description=gettext_lazy("channel"), ordering="name")
    def name_cell(self, row: Channel) -> str:
        return two_lines(str(row), row.display_name)

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, row: Channel) -> str:
        if row.problem:
            return two_lines(tag(_("problem"), "bad"), row.problem)
        if row.is_paused:
            return tag(_("paused"), "warning")
        found = warnings_of(row)
        if found:
            return two_lines(tag(_("warning"), "warning"), found[0])
        return tag(_("ready"), "good") if row.checked_at else tag(_("not checked"), "quiet")

    @admin.display(description=gettext_lazy("server"))
    def server_cell(self, row: Channel) -> str:
        return str(row.server)

    @admin.display(description=gettext_lazy("checked"))
    def checked_cell(self, row: Channel) -> str:
        return time_cell(row.checked_at) if row.checked_at else NOTHING

    def _run(
        self, request: HttpRequest, pk: int, act: Callable[[Channel], str]
    ) -> HttpResponseRedirect:
        row = self.find(request, pk)
        self.require(self.has_change_permission(request, row))
        self._tell(request, row, act)
        return HttpResponseRedirect(self.own_url("change", pk))

    def _tell(self, request: HttpRequest, row: Channel, act: Callable[[Channel], str]) -> None:
        try:
            messages.success(request, f"{row}: {act(row)}")
        except DeliveryError as error:
            messages.error(request, f"{row}: {error}")


def check_channel(channel: Channel) -> str:
    """Ask Mattermost whether the bot can post there, and keep the answer.

    Raises DeliveryError with what is wrong.
    """
    if channel.post_via == Channel.PostVia.INCOMING_WEBHOOK:
        return _("posted by an incoming webhook, which can only be tried by posting.")
    found = _find(channel)
    if found.problem:
        raise DeliveryError(found.problem)
    return _("the bot can post there.")


def repair_membership(channel: Channel) -> str:
    """Make the bot a member, then look again. Raises DeliveryError."""
    server = channel.server
    if server.admin_token and server.bot_user_id:
        _bring_bot_in(channel)
        return check_channel(channel)
    found = _find(channel)
    if not found.is_bot_member:
        registry.destination().join_channel(server_view(server), found.channel_id)
    return check_channel(channel)


def _bring_bot_in(channel: Channel) -> None:
    """As the administrator, who sees private channels too. Raises DeliveryError."""
    destination, view = registry.destination(), admin_view(channel.server)
    found = destination.find_channel(view, channel.kind, channel.name)
    bot_id = channel.server.bot_user_id
    destination.administration.add_member(view, found.channel_id, bot_id)


def _find(channel: Channel) -> FoundChannel:
    try:
        found = registry.destination().find_channel(
            server_view(channel.server), channel.kind, channel.name
        )
    except DeliveryError as error:
        if error.permanent:  # it is there to be read later; a server that is down is no finding
            found = FoundChannel(
                channel.channel_id, channel.name, "", channel.kind, False, str(error)
            )
            save_findings({}, {channel.pk: found})
        raise
    save_findings({}, {channel.pk: found})
    return found


def _toggle_pause(channel: Channel) -> str:
    channel.is_paused = not channel.is_paused
    channel.save(update_fields=["is_paused"])
    if channel.is_paused:
        return _("paused. Messages are held until you let it go on.")
    return _("goes on. What was held is sent now.")
