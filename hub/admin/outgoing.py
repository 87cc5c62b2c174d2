"""Mattermost's outgoing webhooks: the address to enter there, and the token to enter here."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.admin.base import HistoryAdmin
from hub.admin.cells import NOTHING, row_link, tag, time_cell, two_lines
from hub.admin.theme import ModelForm, PasswordWidget
from hub.models import Channel, OutgoingWebhook
from hub.outgoing import callback_url


class OutgoingWebhookForm(ModelForm):
    token = forms.CharField(
        label=gettext_lazy("Token from Mattermost"),
        required=False,
        max_length=200,
        widget=PasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy(
            "As Mattermost shows it; it is not shown again here. Empty: as it was. The one before "
            "it stays valid for an hour."
        ),
    )

    class Meta:
        model = OutgoingWebhook
        fields = ("channel",)

    def clean_channel(self) -> Channel:
        channel: Channel = self.cleaned_data["channel"]
        if channel.kind != Channel.Kind.PUBLIC:
            raise ValidationError(_("Mattermost sends only what is said in public channels."))
        return channel


@admin.register(OutgoingWebhook)
class OutgoingWebhookAdmin(HistoryAdmin):
    form = OutgoingWebhookForm
    list_display = ("channel_cell", "state_cell", "set_cell", "used_cell")
    autocomplete_fields = ("channel",)
    change_form_outer_before_template = "hub/outgoing_panel.html"
    fieldsets = ((None, {"fields": ("channel", "token")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("channel").defer("channel__webhook_url")

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {"outgoing": row, "callback": callback_url(row), "state_tag": self.state_cell(row)}

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        token = form.cleaned_data.get("token", "").strip()
        if token and isinstance(obj, OutgoingWebhook):
            obj.take_token(token, timezone.now())

    @admin.display(description=gettext_lazy("channel"), ordering="channel__name")
    def channel_cell(self, row: OutgoingWebhook) -> str:
        return row_link(row.channel)

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, row: OutgoingWebhook) -> str:
        if not row.token_sha256:
            return tag(_("waits for its token"), "warning")
        if row.channel.thread_replies == Channel.ThreadReplies.OFF:
            why = _("replies in threads of this channel stay in Mattermost")
            return two_lines(tag(_("idle"), "quiet"), why)
        return tag(_("ready"), "good")

    @admin.display(description=gettext_lazy("token since"))
    def set_cell(self, row: OutgoingWebhook) -> str:
        return time_cell(row.token_set_at) if row.token_set_at else NOTHING

    @admin.display(description=gettext_lazy("last used"))
    def used_cell(self, row: OutgoingWebhook) -> str:
        return time_cell(row.last_used_at) if row.last_used_at else _("never")
