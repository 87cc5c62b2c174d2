"""Trigger rules: which events go to which channels, and in which words."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hub import conditions, registry, templating
from hub.models.actions import PressAudience
from hub.models.quiet import Calmed

LANGUAGES = [("en", "English"), ("nl", "Nederlands")]
PRESS_HOURS = 7 * 24  # a question nobody has answered in a week is no question any more
MAX_PRESS_HOURS = 90 * 24  # about as long as rows are kept


class TriggerRule(Calmed):
    """Event → channels and wording. Every rule that matches delivers; order decides the wording."""

    class Grouping(models.TextChoices):
        ALL = "all", _("all conditions hold")
        ANY = "any", _("any condition holds")

    class Threading(models.TextChoices):
        CHANNEL = "channel", _("as the channel says")
        THREAD = "thread", _("in the ticket's thread")
        BROADCAST = "broadcast", _("in the thread and again in the channel")
        FLAT = "flat", _("every message on its own")

    class Priority(models.TextChoices):
        NONE = "", _("standard")
        IMPORTANT = "important", _("important")
        URGENT = "urgent", _("urgent")

    name = models.CharField(_("name"), max_length=150, unique=True)
    key = models.SlugField(
        max_length=100, unique=True, null=True, blank=True, editable=False
    )  # of a starter rule: made once, never again
    is_active = models.BooleanField(_("active"), default=True)
    order = models.IntegerField(
        _("order"), default=100, help_text=_("Where two rules reach one channel, the lower words.")
    )
    source = models.ForeignKey(
        "hub.Source",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="rules",
        verbose_name=_("source"),
        help_text=_("Empty: every source of the integration."),
    )
    integration = models.CharField(
        _("integration"), max_length=50, blank=True, choices=registry.choices
    )
    kinds = models.JSONField(
        _("kinds"), default=list, blank=True, help_text=_("Empty: every kind of event.")
    )
    grouping = models.CharField(
        _("conditions"), max_length=3, choices=Grouping.choices, default=Grouping.ALL
    )
    channels = models.ManyToManyField(
        "hub.Channel", blank=True, related_name="rules", verbose_name=_("channels")
    )
    to_named_channel = models.BooleanField(
        _("to the channel the sender names"),
        default=False,
        help_text=_("If registered and allowed for its token, else to the token's default."),
    )
    mentions = models.CharField(
        _("mentions"),
        max_length=200,
        blank=True,
        help_text=_(
            "@here, @channel, @anja, …; @owner is whoever the ticket belongs to, if Mattermost "
            "knows him. A user called owner is written @@owner."
        ),
    )
    priority = models.CharField(
        _("priority"), max_length=10, choices=Priority.choices, default=Priority.NONE, blank=True
    )
    threading = models.CharField(
        _("threading"), max_length=10, choices=Threading.choices, default=Threading.CHANNEL
    )
    reaction = models.CharField(
        _("reaction"),
        max_length=64,
        blank=True,
        help_text=_("An emoji put on the ticket's card: white_check_mark when it closes."),
    )
    has_card = models.BooleanField(
        _("with a card"), default=True, help_text=_("Link, fields and colour under the line.")
    )
    press_audience = models.CharField(
        _("who may press"),
        max_length=15,
        choices=PressAudience.choices,
        default=PressAudience.EVERYBODY,
    )
    press_usernames = models.CharField(
        _("people listed"),
        max_length=500,
        blank=True,
        help_text=_("Mattermost usernames: @anja @bart"),
    )
    is_press_members_only = models.BooleanField(
        _("only members of the channel"),
        default=False,
        help_text=_("Not people who only look into a public channel."),
    )
    presses_needed = models.PositiveSmallIntegerField(
        _("people needed"),
        default=1,
        choices=[(1, _("one person")), (2, _("two different people"))],
    )
    press_hours = models.PositiveSmallIntegerField(
        _("hours to press"),
        default=PRESS_HOURS,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_PRESS_HOURS)],
    )
    last_error = models.CharField(_("last error"), max_length=500, blank=True, editable=False)
    last_error_at = models.DateTimeField(null=True, blank=True, editable=False)
    history = HistoricalRecords(
        m2m_fields=[channels], excluded_fields=["last_error", "last_error_at"]
    )

    class Meta:
        verbose_name = _("trigger rule")
        verbose_name_plural = _("trigger rules")
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if not isinstance(self.kinds, list) or not all(isinstance(k, str) for k in self.kinds):
            raise ValidationError({"kinds": _("A list of kinds.")})
        if self.source_id is None and not self.integration:
            raise ValidationError({"integration": _("Choose a source or an integration.")})
        unknown = [word for word in self.mentions.split() if not word.startswith("@")]
        if unknown:
            raise ValidationError({"mentions": _("Mentions start with @.")})
        if self.press_audience == PressAudience.LISTED:
            people = set(self.press_usernames.replace(",", " ").split())
            if len(people) < self.presses_needed:
                raise ValidationError({"press_usernames": _("List as many people as are needed.")})


class Condition(models.Model):
    """One typed comparison: path, operator, value."""

    rule = models.ForeignKey(TriggerRule, models.CASCADE, related_name="conditions")
    path = models.CharField(
        _("field"), max_length=200, help_text=_("priority, customer.email, payload.ticket.title …")
    )
    operator = models.CharField(
        _("operator"), max_length=20, choices=conditions.OPERATOR_CHOICES, default="equals"
    )
    value = models.CharField(
        _("value"), max_length=500, blank=True, help_text=_("For “in”: values split by commas.")
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.path} {self.operator} {self.value}"

    def clean(self) -> None:
        problem = conditions.find_problem(self.path, self.operator, self.value)
        if problem:
            raise ValidationError({"value": problem})


class RuleText(models.Model):
    """The wording of a rule in one language. An empty part means the integration's default."""

    rule = models.ForeignKey(TriggerRule, models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=5, choices=LANGUAGES, default="en")
    line = models.TextField(_("line"), blank=True, help_text=_("Urgent: {{ title }}"))
    title = models.TextField(_("card title"), blank=True)
    body = models.TextField(_("card text"), blank=True)
    fields = models.TextField(
        _("card fields"), blank=True, help_text=_("One a line: Priority: {{ priority }}")
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("wording")
        verbose_name_plural = _("wordings")
        constraints = [
            models.UniqueConstraint(fields=["rule", "language"], name="wording_unique_per_language")
        ]

    def __str__(self) -> str:
        return self.get_language_display()

    def clean(self) -> None:
        for name in ("line", "title", "body", "fields"):
            problem = templating.find_problem(getattr(self, name))
            if problem:
                raise ValidationError({name: problem})
