"""Slash commands: who may use them, made in Mattermost by one button, checked, their tokens."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub.admin.base import HistoryAdmin
from hub.admin.cells import NOTHING, tag, time_cell, two_lines
from hub.admin.sentences import age
from hub.admin.theme import ModelForm, PasswordWidget, RelatedFilter
from hub.contracts import DeliveryError
from hub.models import SlashCommand
from hub.registering import (
    check_command,
    command_url,
    private_address_warning,
    register_command,
    set_command_token,
)
from hub.rotating import rotate_command_token


class CommandForm(ModelForm):
    """A token can be typed in and does not come out: only its hash is kept."""

    token = forms.CharField(
        label=gettext_lazy("Token from Mattermost"),
        required=False,
        max_length=100,
        widget=PasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy(
            "Only for a command that was made by hand. Empty: as it was. The one before stays "
            "valid for an hour."
        ),
    )

    def clean_token(self) -> str:
        token: str = self.cleaned_data["token"].strip()
        if any(one.isspace() for one in token):
            raise forms.ValidationError(_("That is no token: copy it from Mattermost once more"))
        return token


@admin.register(SlashCommand)
class SlashCommandAdmin(HistoryAdmin):
    form = CommandForm
    list_display = (
        "trigger_cell",
        "state_cell",
        "purpose",
        "audience",
        "server_cell",
        "token_cell",
        "used_cell",
    )
    list_filter = (("server", RelatedFilter), "purpose", "is_active")
    search_fields = ("trigger",)
    autocomplete_fields = ("server", "channels")
    change_form_outer_before_template = "hub/command_panel.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("server", "is_active"),
                    ("trigger", "purpose"),
                    ("answer", "language"),
                    "token",
                )
            },
        ),
        (
            gettext_lazy("Who and where"),
            {"fields": ("audience", "channels", "undo_seconds")},
        ),
    )

    def own_paths(self) -> list[URLPattern]:
        return [
            self.own_path("<int:pk>/register/", self.register_view, "register"),
            self.own_path("<int:pk>/renew/", self.renew_view, "renew"),
            self.own_path("<int:pk>/check/", self.check_view, "check"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("server")

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        warning = private_address_warning(command_url(row))
        return {
            "command": row,
            "command_url": command_url(row),
            "command_warnings": [warning] if warning else [],
            "token_age": age(row.token_set_at, timezone.now()) if row.token_set_at else "",
            "may_change": self.has_change_permission(request, row),
        }

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        token = form.cleaned_data.get("token")
        if token:
            set_command_token(obj, token, timezone.now())

    @method_decorator(require_POST)
    def register_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make it in Mattermost, or bring it up to date."""
        return self._run(request, pk, _register)

    @method_decorator(require_POST)
    def renew_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._run(request, pk, _renew)

    @method_decorator(require_POST)
    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._run(request, pk, _check)

    @admin.display(description=gettext_lazy("command"), ordering="trigger")
    def trigger_cell(self, row: SlashCommand) -> str:
        return str(row)

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, row: SlashCommand) -> str:
        if not row.is_active:
            return tag(_("switched off"), "quiet")
        if row.problem:
            return two_lines(tag(_("problem"), "bad"), row.problem)
        if not row.token_sha256:
            return tag(_("not in Mattermost yet"), "warning")
        return tag(_("ready"), "good") if row.checked_at else tag(_("not checked"), "quiet")

    @admin.display(description=gettext_lazy("server"))
    def server_cell(self, row: SlashCommand) -> str:
        return str(row.server)

    @admin.display(description=gettext_lazy("token"))
    def token_cell(self, row: SlashCommand) -> str:
        if row.token_set_at is None:
            return NOTHING
        return _("%(age)s old") % {"age": age(row.token_set_at, timezone.now())}

    @admin.display(description=gettext_lazy("last used"))
    def used_cell(self, row: SlashCommand) -> str:
        return time_cell(row.last_used_at) if row.last_used_at else _("never")

    def _run(
        self, request: HttpRequest, pk: int, act: Callable[[SlashCommand, datetime], str]
    ) -> HttpResponse:
        row = self.find(request, pk)
        self.require(self.has_change_permission(request, row))
        try:
            messages.success(request, f"{row}: {act(row, timezone.now())}")
        except DeliveryError as error:
            messages.error(request, f"{row}: {error}")
        return HttpResponseRedirect(self.own_url("change", pk))


def _register(command: SlashCommand, now: datetime) -> str:
    """Raises DeliveryError."""
    register_command(command, now)
    return _("it is in Mattermost, and the hub knows its token.")


def _renew(command: SlashCommand, now: datetime) -> str:
    """Raises DeliveryError."""
    if not command.external_id:
        raise DeliveryError(_("Create it in Mattermost first."))
    rotate_command_token(command, now)
    return _("it has a new token; the old one is accepted for an hour.")


def _check(command: SlashCommand, now: datetime) -> str:
    """Raises DeliveryError."""
    problems = check_command(command, now)
    if problems:
        raise DeliveryError(" ".join(problems))
    return _("it is in Mattermost, with the right address and a known token.")
