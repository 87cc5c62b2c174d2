"""What keeps messages back for a while: silences, and maintenance that is planned."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hub.validators import validate_zone

WEEK_DAYS = 7


class Silence(models.Model):
    """Messages that fit every field of its scope are not posted while it lasts."""

    SCOPE = ("source", "rule", "reference", "monitor", "channel")

    source = models.ForeignKey(
        "hub.Source",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="silences",
        verbose_name=_("source"),
        help_text=_("With the outages of its monitors."),
    )
    rule = models.ForeignKey(
        "hub.TriggerRule",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="silences",
        verbose_name=_("rule"),
    )
    reference = models.ForeignKey(
        "hub.Reference",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="silences",
        verbose_name=_("reference"),
    )
    monitor = models.ForeignKey(
        "hub.Monitor",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="silences",
        verbose_name=_("monitor"),
        help_text=_("Its outages and recoveries."),
    )
    channel = models.ForeignKey(
        "hub.Channel",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="silences",
        verbose_name=_("channel"),
    )
    reason = models.CharField(_("reason"), max_length=200)
    created_by = models.CharField(_("by"), max_length=100)  # a person in the admin or in chat
    starts_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended early"), null=True, blank=True, editable=False)
    ended_by = models.CharField(_("ended by"), max_length=100, blank=True, editable=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("silence")
        verbose_name_plural = _("silences")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(source__isnull=False)
                | Q(rule__isnull=False)
                | Q(reference__isnull=False)
                | Q(monitor__isnull=False)
                | Q(channel__isnull=False),
                name="silence_is_about_something",
            )
        ]
        indexes = [
            # load_restraints and the banners: what is not over yet.
            models.Index(fields=["ends_at"], name="silence_by_end")
        ]

    def __str__(self) -> str:
        return ", ".join(str(part) for part in self.scope)

    @property
    def scope(self) -> list[models.Model]:
        """All of it must fit."""
        return [part for name in self.SCOPE if (part := getattr(self, name)) is not None]

    def clean(self) -> None:
        if not any(getattr(self, f"{name}_id") for name in self.SCOPE):
            # At a field, so that the constraint does not say it again in its own words.
            raise ValidationError({"source": _("Say what is silenced: fill in at least one.")})
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": _("It ends before it begins.")})


class Maintenance(models.Model):
    """Planned work: probes go on, and only an outage that outlasts it is announced."""

    name = models.CharField(_("what is done"), max_length=100)
    monitors = models.ManyToManyField(
        "hub.Monitor",
        blank=True,
        related_name="maintenance",
        verbose_name=_("monitors"),
        help_text=_("Their outages are announced only if they last longer than the maintenance."),
    )
    sources = models.ManyToManyField(
        "hub.Source",
        blank=True,
        related_name="maintenance",
        verbose_name=_("sources"),
        help_text=_("Their messages are not posted while it lasts."),
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    is_weekly = models.BooleanField(
        _("every week"), default=False, help_text=_("At the same time on the clock.")
    )
    zone = models.CharField(
        _("time zone"), max_length=50, default="Europe/Amsterdam", validators=[validate_zone]
    )
    is_announced = models.BooleanField(
        _("announce it"),
        default=False,
        help_text=_("Its beginning and its end, by the rule for maintenance."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_by = models.CharField(_("by"), max_length=100, blank=True, editable=False)
    told_start_at = models.DateTimeField(
        null=True, editable=False
    )  # of the one whose beginning was announced and whose end was not
    history = HistoricalRecords(m2m_fields=[monitors, sources], excluded_fields=["told_start_at"])

    class Meta:
        verbose_name = _("maintenance")
        verbose_name_plural = _("maintenance")
        ordering = ["-starts_at"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if not self.starts_at or not self.ends_at:
            return
        problems: dict[str, Any] = {}
        if self.ends_at <= self.starts_at:
            problems["ends_at"] = _("It ends before it begins.")
        elif self.is_weekly and (self.ends_at - self.starts_at).days >= WEEK_DAYS:
            problems["ends_at"] = _("What comes every week lasts less than a week.")
        if problems:
            raise ValidationError(problems)
