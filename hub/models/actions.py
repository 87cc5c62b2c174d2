"""Questions with buttons that came from outside, and every press of a button."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hub.fields import EncryptedField


class PressAudience(models.TextChoices):
    EVERYBODY = "everybody", _("everybody who sees it")
    MEMBERS = "members", _("everybody but guests")
    CHANNEL_ADMINS = "channel_admins", _("channel and system administrators")
    LISTED = "listed", _("only the people listed")


class ActionTarget(models.Model):
    """The buttons under one attachment of a message: one question, which is decided once.

    All posts of its event show the same question. Only deciding.py changes its state.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        RUNNING = "running", _("being told")
        DECIDED = "decided", _("decided")

    key = models.CharField(max_length=24, unique=True)  # stands in signed contexts and in ids
    event = models.ForeignKey(
        "hub.Event",
        models.CASCADE,
        related_name="action_targets",
        verbose_name=_("event"),
        db_index=False,
    )
    attachment = models.PositiveSmallIntegerField(default=0)  # its number in the message
    source = models.ForeignKey(
        "hub.Source",
        models.SET_NULL,
        null=True,
        related_name="action_targets",
        verbose_name=_("system told"),
    )
    is_of_source = models.BooleanField(default=False)  # its credential may be sent along
    labels = models.CharField(_("buttons"), max_length=500)
    buttons = EncryptedField(is_json=True, default=list)  # id, name, style, url, context of each
    audience = models.CharField(
        _("who may press"),
        max_length=15,
        choices=PressAudience.choices,
        default=PressAudience.EVERYBODY,
    )
    usernames = models.CharField(_("people listed"), max_length=500, blank=True)
    is_members_only = models.BooleanField(_("only members of the channel"), default=False)
    presses_needed = models.PositiveSmallIntegerField(_("people needed"), default=1)
    expires_at = models.DateTimeField(_("until"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    chosen = models.PositiveSmallIntegerField(null=True)  # the number of the button
    decision_key = models.CharField(max_length=32, blank=True)  # of all tries of one decision
    decided_by = models.CharField(_("decided by"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    press = models.JSONField(default=dict)  # of the last person, as Mattermost told it
    is_late = models.BooleanField(default=False)  # “busy with it” was said
    attempt_count = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)  # afterwards it is told again, or shown
    outcome = models.CharField(_("what became of it"), max_length=500, blank=True)
    update = models.JSONField(default=dict)  # what the other side wants the post to say

    class Meta:
        verbose_name = _("question with buttons")
        verbose_name_plural = _("questions with buttons")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "attachment"], name="action_target_unique_per_event"
            )
        ]
        indexes = [
            # What a killed process left undone.
            models.Index(
                fields=["claimed_until"],
                condition=Q(claimed_until__isnull=False),
                name="action_target_unfinished",
            ),
            # The admin's list.
            models.Index(fields=["state", "-id"], name="action_target_by_state"),
        ]

    def __str__(self) -> str:
        return self.labels

    @property
    def chosen_name(self) -> str:
        chosen = self.chosen
        return str(self.buttons[chosen]["name"]) if chosen is not None else ""


class ActionInvocation(models.Model):
    """One press of a button: who, where, which, and what became of it."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        WAITING = "waiting", _("waits for a second person")
        SECOND = "second", _("decided already")
        LATE = "late", _("too late")
        FORGED = "forged", _("forged")
        UNAUTHORISED = "unauthorised", _("not allowed")
        FAILED = "failed", _("failed")

    target = models.ForeignKey(
        ActionTarget,
        models.CASCADE,
        null=True,
        related_name="invocations",
        verbose_name=_("question"),
    )
    kind = models.CharField(_("what"), max_length=20, blank=True)  # as in hub.api.presses
    button = models.CharField(_("button"), max_length=250, blank=True)
    number = models.PositiveSmallIntegerField(null=True)  # of the button
    user_id = models.CharField(_("user id"), max_length=26)
    username = models.CharField(_("who"), max_length=64)
    channel_id = models.CharField(_("channel id"), max_length=26, blank=True)
    channel_name = models.CharField(_("where"), max_length=100, blank=True)
    post_id = models.CharField(_("post id"), max_length=26, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices)
    answer_excerpt = models.CharField(_("answer"), max_length=500, blank=True)
    status_code = models.PositiveSmallIntegerField(_("status"), null=True)
    duration_ms = models.PositiveIntegerField(_("took (ms)"), default=0)
    decision_key = models.CharField(max_length=32, blank=True)  # of the decision it led to
    pressed_at = models.DateTimeField(_("pressed"))

    class Meta:
        verbose_name = _("press of a button")
        verbose_name_plural = _("presses of buttons")
        ordering = ["-id"]
        indexes = [
            # The admin's list: filter by outcome, newest first; pruning by age.
            models.Index(fields=["outcome", "-id"], name="press_by_outcome"),
            models.Index(fields=["pressed_at"], name="press_by_age"),
            # The admin's search.
            models.Index(fields=["username", "-id"], name="press_by_username"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.button} {self.username}".strip()
