"""Slash commands, how references are written, and everything that was typed."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hub import conditions
from hub.models.hashed import HashedToken
from hub.models.rules import LANGUAGES

UNDO_SECONDS = 10


class SlashCommand(HashedToken):
    """A slash command of one Mattermost team, and who may use it."""

    class Purpose(models.TextChoices):
        REPLY = "reply", _("/reply: writes to a ticket")
        TICKET = "ticket", _("/ticket: shows a ticket")
        HUB = "hub", _("/hub: status, why, silence, link, help")

    class Answer(models.TextChoices):
        EPHEMERAL = "ephemeral", _("only to the person who typed")
        IN_CHANNEL = "in_channel", _("to everybody in the channel")

    class Audience(models.TextChoices):
        EVERYBODY = "everybody", _("everybody, guests where they are members")
        MEMBERS = "members", _("everybody but guests")
        CHANNEL_ADMINS = "channel_admins", _("channel and system administrators")
        SYSTEM_ADMINS = "system_admins", _("system administrators")

    server = models.ForeignKey(
        "hub.MattermostServer",
        models.CASCADE,
        related_name="commands",
        verbose_name=_("Mattermost server"),
    )
    trigger = models.CharField(
        _("command"),
        max_length=64,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9._-]*$")],
        help_text=_("Without the slash: reply"),
    )
    purpose = models.CharField(
        _("what it does"), max_length=10, choices=Purpose.choices, default=Purpose.REPLY
    )
    external_id = models.CharField(max_length=26, blank=True, editable=False)  # Mattermost's
    answer = models.CharField(
        _("answers"), max_length=10, choices=Answer.choices, default=Answer.EPHEMERAL
    )
    audience = models.CharField(
        _("who may use it"), max_length=15, choices=Audience.choices, default=Audience.EVERYBODY
    )
    channels = models.ManyToManyField(
        "hub.Channel",
        blank=True,
        related_name="commands",
        verbose_name=_("only in these channels"),
        help_text=_("Empty: in every channel."),
    )
    language = models.CharField(_("language"), max_length=5, choices=LANGUAGES, default="en")
    undo_seconds = models.PositiveSmallIntegerField(
        _("seconds to undo"),
        default=UNDO_SECONDS,
        validators=[MaxValueValidator(600)],
        help_text=_("For a ticket that was found, not named. 0 writes at once."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    problem = models.CharField(_("problem"), max_length=500, blank=True, editable=False)
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True, editable=False)
    history = HistoricalRecords(
        m2m_fields=[channels],
        excluded_fields=[
            "token_sha256",
            "previous_sha256",
            "problem",
            "checked_at",
            "last_used_at",
        ],
    )

    class Meta:
        verbose_name = _("slash command")
        verbose_name_plural = _("slash commands")
        ordering = ["trigger"]
        constraints = [
            models.UniqueConstraint(fields=["server", "trigger"], name="command_unique_per_server")
        ]

    def __str__(self) -> str:
        return f"/{self.trigger}"


class ReferencePattern(models.Model):
    """How people write the tickets of a source: `ZD#74001`, `crm#23`, `TASK-2025-00006`."""

    source = models.ForeignKey(
        "hub.Source",
        models.CASCADE,
        related_name="reference_patterns",
        verbose_name=_("source"),
    )
    pattern = models.CharField(
        _("pattern"),
        max_length=200,
        help_text=_(r"A regular expression: crm#(\d+). The whole word has to match."),
    )
    display = models.CharField(
        _("as the source writes it"),
        max_length=100,
        blank=True,
        help_text=_("{} is what the brackets caught: #{}. Empty: as it was typed."),
    )
    order = models.IntegerField(
        _("order"), default=100, help_text=_("Where two patterns match, the lower one counts.")
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("reference pattern")
        verbose_name_plural = _("reference patterns")
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "pattern"], name="pattern_unique_per_source")
        ]

    def __str__(self) -> str:
        return self.pattern

    def clean(self) -> None:
        problem = conditions.find_problem("reference", "matches", self.pattern)
        if problem:
            raise ValidationError({"pattern": problem})
        if "{}" in self.display and "(" not in self.pattern:
            raise ValidationError({"display": _("{} needs brackets in the pattern.")})


class CommandInvocation(models.Model):
    """What somebody typed, what became of it, and how long it took.

    Only invocations.py changes its state. A reply in a thread that becomes a note is one, too.
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        RUNNING = "running", _("under way")
        ASKING = "asking", _("asks which ticket")
        WAITING = "waiting", _("can be undone")
        RETRYING = "retrying", _("will be retried")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("failed")
        UNDONE = "undone", _("undone")

    class Via(models.TextChoices):
        COMMAND = "command", _("slash command")
        THREAD = "thread", _("reply in a thread")

    DUE_STATES = (State.RECEIVED, State.RUNNING, State.WAITING, State.RETRYING)

    via = models.CharField(_("by"), max_length=10, choices=Via.choices, default=Via.COMMAND)
    command = models.ForeignKey(
        SlashCommand,
        models.SET_NULL,
        null=True,
        related_name="invocations",
        verbose_name=_("command"),
    )
    server = models.ForeignKey(
        "hub.MattermostServer", models.CASCADE, related_name="invocations", db_index=False
    )
    dedup_key = models.CharField(max_length=64, unique=True)  # of one press of Enter
    user_id = models.CharField(max_length=26)
    username = models.CharField(_("who"), max_length=64)
    person = models.ForeignKey(
        "hub.Person",
        models.SET_NULL,
        null=True,
        related_name="invocations",
        verbose_name=_("person"),
    )
    team_id = models.CharField(max_length=26, blank=True)
    channel_id = models.CharField(max_length=26)
    channel_name = models.CharField(_("where"), max_length=100, blank=True)
    root_id = models.CharField(max_length=26, blank=True)
    post_id = models.CharField(max_length=26, blank=True)  # of a reply in a thread
    trigger = models.CharField(max_length=64, blank=True)
    text = models.TextField(_("text"), blank=True)
    response_url = models.CharField(max_length=500, blank=True)  # a secret; emptied at the end
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.RECEIVED
    )
    source = models.ForeignKey(
        "hub.Source",
        models.SET_NULL,
        null=True,
        related_name="invocations",
        verbose_name=_("system"),
        db_index=False,
    )
    external_id = models.CharField(max_length=200, blank=True)  # of the ticket
    reference = models.CharField(_("reference"), max_length=200, blank=True)
    found_by = models.CharField(max_length=10, blank=True)  # named, thread, channel, chosen
    candidates = models.JSONField(default=list, blank=True)  # while it asks
    note_id = models.CharField(max_length=200, blank=True)  # in that system
    note_fingerprint = models.CharField(max_length=64, blank=True)
    look_since = models.DateTimeField(null=True)  # a try since then may have arrived
    attempt_count = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(null=True)  # while under way: when the claim runs out
    claimed_by = models.CharField(max_length=32, blank=True)  # while under way: who may write
    answered_at = models.DateTimeField(null=True)  # the first answer is ready
    answer = models.JSONField(default=dict, blank=True)  # as Mattermost was given it
    is_answered_late = models.BooleanField(default=False)  # "busy with it" was said
    outcome = models.CharField(_("outcome"), max_length=500, blank=True)
    received_at = models.DateTimeField(_("typed"))
    finished_at = models.DateTimeField(null=True)
    duration_ms = models.PositiveIntegerField(_("took (ms)"), null=True)

    class Meta:
        verbose_name = _("invocation")
        verbose_name_plural = _("invocations")
        ordering = ["-id"]
        indexes = [
            # The drains' queue.
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["received", "running", "waiting", "retrying"]),
                name="invocation_due",
            ),
            # Whether a note that a webhook tells about is the hub's own; the latest, by age below.
            models.Index(fields=["source", "note_id"], name="invocation_by_note"),
            # The admin's list: filter by state, search by reference; pruning by age.
            models.Index(fields=["state", "-id"], name="invocation_by_state"),
            models.Index(fields=["reference", "-id"], name="invocation_by_reference"),
            models.Index(fields=["received_at"], name="invocation_by_age"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} /{self.trigger} {self.reference}".strip()
