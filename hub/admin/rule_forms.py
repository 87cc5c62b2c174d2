"""The form of a rule: kinds as boxes to tick, conditions as rows, a wording per language."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hub import registry
from hub.admin.quiet_fields import ask_for_little, fill_in_off, weekdays_field
from hub.admin.theme import ModelForm, StackedInline, TabularInline, TextareaWidget, TextWidget
from hub.admin.widgets import KindsInput
from hub.models import Condition, RuleText, TriggerRule
from hub.models.rules import LANGUAGES

PATHS_LIST = "hub-paths"  # a datalist that the preview fills with the fields of its event

Choice = tuple[str, str]


class RuleForm(ModelForm):
    kinds = forms.MultipleChoiceField(
        label=_("Kinds"),
        required=False,
        widget=KindsInput,
        help_text=_("What must have happened. None ticked: every kind of event."),
    )

    quiet_days = weekdays_field()

    class Meta:
        model = TriggerRule
        fields = "__all__"  # narrowed by the fieldsets

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_for_little(self.fields)
        if "kinds" in self.fields:
            field = self.fields["kinds"]
            field.choices = kind_groups(self.instance.kinds or [])  # type: ignore[attr-defined]  # a choice field

    def clean(self) -> dict[str, Any]:
        """A source has one integration: it is not asked twice."""
        cleaned: dict[str, Any] = super().clean() or {}
        fill_in_off(cleaned)
        if cleaned.get("source") is not None:
            cleaned["integration"] = cleaned["source"].integration
        return cleaned


def kind_groups(stored: list[str]) -> list[tuple[str, list[Choice]]]:
    """By the name of the integration; kinds that none declares any more stay, under ""."""
    groups = [
        (one.name, [(kind, text) for kind, text in sorted(one.kinds.items())])
        for one in registry.all_integrations()
    ]
    known = {kind for _name, kinds in groups for kind, _text in kinds}
    lost = [(kind, str(_("no integration declares it"))) for kind in stored if kind not in known]
    return [*groups, ("", lost)] if lost else groups


class ConditionForm(ModelForm):
    class Meta:
        model = Condition
        fields = ("path", "operator", "value")
        widgets = {
            "path": TextWidget(attrs={"list": PATHS_LIST, "autocomplete": "off"}),
            "value": TextWidget(attrs={"autocomplete": "off"}),
        }


class ConditionInline(TabularInline):
    model = Condition
    form = ConditionForm
    extra = 0
    fields = ("path", "operator", "value")
    verbose_name_plural = _("If: conditions")


class RuleTextForm(ModelForm):
    class Meta:
        model = RuleText
        fields = ("language", "line", "title", "body", "fields")
        widgets = {
            name: TextareaWidget(attrs={"class": "hub-template", "spellcheck": "false"})
            for name in ("line", "title", "body", "fields")
        }


class RuleTextInline(StackedInline):
    model = RuleText
    form = RuleTextForm
    extra = 0
    max_num = len(LANGUAGES)
    fields = (("language",), "line", "title", "body", "fields")
    verbose_name_plural = _("Words: what is empty is taken from the integration")
