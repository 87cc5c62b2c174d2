"""Quiet hours in a form: the same part for rules and channels."""

from collections.abc import MutableMapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from hub.admin.theme import CheckboxesWidget
from hub.models.quiet import WEEKDAYS

IF_QUIET: Final = "quiet_from"  # other fields are shown once this one is filled in
CONDITIONAL_QUIET_FIELDS: Final = dict.fromkeys(
    ("quiet_until", "quiet_days", "quiet_afterwards", "does_urgent_pass"), IF_QUIET
)
QUIET_FIELDSET: Final[tuple[Any, Any]] = (
    _("Quiet hours"),
    {
        "fields": (
            ("quiet_from", "quiet_until"),
            "quiet_days",
            ("quiet_afterwards", "does_urgent_pass"),
        )
    },
)


OFF_WHEN_EMPTY: Final = ("repeat_minutes", "group_seconds")


def ask_for_little(fields: MutableMapping[str, forms.Field]) -> None:
    """What is left empty is off, or as it is by default."""
    for name in (*OFF_WHEN_EMPTY, "quiet_afterwards"):
        if name in fields:
            fields[name].required = False


def fill_in_off(cleaned: MutableMapping[str, Any]) -> None:
    for name in OFF_WHEN_EMPTY:
        cleaned[name] = cleaned.get(name) or 0


def weekdays_field() -> forms.Field:
    return forms.TypedMultipleChoiceField(
        label=_("On"),
        required=False,
        choices=WEEKDAYS,
        coerce=int,
        widget=CheckboxesWidget,
        help_text=_("Days on which it begins. None ticked: every day."),
    )
