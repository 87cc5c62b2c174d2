"""Sources: the external systems, and what the other side has to be told."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub import registry
from hub.admin.base import HistoryAdmin, secret_state
from hub.admin.cells import NOTHING, tag, time_cell
from hub.admin.mapping_drafts import save_mapping
from hub.admin.option_list import list_options
from hub.admin.option_tables import posted_tables, save_tables, stored_tables
from hub.admin.restraint_notes import notes_about
from hub.admin.secret_fields import CredentialsField, SecretForm
from hub.admin.source_checks import tell_connection
from hub.admin.source_mapping import choose_request, mapping_context, preview, read_posted
from hub.admin.source_setup import last_requests, setup_context
from hub.admin.source_tests import (
    OWN_ADDRESS,
    TrialForm,
    address_for,
    describe_failure,
    progress_context,
    read_trial,
    trial_context,
)
from hub.admin.theme import TextareaWidget
from hub.contracts import Integration
from hub.models import Event, Source
from hub.models.events import TEST_KEY
from hub.models.sources import BUILT_IN_SOURCE
from hub.rules import integration_label
from hub.trying import Trial, send_test

SEE_EVENTS = "hub.view_event"
ISSUE = "hub.add_webhooktoken"


class SourceForm(SecretForm):
    """Asks for the credentials that the integration can use."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("credentials")
        integration = registry.get(self.instance.integration)
        if isinstance(field, CredentialsField) and integration is not None:
            field.widget.names = integration.credential_names
        if "options" in self.fields:
            self.fields["options"].help_text = list_options(integration)

    class Meta:
        widgets = {"extra_origins": TextareaWidget(), "options": TextareaWidget()}


