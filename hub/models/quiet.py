"""Quiet hours: the same fields at a rule and at a channel."""

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

WEEKDAYS: Final = (
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
)
MAX_REPEAT_MINUTES: Final = 10_080  # a week
MAX_GROUP_SECONDS: Final = 3_600  # longer is a digest: that is what quiet hours are for


class QuietTime(models.Model):
    """Abstract: when messages keep quiet, and what becomes of them."""

    class Afterwards(models.TextChoices):
        LATER = "later", _("deliver them when it ends, in order")
        DIGEST = "digest", _("one message when it ends, that lists them")
        DROP = "drop", _("do not deliver them; they stay visible as suppressed")

    quiet_from = models.TimeField(
        _("quiet from"),
        null=True,
        blank=True,
        help_text=_("On the clock of the channel. Empty: never quiet."),
    )
    quiet_until = models.TimeField(
        _("quiet until"),
        null=True,
        blank=True,
        help_text=_("Earlier than “from”: over midnight. The same: all day."),
    )
    quiet_days = models.JSONField(
        _("on"),
        default=list,
        db_default=[],
        blank=True,
        help_text=_("Days on which it begins. None ticked: every day."),
    )
    quiet_afterwards = models.CharField(
        _("what comes meanwhile"),
        max_length=10,
        choices=Afterwards.choices,
        default=Afterwards.LATER,
        db_default=Afterwards.LATER,
    )
    does_urgent_pass = models.BooleanField(
        _("urgent messages pass"),
        default=True,
        db_default=True,
        help_text=_("Events of severity urgent, and rules whose priority is urgent."),
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        problems: dict[str, Any] = {}
        if (self.quiet_from is None) != (self.quiet_until is None):
            problems["quiet_until"] = _("Fill in both times, or none.")
        if not _are_weekdays(self.quiet_days):
            problems["quiet_days"] = _("A list of days, 0 for Monday to 6 for Sunday.")
        elif self._is_always_quiet():
            problems["quiet_until"] = _("That is always: pause the channel or switch the rule off.")
        if problems:
            raise ValidationError(problems)

    def _is_always_quiet(self) -> bool:
        is_all_day = self.quiet_from is not None and self.quiet_from == self.quiet_until
        return is_all_day and len(set(self.quiet_days)) in (0, len(WEEKDAYS))


class Calmed(QuietTime):
    """Abstract: what a rule does against noise."""

    repeat_minutes = models.PositiveIntegerField(
        _("repeat guard: minutes"),
        default=0,
        db_default=0,
        validators=[MaxValueValidator(MAX_REPEAT_MINUTES)],
        help_text=_(
            "The same thing again within so many minutes is counted at its first message, not "
            "posted. 0: off."
        ),
    )
    group_seconds = models.PositiveIntegerField(
        _("group: seconds"),
        default=0,
        db_default=0,
        validators=[MaxValueValidator(MAX_GROUP_SECONDS)],
        help_text=_(
            "The first message waits so many seconds; what else comes for that channel until then "
            "is listed in it. 0: off."
        ),
    )

    class Meta:
        abstract = True


def _are_weekdays(value: object) -> bool:
    return isinstance(value, list) and all(type(day) is int and 0 <= day <= 6 for day in value)
