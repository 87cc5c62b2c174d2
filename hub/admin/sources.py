"""Sources: the external systems, and what the other side has to be told."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub import registry
from hub.admin.base import HistoryAdmin, secret_state
from hub.admin.cells import NOTHING, tag, time_cell
from hub.admin.restraint_notes import notes_about
from hub.admin.secret_fields import CredentialsField, SecretForm
from hub.admin.theme import TextareaWidget
from hub.models import Source
from hub.models.sources import BUILT_IN_SOURCE
from hub.rules import integration_label


class SourceForm(SecretForm):
    """Asks for the credentials that the integration can use."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("credentials")
        integration = registry.get(self.instance.integration)
        if isinstance(field, CredentialsField) and integration is not None:
            field.widget.names = integration.credential_names

    class Meta:
        widgets = {"extra_origins": TextareaWidget(), "options": TextareaWidget()}


@admin.register(Source)
class SourceAdmin(HistoryAdmin):
    form = SourceForm
    list_display = ("name", "integration_cell", "base_url", "token_cell", "last_cell", "is_active")
    list_filter = ("integration", "is_active")
    search_fields = ("name", "base_url")
    change_form_outer_before_template = "hub/source_panel.html"
    hidden_values = {"credentials": "credentials_state"}
    credentials_state = secret_state("credentials", gettext_lazy("credentials"))
    fieldsets = (
        (None, {"fields": (("integration", "is_active"), ("name", "base_url"))}),
        (
            gettext_lazy("For looking things up there"),
            {"fields": ("credentials", "extra_origins")},
        ),
        (gettext_lazy("Options"), {"fields": ("options",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        valid = Q(tokens__revoked_at=None) & (
            Q(tokens__expires_at=None) | Q(tokens__expires_at__gt=timezone.now())
        )
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.annotate(  # type: ignore[no-any-return]  # the annotations make it Any
            token_count=Count("tokens", filter=valid), last_used_at=Max("tokens__last_used_at")
        )

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        tokens = row.tokens.defer("signing_secret", "previous_signing_secret").order_by("-pk")
        now = timezone.now()
        return {
            "source": row,
            "restraints": notes_about(row, now),
            "tokens": [one for one in tokens if one.is_valid(now)],
            "may_issue": request.user.has_perm("hub.add_webhooktoken"),
        }

    @admin.display(description=gettext_lazy("integration"), ordering="integration")
    def integration_cell(self, row: Source) -> str:
        if registry.get(row.integration) is None:
            return tag(_("%(name)s: not installed") % {"name": row.integration}, "bad")
        return integration_label(row.integration)

    @admin.display(description=gettext_lazy("valid tokens"))
    def token_cell(self, row: Any) -> str:
        if row.integration == BUILT_IN_SOURCE:
            return NOTHING
        return str(row.token_count) if row.token_count else tag(_("none"), "warning")

    @admin.display(description=gettext_lazy("last request"))
    def last_cell(self, row: Any) -> str:
        return time_cell(row.last_used_at)
