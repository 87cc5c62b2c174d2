"""Webhook tokens: issued on a page that shows the address once, rotated, revoked."""

from typing import Any, ClassVar, Final, TypeAlias

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.admin.base import HistoryAdmin, secret_state
from hub.admin.cells import row_link, tag, time_cell, two_lines
from hub.admin.recipes import recipe_html
from hub.admin.secret_fields import new_signing_secret
from hub.admin.theme import ModelForm, RelatedFilter
from hub.admin.token_forms import DEFAULT_OVERLAP, RotateForm, TokenForm
from hub.admin.token_rotation import (
    KEPT_SETTINGS,
    expire_token,
    keep_previous_secret,
    rotate_token,
)
from hub.admin.token_warnings import warnings_of
from hub.models import WebhookToken
from hub.tokens import hook_url, issue_token

Fieldsets: TypeAlias = Any  # Django's own type for them cannot be named
ISSUED_WITH: Final = ("label", "signing_secret", "expires_at", *KEPT_SETTINGS)


@admin.register(WebhookToken)
class WebhookTokenAdmin(HistoryAdmin):
    form = TokenForm
    list_display = (
        "prefix_cell",
        "state_cell",
        "source_cell",
        "event_hint",
        "signed_cell",
        "created_cell",
        "used_cell",
    )
    list_filter = (("source", RelatedFilter),)
    search_fields = ("prefix", "label", "source__name")
    autocomplete_fields = ("source", "default_channel", "allowed_channels")
    ordering = ("-pk",)
    change_form_outer_before_template = "hub/token_panel.html"
    hidden_values = {
        "signing_secret": "signing_secret_state",
        "previous_signing_secret": "previous_signing_secret_state",
    }
    signing_secret_state = secret_state("signing_secret", gettext_lazy("signing secret"))
    previous_signing_secret_state = secret_state(
        "previous_signing_secret", gettext_lazy("previous signing secret")
    )
    add_fieldsets = (
        (None, {"fields": ("source", ("label", "event_hint"), "signing_secret")}),
        (
            gettext_lazy("For senders that write Mattermost messages"),
            {"fields": ("default_channel", "allowed_channels", "may_mention")},
        ),
        (gettext_lazy("Limits"), {"fields": ("expires_at",)}),
    )
    fieldsets: ClassVar[Fieldsets] = (
        (
            None,
            {
                "fields": (
                    "source",
                    ("label", "event_hint"),
                    ("signing_secret", "previous_signing_secret"),
                )
            },
        ),
        *add_fieldsets[1:],
    )

    def own_paths(self) -> list[URLPattern]:
        return [
            self.own_path("<int:pk>/rotate/", self.rotate_view, "rotate"),
            self.own_path("<int:pk>/revoke/", self.revoke_view, "revoke"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        rows = rows.select_related("source").defer("source__credentials")
        match = request.resolver_match
        is_list = match is not None and match.url_name == "hub_webhooktoken_changelist"
        return rows.filter(is_test=False) if is_list else rows

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """A token belongs to its source for good: its events are understood by it."""
        return ("source",) if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Revoked, not deleted: what it brought in stays traceable."""
        return False

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {
            "token": row,
            "state_tag": validity_tag(row),
            "shown_url": hook_url(f"{row.prefix}…", row.event_hint),
            "token_warnings": warnings_of(row),
            "is_valid": row.is_valid(timezone.now()),
            "may_change": self.has_change_permission(request, row),
            "may_rotate": self._may_rotate(request),
        }

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        if change:
            keep_previous_secret(obj, form.changed_data)
            super().save_model(request, obj, form, change)
            return
        fields = {name: getattr(obj, name) for name in ISSUED_WITH}
        row, obj.issued_text = issue_token(obj.source, **fields)
        for field in WebhookToken._meta.concrete_fields:
            setattr(obj, field.attname, getattr(row, field.attname))
        obj._state.adding = False

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The only page that shows the address: no redirect, so that nothing has to keep it."""
        return self._issued_page(request, obj, obj.issued_text, obj.signing_secret)

    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A second token with the same settings; the old one stays valid as long as chosen."""
        old = self.find(request, pk)
        self.require(self._may_rotate(request) and old.is_valid(timezone.now()))
        initial = {"overlap": DEFAULT_OVERLAP, "new_secret": bool(old.signing_secret)}
        form = RotateForm(request.POST or None, initial=initial)
        if not form.is_valid():
            context = {"form": form, "token": old, "back": self.own_url("change", pk)}
            return self.page(request, "hub/token_rotate.html", _("Rotate the token"), **context)
        made_up = new_signing_secret() if form.cleaned_data["new_secret"] else ""
        row, text = rotate_token(old, signing_secret=made_up or old.signing_secret)
        if form.overlap_time is not None:
            expire_token(old, form.overlap_time)
        self.log_addition(request, row, [{"added": {}}])
        self.log_change(request, old, [{"changed": {"fields": ["expires_at"]}}])
        return self._issued_page(request, row, text, made_up, old=old)

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.find(request, pk)
        self.require(self.has_change_permission(request, row))
        if request.method != "POST":
            context = {"token": row, "back": self.own_url("change", pk)}
            return self.page(request, "hub/token_revoke.html", _("Revoke the token"), **context)
        if row.revoked_at is None:
            row.revoked_at = timezone.now()
            row.save(update_fields=["revoked_at"])
            self.log_change(request, row, [{"changed": {"fields": ["revoked_at"]}}])
            messages.success(request, _("%(token)s is revoked.") % {"token": row})
        return HttpResponseRedirect(self.own_url("change", pk))

    @admin.display(description=gettext_lazy("token"))
    def prefix_cell(self, row: WebhookToken) -> str:
        return two_lines(f"{row.prefix}…", row.label)

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, row: WebhookToken) -> str:
        found = warnings_of(row)
        return two_lines(validity_tag(row), found[0] if found else "")

    @admin.display(description=gettext_lazy("source"))
    def source_cell(self, row: WebhookToken) -> str:
        return row_link(row.source)

    @admin.display(description=gettext_lazy("signed"), boolean=True)
    def signed_cell(self, row: WebhookToken) -> bool:
        return bool(row.signing_secret)

    @admin.display(description=gettext_lazy("issued"))
    def created_cell(self, row: WebhookToken) -> str:
        return time_cell(row.created_at)

    @admin.display(description=gettext_lazy("last used"))
    def used_cell(self, row: WebhookToken) -> str:
        return time_cell(row.last_used_at) if row.last_used_at else _("never")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        only_one_way_out = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, only_one_way_out | (extra_context or {}))

    def _may_rotate(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def _issued_page(
        self,
        request: HttpRequest,
        row: WebhookToken,
        text: str,
        secret: str,
        old: WebhookToken | None = None,
    ) -> HttpResponse:
        """Rendered at once: the address is in this answer and nowhere else."""
        url = hook_url(text, row.event_hint)
        recipe = recipe_html(row.source.integration, url=hook_url(text), secret=secret)
        context = {"token": row, "url": url, "secret": secret, "recipe": recipe, "old": old}
        page = self.page(request, "hub/token_issued.html", _("The token is issued"), **context)
        page["Cache-Control"] = "no-store"
        return page


def validity_tag(token: WebhookToken) -> SafeString:
    if token.revoked_at is not None:
        return tag(_("revoked"), "quiet")
    if not token.is_valid(timezone.now()):
        return tag(_("expired"), "quiet")
    return tag(_("valid"), "warning" if warnings_of(token) else "good")
