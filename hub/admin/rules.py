"""Trigger rules: the form with its live preview and its backtest."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from hub.admin.backtesting import LISTED_EVENTS, backtest
from hub.admin.base import HistoryAdmin
from hub.admin.cells import NOTHING, tag, two_lines
from hub.admin.quiet_fields import CONDITIONAL_QUIET_FIELDS, QUIET_FIELDSET
from hub.admin.restraint_notes import notes_about
from hub.admin.rule_drafts import read_draft
from hub.admin.rule_forms import ConditionInline, RuleForm, RuleTextInline
from hub.admin.rule_previews import preview_context
from hub.admin.rule_recipes import recipes_of_rule
from hub.admin.rule_warnings import find_overlaps, warnings_of
from hub.admin.theme import AutocompleteFilter, ModelForm, RelatedFilter
from hub.models import Source, TriggerRule
from hub.rules import integration_label

MAY_SEE_EVENTS = "hub.view_event"
WARNINGS = "admin_warnings"  # put on the rows of a page of the list


@admin.register(TriggerRule)
class TriggerRuleAdmin(HistoryAdmin):
    form = RuleForm
    inlines = (ConditionInline, RuleTextInline)
    list_display = (
        "name",
        "when_cell",
        "where_cell",
        "order",
        "is_active",
        "warning_cell",
    )
    list_filter = (
        "is_active",
        "integration",
        ("source", RelatedFilter),
        ("channels", AutocompleteFilter),
    )
    search_fields = ("name", "mentions")
    autocomplete_fields = ("channels",)
    save_as = True
    actions = ("switch_on", "switch_off")
    warn_unsaved_form = True
    conditional_fields = CONDITIONAL_QUIET_FIELDS
    fieldsets = (
        (
            gettext_lazy("When"),
            {"fields": (("name", "is_active"), ("integration", "source"), "kinds", "grouping")},
        ),
        (
            gettext_lazy("Then: where"),
            {
                "fields": (
                    "channels",
                    "to_named_channel",
                    ("mentions", "priority"),
                    ("threading", "reaction"),
                    ("has_card", "order"),
                )
            },
        ),
        (
            gettext_lazy("Against noise"),
            {"fields": (("repeat_minutes", "group_seconds"),)},
        ),
        QUIET_FIELDSET,
        (
            gettext_lazy("Buttons"),
            {
                "fields": (
                    ("press_audience", "press_usernames"),
                    ("presses_needed", "press_hours"),
                    "is_press_members_only",
                ),
                "classes": ("collapse",),
                "description": gettext_lazy(
                    "Of messages that bring buttons along, as those of n8n do. Where two rules "
                    "send one message, the first of them counts."
                ),
            },
        ),
    )

    class Media:
        js = ("hub/rule_form.js",)

    def own_paths(self) -> list[URLPattern]:
        return [
            self.own_path("preview/", self.preview_view, "preview_new"),
            self.own_path("<int:pk>/preview/", self.preview_view, "preview"),
            self.own_path("backtest/", self.backtest_view, "backtest_new"),
            self.own_path("<int:pk>/backtest/", self.backtest_view, "backtest"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("source").prefetch_related("channels")
        return rows.defer("source__credentials")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id) if object_id else None
        suffix, key = ("", (row.pk,)) if row is not None else ("_new", ())
        context = {
            "rule_warnings": warnings_of(row, find_overlaps()) if row is not None else [],
            "recipes": recipes_of_rule(row) if row is not None else [],
            "restraints": notes_about(row, timezone.now()) if row is not None else [],
            "preview_url": self.own_url(f"preview{suffix}", *key),
            "backtest_url": self.own_url(f"backtest{suffix}", *key),
            "may_preview": request.user.has_perm(MAY_SEE_EVENTS),
            "source_integrations": dict(Source.objects.values_list("pk", "integration")),
        }
        return super().changeform_view(
            request, object_id, form_url, context | (extra_context or {})
        )

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        """A template that failed is taken to be mended when its rule is saved."""
        if isinstance(obj, TriggerRule):
            obj.last_error, obj.last_error_at = "", None
        super().save_model(request, obj, form, change)

    @method_decorator(require_POST)
    def preview_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """The form as it stands, tried on one event; nothing is stored or sent."""
        draft = self._read_draft(request, pk)
        context = preview_context(draft, request.POST.get("preview_event", ""))
        return render(request, "hub/rule_preview.html", context)

    @method_decorator(require_POST)
    def backtest_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """The form as it stands, tried on the last stored events."""
        result = backtest(self._read_draft(request, pk))
        context = {"backtest": result, "listed": LISTED_EVENTS, "is_new": pk is None}
        return render(request, "hub/rule_backtest.html", context)

    @admin.action(description=gettext_lazy("Switch the selected on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self._switch(request, rows, is_active=True)

    @admin.action(description=gettext_lazy("Switch the selected off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self._switch(request, rows, is_active=False)

    @admin.display(description=gettext_lazy("when"))
    def when_cell(self, row: TriggerRule) -> Any:
        about = str(row.source) if row.source is not None else integration_label(row.integration)
        return two_lines(about, ", ".join(row.kinds) or _("every kind of event"))

    @admin.display(description=gettext_lazy("where"))
    def where_cell(self, row: TriggerRule) -> str:
        names = [str(channel) for channel in row.channels.all()]
        if row.to_named_channel:
            names.append(_("the one it names"))
        return ", ".join(names) or NOTHING

    @admin.display(description=gettext_lazy("warnings"))
    def warning_cell(self, row: TriggerRule) -> SafeString | str:
        found: list[str] = getattr(row, WARNINGS, [])
        if not found:
            return NOTHING
        return two_lines(tag(len(found), "bad" if row.last_error else "warning"), found[0])

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The warnings of all rows of the page, from the overlaps looked up once."""
        changelist = super().get_changelist_instance(request)
        overlaps = find_overlaps()
        changelist.result_list = list(changelist.result_list)
        for row in changelist.result_list:
            setattr(row, WARNINGS, warnings_of(row, overlaps))
        return changelist

    def _switch(self, request: HttpRequest, rows: QuerySet[Any], *, is_active: bool) -> None:
        """One by one: each change is kept in the history."""
        count = 0
        for row in rows.exclude(is_active=is_active):
            row.is_active = is_active
            row.save(update_fields=["is_active"])
            count += 1
        done = ngettext("%(n)d rule was changed.", "%(n)d rules were changed.", count)
        messages.success(request, done % {"n": count})

    def _read_draft(self, request: HttpRequest, pk: int | None) -> Any:
        self.require(self.has_view_permission(request))
        self.require(request.user.has_perm(MAY_SEE_EVENTS))
        stored = self.find(request, pk) if pk is not None else None
        return read_draft(request, self.get_form(request, stored, change=pk is not None), stored)