@admin.register(Source)
class SourceAdmin(HistoryAdmin):
    form = SourceForm
    list_display = ("name", "integration_cell", "base_url", "token_cell", "last_cell", "is_active")
    list_filter = ("integration", "is_active")
    search_fields = ("name", "base_url")
    actions = ("check_selected",)
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

    def own_paths(self) -> list[URLPattern]:
        return [
            self.own_path("<int:pk>/setup/", self.setup_view, "setup"),
            self.own_path("<int:pk>/test/", self.test_view, "test"),
            self.own_path("<int:pk>/test/<int:event>/", self.follow_view, "follow"),
            self.own_path("<int:pk>/check/", self.check_view, "check"),
            self.own_path("<int:pk>/tables/", self.tables_view, "tables"),
            self.own_path("<int:pk>/mapping/", self.mapping_view, "mapping"),
            self.own_path(
                "<int:pk>/mapping/preview/", self.mapping_preview_view, "mapping_preview"
            ),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        unexpired = Q(tokens__expires_at=None) | Q(tokens__expires_at__gt=timezone.now())
        real = Q(tokens__is_test=False)
        valid = Q(tokens__revoked_at=None) & unexpired & real
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.annotate(  # type: ignore[no-any-return]  # the annotations make it Any
            token_count=Count("tokens", filter=valid),
            last_used_at=Max("tokens__last_used_at", filter=real),
        )

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        tokens = row.tokens.filter(is_test=False).order_by("-pk")
        tokens = tokens.defer("signing_secret", "previous_signing_secret")
        now, integration = timezone.now(), registry.get(row.integration)
        return {
            "source": row,
            "restraints": notes_about(row, now),
            "tokens": [one for one in tokens if one.is_valid(now)],
            "has_mapping": has_mapping(row),
            "option_tables": list(integration.option_tables) if integration is not None else [],
            "is_built_in": row.integration == BUILT_IN_SOURCE,
            "may_issue": request.user.has_perm(ISSUE),
            "may_change": self.has_change_permission(request, row),
            **last_requests(row, request),
        }

    def setup_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How to set up the other side, and trying it."""
        row = self.find(request, pk)
        self.require(self.has_view_permission(request, row))
        return self._setup_page(request, row, trial_context(row, request.GET.get("sample", "")))

    @method_decorator(require_POST)
    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Really sends it; then the page that follows it, or this one with what is wrong."""
        row = self.find(request, pk)
        self.require(self._may_test(request, row))
        form = TrialForm(request.POST)
        context = trial_context(row, form["sample"].value() or "") | {"trial_form": form}
        if not form.is_valid():
            return self._setup_page(request, row, context)
        address = address_for(form.cleaned_data["via"], request.META)
        trial = send_test(row, read_trial(form, row), address=address)
        if trial.event_id is None:
            return self._setup_page(request, row, context | _refused(trial))
        query = {"status": trial.status_code or 0, "ms": trial.duration_ms}
        return HttpResponseRedirect(
            reverse("admin:hub_source_follow", args=(pk, trial.event_id), query=query)
        )

    def follow_view(self, request: HttpRequest, pk: int, event: int) -> HttpResponse:
        """What becomes of a test request; `?part` is the part of the page that changes."""
        row = self.find(request, pk)
        self.require(self.has_view_permission(request, row) and request.user.has_perm(SEE_EVENTS))
        tests = Event.objects.filter(source=row, dedup_key__startswith=TEST_KEY)
        context = progress_context(get_object_or_404(tests, pk=event)) | {
            "source": row,
            "object": row,
        }
        if "part" in request.GET:
            return render(request, "hub/parts/test_progress.html", context)
        shown = {name: request.GET.get(name, "") for name in ("status", "ms")}
        answer = {name: value for name, value in shown.items() if value.isdecimal()}
        title = _("Test request to %(source)s") % {"source": row}
        return self.page(request, "hub/source_test.html", title, **(context | answer))

    @method_decorator(require_POST)
    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.find(request, pk)
        self.require(self.has_change_permission(request, row))
        tell_connection(request, row)
        back = "setup" if "setup" in request.GET else "change"
        return HttpResponseRedirect(self.own_url(back, pk))

    def mapping_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What stands where in its JSON: picked from a request, tried, saved as options."""
        row, integration = self._mapped(request, pk)
        draft, wanted = read_posted(request, row, integration)
        if "save" in request.POST and not draft.problems:
            save_mapping(row, draft)
            self.log_change(request, row, [{"changed": {"fields": ["options"]}}])
            messages.success(request, _("Saved: this is how %(source)s is read.") % {"source": row})
            return HttpResponseRedirect(self.own_url("mapping", pk))
        choice = choose_request(row, integration, request, wanted)
        context = mapping_context(row, integration, draft, choice)
        title = _("What stands where: %(source)s") % {"source": row}
        return self.page(request, "hub/source_mapping.html", title, object=row, **context)

    def tables_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Its options that are tables, row by row."""
        row = self.find(request, pk)
        self.require(self.has_change_permission(request, row))
        integration = registry.get(row.integration)
        if integration is None or not integration.option_tables:
            raise Http404
        is_posted = request.method == "POST"
        tables = posted_tables(request.POST, integration) if is_posted else []
        if is_posted and not any(table.problem for table in tables):
            save_tables(row, tables)
            self.log_change(request, row, [{"changed": {"fields": ["options"]}}])
            messages.success(request, _("The tables of %(source)s are saved.") % {"source": row})
            return HttpResponseRedirect(self.own_url("tables", pk))
        tables = tables or stored_tables(row, integration)
        title = _("Tables of %(source)s") % {"source": row}
        return self.page(
            request, "hub/source_tables.html", title, source=row, object=row, tables=tables
        )

    @method_decorator(require_POST)
    def mapping_preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The form as it stands, tried on the chosen request; nothing is stored."""
        row, integration = self._mapped(request, pk)
        draft, wanted = read_posted(request, row, integration)
        choice = choose_request(row, integration, request, wanted)
        context = preview(row, integration, draft, choice) | {"choice": choice}
        return render(request, "hub/parts/mapping_preview.html", context)

    @admin.action(description=gettext_lazy("Check connection"), permissions=["change"])
    def check_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        for row in rows:
            tell_connection(request, row)

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

    def _mapped(self, request: HttpRequest, pk: int) -> tuple[Source, Integration]:
        """Raises Http404 for a system that needs no mapping."""
        row = self.find(request, pk)
        self.require(self.has_change_permission(request, row))
        integration = registry.get(row.integration)
        if integration is None or integration.mapping is None:
            raise Http404
        return row, integration

    def _may_test(self, request: HttpRequest, row: Source) -> bool:
        """It issues a token, and its messages really go to the channels."""
        is_system = row.integration != BUILT_IN_SOURCE and registry.get(row.integration) is not None
        may = self.has_change_permission(request, row) and request.user.has_perm(ISSUE)
        return bool(is_system and may)

    def _setup_page(
        self, request: HttpRequest, row: Source, context: dict[str, Any]
    ) -> HttpResponse:
        context = setup_context(row, request) | context
        context["has_mapping"] = has_mapping(row)
        context["may_test"] = self._may_test(request, row)
        context["may_change"] = self.has_change_permission(request, row)
        title = _("Set up %(source)s") % {"source": row}
        return self.page(request, "hub/source_setup.html", title, object=row, **context)


def has_mapping(source: Source) -> bool:
    integration = registry.get(source.integration)
    return integration is not None and integration.mapping is not None


def _refused(trial: Trial) -> dict[str, Any]:
    return {
        "failure": describe_failure(trial),
        "may_go_around": trial.status_code is None or not trial.answer_excerpt.startswith("{"),
        "own_address": OWN_ADDRESS,
    }
