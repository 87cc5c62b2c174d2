"""What is watched, and since when it is down."""

from datetime import datetime, time

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hub.validators import validate_zone


class Monitor(models.Model):
    """A service that is probed: a source by its integration's own knowledge, or any address."""

    class State(models.TextChoices):
        UNKNOWN = "unknown", _("not probed yet")
        UP = "up", _("up")
        DOWN = "down", _("down")

    name = models.CharField(
        _("service"), max_length=100, unique=True, help_text=_("As people call it.")
    )
    source = models.ForeignKey(
        "hub.Source",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="monitors",
        verbose_name=_("source"),
        help_text=_("Probed as its integration knows best."),
    )
    url = models.CharField(
        _("address"),
        max_length=500,
        blank=True,
        validators=[URLValidator(["http", "https"])],
        help_text=_("For anything else: up when it answers with a 2xx status."),
    )
    impact = models.CharField(
        _("impact"), max_length=200, blank=True, help_text=_("Customer support affected")
    )
    status_page_url = models.CharField(
        _("status page"),
        max_length=500,
        blank=True,
        validators=[URLValidator(["http", "https"])],
    )
    interval_seconds = models.PositiveIntegerField(
        _("seconds between probes"), default=60, validators=[MinValueValidator(10)]
    )
    failure_threshold = models.PositiveSmallIntegerField(
        _("failures before it counts as down"), default=2, validators=[MinValueValidator(1)]
    )
    recovery_threshold = models.PositiveSmallIntegerField(
        _("successes before it counts as up again"), default=2, validators=[MinValueValidator(1)]
    )
    watched_from = models.TimeField(
        _("watched from"), null=True, blank=True, help_text=_("Empty: all day.")
    )
    watched_until = models.TimeField(_("watched until"), null=True, blank=True)
    is_weekend_watched = models.BooleanField(_("also at the weekend"), default=True)
    zone = models.CharField(
        _("time zone"), max_length=50, default="Europe/Amsterdam", validators=[validate_zone]
    )
    hides = models.ManyToManyField(
        "hub.TriggerRule",
        blank=True,
        related_name="hidden_by",
        verbose_name=_("hides, while it is down"),
        help_text=_("Rules whose messages are then only its echo: tickets the monitoring makes."),
    )
    hides_own_source = models.BooleanField(
        _("hides everything of its source"),
        default=False,
        db_default=False,
        help_text=_("While it is down. Its own outage is always told."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.UNKNOWN, editable=False
    )
    problem = models.CharField(_("problem"), max_length=500, blank=True, editable=False)
    failure_count = models.PositiveIntegerField(default=0, editable=False)
    success_count = models.PositiveIntegerField(default=0, editable=False)
    first_failure_at = models.DateTimeField(null=True, editable=False)
    probed_at = models.DateTimeField(_("last probe"), null=True, editable=False)
    due_at = models.DateTimeField(null=True, editable=False)
    history = HistoricalRecords(
        m2m_fields=[hides],
        excluded_fields=[
            *("state", "problem", "failure_count", "success_count"),
            *("first_failure_at", "probed_at", "due_at"),
        ],
    )

    class Meta:
        verbose_name = _("monitor")
        verbose_name_plural = _("monitors")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if bool(self.source_id) == bool(self.url):
            raise ValidationError(_("Choose a source or give an address: one of the two."))
        if (self.watched_from is None) != (self.watched_until is None):
            raise ValidationError({"watched_until": _("Fill in both times, or none.")})

    def is_watched(self, local_now: datetime) -> bool:
        """`local_now` is in the monitor's zone."""
        if not self.is_weekend_watched and local_now.weekday() >= 5:
            return False
        if self.watched_from is None or self.watched_until is None:
            return True
        return _is_between(local_now.time(), self.watched_from, self.watched_until)


class Outage(models.Model):
    """The time during which a monitor was down."""

    monitor = models.ForeignKey(
        Monitor, models.CASCADE, related_name="outages", verbose_name=_("monitor")
    )
    started_at = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(_("until"), null=True, blank=True)
    announced_at = models.DateTimeField(
        _("announced"), null=True, blank=True
    )  # empty while maintenance keeps it quiet; its recovery is then not told either
    problem = models.CharField(_("problem"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("outage")
        verbose_name_plural = _("outages")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["monitor"], condition=Q(ended_at=None), name="outage_one_open_per_monitor"
            )
        ]

    def __str__(self) -> str:
        return f"{self.monitor} {self.started_at:%Y-%m-%d %H:%M}"


def _is_between(now: time, start: time, end: time) -> bool:
    """Also over midnight: from 22:00 until 06:00."""
    return start <= now < end if start <= end else now >= start or now < end
