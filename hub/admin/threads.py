"""Threads: the root post of each reference in each channel."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.admin.base import ReferencedAdmin
from hub.admin.cells import NOTHING, row_link, time_cell
from hub.admin.theme import AutocompleteFilter
from hub.contracts import JSONObject
from hub.models import MattermostServer, Thread
from hub.previewing import stored_message_html


def post_url(server: MattermostServer, post_id: str) -> str:
    """Where people read a post."""
    return f"{server.base_url.rstrip('/')}/{server.team}/pl/{post_id}" if post_id else ""


@admin.register(Thread)
class ThreadAdmin(ReferencedAdmin):
    list_display = ("reference_cell", "channel_cell", "root_cell", "updated_cell")
    list_filter = (("channel", AutocompleteFilter),)
    ordering = ("-pk",)
    fields = (("reference_cell", "channel_cell"), ("root_cell", "updated_cell"), "card_shown")
    readonly_fields = ("reference_cell", "channel_cell", "root_cell", "updated_cell", "card_shown")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("reference", "channel__server")
        return rows.defer("channel__webhook_url", "channel__server__bot_token")

    @admin.display(description=gettext_lazy("about"))
    def reference_cell(self, row: Thread) -> str:
        return row_link(row.reference)

    @admin.display(description=gettext_lazy("channel"))
    def channel_cell(self, row: Thread) -> str:
        return str(row.channel)

    @admin.display(description=gettext_lazy("root post"))
    def root_cell(self, row: Thread) -> str:
        url = post_url(row.channel.server, row.root_post_id)
        if not url:
            return NOTHING
        html = '<a class="hub-link" href="{}" target="_blank" rel="noopener">{}</a>'
        return format_html(html, url, _("open in Mattermost"))

    @admin.display(description=gettext_lazy("last change"))
    def updated_cell(self, row: Thread) -> str:
        return time_cell(row.updated_at)

    @admin.display(description=gettext_lazy("card as last posted"))
    def card_shown(self, row: Thread) -> str:
        card: JSONObject = row.card
        return stored_message_html(card) if card else NOTHING
